"""Data scopes: what a rep or a manager is told is what a lake with only their records would tell, whatever they ask."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from backend.auth.principal import CONTROL
from backend.context import open_context
from backend.main import create_app
from backend.settings import BackendSettings
from salescommand_lake.metrics import REGISTRY
from salescommand_lake.model import NOUNS
from tests.backend.conftest import Accounts, client_of, problem
from tests.backend.flow import Flow, flowing
from tests.support import lakes

Record = dict[str, Any]
# Zoe leads Mia and Raj, Mia leads Ann and Bob; Sam, who sells in another source only, is below nobody.
PEOPLE = {"zoe": None, "mia": "zoe", "raj": "zoe", "ann": "mia", "bob": "mia", "sam": None}
BELOW = {"mia": {"mia", "ann", "bob"}, "ann": {"ann"}}
STAGES = ("Qualified", "Proposal", "won", "lost")


def history() -> list[tuple[str, str, str | None, Record]]:
    """Return a company's events as (source, type, who it belongs to, body); None is everybody's."""
    at, serial = "2026-03-01T00:00:00Z", itertools.count(1)
    found: list[tuple[str, str, str | None, Record]] = []
    for name, manager in PEOPLE.items():
        body = {"id": f"u-{name}", "name": name.title(), "email": f"{name}@example.com", "team": f"Team {manager}"}
        found.append(
            ("crm", "owner", None, {**body, "manager_id": f"u-{manager}" if manager else "", "updated_at": at})
        )
    # Ann sells in a second source too, which knows no managers.
    found.append(("erp", "owner", None, {"id": "77", "name": "Ann", "email": "ANN@example.com", "updated_at": at}))
    for source, name in [("crm", name) for name in PEOPLE] + [("erp", "ann")]:
        owner = "77" if source == "erp" else f"u-{name}"
        key = f"{source}-{name}"
        found.append(
            (source, "account", name, {"id": f"a-{key}", "name": f"{key} Ltd", "owner_id": owner, "updated_at": at})
        )
        for number in range(4):
            day, one = 1 + next(serial) % 27, f"d-{key}-{number}"
            deal = {
                "id": one, "name": f"Deal {one}", "owner_id": owner, "account_id": f"a-{key}", "currency": "USD",
                "amount": f"{100 * number + day}.50", "stage": "Qualified", "probability": "0.4",
                "created_at": "2026-01-05T00:00:00Z", "close_date": f"2026-05-{day:02d}",
            }  # fmt: skip
            found.append((source, "opportunity", name, deal | {"updated_at": f"2026-02-{day:02d}T00:00:00Z"}))
            later = deal | {"stage": STAGES[number % 4], "status": STAGES[number % 4] if number % 4 > 1 else "open"}
            found.append((source, "opportunity", name, later | {"updated_at": f"2026-04-{day:02d}T00:00:00Z"}))
        found.append((source, "contact", name, {
            "id": f"c-{key}", "name": f"Contact {key}", "email": f"c@{key}.example", "account_id": f"a-{key}",
            "updated_at": at,
        }))  # fmt: skip
        found.append((source, "activity", name, {
            "id": f"t-{key}", "type": "call", "subject": f"Call {key}", "owner_id": owner, "done_at": at,
            "updated_at": at,
        }))  # fmt: skip
        found.append((source, "invoice", name, {
            "id": f"i-{key}", "number": key, "account_id": f"a-{key}", "amount": "90.10", "currency": "USD",
            "status": "open", "due_date": "2026-04-01", "issued_at": at, "updated_at": at,
        }))  # fmt: skip
        found.append((source, "quota", name, {
            "id": f"q-{key}", "owner_id": owner, "amount": "5000", "currency": "USD", "period_start": "2026-04-01",
            "period_end": "2026-06-30", "updated_at": at,
        }))  # fmt: skip
    return found


async def told(flow: Flow, people: Iterable[str] | None = None) -> None:
    """Post the history, or what of it belongs to some people and to everybody."""
    bodies: dict[tuple[str, str], list[Record]] = {}
    for source, kind, whose, body in history():
        if people is None or whose is None or whose in people:
            bodies.setdefault((source, kind), []).append(body)
    for (source, kind), some in bodies.items():
        await flow.post(source, kind, some)
    await flow.settle()


PAST = {"as_of": "2026-03-15"}
PAST_ENOUGH = {"open-pipeline", "win-rate", "stage-conversion", "activity-count", "overdue", "attainment", "quota"}
"""One number of each kind of rows is asked for a past day too; the others read the same rows."""
FIXED = {"from": "2026-03-10", "to": "2026-06-01"}


def questions() -> list[tuple[str, dict[str, Any]]]:
    """Return what is asked: every number, grouped live and whole as of a day; every list, searches, files, bridge."""
    found: list[tuple[str, dict[str, Any]]] = []
    for slug, metric in REGISTRY.items():
        by = next(name for name in ("owner", "account", *metric.dimensions) if name in metric.dimensions)
        # What counts up to now differs from one request to the next.
        found += [(f"/api/metrics/{slug}", {"by": by})] if metric.unit != "days" else []
        found += [(f"/api/metrics/{slug}", PAST)] if slug in PAST_ENOUGH else []
    for kind in ("account", "contact", "opportunity", "activity", "order", "invoice", "quota"):
        found.append((f"/api/records/{kind}", {"sort": "canonical_id", "limit": 500}))
        found.append((f"/api/records/{kind}", {"format": "csv"}))
    for kind in ("account", "opportunity"):
        found.append((f"/api/records/{kind}", {"sort": "canonical_id", "limit": 500, **PAST}))
        found.append((f"/api/records/{kind}", {"q": "bob"}))
    found.append(("/api/records/stage_visit", {"sort": "canonical_id", **PAST}))
    for group in ({}, {"by": "owner"}, {"filter[reporting_line]": "Zoe"}):
        found.append(("/api/metrics/bridge", FIXED | group))
    found.append(("/api/metrics/bridge/deals", FIXED | {"movement": "won"}))
    found.append(("/api/metrics/open-pipeline", {"by": "owner", "filter[owner]": "Bob"}))
    found.append(("/api/metrics/won-value", {"by": "owner", "format": "csv"}))
    return found


async def answers(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    """Ask everything, and leave out what says when it was asked."""
    found: dict[str, Any] = {}
    for path, params in questions():
        answer = await client.get(path, params=params, headers=headers)
        assert answer.status_code == 200, (path, params, answer.text)
        if "format" in params:
            found[f"{path} {params}"] = sorted(answer.text.splitlines())
            continue
        body = answer.json()
        for moving in ("data_as_of", "known_at", *([] if "as_of" in params else ["as_of"])):
            body.pop(moving, None)
        for item in body.get("items", []):
            # Ages of what is still going on grow by the second.
            item.get("fields", {}).pop("idle_days", None)
        found[f"{path} {params}"] = body
    return found


@asynccontextmanager
async def lake_of(make: Callable[..., BackendSettings], people: Iterable[str]) -> AsyncIterator[Flow]:
    """Give an installation whose lake has only what belongs to some people."""
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(open_context(make(lakes.take())))
        client = await stack.enter_async_context(client_of(create_app(context, principal=CONTROL)))
        stack.push_async_callback(lakes.give_back, context.engine)
        stack.push_async_callback(context.mongo.drop)
        flow = await stack.enter_async_context(flowing(context, client))
        await told(flow, people)
        yield flow


@asynccontextmanager
async def signed_in(flow: Flow, name: str, role: str, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a person who signed in by a link."""
    made = await flow.send("POST", "/api/users", json={"email": f"{name}@example.com", "role": role, **more})
    assert made.status_code == 201, made.text
    token = made.json()["link"].rsplit("token=", 1)[1]
    async with client_of(create_app(flow.context)) as client:
        assert (await client.post("/api/auth/link", json={"token": token})).status_code == 200
        yield client


