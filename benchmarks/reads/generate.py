"""A million canonical records, made by the engine itself so that it is quick. This SQL is no product's.

Deals have five states each, a month apart at the most, through stages to an outcome; a third is still open. Owners sell
in teams; amounts are in four currencies with a rate for each day of three years.
"""

from __future__ import annotations

from salescommand_lake.engine import Engine
from salescommand_lake.fold.intervals import END
from salescommand_lake.fold.stays import STAYS
from salescommand_lake.model import NOUNS
from salescommand_lake.noun_tables import VISIT, derived_tables

__all__ = ["DEALS", "generate", "touch"]

DEALS = 600_000
_OTHERS = {"account": 150_000, "contact": 150_000, "invoice": 60_000, "activity": 40_000}
_OWNERS = 500
_STATES = 5
_DEAL = NOUNS["opportunity"]


async def generate(engine: Engine, deals: int = DEALS) -> int:
    """Fill an empty lake and return how many records it has."""
    share = deals / DEALS
    await engine.command(_owners())
    await engine.command(_rates())
    await engine.command(_quotas())
    await _deals(engine, deals)
    counts = {name: int(count * share) for name, count in _OTHERS.items()}
    for name, count in counts.items():
        await engine.command(_other(name, count))
    await engine.command(_batches(int(20_000 * share)))
    for noun in NOUNS.values():
        for table in derived_tables(noun)[1:]:
            await engine.command(f"OPTIMIZE TABLE {table} FINAL")
    return deals + sum(counts.values())


async def touch(engine: Engine, number: int, keys: int = 400) -> None:
    """Do what a fold of ``keys`` records does to the tables that are read: a small part with new states of theirs."""
    where = f"cityHash64(canonical_id, {number}) % {DEALS} < {keys}"
    kept = (_DEAL.intervals_table, _DEAL.latest_table)
    for table, version in ((_DEAL.table, "version"), *((name, "generation") for name in kept)):
        select = f"SELECT * REPLACE ({version} + {number} + 1 AS {version}) FROM {table} FINAL WHERE {where}"
        await engine.command(f"INSERT INTO {table} {select}")


def _owners() -> str:
    return (
        "INSERT INTO owners (canonical_id, source, source_id, name, team, manager_ref, version)\n"
        "SELECT concat('own_', toString(number)), 'crm', toString(number), concat('Owner ', toString(number)),\n"
        f"  concat('Team ', toString(number % 20)), toString(number % 20), 1 FROM numbers({_OWNERS})"
    )


def _rates() -> str:
    return (
        "INSERT INTO exchange_rates (canonical_id, source, source_id, base, quote, day, rate, version)\n"
        "SELECT concat('fxr_', toString(number)), 'ecb', toString(number), 'EUR',\n"
        "  ['USD', 'GBP', 'JPY', 'CHF', 'SEK', 'PLN', 'INR', 'CAD', 'AUD', 'BRL'][1 + number % 10],\n"
        "  toDate32('2024-01-01') + intDiv(number, 10), toDecimal64(0.5 + (number % 97) / 100, 8), 1\n"
        "FROM numbers(10950)"
    )


def _quotas() -> str:
    return (
        "INSERT INTO quotas (canonical_id, source, source_id, owner_ref, period_start, period_end, amount, currency,\n"
        "  version) SELECT concat('quo_', toString(number)), 'crm', toString(number),\n"
        f"  toString(number % {_OWNERS}), addQuarters(toDate32('2025-01-01'), intDiv(number, {_OWNERS})),\n"
        f"  addQuarters(toDate32('2025-01-01'), intDiv(number, {_OWNERS}) + 1) - 1, 500000, 'USD', 1\n"
        f"FROM numbers({_OWNERS * 8})"
    )


