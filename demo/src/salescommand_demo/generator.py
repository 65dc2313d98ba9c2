"""From the invented company to vendors' events of a wanted number, in the order in which they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from salescommand_demo.company import TEAMS
from salescommand_demo.model import Deal, Event
from salescommand_demo.randoms import stable_int, stream
from salescommand_demo.sales import HISTORY_DAYS, UNITS
from salescommand_demo.truth import Truth, count_out_of_order, count_truth
from salescommand_demo.vendors import group, hubspot, odoo, pipedrive, salesforce, stripe
from salescommand_demo.world import NOT_NUMBERS, Addition, World

FEWEST_EVENTS = 1000
DEFAULT_EVENTS = 20_000
DEFAULT_SEED = 20_200
_OWNER = {"hubspot": hubspot.owner, "salesforce": salesforce.owner, "odoo": odoo.owner, "pipedrive": pipedrive.owner}
_ACCOUNT = {
    "hubspot": hubspot.account, "salesforce": salesforce.account, "odoo": odoo.account, "pipedrive": pipedrive.account,
}  # fmt: skip
_CONTACT = {
    "hubspot": hubspot.contact, "salesforce": salesforce.contact, "odoo": odoo.contact, "pipedrive": pipedrive.contact,
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Generator:
    """A believable sales history, the same whenever (seed, anchor, events) are the same.

    Args:
        anchor: the moment that counts as now, aware; the caller keeps it, so that loading again changes nothing.
        events: how many events are wanted; met within a few per thousand. At least ``FEWEST_EVENTS``.
        seed: another seed is another company.

    Raises:
        ValueError: for an anchor without time zone, or too few events.
    """

    anchor: datetime
    events: int = DEFAULT_EVENTS
    seed: int = DEFAULT_SEED
    world: World = field(init=False, repr=False)
    _made: list[Event] = field(init=False, repr=False, default_factory=list)
    _arrivals: list[Event] = field(init=False, repr=False, default_factory=list)
    _duplicates: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.anchor.tzinfo is None:
            raise ValueError("anchor has no time zone; pass for example datetime.now(UTC)")
        if self.events < FEWEST_EVENTS:
            raise ValueError(f"events={self.events} is too few for a company; ask for {FEWEST_EVENTS} or more")
        self.anchor = self.anchor.astimezone(UTC).replace(microsecond=0)
        self.world = World(self.seed, self.anchor)
        self._duplicates = max(5, self.events // 200)
        self._make()
        self._arrivals = self._arrange()

    def arrivals(self) -> list[Event]:
        """All events in the order of arrival, repeats included."""
        return self._arrivals

    def truth(self) -> Truth:
        """What the numbers should be once everything has been taken in."""
        truth = count_truth(self.world, self._made)
        truth.dirt.duplicates = self._duplicates
        truth.dirt.unmapped = sum(not event.noun for event in self._made)
        truth.dirt.unparseable = sum(amount_text(event) in NOT_NUMBERS for event in self._made)
        truth.dirt.out_of_order = count_out_of_order(self._arrivals)
        return truth

    def _make(self) -> None:
        world, made = self.world, self._made
        made += [_OWNER[owner.team.system](owner) for owner in world.staff.owners]
        made += group.exchange_rates(self.anchor, HISTORY_DAYS + 20, weekly=self.events >= 5000)
        quarters = _quarters(self.anchor)
        sellers = [owner for owner in world.staff.owners if owner.manager_ref is not None]
        wanted = self.events - self._duplicates - len(quarters) * len(sellers)
        while len(made) < wanted:
            made += self._render(world.add_deal())
        for (team, start, end), amount in _quotas(world, quarters).items():
            made += [group.quota(owner, start, end, amount, self.anchor) for owner in sellers if owner.team.key == team]

    def _render(self, addition: Addition) -> Iterator[Event]:
        """The events of one more deal and of all that it brought with it."""
        if addition.account is not None:
            yield from _ACCOUNT[addition.account.system](addition.account)
        for contact in addition.contacts:
            yield from _CONTACT[contact.system](contact)
        if addition.deal is not None:
            yield from self._render_deal(addition.deal)
        if addition.customer is not None:
            yield from stripe.customer(addition.customer)
        for place, invoice in enumerate(addition.invoices):
            yield from stripe.invoice(invoice)
            if invoice.paid_at is not None and stable_int(2, invoice.ref, place) == 0:
                yield stripe.charge(invoice, invoice.paid_at)

    def _render_deal(self, deal: Deal) -> Iterator[Event]:
        if deal.system == "hubspot":
            return hubspot.deal(deal)
        if deal.system == "odoo":
            return odoo.deal(deal, self.anchor)
        if deal.system == "pipedrive":
            return pipedrive.deal(deal, self.anchor)
        return self._with_tasks(deal)

    def _with_tasks(self, deal: Deal) -> Iterator[Event]:
        yield from salesforce.deal(deal)
        if deal.number % 20 == 0:
            ref = self.world.next_ref("salesforce", "task")
            yield salesforce.task(deal, ref, min(self.anchor, deal.created + timedelta(seconds=1)))

    def _arrange(self) -> list[Event]:
        """Arrival order: by time of change; some of Pipedrive's come days late, some events come twice."""
        rng = stream(self.seed, "arrival")
        arriving = [(event.at + _delay(event), place, event) for place, event in enumerate(self._made)]
        for place in sorted(rng.sample(range(len(self._made)), self._duplicates)):
            event = self._made[place]
            arriving.append((event.at + _delay(event) + timedelta(minutes=9), len(self._made) + place, event))
        arriving.sort(key=lambda item: item[:2])
        return [event for _, _, event in arriving]


