"""Whether a plan may run: the policy, the approval, and whose tables they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from salescommand_lake.plan.plan import Plan
from salescommand_lake.plan.spec import ChangePolicy, Consent
from salescommand_lake.plan.steps import Risk

__all__ = ["Decision", "decide"]

Reason = Literal[
    "NoChanges",
    "SafeOnly",
    "Approved",
    "AllowedByPolicy",
    "ApprovalRequired",
    "StaleApproval",
    "Refused",
    "FirstRunDestructive",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the plan may run, the reason as a condition names it, and the sentence that says what to do."""

    may_run: bool
    reason: Reason
    message: str


def decide(plan: Plan, policy: ChangePolicy, approved: str | None) -> Decision:
    """Return whether the plan may run. A plan runs whole or not at all."""
    if plan.first_run and not policy.adopt_existing:
        whose = f"were declared by {plan.owner}" if plan.owner else "were not made by a declaration"
        message = (
            f"The tables of {plan.database} {whose}. Set changePolicy.adoptExisting to take them over as they are, "
            "or name another database."
        )
        return Decision(False, "FirstRunDestructive", message)
    if not plan.steps:
        return Decision(True, "NoChanges", "What is there is what is declared.")
    impossible = plan.of_risk(Risk.IMPOSSIBLE)
    if impossible:
        return Decision(False, "Refused", f"{impossible[0].object}: {impossible[0].reason}")
    if plan.risk is Risk.SAFE:
        return Decision(True, "SafeOnly", f"{plan.summary}; none removes or rewrites a row.")
    if approved == plan.hash:
        return Decision(True, "Approved", f"{plan.summary}, approved as {plan.hash}.")
    return _by_policy(plan, policy, approved)


def _by_policy(plan: Plan, policy: ChangePolicy, approved: str | None) -> Decision:
    asked = [(Risk.DESTRUCTIVE, policy.destructive), (Risk.COSTLY, policy.costly)]
    for risk, consent in asked:
        found = plan.of_risk(risk)
        if not found or consent is Consent.ALLOW:
            continue
        first = f"{found[0].object}: {found[0].reason}"
        if consent is Consent.REFUSE:
            message = f"{first}. changePolicy.{risk.lower()} is Refuse: undo the change, or set RequireApproval."
            return Decision(False, "Refused", message)
        if approved:
            message = f"The approval is for another plan than this one. {first}. To approve: approvedPlan: {plan.hash}"
            return Decision(False, "StaleApproval", message)
        return Decision(False, "ApprovalRequired", f"{first}. To approve: approvedPlan: {plan.hash}")
    return Decision(True, "AllowedByPolicy", f"{plan.summary}, allowed by changePolicy.")