async def _deals(engine: Engine, deals: int) -> None:
    """Write the intervals of the deals, and the last of each as its state."""
    fields = {
        "name": "concat('Deal ', toString(n))",
        "account_ref": "toString(n % 150000)",
        "owner_ref": f"toString(cityHash64(n) % {_OWNERS})",
        "amount": "toDecimal64(1000 + (n * 7919) % 99000 + e * 250.5, 4)",
        "currency": "['USD', 'USD', 'EUR', 'GBP'][1 + n % 4]",
        "stage": "if(e = 4 AND n % 3 > 0, if(n % 3 = 1, 'Won', 'Lost'), concat('Stage ', toString(least(e, 3) + 1)))",
        "pipeline": "['Sales', 'Renewals'][1 + n % 2]",
        "status": "if(e = 4 AND n % 3 > 0, if(n % 3 = 1, 'won', 'lost'), 'open')",
        "probability": "toDecimal64(least(e + 1, 4) * 0.2, 4)",
        "forecast_category": "['pipeline', 'best_case', 'commit'][1 + n % 3]",
        "product": "concat('Product ', toString(n % 12))",
        "segment": "['SMB', 'Mid-market', 'Enterprise'][1 + n % 3]",
        "region": "['EMEA', 'AMER', 'APAC'][1 + intDiv(n, 3) % 3]",
        "close_date": "toDate32('2025-06-01') + (n * 31) % 600 + e * 7",
        "created_at": "began",
    }
    visit = (
        "(concat('Stage ', toString(least(x, 3) + 1)), 'open', toDecimal64(least(x + 1, 4) * 0.2, 4),"
        " addSeconds(began, x * step))"
    )
    own = {
        "canonical_id": "concat('opp_', substring(lower(hex(MD5(toString(n)))), 1, 20))",
        "seq": "n * 8 + e",
        "source": "'crm'",
        "source_id": "toString(n)",
        "valid_from": "addSeconds(began, e * step)",
        "valid_to": f"if(e = 4, {END}, addSeconds(began, (e + 1) * step))",
        "is_deleted": "n % 50 = 0 AND e = 4",
        "quality_score": "0.9",
        "stage_since": "addSeconds(began, e * step)",
        "first_due": "toDate32('2025-06-01') + (n * 31) % 600",
        "generation": "1",
    }
    columns = own | fields
    made = (
        f"SELECT intDiv(number, {_STATES}) AS n, number % {_STATES} AS e,\n"
        "  toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + (n * 977) % 40000000 AS began,\n"
        f"  86400 + (n * 13) % 2000000 AS step FROM numbers({deals * _STATES})"
    )
    await engine.command(
        f"INSERT INTO {_DEAL.intervals_table} ({', '.join(columns)})\n"
        f"SELECT {', '.join(columns.values())} FROM ({made})"
    )
    kind = VISIT.replace("'", "\\'")
    told = f"SELECT *, CAST(arrayMap(x -> {visit}, range(least(e, 3) + 1)), 'Array({kind})') AS visits FROM ({made})"
    columns |= {"visits": "visits", "stays": STAYS}
    await engine.command(
        f"INSERT INTO {_DEAL.latest_table} ({', '.join(columns)})\n"
        f"SELECT {', '.join(columns.values())} FROM ({told}) WHERE e = {_STATES - 1}"
    )
    kept = ["canonical_id", "source", "source_id", "is_deleted", "quality_score", *fields]
    await engine.command(
        f"INSERT INTO {_DEAL.table} ({', '.join(kept)}, version, source_time)\n"
        f"SELECT {', '.join(kept)}, 1, valid_from FROM {_DEAL.intervals_table} WHERE valid_to = {END}"
    )


_FIELDS = {
    "account": {"name": "concat('Account ', toString(number))", "country": "['DE', 'US', 'FR'][1 + number % 3]"},
    "contact": {"name": "concat('Person ', toString(number))", "account_ref": "toString(number % 150000)"},
    "invoice": {
        "number": "toString(number)",
        "account_ref": "toString(number % 150000)",
        "status": "['open', 'paid', 'draft'][1 + number % 3]",
        "amount_due": "toDecimal64(100 + number % 9000, 4)",
        "amount_paid": "toDecimal64(number % 100, 4)",
        "currency": "['USD', 'EUR'][1 + number % 2]",
        "issued_at": "toDateTime64('2025-06-01 00:00:00', 3, 'UTC') + number * 600",
        "due_date": "toDate32('2025-07-01') + intDiv(number, 144)",
    },
    "activity": {
        "type": "['call', 'email', 'meeting'][1 + number % 3]",
        "owner_ref": f"toString(number % {_OWNERS})",
        "done_at": "toDateTime64('2025-06-01 00:00:00', 3, 'UTC') + number * 600",
    },
}


def _other(name: str, count: int) -> str:
    noun = NOUNS[name]
    fields = _FIELDS[name]
    return (
        f"INSERT INTO {noun.table} (canonical_id, source, source_id, version, {', '.join(fields)})\n"
        f"SELECT concat('{noun.prefix}_', toString(number)), 'crm', toString(number), 1, {', '.join(fields.values())}\n"
        f"FROM numbers({count})"
    )


def _batches(count: int) -> str:
    return (
        "INSERT INTO folded_batches SELECT toString(number), 'crm', 'opportunity', 500, 500, 0, 0, now64(6)\n"
        f"FROM numbers({count})"
    )
