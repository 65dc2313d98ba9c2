"""Fields that several nouns have, and the short forms in which the nouns are written down."""

from __future__ import annotations

from salescommand_lake.model.types import Field, FieldType, Rule

STRING, DECIMAL, CURRENCY, TIME, REF = (
    FieldType.STRING,
    FieldType.DECIMAL,
    FieldType.CURRENCY,
    FieldType.TIME,
    FieldType.REF,
)
DATE, BOOL, ENUM = FieldType.DATE, FieldType.BOOL, FieldType.ENUM


def described(name: str, kind: FieldType, label: str, meaning: str, **more: object) -> Field:
    """Return a field; ``more`` are unit, values and ref."""
    return Field(name, kind, label, meaning, **more)  # type: ignore[arg-type]


def present(field: str, weight: int, meaning: str) -> Rule:
    """Return the rule that a field has a value."""
    return Rule(f"{field}_present", weight, meaning, f"isNotNull({field})")


OWNER_REF = described("owner_ref", REF, "Owner id", "The source's id of the person who owns the record.", ref="owner")
CREATED = described("created_at", TIME, "Created", "When the record was made in its source.", unit="UTC")
ACCOUNT_REF = described("account_ref", REF, "Account id", "The source's id of the account.", ref="account")
ACCOUNT_NAME = described(
    "account_name", STRING, "Account", "The account's name as the source gives it with the record."
)
OPPORTUNITY_REF = described(
    "opportunity_ref", REF, "Opportunity id", "The source's id of the opportunity.", ref="opportunity"
)
VENDOR_STATUS = described("vendor_status", STRING, "Status at the source", "The state by the vendor's own name.")
CODE = described("currency", CURRENCY, "Currency", "The currency of the amounts.", unit="ISO 4217")
