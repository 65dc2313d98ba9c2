"""From declared and seen sizes to the next steps of scaling. Pure: one small step at a time, each safe to repeat.

Replicas first get the schema and then traffic; they leave traffic first and Keeper last. Volumes only grow: every
claim, then the StatefulSet's template, which Kubernetes only takes when the set is made anew around its pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kubernetes.utils.quantity import parse_quantity

from salescommand_operator.model import DataLakeSpec
from salescommand_operator.seen import ClaimSeen, Seen, SetSeen

__all__ = ["Move", "Scale", "bytes_of", "scale_steps"]


_NO_NEW_SHARDS = "the operator makes no shard; install its StatefulSet with the chart first"
_NO_DRAINING = "the operator moves no rows between shards yet; declare the shards that there are"


class Scale(StrEnum):
    """What a step of scaling does."""

    ADD_REPLICA = "AddReplica"
    REMOVE_REPLICA = "RemoveReplica"
    ADD_SHARD = "AddShard"
    DRAIN_SHARD = "DrainShard"
    GROW_CLAIM = "GrowClaim"
    REMAKE_SET = "RemakeSet"


@dataclass(frozen=True, slots=True)
class Move:
    """One step: what, of which object, from and to.

    ``blocked`` says why it waits, '' when it can go; ``refused``: Kubernetes said so and will again.
    """

    what: Scale
    object: str
    got: str
    want: str
    blocked: str = ""
    refused: bool = False


def bytes_of(quantity: str) -> Decimal:
    """Return what a quantity of Kubernetes (``100Gi``) says, as a number."""
    found: Decimal = parse_quantity(quantity)  # type: ignore[no-untyped-call]
    return found


def scale_steps(spec: DataLakeSpec, seen: Seen, unapplied: str = "") -> list[Move]:
    """Return the steps that may be taken now, those that wait with the reason.

    ``unapplied`` says why the schema is not as declared, '' when it is: no server is added meanwhile, since it could
    not get its tables.
    """
    if spec.topology is None and spec.storage is None:
        return []
    return [*_topology(spec, seen, unapplied), *_storage(spec, seen)]


def _topology(spec: DataLakeSpec, seen: Seen, unapplied: str) -> list[Move]:
    topology = spec.topology
    if topology is None:
        return []
    moves = [
        _replicas(each, topology.replicas, seen, unapplied) for each in seen.sets if each.replicas != topology.replicas
    ]
    moves += [
        Move(Scale.ADD_SHARD, f"shard {shard}", "none", f"{topology.replicas} replicas", _NO_NEW_SHARDS)
        for shard in range(len(seen.sets), topology.shards)
    ]
    return moves + [_drained(each, topology.shard_removal) for each in seen.sets[topology.shards :]]


def _replicas(each: SetSeen, want: int, seen: Seen, unapplied: str) -> Move:
    got = each.replicas
    if want > got:
        blocked = f"a new server could not get its tables: {unapplied}" if unapplied else ""
        return Move(Scale.ADD_REPLICA, each.name, str(got), str(want), blocked)
    return Move(Scale.REMOVE_REPLICA, each.name, str(got), str(got - 1), _why_not_smaller(each, seen))


def _why_not_smaller(each: SetSeen, seen: Seen) -> str:
    """Return why the last replica may not leave yet: what it holds must be on the others first."""
    peers = [server for server in seen.servers if server.shard == each.shard]
    away = next((server for server in peers if not server.reachable), None)
    if away is not None:
        return f"{away.name} can't be asked whether the others have its rows: {away.error}"
    broken = next((server for server in peers if server.readonly_tables), None)
    if broken is not None:
        return f"{broken.name} has {broken.readonly_tables} read-only tables; the others may lack its rows"
    stuck = next((server for server in peers if server.queue), None)
    if stuck is not None:
        return f"{stuck.name} has {stuck.queue} replication tasks that fail"
    leaving = f"{each.name}-{each.replicas - 1}"
    behind = next((server for server in peers if server.missing and server.name != leaving), None)
    return f"{behind.name} has yet to fetch {behind.missing} parts of the others" if behind is not None else ""


def _drained(each: SetSeen, removal: str) -> Move:
    if removal != "DrainFirst":
        blocked = "set topology.shardRemoval: DrainFirst to move its rows to the other shards first"
        return Move(Scale.DRAIN_SHARD, each.name, "in use", "gone", blocked)
    return Move(Scale.DRAIN_SHARD, each.name, "in use", "drained", _NO_DRAINING)


def _storage(spec: DataLakeSpec, seen: Seen) -> list[Move]:
    storage = spec.storage
    if storage is None or not seen.claims:
        return []
    want = bytes_of(storage.size)
    manual = "" if storage.expansion == "Automatic" else "storage.expansion is Manual: grow the claims yourself"
    small = [claim for claim in seen.claims if bytes_of(claim.requested) < want]
    moves = [Move(Scale.GROW_CLAIM, each.name, each.requested, storage.size, manual) for each in small]
    if not small and not _growing(seen.claims, storage.size):
        moves += [
            Move(Scale.REMAKE_SET, each.name, each.claim_size, storage.size, manual)
            for each in seen.sets
            if bytes_of(each.claim_size) < want
        ]
    return moves


def _growing(claims: Sequence[ClaimSeen], size: str) -> bool:
    want = bytes_of(size)
    return any(bytes_of(claim.capacity) < want for claim in claims)
