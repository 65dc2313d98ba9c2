"""Requests: events wrapped as the vendor (or the program that reads it) posts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from salescommand_demo.encoding import encode
from salescommand_demo.model import Event

#: How many records one request of a shape holds at most.
SIZES = {
    "hubspot_webhook": 100, "hubspot_results": 100, "salesforce_records": 200, "odoo_list": 80,
    "pipedrive_data": 100, "ndjson": 500, "single": 1,
}  # fmt: skip
JSON = "application/json"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Post:
    """One request: ``count`` records in ``body`` for ``/{source}/{entity}``."""

    source: str
    entity: str
    content_type: str
    body: bytes
    count: int


def posts(arrivals: Iterable[Event]) -> Iterator[Post]:
    """Packs events into requests, in the order of arrival; a request leaves when it is full, the rest at the end."""
    waiting: dict[tuple[str, str, str], list[str]] = {}
    for event in arrivals:
        key = (event.source, event.entity, event.shape)
        texts = waiting.setdefault(key, [])
        texts.append(encode(event.payload))
        if len(texts) >= SIZES[event.shape]:
            yield _pack(key, waiting.pop(key))
    for key in list(waiting):
        yield _pack(key, waiting[key])


def _pack(key: tuple[str, str, str], texts: list[str]) -> Post:
    source, entity, shape = key
    inner = ",".join(texts)
    more = str(len(texts) == SIZES[shape]).lower()
    if shape == "hubspot_results":
        body = f'{{"results":[{inner}]}}'
    elif shape == "salesforce_records":
        body = f'{{"totalSize":{len(texts)},"done":true,"records":[{inner}]}}'
    elif shape == "pipedrive_data":
        paging = f'{{"pagination":{{"start":0,"limit":100,"more_items_in_collection":{more}}}}}'
        body = f'{{"success":true,"data":[{inner}],"additional_data":{paging}}}'
    elif shape in {"hubspot_webhook", "odoo_list"}:
        body = f"[{inner}]"
    else:
        body = "\n".join(texts)
    return Post(source, entity, NDJSON if shape == "ndjson" else JSON, body.encode(), len(texts))
