"""The canonical nouns: their fields with type, meaning and unit, and the rules that score a record.

This is the one definition. Tables, mapping documents, filters, the API's field lists and the docs follow from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldType(StrEnum):
    """The kinds of value that a canonical field holds."""

    STRING = "string"
    DECIMAL = "decimal"  # 18 digits, 4 of them after the point
    RATE = "rate"  # 18 digits, 8 of them after the point
    CURRENCY = "currency"  # ISO 4217 code in capitals
    DATE = "date"
    TIME = "time"  # UTC, milliseconds
    BOOL = "bool"
    INTEGER = "integer"
    ENUM = "enum"
    REF = "ref"  # the source's own id of another record of the same source


_SQL_TYPES = MappingProxyType(
    {
        FieldType.STRING: "String",
        FieldType.DECIMAL: "Decimal(18, 4)",
        FieldType.RATE: "Decimal(18, 8)",
        FieldType.CURRENCY: "String",
        FieldType.DATE: "Date32",
        FieldType.TIME: "DateTime64(3, 'UTC')",
        FieldType.BOOL: "Bool",
        FieldType.INTEGER: "Int64",
        FieldType.ENUM: "String",
        FieldType.REF: "String",
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a noun. ``unit`` is what the value counts; for an amount it names the field of its currency."""

    name: str
    type: FieldType
    label: str
    meaning: str
    unit: str | None = None
    values: tuple[str, ...] = ()
    """The values an enum may take."""
    ref: str | None = None
    """The noun that a ref points to."""

    @property
    def sql_type(self) -> str:
        """Return the ClickHouse type that holds a value of this field."""
        return _SQL_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of one record. ``condition`` is SQL over the record's nullable fields; a record passes when it is true.

    The score of a record is 1 minus the weights of the failed rules over the weights of all.
    """

    name: str
    weight: int
    meaning: str
    condition: str


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of canonical record."""

    name: str
    plural: str
    label: str
    meaning: str
    prefix: str
    """How canonical ids of this noun begin."""
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    title: tuple[str, ...]
    """The fields that name a record to people: the first that has a value."""
    value: str | None = None
    """The amount that a record stands for in lists, when it has one."""

    @property
    def table(self) -> str:
        """Return the table of current states."""
        return self.plural

    @property
    def changes_table(self) -> str:
        """Return the table that holds one row per accepted event."""
        return f"{self.name}_changes"

    def field(self, name: str) -> Field | None:
        """Return the field called ``name``, None when there is none."""
        return next((field for field in self.fields if field.name == name), None)


def _f(name: str, kind: FieldType, label: str, meaning: str, **more: object) -> Field:
    return Field(name, kind, label, meaning, **more)  # type: ignore[arg-type]


_S, _D, _C, _T, _R = FieldType.STRING, FieldType.DECIMAL, FieldType.CURRENCY, FieldType.TIME, FieldType.REF
_OWNER_REF = _f("owner_ref", _R, "Owner id", "The source's id of the person who owns the record.", ref="owner")
_CREATED = _f("created_at", _T, "Created", "When the record was made in its source.", unit="UTC")
_ACCOUNT_REF = _f("account_ref", _R, "Account id", "The source's id of the account.", ref="account")


def _present(field: str, weight: int, meaning: str) -> Rule:
    return Rule(f"{field}_present", weight, meaning, f"isNotNull({field})")


ACCOUNT = Noun(
    "account",
    "accounts",
    "Account",
    "A company or other organisation that is sold to.",
    "acc",
    (
        _f("name", _S, "Name", "The name of the organisation."),
        _f("domain", _S, "Domain", "Its main internet domain, without www."),
        _f("website", _S, "Website", "Its address on the web, as the source has it."),
        _f("industry", _S, "Industry", "The line of business, in the source's words."),
        _f("employees", FieldType.INTEGER, "Employees", "How many people work there.", unit="people"),
        _f("country", _S, "Country", "The country, in the source's words."),
        _f("city", _S, "City", "The city."),
        _f("phone", _S, "Phone", "The main telephone number, digits with a leading + where known."),
        _OWNER_REF,
        _CREATED,
    ),
    (
        _present("name", 4, "An account has a name."),
        _present("domain", 2, "A domain is what tells two accounts of one name apart."),
        _present("country", 1, "The country is known."),
        _present("industry", 1, "The industry is known."),
        _present("owner_ref", 1, "Somebody owns the account."),
        Rule("employees_not_negative", 1, "A head count is not negative.", "ifNull(employees >= 0, true)"),
    ),
    ("name", "domain"),
)

