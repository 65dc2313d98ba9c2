"""What one process holds open: settings, engine, stores, spool. Made once, passed everywhere, never a global."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from backend.auth.rates import Rates
from backend.metrics import HttpMetrics
from backend.microservices.ingest.adoption import spool_path
from backend.microservices.ingest.metrics import IngestMetrics
from backend.microservices.ingest.spool import Spool, SpoolLimits
from backend.settings import BackendSettings
from backend.stores.jobs import JobBoard
from backend.stores.keyring import KeyRing
from backend.stores.mongo import Database, open_mongo
from backend.stores.queue import Queue, open_queue
from backend.stores.redis import open_redis
from backend.stores.sealing import Sealer
from salescommand_lake.engine import Engine, open_engine
from salescommand_lake.settings import LakeSettings

__all__ = ["Context", "lake_settings", "open_context"]


@dataclass(frozen=True, slots=True)
class Context:
    """The open things of one process. All of them connect on first use and survive their server going away."""

    settings: BackendSettings
    engine: Engine
    """The lake's engine, over HTTP or in this process."""
    mongo: Database
    redis: Redis
    queue: Queue
    """Background work, on a connection of its own."""
    keyring: KeyRing
    """Write keys and what sources ask of their posts, kept in memory for ingest."""
    sealer: Sealer
    """Encrypts the secrets that have to be read again."""
    jobs: JobBoard
    """What loader and worker say about themselves."""
    local_spool: Spool | None
    """This instance's spool; None in a process that takes no events (a separate worker)."""
    adopted: dict[int, Spool] = field(default_factory=dict)
    """Spools of other instances that were left behind in this data folder, by the number of the instance."""
    raw_arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the loader after each insert, so that a worker in the same process starts at once."""
    answers: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Computed answers that this process keeps, the latest used last."""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    """Prometheus metrics of this process."""
    rates: Rates = field(init=False)
    """How many requests each principal may send."""
    http_metrics: HttpMetrics = field(init=False)
    """Requests and their durations, shared by all apps of the process."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", Rates(self.settings.api_rate_per_minute))
        object.__setattr__(self, "http_metrics", HttpMetrics(self.registry))

    @property
    def spools(self) -> list[Spool]:
        """All spools that this process has open."""
        mine = [] if self.local_spool is None else [self.local_spool]
        return [*mine, *self.adopted.values()]

    @property
    def spool(self) -> Spool:
        """This instance's spool.

        Raises:
            RuntimeError: the process was opened without one.
        """
        if self.local_spool is None:
            raise RuntimeError("This process was opened without a spool, so it can't take events.")
        return self.local_spool


def lake_settings(settings: BackendSettings) -> LakeSettings:
    """Return the part of the settings that the lake needs."""
    return LakeSettings(
        ca_file=settings.clickhouse_ca_file,
        url=settings.clickhouse_url or None,
        database=settings.clickhouse_database,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        data_dir=settings.data_dir,
        schema=settings.schema_mode,
        memory=settings.lake_memory_mib * 1024 * 1024,
        threads=settings.lake_threads,
        backups=Path(settings.backup_to) if settings.backup_to.startswith("/") else None,
    )


@asynccontextmanager
async def open_context(settings: BackendSettings, *, with_spool: bool = True) -> AsyncIterator[Context]:
    """Open everything and close it in the opposite order.

    A server that is away at this moment is no error: health says so, and calls fail until it is back.

    Raises:
        SettingsError: an address can't be read.
        SpoolUnusable: the spool is damaged, or (SpoolInUse) another process has it.
    """
    async with AsyncExitStack() as stack:
        redis = open_redis(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        queue = open_queue(settings.redis_url)
        stack.push_async_callback(queue.redis.aclose)
        mongo = open_mongo(settings.mongo_url, settings.db_name)
        stack.callback(mongo.close)
        engine = open_engine(lake_settings(settings))
        stack.push_async_callback(engine.close)
        registry = CollectorRegistry()
        spool = None
        if with_spool:
            spool = await _open_spool(settings)
            stack.push_async_callback(spool.close)
            registry.register(IngestMetrics(spool))
        sealer = Sealer(settings.secret_key.get_secret_value(), settings.data_dir)
        keyring = KeyRing(mongo, sealer)
        stack.push_async_callback(keyring.close)
        yield Context(
            settings=settings,
            engine=engine,
            mongo=mongo,
            redis=redis,
            queue=queue,
            keyring=keyring,
            sealer=sealer,
            jobs=JobBoard(redis),
            local_spool=spool,
            registry=registry,
        )


async def _open_spool(settings: BackendSettings) -> Spool:
    path = spool_path(settings.data_dir, settings.instance)
    path.parent.mkdir(parents=True, exist_ok=True)
    limits = SpoolLimits(
        pending_bytes=settings.ingest_max_pending_bytes,
        spool_bytes=settings.spool_max_bytes,
        window_days=settings.duplicate_window_days,
    )
    spool = Spool(path, instance=settings.instance, limits=limits)
    await spool.open()
    return spool
