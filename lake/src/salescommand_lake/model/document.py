"""The page about the model, rendered from it: docs/model.md."""

from __future__ import annotations

from salescommand_lake.model import NOUNS, Field, Noun

_HEAD = """# The model

Every canonical noun with its fields and the rules that score its records. This page is rendered from
[`salescommand_lake.model`](../lake/src/salescommand_lake/model); to write it anew:
`python -m salescommand_lake.model.document > docs/model.md`.

A record's **score** is 1 minus the weights of the rules that it fails over the weights of all. A field of type `ref`
holds the source's own id of another record. Amounts are decimals in the currency that their `currency` field names;
times are UTC.
"""


def markdown() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(_noun(noun) for noun in NOUNS.values())])


def _noun(noun: Noun) -> str:
    total = sum(rule.weight for rule in noun.rules)
    fields = "\n".join(_field(field) for field in noun.fields)
    rules = "\n".join(f"| `{rule.name}` | {rule.weight / total:.2f} | {rule.meaning} |" for rule in noun.rules)
    return (
        f"## {noun.label}\n\n`{noun.name}`, ids begin with `{noun.prefix}_`. {noun.meaning}\n\n"
        f"| field | label | type | unit | meaning |\n| --- | --- | --- | --- | --- |\n{fields}\n\n"
        f"| rule | weight | meaning |\n| --- | --- | --- |\n{rules}\n"
    )


def _field(field: Field) -> str:
    kind = f"ref to {field.ref}" if field.ref else field.type.value
    values = f" One of {', '.join(f'`{value}`' for value in field.values)}." if field.values else ""
    return f"| `{field.name}` | {field.label} | {kind} | {field.unit or ''} | {field.meaning}{values} |"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201 - the page goes to standard output
