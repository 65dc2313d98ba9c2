"""Aldermoor Instruments and its subsidiaries: teams, owners, and the pool of companies they sell to.

Every name is invented, domains are under .example and telephone numbers from ranges that are never assigned.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from random import Random
from typing import Any

from salescommand_demo.model import Company, Owner, Person, Team
from salescommand_demo.randoms import base62, stable_int, stream

SELLER = "Aldermoor Instruments"
SELLER_DOMAIN = "aldermoor.example"
CRM_SYSTEMS = ("hubspot", "salesforce", "odoo", "pipedrive")

TEAMS = (
    Team("dach", "DACH", "hubspot", "de", (("EUR", 8), ("CHF", 2)), 5),
    Team("france", "France & Benelux", "hubspot", "fr", (("EUR", 1),), 4),
    Team("southeast", "South-East Europe", "hubspot", "gr", (("EUR", 1),), 2),
    Team("us-east", "Americas East", "salesforce", "us", (("USD", 9), ("CAD", 1)), 4),
    Team("us-west", "Americas West", "salesforce", "us", (("USD", 1),), 4),
    Team("japan", "Japan", "salesforce", "jp", (("JPY", 1),), 2),
    Team("nordics", "Nordics", "odoo", "se", (("SEK", 6), ("NOK", 2), ("EUR", 2)), 5),
    Team("uk", "UK & Ireland", "pipedrive", "uk", (("GBP", 8), ("EUR", 2)), 4),
    Team("india", "India", "pipedrive", "in", (("USD", 1),), 2),
)

#: Salesforce key prefixes of the objects used here.
SALESFORCE_PREFIX = {"opportunity": "006", "account": "001", "contact": "003", "owner": "005", "task": "00T"}
ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_CASE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@cache
def words() -> dict[str, Any]:
    """The word lists that names are made of."""
    text = resources.files("salescommand_demo").joinpath("names.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def vendor_ref(seed: int, system: str, noun: str, number: int) -> str:
    """The id that ``system`` gives its ``number``-th record of a noun: the same on every day."""
    jitter = stable_int(3, seed, system, noun, number)
    if system == "salesforce":
        return salesforce_id(SALESFORCE_PREFIX[noun] + "Qx" + base62(10, seed, noun, number))
    if system == "hubspot":
        start = {"opportunity": 40_200_000_000, "account": 28_100_000_000, "contact": 71_500_000_000}
        return str(start.get(noun, 81_000_000) + number * 9 + jitter)
    if system == "odoo":
        # accounts and contacts share res.partner, so that their numbers must not meet
        return str({"account": 1, "contact": 2, "opportunity": 0}.get(noun, 5) + number * 3 + 12)
    return str({"owner": 11_400_000}.get(noun, 0) + number + 1)


def salesforce_id(short: str) -> str:
    """The 18-character form of a 15-character id: three letters more that encode upper and lower case."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())
        suffix += _CASE_ALPHABET[bits]
    return short + suffix


def ascii_slug(text: str) -> str:
    """Lower-case ASCII letters and digits only; other scripts by the transliterations in the word list."""
    known = words()["latin"].get(text, text)
    for odd, latin in (("ß", "ss"), ("ø", "o"), ("Ø", "o"), ("ü", "ue"), ("ö", "oe"), ("ä", "ae")):
        known = known.replace(odd, latin)
    folded = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode()
    return "".join(letter for letter in folded.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Staff:
    """The sellers of all teams."""

    owners: tuple[Owner, ...]

    def sellers(self, team: Team) -> list[Owner]:
        """Those of a team who carry deals (the manager does not)."""
        return [owner for owner in self.owners if owner.team == team and owner.manager_ref is not None]


def make_staff(seed: int, anchor: datetime) -> Staff:
    """Owners with a manager per team; one seller of the two largest teams has left."""
    owners: list[Owner] = []
    counts: dict[str, int] = dict.fromkeys(CRM_SYSTEMS, 0)
    for team in TEAMS:
        rng = stream(seed, "team", team.key)
        firsts, lasts = _latin_names(team.region)
        manager: str | None = None
        taken: set[str] = set()
        for place in range(team.people + 1):
            first, last = rng.choice(firsts), rng.choice(lasts)
            while first + last in taken:
                first, last = rng.choice(firsts), rng.choice(lasts)
            taken.add(first + last)
            ref = vendor_ref(seed, team.system, "owner", counts[team.system])
            counts[team.system] += 1
            email = f"{ascii_slug(first)}.{ascii_slug(last)}@{SELLER_DOMAIN}"
            left = place == team.people and team.people == 5
            since = anchor - timedelta(days=900 + rng.randrange(900), minutes=rng.randrange(600))
            owners.append(Owner(ref, f"{first} {last}", first, last, email, team, manager, not left, since))
            manager = manager or ref
    return Staff(tuple(owners))


def _latin_names(region: str) -> tuple[list[str], list[str]]:
    """Names of a region that need no transliteration: the group's own staff writes Latin letters."""
    latin = words()["latin"]
    return (
        [name for name in words()["first"][region] if name not in latin],
        [name for name in words()["last"][region] if name not in latin],
    )


def make_company(seed: int, number: int, region: str) -> Company:
    """The ``number``-th customer; its name, domain and people follow from the number and the region."""
    rng = stream(seed, "company", number)
    vocabulary = words()
    heads, tails = vocabulary["heads"], vocabulary["tails"][region]
    head, tail = heads[number % len(heads)], rng.choice(tails)
    turn = number // len(heads)
    name = f"{head} {tail}" if turn == 0 else f"{head} {tail} {_roman(turn + 1)}"
    domain = f"{ascii_slug(head)}-{ascii_slug(tail)}{turn + 1 if turn else ''}.example"
    city, country = rng.choice(vocabulary["cities"][region])
    phone = vocabulary["phones"][region].format(number % 100)
    people = tuple(_person(stream(seed, "person", number, place), place, region, domain, phone) for place in range(3))
    industry = rng.choice(vocabulary["industries"])
    employees = round(180 * rng.lognormvariate(0, 1.2)) + 8
    legal = rng.choice(vocabulary["legal"][region])
    return Company(number, name, legal, domain, region, industry, employees, city, country, phone, people)


def _person(rng: Random, place: int, region: str, domain: str, phone: str) -> Person:
    first, last = rng.choice(words()["first"][region]), rng.choice(words()["last"][region])
    mailbox = f"{ascii_slug(first)}.{ascii_slug(last)}{place or ''}"
    return Person(first, last, f"{mailbox}@{domain}", phone, rng.choice(words()["titles"]))


def _roman(number: int) -> str:
    """II, III, IV …: how a group tells its works apart."""
    text = ""
    for value, sign in ROMAN:
        while number >= value:
            text, number = text + sign, number - value
    return text