CONTACT = Noun(
    "contact",
    "contacts",
    "Contact",
    "A person at an account.",
    "con",
    (
        _f("name", _S, "Name", "The full name."),
        _f("first_name", _S, "First name", "The given name."),
        _f("last_name", _S, "Last name", "The family name."),
        _f("email", _S, "E-mail", "The e-mail address, in lower case."),
        _f("phone", _S, "Phone", "The telephone number, digits with a leading + where known."),
        _f("title", _S, "Title", "What the person does there."),
        _ACCOUNT_REF,
        _f("account_name", _S, "Account", "The account's name as the source gives it with the contact."),
        _OWNER_REF,
        _CREATED,
    ),
    (
        Rule(
            "name_known",
            3,
            "A contact has a name, whole or in parts.",
            "isNotNull(name) OR isNotNull(first_name) OR isNotNull(last_name)",
        ),
        Rule(
            "reachable", 3, "There is an e-mail address or a telephone number.", "isNotNull(email) OR isNotNull(phone)"
        ),
        _present("email", 2, "The e-mail address is what finds the same person in another source."),
        Rule(
            "account_known",
            2,
            "The contact belongs to an account.",
            "isNotNull(account_ref) OR isNotNull(account_name)",
        ),
    ),
    ("name", "email", "last_name", "first_name"),
)

OPPORTUNITY = Noun(
    "opportunity",
    "opportunities",
    "Opportunity",
    "A possible sale: open, won or lost.",
    "opp",
    (
        _f("name", _S, "Name", "What the deal is called."),
        _ACCOUNT_REF,
        _f("account_name", _S, "Account", "The account's name as the source gives it with the deal."),
        _OWNER_REF,
        _f("owner_name", _S, "Owner", "The owner's name as the source gives it with the deal."),
        _f("amount", _D, "Amount", "What the deal is worth, in its own currency.", unit="currency"),
        _f("currency", _C, "Currency", "The currency of the amount.", unit="ISO 4217"),
        _f("stage", _S, "Stage", "The stage, by the vendor's own name."),
        _f("pipeline", _S, "Pipeline", "The sales process that the stage belongs to, by the vendor's own name."),
        _f(
            "status",
            FieldType.ENUM,
            "Status",
            "Whether the deal is still open, or how it ended.",
            values=("open", "won", "lost"),
        ),
        _f("probability", _D, "Probability", "How likely the deal is won, 0 to 1.", unit="fraction"),
        _f("product", _S, "Product", "What is sold."),
        _f("close_date", FieldType.DATE, "Close date", "The day it was won or lost; while open, the day expected."),
        _CREATED,
        _f("lost_reason", _S, "Lost reason", "Why the deal was lost, in the source's words."),
    ),
    (
        _present("status", 3, "It is known whether the deal is open, won or lost."),
        Rule(
            "amount_present",
            3,
            "A deal that is open or won has an amount.",
            "ifNull(status, '') = 'lost' OR isNotNull(amount)",
        ),
        Rule("amount_not_negative", 2, "An amount is not negative.", "ifNull(amount >= 0, true)"),
        Rule("currency_present", 2, "An amount has a currency.", "isNull(amount) OR isNotNull(currency)"),
        _present("stage", 2, "The stage is known."),
        _present("close_date", 2, "It is known when the deal closed or should close."),
        Rule("owner_known", 2, "Somebody owns the deal.", "isNotNull(owner_ref) OR isNotNull(owner_name)"),
        Rule("account_known", 2, "The account is known.", "isNotNull(account_ref) OR isNotNull(account_name)"),
        Rule(
            "probability_in_range",
            1,
            "A probability lies between 0 and 1.",
            "ifNull(probability BETWEEN 0 AND 1, true)",
        ),
        _present("name", 1, "The deal has a name."),
    ),
    ("name",),
    "amount",
)