@pytest.mark.parametrize(("name", "role"), [("ann", "rep"), ("mia", "manager")])
async def test_what_is_told_is_what_a_lake_with_only_their_records_tells(
    flow: Flow, make_settings: Callable[..., BackendSettings], name: str, role: str
) -> None:
    await told(flow)
    async with signed_in(flow, name, role) as person, lake_of(make_settings, BELOW[name]) as only:
        mine, wanted = await answers(person, {}), await answers(only.client, {})
        for asked, answer in wanted.items():
            assert mine[asked] == answer, asked
        assert (await person.get("/api/records/opportunity")).json()["total"] > 0
        owners = (await person.get("/api/records/owner")).json()["items"]
        assert {item["fields"]["email"].split("@")[0] for item in owners} == BELOW[name]


async def test_who_is_no_owner_sees_nothing(flow: Flow) -> None:
    await told(flow)
    async with signed_in(flow, "nobody", "rep") as person:
        assert (await person.get("/api/metrics/open-count")).json()["value"] == 0
        for kind in ("account", "contact", "opportunity", "activity", "invoice", "quota", "owner"):
            assert (await person.get(f"/api/records/{kind}")).json()["total"] == 0, kind


async def test_one_record_and_its_events(flow: Flow) -> None:
    """What is not in scope is told in the words for what there is not."""
    await told(flow)
    async with signed_in(flow, "ann", "rep") as ann:
        for kind in ("opportunity", "account", "invoice"):
            every = (await flow.get(f"/api/records/{kind}", limit=500))["items"]
            mine = {item["canonical_id"] for item in (await ann.get(f"/api/records/{kind}?limit=500")).json()["items"]}
            assert 0 < len(mine) < len(every), kind
            inside_first = sorted(every, key=lambda item: item["canonical_id"] not in mine)
            for item in (inside_first[0], inside_first[-1]):
                address = f"/api/records/{kind}/{item['canonical_id']}"
                whole = await flow.get(address)
                event = next(f["event_id"] for f in whole["fields"].values() if f["event_id"])
                inside = item["canonical_id"] in mine
                shown = await ann.get(address)
                for answer in (
                    shown,
                    await ann.get(f"/api/events/{event}"),
                    await ann.get(f"/api/events/{event}/body"),
                ):
                    assert answer.status_code == (200 if inside else 404), (kind, answer.url, answer.text)
                if inside:
                    related = {one["canonical_id"] for some in shown.json()["related"].values() for one in some}
                    for other in sorted(related)[:3]:
                        noun = next(noun.name for noun in NOUNS.values() if other.startswith(f"{noun.prefix}_"))
                        assert (await ann.get(f"/api/records/{noun}/{other}")).status_code == 200
                else:
                    unknown = await ann.get(f"/api/records/{kind}/{item['canonical_id'][:-1]}0")
                    assert shown.json()["title"] == unknown.json()["title"]
                    assert shown.json()["status"] == unknown.json()["status"] == 404


