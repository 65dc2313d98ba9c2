"""What the numbers should be, counted from the invented company itself and never from its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from salescommand_demo.model import Deal, Event
from salescommand_demo.vendors import hubspot, odoo, pipedrive, salesforce
from salescommand_demo.world import World

#: The label that the group gives a stage, and what each system calls it.
GROUP_LABELS = {stage: stage.capitalize() for stage in (*salesforce.STAGES,)}


@dataclass(slots=True)
class Dirt:
    """How much of each planned fault is in the events."""

    duplicates: int = 0
    unmapped: int = 0
    unparseable: int = 0
    out_of_order: int = 0
    rejected: int = 0
    without_currency: int = 0
    without_amount: int = 0
    deleted: int = 0
    merged: int = 0
    renamed_stage: int = 0
    other_scripts: int = 0


@dataclass(slots=True)
class Truth:
    """Figures of the present state; money in the deals' own currencies.

    ``status`` counts living deals per source and status; ``won`` and ``open`` sum amounts per currency (a deal without
    amount or currency is counted but not summed: ``unpriced``); stages are in the vendors' own words.
    """

    records: dict[str, dict[str, int]] = field(default_factory=dict)
    status: dict[str, dict[str, int]] = field(default_factory=dict)
    won: dict[str, Decimal] = field(default_factory=dict)
    lost: dict[str, Decimal] = field(default_factory=dict)
    open: dict[str, Decimal] = field(default_factory=dict)
    open_by_stage: dict[tuple[str, str], int] = field(default_factory=dict)
    open_by_group_stage: dict[str, int] = field(default_factory=dict)
    unpriced: dict[str, int] = field(default_factory=dict)
    invoiced: dict[str, Decimal] = field(default_factory=dict)
    invoices: dict[str, int] = field(default_factory=dict)
    dirt: Dirt = field(default_factory=Dirt)

    def count(self, status: str) -> int:
        """Living deals of a status over all sources."""
        return sum(counts.get(status, 0) for counts in self.status.values())


def vendor_stage(deal: Deal, world: World) -> str:
    """What a deal's source calls its present stage (for Pipedrive a number, for Odoo the label when last written)."""
    stage = deal.stage
    if deal.system == "hubspot":
        return hubspot.STAGES[stage]
    if deal.system == "salesforce":
        return salesforce.STAGES[stage]
    if deal.system == "odoo":
        return odoo.stage_label(stage, deal.changes[-1].at, world.now)
    return str(pipedrive.STAGES[stage])


def count_truth(world: World, events: Iterable[Event]) -> Truth:
    """Counts the world. From ``events`` it takes only what is no deal: owners, quotas, rates, and the dirt."""
    truth = Truth()
    records: dict[str, Counter[str]] = {}
    status: dict[str, Counter[str]] = {}
    unpriced: Counter[str] = Counter()
    for deal in world.deals:
        if deal.deleted_at is not None:
            truth.dirt.deleted += 1
            continue
        records.setdefault("opportunity", Counter())[deal.system] += 1
        status.setdefault(deal.system, Counter())[deal.status] += 1
        _add_deal(truth, deal, world, unpriced)
    for accounts in world.accounts.values():
        for account in accounts:
            records.setdefault("account", Counter())[account.system] += 1
    records["account"]["stripe"] = len(world.customers)
    for contact in world.contacts:
        truth.dirt.other_scripts += not (contact.person.first + contact.person.last).isascii()
        if contact.merged_into is not None:
            truth.dirt.merged += 1
        else:
            records.setdefault("contact", Counter())[contact.system] += 1
    for noun in ("owner", "quota", "exchange_rate"):
        keys = {(event.source, event.ref) for event in events if event.noun == noun}
        records[noun] = Counter(source for source, _ in keys)
    _add_invoices(truth, world)
    records["invoice"] = Counter(stripe=len(world.invoices))
    truth.records = {noun: dict(sorted(counts.items())) for noun, counts in sorted(records.items())}
    truth.status = {source: dict(sorted(counts.items())) for source, counts in sorted(status.items())}
    truth.unpriced = dict(unpriced)
    return truth


def _add_deal(truth: Truth, deal: Deal, world: World, unpriced: Counter[str]) -> None:
    state = deal.status
    if deal.amount is None or deal.currency is None:
        unpriced[state] += 1
        truth.dirt.without_amount += deal.amount is None
        truth.dirt.without_currency += deal.currency is None
    else:
        sums = {"won": truth.won, "lost": truth.lost, "open": truth.open}[state]
        sums[deal.currency] = sums.get(deal.currency, Decimal(0)) + deal.amount
    if state == "open":
        own = vendor_stage(deal, world)
        truth.open_by_stage[deal.system, own] = truth.open_by_stage.get((deal.system, own), 0) + 1
        shared = GROUP_LABELS[deal.stage]
        truth.open_by_group_stage[shared] = truth.open_by_group_stage.get(shared, 0) + 1
        truth.dirt.renamed_stage += own == odoo.OLD_PROPOSAL


def _add_invoices(truth: Truth, world: World) -> None:
    for invoice in world.invoices:
        state = "paid" if invoice.paid_at else "void" if invoice.voided_at else "open"
        truth.invoices[state] = truth.invoices.get(state, 0) + 1
        truth.invoiced[invoice.currency] = truth.invoiced.get(invoice.currency, Decimal(0)) + invoice.amount


def count_out_of_order(arrivals: Iterable[Event]) -> int:
    """Events that arrive after a later event of the same record."""
    newest: dict[tuple[str, str, str], Event] = {}
    late = 0
    for event in arrivals:
        key = (event.source, event.noun, event.ref)
        known = newest.get(key)
        if known is not None and known.at - event.at > timedelta(0):
            late += 1
        else:
            newest[key] = event
    return late
