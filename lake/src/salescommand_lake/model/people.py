"""Who sells, and what they are to sell: owner, quota."""

from __future__ import annotations

from salescommand_lake.model.shared import BOOL, CURRENCY, DATE, DECIMAL, OWNER_REF, REF, STRING, described, present
from salescommand_lake.model.types import Noun, Rule

OWNER = Noun(
    "owner",
    "owners",
    "Owner",
    "A person who sells.",
    "own",
    (
        described("name", STRING, "Name", "The full name."),
        described("email", STRING, "E-mail", "The e-mail address, in lower case."),
        described("team", STRING, "Team", "The team the person sells in."),
        described("manager_ref", REF, "Manager id", "The source's id of the person's manager.", ref="owner"),
        described("active", BOOL, "Active", "Whether the person still works in the source."),
    ),
    (
        present("name", 3, "An owner has a name."),
        present("email", 1, "The e-mail address is known."),
        present("team", 1, "The team is known."),
    ),
    ("name", "email"),
)

QUOTA = Noun(
    "quota",
    "quotas",
    "Quota",
    "What an owner or a team is to sell in a period.",
    "quo",
    (
        OWNER_REF,
        described("team", STRING, "Team", "The team, when the quota is a team's."),
        described("period_start", DATE, "From", "The first day of the period."),
        described("period_end", DATE, "To", "The last day of the period."),
        described("amount", DECIMAL, "Amount", "What is to be sold, in its own currency.", unit="currency"),
        described("currency", CURRENCY, "Currency", "The currency of the amount.", unit="ISO 4217"),
    ),
    (
        Rule("whose", 1, "The quota is an owner's or a team's.", "isNotNull(owner_ref) OR isNotNull(team)"),
        Rule(
            "period_in_order",
            1,
            "The period has a first day that is not after its last.",
            "ifNull(period_start <= period_end, false)",
        ),
        Rule("amount_not_negative", 1, "There is an amount and it is not negative.", "ifNull(amount >= 0, false)"),
        present("currency", 1, "The currency is known."),
    ),
    ("owner_ref", "team"),
    "amount",
)
