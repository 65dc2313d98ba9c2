"""The invented company's present and past: accounts, contacts, deals, customers and invoices, made deal by deal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from salescommand_demo.company import CRM_SYSTEMS, TEAMS, Staff, make_company, make_staff, vendor_ref, words
from salescommand_demo.model import Account, Company, Contact, Customer, Deal, Invoice, Owner, Person, Team
from salescommand_demo.randoms import base62, percent, pick_weighted, stream, work_time
from salescommand_demo.sales import SEGMENT_SHARES, UNITS, Setting, draw_created, live

TEAM_SHARES = tuple((team, team.people * (2 if team.system != "pipedrive" else 1) + 2) for team in TEAMS)
#: Pipedrive hands its events over late: nothing in it is younger than this.
PIPEDRIVE_LAG = timedelta(hours=5, minutes=20)
#: Words that somebody typed where a number belongs.
NOT_NUMBERS = ("n/a", "12,50 EUR", "tbd", "~ 40k")


@dataclass(slots=True)
class World:
    """Everything the generator knows. Deals are added one at a time; a longer run only adds to a shorter one."""

    seed: int
    now: datetime
    staff: Staff = field(init=False)
    companies: list[Company] = field(default_factory=list)
    accounts: dict[str, list[Account]] = field(default_factory=lambda: {system: [] for system in CRM_SYSTEMS})
    contacts: list[Contact] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    customers: dict[tuple[int, str], Customer] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    _contacts_of: dict[str, list[Contact]] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.staff = make_staff(self.seed, self.now)

    def next_ref(self, system: str, noun: str) -> str:
        """The system's next id of a noun."""
        number = self._numbers.get((system, noun), 0)
        self._numbers[system, noun] = number + 1
        return vendor_ref(self.seed, system, noun, number)

    def system_now(self, system: str) -> datetime:
        """The newest moment of which a system has told."""
        return self.now - PIPEDRIVE_LAG if system == "pipedrive" else self.now

    def add_deal(self) -> Addition:
        """Makes the next deal with what it needs, and says what is new."""
        number = len(self.deals)
        rng = stream(self.seed, "deal", number)
        team = pick_weighted(rng, TEAM_SHARES)
        now = self.system_now(team.system)
        created = draw_created(rng, now)
        sellers = tuple(self.staff.sellers(team))
        owner = rng.choice(sellers if created < now - timedelta(days=240) else [s for s in sellers if s.active])
        addition = Addition()
        account = self._account(rng, team, owner, created, addition)
        contact = rng.choice(self._contacts_of[account.ref + team.system])
        product, title = rng.choice(words()["products"])
        segment = pick_weighted(rng, SEGMENT_SHARES)
        currency = pick_weighted(rng, team.currencies)
        deal = Deal(
            number, team.system, self.next_ref(team.system, "opportunity"), f"{account.company.name}: {title}",
            account, contact, product, segment, currency, created,
        )  # fmt: skip
        live(rng, deal, Setting(now, sellers, owner, currency, tuple(words()["lost_reasons"])))
        _spoil(rng, deal, now)
        self.deals.append(deal)
        addition.deal = deal
        if deal.status == "won" and deal.deleted_at is None and deal.currency is not None and deal.amount is not None:
            self._bill(rng, deal, deal.amount, deal.currency, addition)
        return addition

    def _account(self, rng: Random, team: Team, owner: Owner, created: datetime, addition: Addition) -> Account:
        """An account that was there before the deal, often; otherwise a new one with its contacts."""
        known = self.accounts[team.system]
        if known and rng.random() < 0.62:
            for _ in range(6):
                account = rng.choice(known)
                if account.created < created and (account.company.region == team.region or rng.random() < 0.2):
                    return account
        company = self._company(rng, team, known)
        spelling = stream(self.seed, "spelling", team.system, company.number)
        at = created - timedelta(minutes=spelling.randrange(5, 60 * 24 * 20))
        updates = _later_times(spelling, at, self.system_now(team.system), 2)
        account = Account(
            team.system, self.next_ref(team.system, "account"), company, _spelled_name(spelling, company),
            _spelled_domain(spelling, company), _website(spelling, company), owner, at, updates,
        )  # fmt: skip
        known.append(account)
        addition.account = account
        self._add_contacts(spelling, account, addition)
        return account

    def _company(self, rng: Random, team: Team, known: list[Account]) -> Company:
        """A new company, or one that another system already sells to (the groups overlap)."""
        if self.companies and rng.random() < 0.22:
            here = {account.company.number for account in known}
            for _ in range(8):
                company = rng.choice(self.companies)
                if company.number not in here:
                    return company
        company = make_company(self.seed, len(self.companies), team.region)
        self.companies.append(company)
        return company

    def _add_contacts(self, rng: Random, account: Account, addition: Addition) -> None:
        people = account.company.people[: rng.choice((1, 2, 2, 3))]
        made = [self._contact(rng, account, person) for person in people]
        old = account.created < self.now - timedelta(days=1)
        if account.system in {"hubspot", "salesforce"} and rng.random() < 0.05 and old:
            addition.contacts.append(self._double(rng, made[0]))
        self._contacts_of[account.ref + account.system] = made
        addition.contacts += made
        self.contacts += addition.contacts

    def _contact(self, rng: Random, account: Account, person: Person) -> Contact:
        email = person.email if rng.random() < 0.7 else _odd_email(rng, person.email)
        at = account.created + timedelta(seconds=rng.randrange(30, 240))
        updates = _later_times(rng, at, self.system_now(account.system), 1)
        return Contact(
            account.system, self.next_ref(account.system, "contact"), person, email, account, account.owner, at, updates
        )

    def _double(self, rng: Random, first: Contact) -> Contact:
        """A second record of the same person, merged into the first some days later."""
        at = first.created + timedelta(seconds=rng.randrange(300, 900))
        merged_at = at + timedelta(days=rng.randrange(1, 30))
        merged = merged_at < self.now
        return Contact(
            first.system, self.next_ref(first.system, "contact"), first.person, _odd_email(rng, first.email),
            first.account, first.owner, at, (), first.ref if merged else None, merged_at if merged else None,
        )  # fmt: skip

    def _bill(self, rng: Random, deal: Deal, amount: Decimal, currency: str, addition: Addition) -> None:
        """Invoices of a won deal: one, or instalments of a large one."""
        company = deal.account.company
        won_at = deal.changes[-1].at
        key = (company.number, currency)
        if key not in self.customers:
            at = won_at.replace(microsecond=0) - timedelta(minutes=rng.randrange(5, 600))
            ref = "cus_" + base62(14, self.seed, *key)
            name = f"{company.name} {company.legal}"
            self.customers[key] = Customer(ref, company, name, f"accounts@{company.domain}", currency, at)
            addition.customer = self.customers[key]
        customer, step = self.customers[key], UNITS[currency][1]
        parts = [amount] if deal.segment == "small" else _instalments(amount, step, rng.choice((30, 40, 50)))
        for place, part in enumerate(parts):
            issued = work_time(rng, won_at + timedelta(days=1 + place * 45)).replace(microsecond=0)
            if issued >= self.now - timedelta(minutes=1):
                break
            late = issued + timedelta(days=rng.randrange(8, 50))
            if late > self.now and rng.random() < 0.12:  # somebody pays just now
                late = max(issued + timedelta(seconds=30), self.now - timedelta(seconds=rng.randrange(10, 9000)))
            paid, voided = (late, None) if rng.random() < 0.95 else (None, late)
            invoice = Invoice(
                "in_1" + base62(23, self.seed, deal.number, place), f"AI-{deal.number + 1:06d}-{place + 1}",
                customer.ref, customer.email, customer.name, deal.ref, part, currency, issued,
                (issued + timedelta(days=30)).date(),
                paid if paid and paid < self.now else None, voided if voided and voided < self.now else None,
            )  # fmt: skip
            self.invoices.append(invoice)
            addition.invoices.append(invoice)


