"""The quality of records: by source and noun, how many there are, their mean score, and how often each rule fails."""

from __future__ import annotations

from dataclasses import dataclass

from salescommand_lake.engine import Engine
from salescommand_lake.model import NOUNS, Noun

__all__ = ["QualityRow", "RuleRate", "quality"]


@dataclass(frozen=True, slots=True)
class RuleRate:
    """A rule and how many records fail it; ``rate`` is their share, 0 to 1."""

    name: str
    meaning: str
    failed: int
    rate: float


@dataclass(frozen=True, slots=True)
class QualityRow:
    """The living records of one noun and source."""

    source: str
    record_type: str
    records: int
    score: float
    """The mean of their scores, 0 to 1."""
    rules: tuple[RuleRate, ...]


async def quality(engine: Engine) -> list[QualityRow]:
    """Return the rates of every noun and source that has living records.

    Raises:
        LakeError: the engine is away.
    """
    rows = await engine.query("\nUNION ALL ".join(_select(noun) for noun in NOUNS.values()))
    found = [
        QualityRow(
            source=row["source"],
            record_type=row["record_type"],
            records=int(row["records"]),
            score=float(row["score"]),
            rules=tuple(
                RuleRate(rule.name, rule.meaning, int(failed), round(int(failed) / int(row["records"]), 4))
                for rule, failed in zip(NOUNS[row["record_type"]].rules, row["failed"], strict=True)
            ),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.source, row.record_type))


def _select(noun: Noun) -> str:
    failed = ", ".join(f"countIf(has(failed_rules, '{rule.name}'))" for rule in noun.rules)
    return (
        f"SELECT source, '{noun.name}' AS record_type, count() AS records, round(avg(quality_score), 4) AS score,\n"
        f"  [{failed}] AS failed FROM {noun.table} FINAL WHERE NOT is_deleted GROUP BY source"
    )