OWNER = Noun(
    "owner",
    "owners",
    "Owner",
    "A person who sells.",
    "own",
    (
        _f("name", _S, "Name", "The full name."),
        _f("email", _S, "E-mail", "The e-mail address, in lower case."),
        _f("team", _S, "Team", "The team the person sells in."),
        _f("manager_ref", _R, "Manager id", "The source's id of the person's manager.", ref="owner"),
        _f("active", FieldType.BOOL, "Active", "Whether the person still works in the source."),
    ),
    (
        _present("name", 3, "An owner has a name."),
        _present("email", 1, "The e-mail address is known."),
        _present("team", 1, "The team is known."),
    ),
    ("name", "email"),
)

QUOTA = Noun(
    "quota",
    "quotas",
    "Quota",
    "What an owner or a team is to sell in a period.",
    "quo",
    (
        _OWNER_REF,
        _f("team", _S, "Team", "The team, when the quota is a team's."),
        _f("period_start", FieldType.DATE, "From", "The first day of the period."),
        _f("period_end", FieldType.DATE, "To", "The last day of the period."),
        _f("amount", _D, "Amount", "What is to be sold, in its own currency.", unit="currency"),
        _f("currency", _C, "Currency", "The currency of the amount.", unit="ISO 4217"),
    ),
    (
        Rule("whose", 1, "The quota is an owner's or a team's.", "isNotNull(owner_ref) OR isNotNull(team)"),
        Rule(
            "period_in_order",
            1,
            "The period has a first day that is not after its last.",
            "ifNull(period_start <= period_end, false)",
        ),
        Rule("amount_not_negative", 1, "There is an amount and it is not negative.", "ifNull(amount >= 0, false)"),
        _present("currency", 1, "The currency is known."),
    ),
    ("owner_ref", "team"),
    "amount",
)

INVOICE = Noun(
    "invoice",
    "invoices",
    "Invoice",
    "A bill to an account.",
    "inv",
    (
        _f("number", _S, "Number", "The number printed on the invoice."),
        _ACCOUNT_REF,
        _f("customer_email", _S, "Customer e-mail", "Where the invoice was sent."),
        _f("status", _S, "Status", "The state of the invoice, by the vendor's own name."),
        _f("amount_due", _D, "Amount due", "What is to be paid.", unit="currency"),
        _f("amount_paid", _D, "Amount paid", "What has been paid.", unit="currency"),
        _f("currency", _C, "Currency", "The currency of the amounts.", unit="ISO 4217"),
        _f("issued_at", _T, "Issued", "When the invoice was issued.", unit="UTC"),
        _f("due_date", FieldType.DATE, "Due", "The day by which it is to be paid."),
    ),
    (
        _present("amount_due", 3, "The amount is known."),
        _present("currency", 2, "The currency is known."),
        _present("issued_at", 2, "It is known when the invoice was issued."),
        _present("account_ref", 2, "The account is known."),
        _present("due_date", 1, "It is known when the invoice is due."),
    ),
    ("number", "customer_email"),
    "amount_due",
)

EXCHANGE_RATE = Noun(
    "exchange_rate",
    "exchange_rates",
    "Exchange rate",
    "What one unit of a currency costs in another on a day.",
    "fxr",
    (
        _f("base", _C, "Base", "The currency that is priced.", unit="ISO 4217"),
        _f("quote", _C, "Quote", "The currency of the price.", unit="ISO 4217"),
        _f("day", FieldType.DATE, "Day", "The day from which the rate holds."),
        _f("rate", FieldType.RATE, "Rate", "Units of the quote currency for one unit of the base.", unit="quote/base"),
    ),
    (
        _present("base", 1, "The base currency is known."),
        _present("quote", 1, "The quote currency is known."),
        _present("day", 1, "The day is known."),
        Rule("rate_positive", 2, "The rate is more than zero.", "ifNull(rate > 0, false)"),
    ),
    ("base",),
)

NOUNS: MappingProxyType[str, Noun] = MappingProxyType(
    {noun.name: noun for noun in (ACCOUNT, CONTACT, OPPORTUNITY, OWNER, QUOTA, INVOICE, EXCHANGE_RATE)}
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
