"""The true figures in words, to hold against a screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from salescommand_demo.truth import Truth


def describe(truth: Truth, events: int) -> str:
    """A few lines: records, status, sums per currency, open deals by stage, planned dirt."""
    won, lost, still_open = truth.count("won"), truth.count("lost"), truth.count("open")
    records = ", ".join(f"{sum(counts.values()):,} {noun}" for noun, counts in truth.records.items())
    stages = ", ".join(f"{stage} {count}" for stage, count in sorted(truth.open_by_group_stage.items()))
    dirt = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in asdict(truth.dirt).items())
    return "\n".join(
        (
            f"{events:,} events: {records}",
            f"deals: won {won:,}, lost {lost:,}, open {still_open:,}; win rate {Decimal(won) / max(1, won + lost):.4f}",
            f"won:  {_money(truth.won)}; {truth.unpriced.get('won', 0)} without a price",
            f"open: {_money(truth.open)}; {truth.unpriced.get('open', 0)} without a price",
            f"open by stage: {stages}",
            f"planned faults: {dirt}",
        )
    )


def _money(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{currency} {amount:,.2f}" for currency, amount in sorted(sums.items())) or "nothing"
