"""The state of the whole installation, told also when parts of it are away."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.context import Context
from backend.metrics import VERSION
from backend.services.balance import SourceBooks, balance
from backend.services.probes import store_faults
from backend.stores.jobs import JobState
from salescommand_lake.errors import LakeError
from salescommand_lake.schema import SCHEMA_VERSION, schema_version, verify_schema
from salescommand_lake.zones import TableSize, table_sizes

__all__ = ["Schema", "System", "system_state"]


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema's version that is there (None: the lake can't be asked), the one needed, and what differs."""

    have: int | None = None
    need: int = SCHEMA_VERSION
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """Everything the system page shows. A fault is None where all is well, else the reason."""

    driver: str
    lake_fault: str | None
    faults: dict[str, str | None]
    """Of the stores beside the lake: mongo, redis."""
    jobs: list[JobState]
    version: str = VERSION
    schema: Schema = field(default_factory=Schema)
    zones: list[TableSize] = field(default_factory=list)
    books: SourceBooks | None = None


async def system_state(context: Context) -> System:
    """Return the state of everything. A lake that is away leaves its parts empty and says why."""
    faults = await store_faults(context)
    away = faults.pop("clickhouse")
    jobs = await context.jobs.all() if faults["redis"] is None else context.jobs.mine()
    driver = context.engine.name
    if away is not None:
        return System(driver, away, faults, jobs)
    try:
        have = await schema_version(context.engine)
        differences = tuple(str(one) for one in await verify_schema(context.engine)) if have else ()
        schema = Schema(have, SCHEMA_VERSION, differences)
        zones = await table_sizes(context.engine)
        books = (await balance(context)).totals if have and not differences else None
    except LakeError as error:
        return System(driver, str(error), faults, jobs)
    return System(driver, None, faults, jobs, schema=schema, zones=zones, books=books)
