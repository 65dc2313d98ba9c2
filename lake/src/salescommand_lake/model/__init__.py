"""The canonical nouns: their fields with type, meaning and unit, and the rules that score a record.

This is the one definition. Tables, mapping documents, filters, the API's field lists and the docs follow from it.
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType

from salescommand_lake.model.people import OWNER, QUOTA
from salescommand_lake.model.sales import ACCOUNT, ACTIVITY, CONTACT, OPPORTUNITY
from salescommand_lake.model.trade import EXCHANGE_RATE, INVOICE, ORDER, PRODUCT
from salescommand_lake.model.types import Field, FieldType, Noun, Rule

__all__ = ["NOUNS", "Field", "FieldType", "Noun", "Rule", "canonical_id", "canonical_id_sql", "noun_statements"]

NOUNS: MappingProxyType[str, Noun] = MappingProxyType(
    {
        noun.name: noun
        for noun in (ACCOUNT, CONTACT, OPPORTUNITY, ACTIVITY, PRODUCT, ORDER, INVOICE, OWNER, QUOTA, EXCHANGE_RATE)
    }
)
"""Every noun by its name, which is also the ``record_type`` of raw events."""


def canonical_id(source: str, record_type: str, source_id: str) -> str:
    """Return the id of the record that ``source`` calls ``source_id``; it never changes and needs no lookup."""
    digest = hashlib.md5(f"{source}\0{record_type}\0{source_id}".encode(), usedforsecurity=False).hexdigest()
    return f"{NOUNS[record_type].prefix}_{digest[:20]}"


def canonical_id_sql(noun: Noun, source: str = "source", source_id: str = "source_id") -> str:
    """Return canonical_id as SQL over the expressions ``source`` and ``source_id``."""
    key = f"concat({source}, '\\0{noun.name}\\0', {source_id})"
    return f"concat('{noun.prefix}_', substring(lower(hex(MD5({key}))), 1, 20))"


def noun_statements() -> list[str]:
    """Return the statements that create the tables of every noun, in an order in which they can run."""
    from salescommand_lake.noun_tables import statements  # noqa: PLC0415  (the tables are rendered from this model)

    return [statement for noun in NOUNS.values() for statement in statements(noun)]
