"""The rules of identity: what makes two records one at once, and what only speaks for it, with weights and words.

A weight is in bits: the logarithm to base 2 of how much likelier the comparison comes out like that for two records of
one thing than for two of different things (Fellegi and Sunter's model, as Splink uses it). A pair starts with PRIOR.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from salescommand_lake.identity.normalise import (
    company,
    digits,
    email,
    host,
    is_shared_mailbox,
    letters_and_digits,
    sorted_words,
    token_text,
    unless_free,
)

__all__ = ["IDENTITIES", "PRIOR", "THRESHOLD", "Comparison", "Identity", "Key"]

PRIOR = -5.0
"""Bits with which a pair starts that shares a key to look by."""
THRESHOLD = 0.8
"""How likely a pair must be the same to be suggested."""


@dataclass(frozen=True, slots=True)
class Key:
    """Something that records are looked up by. ``words`` say it, with {key} for the value.

    An exact key links at once. One whose name begins with a ~ only finds pairs to compare.
    """

    name: str
    sql: str
    """Over the prepared columns; empty when the record has none."""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a pair: outcomes in order, as (condition, bits, words), all SQL over l_ and r_ columns."""

    field: str
    outcomes: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """How records of one noun are compared."""

    prepared: MappingProxyType[str, str]
    """Normalised values by name, as SQL over the columns of a state, and over p_NAME of those before."""
    keys: tuple[Key, ...]
    comparisons: tuple[Comparison, ...]
    compared: tuple[str, ...]
    """The normalised values that the comparisons look at."""

    @property
    def exact(self) -> tuple[Key, ...]:
        """Return the keys that link at once."""
        return tuple(key for key in self.keys if not key.name.startswith("~"))


def _both(name: str) -> str:
    return f"l_{name} != '' AND r_{name} != ''"


def _same(name: str) -> str:
    return f"l_{name} != '' AND l_{name} = r_{name}"


def _text(before: str, *values: str) -> str:
    parts = [f"'{before}'"]
    for number, value in enumerate(values):
        parts += ["' / '"] if number else []
        parts.append(value)
    return f"concat({', '.join(parts)})"


def _compared(field: str, same: float, differs: float, noun: str) -> Comparison:
    return Comparison(
        field,
        (
            (_same(field), same, _text(f"same {noun} ", f"l_{field}")),
            (_both(field), differs, _text(f"{noun} differs: ", f"l_{field}", f"r_{field}")),
        ),
    )


_SIMILAR = "jaroWinklerSimilarity(l_name, r_name) >= 0.92"
_NAMES = _text("", "l_shown", "r_shown")

ACCOUNT = Identity(
    MappingProxyType(
        {
            "spelt": token_text("name"),
            "name": company("p_spelt"),
            "shown": "ifNull(name, '')",
            "own_host": host("domain"),
            "web_host": host("website"),
            "host": "if(p_own_host = '', p_web_host, p_own_host)",
            "domain": unless_free("p_host"),
            "tax_text": letters_and_digits("tax_id"),
            # Placeholders such as 000000 or XXXXXX are no number.
            "tax_id": "if(length(p_tax_text) < 6 OR length(arrayDistinct(ngrams(p_tax_text, 1))) < 3, '', p_tax_text)",
            "city": token_text("city"),
            "country": token_text("country"),
            "number": digits("phone"),
            "phone": "if(length(p_number) < 7, '', p_number)",
        }
    ),
    (
        Key("domain", "p_domain", "same domain {key}"),
        Key("tax_id", "p_tax_id", "same tax id {key}"),
        Key(
            "name_place",
            "if(p_name = '' OR p_city = '' OR p_country = '', '', concat(p_name, ' in ', p_city, ', ', p_country))",
            "same name and place: {key}",
        ),
        Key("~name", "p_name"),
        Key("~word", "if(lengthUTF8(splitByChar(' ', p_name)[1]) < 4, '', splitByChar(' ', p_name)[1])"),
        Key("~phone", "p_phone"),
    ),
    (
        Comparison(
            "name",
            (
                (_same("spelt"), 6.0, _text("same name ", "l_shown")),
                (
                    _same("name"),
                    5.5,
                    f"concat('names differ only by legal form, case or accents: ', {_NAMES})",
                ),
                (f"{_both('name')} AND {_SIMILAR}", 3.0, f"concat('similar names: ', {_NAMES})"),
                (_both("name"), -5.0, f"concat('different names: ', {_NAMES})"),
            ),
        ),
        _compared("domain", 8.0, -3.0, "domain"),
        _compared("tax_id", 12.0, -6.0, "tax id"),
        _compared("phone", 5.0, -0.5, "telephone number"),
        _compared("city", 2.0, -1.5, "city"),
        _compared("country", 0.5, -2.0, "country"),
    ),
    ("spelt", "name", "shown", "domain", "tax_id", "phone", "city", "country"),
)

_FULL_NAME = "coalesce(nullIf(name, ''), trimBoth(concat(ifNull(first_name, ''), ' ', ifNull(last_name, ''))))"

CONTACT = Identity(
    MappingProxyType(
        {
            "shown": _FULL_NAME,
            "spelt": token_text("p_shown"),
            "name": sorted_words("p_spelt"),
            "email": email("email"),
            "number": digits("if(ifNull(mobile, '') != '', mobile, phone)"),
            "phone": "if(length(p_number) < 7, '', p_number)",
            "employer": token_text("account_name"),
            "company": company("p_employer"),
        }
    ),
    (
        Key("email", f"if({is_shared_mailbox('p_email')}, '', p_email)", "same e-mail address {key}"),
        Key(
            "name_phone",
            "if(p_name = '' OR p_phone = '', '', concat(p_name, ', ', p_phone))",
            "same name and telephone number: {key}",
        ),
        Key("~name", "p_name"),
        Key("~phone", "p_phone"),
        Key("~email", "p_email"),
    ),
    (
        Comparison(
            "name",
            (
                (_same("name"), 5.0, f"concat('same name: ', {_NAMES})"),
                (f"{_both('name')} AND {_SIMILAR}", 3.0, f"concat('similar names: ', {_NAMES})"),
                (_both("name"), -4.0, f"concat('different names: ', {_NAMES})"),
            ),
        ),
        Comparison(
            "email",
            (
                (
                    f"{_same('email')} AND {is_shared_mailbox('l_email')}",
                    3.0,
                    _text("same shared mailbox ", "l_email"),
                ),
                (_same("email"), 10.0, _text("same e-mail address ", "l_email")),
                (_both("email"), -1.0, _text("e-mail addresses differ: ", "l_email", "r_email")),
            ),
        ),
        _compared("phone", 6.0, -0.5, "telephone number"),
        _compared("company", 2.5, -1.0, "company"),
    ),
    ("name", "shown", "email", "phone", "company"),
)

IDENTITIES: MappingProxyType[str, Identity] = MappingProxyType({"account": ACCOUNT, "contact": CONTACT})
"""The rules of each noun whose records may be one across sources."""
