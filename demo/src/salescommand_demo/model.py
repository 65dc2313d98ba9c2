"""What the invented company knows, before any vendor's shape: owners, companies, deals and their changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from salescommand_demo.encoding import Payload

Status = Literal["open", "won", "lost"]
#: Stages of an open deal, in the words of the group's sales process, with the odds of winning in per cent.
STAGES: dict[str, int] = {"qualified": 10, "discovery": 25, "proposal": 45, "negotiation": 65, "verbal": 90}
CLOSED: dict[str, int] = {"won": 100, "lost": 0}
ODDS: dict[str, int] = STAGES | CLOSED


@dataclass(frozen=True, slots=True)
class Team:
    """A sales team: one system, one region, one home currency."""

    key: str
    name: str
    system: str
    region: str
    currencies: tuple[tuple[str, int], ...]
    people: int

    @property
    def currency(self) -> str:
        """The currency the team's quota is set in."""
        return self.currencies[0][0]


@dataclass(frozen=True, slots=True)
class Owner:
    """A seller, as one system knows them; ``ref`` is that system's id of the user."""

    ref: str
    name: str
    first: str
    last: str
    email: str
    team: Team
    manager_ref: str | None
    active: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a customer; the same person may be a contact in several systems."""

    first: str
    last: str
    email: str
    phone: str
    title: str


@dataclass(frozen=True, slots=True)
class Company:
    """A customer in the real world; each system that sells to it has an account of its own."""

    number: int
    name: str
    legal: str
    domain: str
    region: str
    industry: str
    employees: int
    city: str
    country: str
    phone: str
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A company as one system spells it. ``updates`` are later times at which its city or size was written again."""

    system: str
    ref: str
    company: Company
    name: str
    domain: str
    website: str
    owner: Owner
    created: datetime
    updates: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as one system spells them; ``merged_into`` with a time says that the record was a double."""

    system: str
    ref: str
    person: Person
    email: str
    account: Account
    owner: Owner
    created: datetime
    updates: tuple[datetime, ...]
    merged_into: str | None = None
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in a deal at one moment. Only the named fields changed.

    An ``amount`` that is a string is dirt: somebody wrote words where a number belongs.
    """

    at: datetime
    fields: dict[str, object]


@dataclass(slots=True)
class Deal:
    """A deal and its whole life: the first change creates it."""

    number: int
    system: str
    ref: str
    name: str
    account: Account
    contact: Contact
    product: str
    segment: str
    currency: str | None
    created: datetime
    changes: list[Change] = field(default_factory=list)
    deleted_at: datetime | None = None

    def state(self) -> dict[str, object]:
        """The fields after the last change, as a careful reader sees them: words are no amount."""
        fields: dict[str, object] = {}
        for change in self.changes:
            fields.update({k: v for k, v in change.fields.items() if not (k == "amount" and isinstance(v, str))})
        return fields

    @property
    def stage(self) -> str:
        """The group's name of the present stage."""
        return str(self.state()["stage"])

    @property
    def status(self) -> Status:
        """Open, won or lost now."""
        stage = self.stage
        return "won" if stage == "won" else "lost" if stage == "lost" else "open"

    @property
    def amount(self) -> Decimal | None:
        """The last amount that was a number."""
        amount = self.state().get("amount")
        return amount if isinstance(amount, Decimal) else None

    @property
    def close_date(self) -> date | None:
        """The present close date."""
        day = self.state().get("close_date")
        return day if isinstance(day, date) else None


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill for a part of a won deal."""

    ref: str
    number: str
    customer_ref: str
    customer_email: str
    customer_name: str
    deal_ref: str
    amount: Decimal
    currency: str
    issued: datetime
    due: date
    paid_at: datetime | None
    voided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Customer:
    """A payer in Stripe: one company in one currency."""

    ref: str
    company: Company
    name: str
    email: str
    currency: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One record as a vendor would hand it over.

    ``shape`` names the envelope (see ``envelopes``); ``noun`` is the kind of thing, '' when nobody maps it;
    ``ref`` the vendor's id of the record; ``at`` the time of the change, which is in the payload too where the vendor
    puts it there.
    """

    source: str
    entity: str
    shape: str
    noun: str
    ref: str
    at: datetime
    payload: Payload