def amount_text(event: Event) -> object:
    """What stands in an event's amount of a deal (words too), or None."""
    if event.noun != "opportunity":
        return None
    record = event.payload
    for key in ("properties", "payload", "data"):
        inner = record.get(key)
        if isinstance(inner, dict):
            record = inner
    if record.get("propertyName") == "amount":
        return record["propertyValue"]
    return next((record[key] for key in ("amount", "Amount", "expected_revenue", "value") if key in record), None)


def _delay(event: Event) -> timedelta:
    """Some webhooks of Pipedrive are tried again hours or days later."""
    if event.source != "pipedrive" or event.shape != "single" or stable_int(2, event.ref, event.at) != 0:
        return timedelta(0)
    return timedelta(hours=3 + 24 * stable_int(4, "delay", event.ref, event.at))


def _quarters(anchor: datetime) -> list[tuple[date, date]]:
    """First and last days of the quarters from two years ago to the next one."""
    year, place = anchor.year - 2, (anchor.month - 1) // 3
    quarters = []
    for step in range(place, place + 10):
        start = date(year + step // 4, step % 4 * 3 + 1, 1)
        after = date(year + (step + 1) // 4, (step + 1) % 4 * 3 + 1, 1)
        quarters.append((start, after - timedelta(days=1)))
    return quarters


def _quotas(world: World, quarters: list[tuple[date, date]]) -> dict[tuple[str, date, date], Decimal]:
    """A seller's quota per team and quarter: a little above what the team wins on average, rising with the years."""
    won: dict[str, Decimal] = dict.fromkeys((team.key for team in TEAMS), Decimal(0))
    for deal in world.deals:
        if deal.status == "won" and deal.amount is not None and deal.currency is not None:
            team = deal.account.owner.team
            won[team.key] += deal.amount * UNITS[team.currency][0] / UNITS[deal.currency][0]
    quotas = {}
    for team in TEAMS:
        step = UNITS[team.currency][1] * 10
        average = won[team.key] / 8 / len(world.staff.sellers(team))
        for place, (start, end) in enumerate(quarters):
            amount = average * (72 + 8 * place) / 100
            quotas[team.key, start, end] = max(step, amount // step * step)
    return quotas
