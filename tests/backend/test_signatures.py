"""Vendors' signatures: each documented scheme, its published vectors, and what is not accepted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.microservices.ingest.address import addresses
from backend.microservices.ingest.signatures import SCHEMES, Delivery, Options, Unproven, Verification, secret_fault

BODY = b'{"test": 2432232314}'
NOW = 1614265330.0
# The vector that the reference libraries of Standard Webhooks and Svix test with.
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def proven(scheme, secrets, headers, body=BODY, *, now=NOW, addresses=(), options=None):
    verification = Verification(scheme, [secret.encode() for secret in secrets], options or Options())
    return verification.prove(Delivery("POST", list(addresses), headers, body, now))


def refused(*words, **request):
    with pytest.raises(Unproven) as refusal:
        proven(**request)
    for word in words:
        assert word in str(refusal.value)


def code(algorithm, secret, *parts):
    return hmac.new(secret.encode(), b"".join(parts), algorithm)


def test_standard_webhooks():
    assert proven("standard-webhooks", [WHSEC], STANDARD) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    several = STANDARD | {"webhook-signature": f"v1a,xyz v1,AAAA {STANDARD['webhook-signature']}"}
    assert proven("standard-webhooks", ["whsec_b3RoZXJvdGhlcg==", WHSEC], several)
    refused("doesn't fit", scheme="standard-webhooks", secrets=[WHSEC], headers=STANDARD, body=BODY + b" ")
    refused("301 seconds ago", scheme="standard-webhooks", secrets=[WHSEC], headers=STANDARD, now=NOW + 301)
    refused("in the future", scheme="standard-webhooks", secrets=[WHSEC], headers=STANDARD, now=NOW - 301)
    assert proven("standard-webhooks", [WHSEC], STANDARD, now=NOW + 300)
    renamed = STANDARD | {"webhook-id": "msg_other"}
    refused("doesn't fit", scheme="standard-webhooks", secrets=[WHSEC], headers=renamed)
    refused("webhook-id is missing", scheme="standard-webhooks", secrets=[WHSEC], headers={})
    assert "whsec_" in secret_fault("standard-webhooks", "not base64!")
    assert secret_fault("standard-webhooks", WHSEC) == ""


def test_stripe():
    at = str(int(NOW))
    good = code("sha256", "whsec_test_secret", at.encode(), b".", BODY).hexdigest()
    bad = "0" * 64
    for header in (f"t={at},v1={good}", f"t={at},v1={bad},v1={good},v0={bad}", f"t={at}, v1={good}"):
        assert proven("stripe", ["whsec_other_secret", "whsec_test_secret"], {"stripe-signature": header}) == ""
    for header, word in (
        (f"t={at},v1={bad}", "doesn't fit"),
        (f"t={at},v0={good}", "no v1="),
        (f"v1={good}", "no t="),
        (f"t=soon,v1={good}", "not a number"),
        (f"t={int(at) - 301},v1={good}", "301 seconds ago"),
    ):
        refused(word, scheme="stripe", secrets=["whsec_test_secret"], headers={"stripe-signature": header})


def test_hubspot():
    """The address is signed as HubSpot has it: with the public host, the query, and some escapes resolved."""
    moment = str(int(NOW * 1000))
    signed = "POST" + "https://sales.example.com/api/microservices/ingest/hub/webhook?a=b@c:d%20e" + BODY.decode()
    signature = base64.b64encode(code("sha256", "client-secret", signed.encode(), moment.encode()).digest()).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": moment}
    scope = {"path": "/", "raw_path": b"/api/microservices/ingest/hub/webhook"}
    places = addresses(scope, b"a=b%40c%3ad%20e", "10.0.0.7:8001", "https://sales.example.com")
    assert places[0].startswith("https://sales.example.com/api/")
    assert "https://10.0.0.7:8001/api/microservices/ingest/hub/webhook?a=b%40c%3ad%20e" in places
    assert proven("hubspot-v3", ["client-secret"], headers, addresses=places) == ""
    assert proven("hubspot-v3", ["client-secret"], headers, addresses=places, now=NOW + 300) == ""
    old = {"scheme": "hubspot-v3", "secrets": ["client-secret"], "headers": headers, "addresses": places}
    refused("seconds ago", **old, now=NOW + 301)
    refused("doesn't fit", **old | {"addresses": places[1:]})
    refused("x-hubspot-request-timestamp is missing", **old | {"headers": {"x-hubspot-signature-v3": signature}})


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_hmac_of_the_body(algorithm, encoding, prefix):
    digest = code(algorithm, "a-shared-secret", BODY)
    text = digest.hexdigest() if encoding == "hex" else base64.b64encode(digest.digest()).decode()
    options = Options("X-Hub-Signature", algorithm, encoding, prefix)
    request = {"scheme": "hmac", "secrets": ["a-shared-secret"], "options": options}
    assert proven(**request, headers={"x-hub-signature": prefix + text}) == ""
    refused("doesn't fit", **request, headers={"x-hub-signature": prefix + text[::-1]})
    refused("doesn't fit", **request, headers={"x-hub-signature": prefix + "é"})
    if prefix:
        refused("doesn't begin with sha256=", **request, headers={"x-hub-signature": text})


def test_segment_and_github():
    """Segment signs like this; the second is the example of GitHub's documentation on X-Hub-Signature-256."""
    signature = code("sha1", "segment-secret", BODY).hexdigest()
    assert proven("segment", ["segment-secret"], {"x-signature": signature}) == ""
    refused("doesn't fit", scheme="segment", secrets=["segment-secre_"], headers={"x-signature": signature})
    options = Options("X-Hub-Signature-256", "sha256", "hex", "sha256=")
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = "It's a Secret to Everybody"
    assert proven("hmac", [secret], {"x-hub-signature-256": given}, b"Hello, World!", options=options) == ""


def test_nothing_is_proven_without_a_readable_secret():
    refused("can't be read here", scheme="standard-webhooks", secrets=[], headers=STANDARD)


TEXT = st.text(st.characters(codec="latin-1"), max_size=60)


@given(
    scheme=st.sampled_from(sorted(SCHEMES)), values=st.lists(TEXT, min_size=7, max_size=7), body=st.binary(max_size=50)
)
def test_whatever_is_sent_is_refused_in_words(scheme, values, body):
    """No header makes the check fail in another way, and none made up passes."""
    names = ("x-hubspot-signature-v3", "x-hubspot-request-timestamp", "stripe-signature", "x-signature")
    names += ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(zip(names, values, strict=True)) | {"x-hubspot-request-timestamp": str(int(time.time() * 1000))}
    refused("", scheme=scheme, secrets=[WHSEC], headers=headers, body=body, now=time.time())


def test_the_hash_of_an_empty_body_is_no_pass():
    empty = hashlib.sha256(b"").hexdigest()
    refused("doesn't fit", scheme="hmac", secrets=["a-shared-secret"], headers={"x-signature": empty}, body=b"")