@dataclass(slots=True)
class Addition:
    """What one more deal brought with it."""

    deal: Deal | None = None
    account: Account | None = None
    contacts: list[Contact] = field(default_factory=list)
    customer: Customer | None = None
    invoices: list[Invoice] = field(default_factory=list)


def _spoil(rng: Random, deal: Deal, now: datetime) -> None:
    """Planned dirt of a deal: no currency, no amount, words for an amount, or deleted at the end."""
    if deal.system in {"hubspot", "salesforce"} and rng.random() < 0.014:
        deal.currency = None
    chance = rng.random()
    if chance < 0.02 and deal.system in {"hubspot", "salesforce"}:
        for change in deal.changes:
            if "amount" in change.fields:
                change.fields["amount"] = None
    elif 0.02 < chance < 0.035 and deal.system in {"hubspot", "pipedrive"}:
        deal.changes[0].fields["amount"] = rng.choice(NOT_NUMBERS)
    elif 0.035 < chance < 0.065 and deal.system in {"hubspot", "pipedrive"}:
        revisions = [change for change in deal.changes[1:] if set(change.fields) == {"amount"}]
        if revisions:
            revisions[-1].fields["amount"] = rng.choice(NOT_NUMBERS)
    gone = deal.changes[-1].at + timedelta(hours=rng.randrange(2, 200))
    if deal.system != "odoo" and rng.random() < 0.015 and gone < now:
        deal.deleted_at = gone


def _later_times(rng: Random, start: datetime, now: datetime, most: int) -> tuple[datetime, ...]:
    """Up to ``most`` later moments before now, far apart."""
    times = []
    for _ in range(rng.randrange(most + 1)):
        start = work_time(rng, start + timedelta(days=rng.randrange(3, 300)))
        if start >= now:
            break
        times.append(start)
    return tuple(times)


def _instalments(amount: Decimal, step: Decimal, points: int) -> list[Decimal]:
    first = percent(amount, points, step)
    return [first, amount - first] if first < amount else [amount]


def _spelled_name(rng: Random, company: Company) -> str:
    full = f"{company.name} {company.legal}"
    return rng.choice((company.name, full, full, full.replace(".", ""), company.name.upper()))


def _spelled_domain(rng: Random, company: Company) -> str:
    return rng.choice((company.domain, company.domain, f"www.{company.domain}", company.domain.upper()))


def _website(rng: Random, company: Company) -> str:
    return rng.choice((f"https://www.{company.domain}", f"http://{company.domain}/", f"www.{company.domain}"))


def _odd_email(rng: Random, email: str) -> str:
    box, _, domain = email.partition("@")
    return rng.choice((email.upper(), f"{box.title()}@{domain}", f"{box}@{domain.upper()}", f"{box}@www.{domain}"))