# Whoever sees only some records is refused here; the rest either narrows its answer or tells of nobody's records.
TELLS_OF_ALL = (
    "/api/events", "/api/quarantine", "/api/quarantine/actions", "/api/identity/suggestions", "/api/identity/log",
    "/api/quality", "/api/serving", "/api/jobs", "/api/system", "/api/microservices/balance",
    "/api/microservices/refused", "/api/sources/crm", "/api/sources/crm/requests", "/api/sources/crm/contracts",
)  # fmt: skip
NARROWED_OR_NOBODYS = {
    "/api/metrics", "/api/metrics/bridge", "/api/metrics/bridge/deals", "/api/metrics/{slug}", "/api/records",
    "/api/records/{type}", "/api/records/{type}/{canonical_id}", "/api/events/{event_id}",
    "/api/events/{event_id}/body", "/api/sources", "/api/settings", "/api/auth/me", "/api/auth/sessions",
    "/api/auth/tokens", "/api/auth/second-factor", "/api/mappings",
    "/api/mappings/{scope}/{record_type}", "/api/mappings/{scope}/{record_type}/history",
    "/api/health", "/health", "/api/microservices/health", "/api/openapi.json", "/api/docs",
}  # fmt: skip


async def test_every_route_that_reads_is_narrowed_or_refused(flow: Flow, accounts: Accounts) -> None:
    """A new route has to say here which it is; a manager with the scope `all` is refused nothing of it."""
    await flow.key("crm")
    async with signed_in(flow, "mia", "manager") as mia, signed_in(flow, "ann", "rep") as ann:
        for address in TELLS_OF_ALL:
            for person in (mia, ann):
                assert "scope" in problem(await person.get(address), 403)["detail"] + "scope", address
                found = (await person.get(address)).json()
                assert found["type"].endswith("not-in-scope"), (address, found)
            assert (await flow.send("GET", address)).status_code == 200, address
        reads = {path for path, methods in (await flow.get("/api/openapi.json"))["paths"].items() if "get" in methods}
        for path in sorted(reads - NARROWED_OR_NOBODYS):
            address = path.replace("{source}", "crm").replace("{entity_type}", "deal")
            for hole in ("{event_id}", "{job_id}", "{id}", "{version}", "{action}"):
                address = address.replace(hole, "1")
            answer = await ann.get(address)
            assert answer.status_code == 403, f"{path} tells a rep: {answer.status_code} {answer.text[:200]}"


async def test_an_admin_sets_role_and_scope(flow: Flow) -> None:
    await told(flow)
    async with signed_in(flow, "mia", "manager") as mia:
        me = (await mia.get("/api/auth/me")).json()
        assert (me["role"], me["scope"]) == ("manager", "team")

        async def change(**body: str) -> httpx.Response:
            return await flow.send("PATCH", f"/api/users/{me['id']}", json=body)

        counts = {}
        for scope in ("own", "team", "all"):
            assert (await change(scope=scope)).json()["scope"] == scope
            counts[scope] = (await mia.get("/api/records/opportunity")).json()["total"]
        assert counts == {"own": 4, "team": 16, "all": 28}
        assert (await mia.get("/api/quarantine")).status_code == 200
        assert (await change(role="rep")).json()["scope"] == "own"
        assert (await mia.get("/api/quarantine")).status_code == 403
        fault = problem(await change(role="admin", scope="own"), 422)
        assert fault["errors"][0]["field"] == "scope"
        problem(await change(scope="everything"), 422)
        problem(await flow.send("PATCH", "/api/users/usr_none", json={"scope": "own"}), 404)
        # Nobody widens their own.
        problem(await mia.patch(f"/api/users/{me['id']}", json={"scope": "all"}), 403)


async def test_a_circle_of_managers_ends(flow: Flow) -> None:
    for name, manager in (("x", "y"), ("y", "x")):
        body = {"id": name, "name": name, "email": f"{name}@example.com", "manager_id": manager}
        await flow.post("crm", "owner", body)
        await flow.post("crm", "opportunity", {"id": f"d-{name}", "name": "D", "owner_id": name, "stage": "open"})
    await flow.settle()
    async with signed_in(flow, "x", "manager") as person:
        assert (await person.get("/api/records/opportunity")).json()["total"] == 2
