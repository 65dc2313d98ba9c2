"""Looking at everything a pass needs: the servers of a lake and their Kubernetes objects. Changes nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from salescommand_lake.engine import Engine, open_engine
from salescommand_lake.errors import AccessDenied, LakeError
from salescommand_lake.plan.ages import ttl_days
from salescommand_lake.plan.apply import Look, look
from salescommand_lake.plan.guard import Guarded
from salescommand_lake.plan.health import health
from salescommand_lake.plan.observe import is_replicated
from salescommand_lake.plan.spec import ZONE_TABLES
from salescommand_lake.settings import LakeSettings
from salescommand_operator.declare import lake_spec
from salescommand_operator.kube import Kube
from salescommand_operator.model import DataLakeSpec
from salescommand_operator.seen import ClaimSeen, Seen, ServerSeen, SetSeen, ZoneSeen
from salescommand_operator.settings import OperatorSettings

__all__ = ["Server", "looked", "selector_of", "servers_of"]

_SECRET_OF_THE_CHART = "{name}-clickhouse"  # noqa: S105 - the name of a Secret
_RESIZING = "FileSystemResizePending"


@dataclass(frozen=True, slots=True)
class Server:
    """A ClickHouse server: its name for people, its shard, and engines on it (``anywhere`` needs no database)."""

    name: str
    shard: int
    engine: Engine
    anywhere: Engine


def selector_of(spec: DataLakeSpec) -> str:
    """Return the labels of the chart's ClickHouse, '' for an external one."""
    name = spec.cluster_ref.name
    return f"app.kubernetes.io/instance={name},app.kubernetes.io/component=clickhouse" if name else ""


async def servers_of(
    stack: AsyncExitStack, kube: Kube, settings: OperatorSettings, namespace: str, spec: DataLakeSpec
) -> tuple[list[Server], Seen]:
    """Return the lake's servers, opened until ``stack`` ends, and what Kubernetes says of them.

    In DryRun nothing but a question can leave through them.

    Raises:
        KubeAway: Kubernetes does not answer.
        SecretMissing: the credentials are not there.
    """
    access = await _access(stack, kube, settings, namespace, spec)
    external, dry = spec.cluster_ref.external, spec.mode == "DryRun"
    if external is not None:
        return [await _open(stack, external.url, 0, replace(access, url=external.url), read_only=dry)], Seen()
    selector = selector_of(spec)
    sets = sorted(await kube.sets(namespace, selector), key=lambda each: str(each.metadata.name))
    servers, seen = [], []
    for shard, each in enumerate(sets):
        seen.append(_set(each, shard))
        for replica in range(each.spec.replicas or 0):
            pod = f"{each.metadata.name}-{replica}"
            url = settings.address.format(pod=pod, service=each.spec.service_name, namespace=namespace)
            servers.append(await _open(stack, pod, shard, replace(access, url=url), read_only=dry))
    claims = [_claim(each) for each in await kube.claims(namespace, selector)]
    return servers, Seen(sets=seen, claims=claims, selector=selector)


async def _access(
    stack: AsyncExitStack, kube: Kube, settings: OperatorSettings, namespace: str, spec: DataLakeSpec
) -> LakeSettings:
    ref, external = spec.cluster_ref.credentials_secret_ref, spec.cluster_ref.external
    user, password = "default", ""
    if ref is not None:
        user, password = await kube.secret(namespace, ref.name, ref.username_key, ref.password_key)
    elif external is None:
        name = _SECRET_OF_THE_CHART.format(name=spec.cluster_ref.name)
        user, password = await kube.secret(namespace, name, "username", "password")
    authority = settings.ca_file if external is None else None
    if external is not None and external.ca_secret_ref is not None:
        text = (await kube.secret(namespace, external.ca_secret_ref.name, external.ca_secret_ref.key))[0]
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="salescommand-operator-"))
        authority = Path(folder) / "ca.crt"
        await asyncio.to_thread(authority.write_text, text + "\n")
    return LakeSettings(database=spec.database, user=user, password=password, ca_file=authority)


async def _open(stack: AsyncExitStack, name: str, shard: int, settings: LakeSettings, *, read_only: bool) -> Server:
    engine: Engine = open_engine(settings)
    anywhere: Engine = open_engine(replace(settings, database="default"))
    stack.push_async_callback(engine.close)
    stack.push_async_callback(anywhere.close)
    if read_only:
        engine, anywhere = Guarded(engine), Guarded(anywhere)
    return Server(name, shard, engine, anywhere)


async def looked(servers: Sequence[Server], spec: DataLakeSpec, namespace: str, name: str) -> dict[str, ServerSeen]:
    """Look at every server at once; what can't be asked says why.

    Raises:
        ValueError: the declaration does not fit the schema.
    """
    found = await asyncio.gather(*(_looked(server, spec, namespace, name) for server in servers))
    return {each.name: each for each in found}


async def _looked(server: Server, spec: DataLakeSpec, namespace: str, name: str) -> ServerSeen:
    try:
        await server.anywhere.ping()
        replicated = await is_replicated(server.anywhere)
        declared = lake_spec(spec, namespace=namespace, name=name, replicated=replicated)
        there = await look(server.anywhere, declared)
        state = await health(server.anywhere, spec.database, replicated=replicated)
    except LakeError as error:
        return ServerSeen(server.name, server.shard, str(error)[:500], isinstance(error, AccessDenied))
    tables = there.seen.tables
    return ServerSeen(
        server.name,
        server.shard,
        plan=there.plan,
        mutations=sum(len(table.unfinished) for table in tables.values()),
        ttl_pending=sum(table.ttl_pending for table in tables.values()),
        readonly_tables=state.readonly_tables,
        delay_seconds=state.delay_seconds,
        queue=state.queue,
        missing=state.missing,
        keeper_error=state.keeper_error,
        version=there.seen.version,
        replicated=replicated,
        schema_version=there.seen.schema_version,
        zones=tuple(_zones(there)),
    )


def _zones(there: Look) -> list[ZoneSeen]:
    found = []
    for table_name in ZONE_TABLES.values():
        table = there.seen.tables.get(table_name)
        if table is not None:
            days = ttl_days(table.shape.clauses.get("TTL", ""))
            if table_name == "raw_events":
                days = there.seen.raw_retention
            day = table.oldest.date().isoformat() if table.oldest else ""
            found.append(ZoneSeen(table_name, table.rows, table.bytes, day, days))
    return found


def _set(each: Any, shard: int) -> SetSeen:
    templates = each.spec.volume_claim_templates or []
    size = templates[0].spec.resources.requests["storage"] if templates else "0"
    ready = (each.status.ready_replicas if each.status else 0) or 0
    return SetSeen(each.metadata.name, shard, each.spec.replicas or 0, ready, size)


def _claim(each: Any) -> ClaimSeen:
    status: Any = each.status
    requested = each.spec.resources.requests["storage"]
    capacity: Mapping[str, str] = status.capacity or {}
    kinds = {condition.type for condition in status.conditions or []}
    return ClaimSeen(each.metadata.name, requested, capacity.get("storage", requested), _RESIZING in kinds)
