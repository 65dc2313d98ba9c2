"""Every operation of the OpenAPI document, with values that fit it and values that don't: never a server error.

Schemathesis makes the requests; the application runs on real stores behind a real server. The examples are the same in
each run, and few enough for a minute.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from backend.main import create_app
from backend.openapi import SNAPSHOT
from tests.backend.conftest import Accounts, client_of
from tests.backend.flow import Flow
from tests.support.depth import deep

FEW = settings(
    # For each operation, and each of fitting and unfitting values.
    max_examples=deep(3), deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip


def operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_text()))
    for found in schema.get_all_operations():
        yield found.ok()


def exercise(address: str, headers: dict[str, str]) -> dict[str, dict[int, int]]:
    """Call each operation; return how often each answered what. Fails with all server errors found."""
    seen: dict[str, dict[int, int]] = {}
    faults: list[str] = []
    session = requests.Session()
    for operation in operations():
        counts = seen.setdefault(operation.label, {})
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                trial(operation, mode, counts, base_url=address, session=session, headers=headers, timeout=20)
            except ServerError as error:
                faults.append(str(error))
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, operation.label  # it takes nothing that could be wrong
    assert not faults, "\n\n".join(faults)
    return seen


class ServerError(Exception):
    pass


def trial(operation: Any, mode: GenerationMode, counts: dict[int, int], **options: Any) -> None:
    send = opened if streams(operation) else answered

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        status, text = send(case, **options)
        counts[status] = counts.get(status, 0) + 1
        if status >= 500:
            raise ServerError(f"{case.as_curl_command()}\n{status} {text}")

    call()


def streams(operation: Any) -> bool:
    """Tell whether the answers of an operation never end."""
    return "text/event-stream" in json.dumps(operation.definition.raw.get("responses", {}))


def answered(case: Any, **options: Any) -> tuple[int, str]:
    answer = case.call(**options)
    return answer.status_code, answer.text


def opened(case: Any, base_url: str, session: requests.Session, **options: Any) -> tuple[int, str]:
    """Call a stream, and leave when it has begun."""
    address = base_url + case.formatted_path
    with session.request(case.method, address, params=case.query or None, stream=True, **options) as answer:
        return answer.status_code, "" if answer.ok else answer.text


async def test_no_operation_answers_with_a_server_error(flow: Flow) -> None:
    accounts = Accounts(flow.context, flow.client)
    async with client_of(create_app(flow.context)):
        token = await accounts.token("admin")
    key = await flow.key("generic")
    await flow.post("generic", "account", {"id": "a-1", "name": "Acme"})
    await flow.settle()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(flow.context), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        seen = await asyncio.to_thread(exercise, address, token | {"X-Write-Key": key})
    finally:
        server.should_exit = True
        await serving
    assert len(seen) == len(list(operations()))
    assert sum(200 in each for each in seen.values()) > len(seen) / 3, seen
    silent = [label for label, each in seen.items() if not each]
    assert silent == []


def test_the_document_is_whole() -> None:
    assert len(list(operations())) > 20


if __name__ == "__main__":
    pytest.main([__file__, "-q", "-s"])
