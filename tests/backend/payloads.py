"""The vendors' real payloads (test data, never shipped), and bodies that hurt."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.architecture.files import ROOT

PAYLOADS = Path(os.environ.get("SALESCOMMAND_TEST_DATA", ROOT.parent / "shared" / "data")) / "payloads"
SAMPLES = (
    *("hubspot_contact", "hubspot_webhook_deal", "odoo_crm_lead", "odoo_res_partner", "pipedrive_deal_v1"),
    *("salesforce_account", "salesforce_opportunity", "segment_group", "segment_identify", "segment_track"),
    *("stripe_fixture_customer", "stripe_fixture_event", "stripe_fixture_invoice"),
)


def sample(name: str) -> bytes:
    """Return a sample; where the test data is missing the test is skipped by name."""
    path = PAYLOADS / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is missing: set SALESCOMMAND_TEST_DATA")
    return path.read_bytes()


def kind_and_word(name: str) -> tuple[str, str]:
    """Return the kind of a sample, and the word that its integration would post it under."""
    kind, _, word = name.partition("_")
    return kind, {"deal_v1": "deal", "webhook_deal": "webhook"}.get(word, word)


# JSON as its standard allows it, beyond what decoders agree on: written by hand, since encoders do not write it.
ODD = st.sampled_from(
    [
        *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b"1e400", b"-1e-400", b"1.10", b"-0", b"-0.0", b"9" * 400),
        *(b"[" * 90 + b"]" * 90, b'{"a":{"b":1},"a.b":2}', b'{"a":1,"a":2}', b'{"":{"":0}}', b'"\xf0\x9f\x92\xb8"'),
        *(b"9007199254740993", b"1E5", b"{}", b"[]", b'"\\/"', b"123456789012345678901234567890.5"),
    ]
)
# What is no JSON at all.
BROKEN = st.sampled_from(
    [
        *(b"NaN", b"-Infinity", b'"\xff"', b'"\x00"', b'"\t"', b"\x00", b"'a'", b"01", b".5", b"+1", b"[1,]", b"{,}"),
        *(b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", b"// x", b"tru", b'"', b"[" * 3000, b'{"a":' * 3000, b"}", b"\xfe\xff"),
    ]
)
TEXT = st.text(max_size=8).map(lambda text: json.dumps(text).encode("utf-8"))
SCALAR = st.one_of(
    ODD,
    TEXT,
    st.none().map(lambda _: b"null"),
    st.booleans().map(lambda value: b"true" if value else b"false"),
    st.integers(-(10**30), 10**30).map(lambda value: str(value).encode()),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: repr(value).encode()),
)
SPACE = st.sampled_from([b"", b"", b" ", b"\n", b"\r\n\t "])
KEYS = st.one_of(
    st.sampled_from(
        [b'"id"', b'"source_id"', b'"a.b"', b'"a b"', b'"updated_at"', b'"results"', b'"data"', b'"\\u0069d"']
    ),
    TEXT,
)


def listed(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return JSON lists of the parts, with any white space."""
    return st.tuples(st.lists(parts, max_size=4), SPACE).map(
        lambda drawn: b"[" + drawn[1] + (drawn[1] + b"," + drawn[1]).join(drawn[0]) + b"]"
    )


def objects(values: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return JSON objects, also with the same key twice."""
    members = st.lists(st.tuples(KEYS, SPACE, values), max_size=5)
    return st.tuples(members, SPACE).map(
        lambda drawn: b"{" + b",".join(key + space + b":" + value for key, space, value in drawn[0]) + drawn[1] + b"}"
    )


JSON_TEXT = st.recursive(SCALAR, lambda inner: listed(inner) | objects(inner), max_leaves=12)
RECORDS = objects(JSON_TEXT)
BODIES = st.one_of(
    RECORDS,
    RECORDS,
    listed(RECORDS),
    listed(st.one_of(RECORDS, JSON_TEXT, BROKEN)),
    st.lists(st.one_of(RECORDS, BROKEN), min_size=1, max_size=4).map(b"\n".join),
    st.lists(RECORDS, min_size=1, max_size=3).map(lambda lines: b"\xef\xbb\xbf" + b"\r\n\r\n".join(lines)),
    JSON_TEXT,
    BROKEN,
    objects(st.one_of(SCALAR, BROKEN)),
    st.binary(max_size=60),
)


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> bytes:
    """Return a sample with some of its members dropped, replaced, or put elsewhere."""
    value = deepcopy(json.loads(body))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(value))
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        what = draw(st.sampled_from(["drop", "replace", "copy", "swap"]))
        if what == "drop":
            del holder[key]
        elif what == "replace":
            holder[key] = draw(
                st.sampled_from([None, False, True, 0, -1, 2**70, 1e308, "", " ", "x" * 600, [], {}, [[]]])
            )
        elif what == "copy":
            target, place = places[draw(st.integers(0, len(places) - 1))]
            holder[key] = deepcopy(target[place])
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(["id", "Id", "type", "object", "data", "meta", "results"]))] = holder.pop(key)
    return json.dumps(value).encode()


def _places(value: Any) -> Any:
    """Yield each member as (what holds it, its key)."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
