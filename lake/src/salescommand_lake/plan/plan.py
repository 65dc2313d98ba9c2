"""The plan: every step from a lake as it is to the lake as declared, with a hash that an approval names. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from salescommand_lake.plan.diff import steps
from salescommand_lake.plan.observe import Observed
from salescommand_lake.plan.spec import LakeSpec, Zone
from salescommand_lake.plan.steps import Risk, Step
from salescommand_lake.plan.wanted import Wanted

__all__ = ["Plan", "make_plan"]

_SIGNS = {Risk.SAFE: "+", Risk.COSTLY: "~", Risk.DESTRUCTIVE: "-", Risk.IMPOSSIBLE: "!"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, who asks for them, and whose tables they are about.

    ``owner`` is who declared the tables that are there, '' when nobody said; ``first_run`` that there are some which
    this declaration did not make.
    """

    database: str
    declared_by: str
    steps: tuple[Step, ...] = ()
    owner: str = ""
    first_run: bool = False
    raw_retention: int = 0
    """After how many days raw events may go, 0 for never: what the ledger will say."""

    @property
    def hash(self) -> str:
        """Return what an approval names: statements and risks, without the estimates, which move by themselves."""
        content = [[step.action, step.object, step.risk, step.sql, step.want, step.got] for step in self.steps]
        text = json.dumps([self.database, self.declared_by, self.first_run, content], separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @property
    def risk(self) -> Risk:
        """Return the risk of the riskiest step."""
        return max((step.risk for step in self.steps), key=lambda risk: risk.rank, default=Risk.NONE)

    @property
    def summary(self) -> str:
        """Return how many steps of each risk there are, in words."""
        counts = [(risk, sum(step.risk is risk for step in self.steps)) for risk in Risk]
        return ", ".join(f"{count} {risk.lower()}" for risk, count in counts if count) or "no changes"

    def of_risk(self, risk: Risk) -> tuple[Step, ...]:
        """Return the steps of one risk."""
        return tuple(step for step in self.steps if step.risk is risk)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain values, for programs."""
        return {
            "database": self.database,
            "declared_by": self.declared_by,
            "owner": self.owner,
            "first_run": self.first_run,
            "hash": self.hash,
            "risk": self.risk.value,
            "summary": self.summary,
            "steps": [
                {"id": number, **{k: str(v) if k in ("action", "risk") else v for k, v in asdict(step).items()}}
                | {"target": step.target.value}
                for number, step in enumerate(self.steps, 1)
            ],
        }

    def as_text(self) -> str:
        """Return the plan as a diff that people read."""
        if not self.steps:
            return f"{self.database}: no changes. What is there is what is declared."
        lines = [f"{self.database}: {self.summary}", ""]
        for number, step in enumerate(self.steps, 1):
            touched = f" ({step.rows:,} rows, {step.bytes:,} bytes)" if step.rows else ""
            lines.append(f"{_SIGNS[step.risk]} {number}. {step.action} {step.object}  [{step.risk}]{touched}")
            lines.append(f"     {step.reason}")
            if step.got:
                lines += [f"     - {step.got}", f"     + {step.want}"]
            if step.sql:
                lines.append(f"     {step.sql if len(step.sql) <= _WIDEST else step.sql[:_WIDEST] + ' …'}")
        return "\n".join([*lines, "", f"hash {self.hash}"])


_WIDEST = 400


def make_plan(spec: LakeSpec, objects: Sequence[Wanted], seen: Observed) -> Plan:
    """Return the plan; without steps when what is there is what is declared."""
    strangers = seen.owner != spec.owner and any(each.name in seen.tables for each in objects)
    found = [step for step in steps(spec, objects, seen) if not any(fnmatchcase(step.object, p) for p in spec.ignore)]
    days = spec.zones[Zone.RAW].retention.days if Zone.RAW in spec.zones else 0
    return Plan(spec.database, spec.owner, tuple(found), seen.owner, strangers, days)
