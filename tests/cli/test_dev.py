"""A running `dev`, and the commands beside it."""

from __future__ import annotations

import json
import re
import stat

import httpx
import pytest

from tests.architecture.files import ROOT
from tests.cli.support import run, wait_until

MAPPING = """source: depot
record_type: opportunity
entity_types: [order]
fields:
  name: {path: $.title}
  amount: {path: $.worth, parse: decimal}
  currency: {value: USD}
  stage: {path: $.step}
  status: {value: open}
"""
CSV = "number,title,worth,step\n" + "".join(f"D-{n},Deal {n},{n * 10},Proposal\n" for n in range(1200))


def created(system, *words: str, shape: str) -> str:
    """Run a command that prints a secret: exactly one line on standard output, and nothing else anywhere."""
    done = run(system.data, *words)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(shape + r"\n", done.stdout), done.stdout
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture(scope="module")
def token(running) -> str:
    return created(running, "token", "create", "--role", "admin", shape=r"\S+")


@pytest.fixture
def api(running, token):
    with httpx.Client(
        base_url=running.address("API"), headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        yield client


def test_the_banner_says_where_everything_is(running):
    assert re.search(r"SalesCommand 0\.1\.0 +ready in \d+\.\d s", running.output)
    assert httpx.get(running.address("API") + "/health").json()["status"] == "healthy"
    assert httpx.get(running.address("API") + "/api/docs").status_code == 200
    assert "salescommand_" in httpx.get(running.address("Metrics")).text
    assert "Ctrl-C" in running.output
    assert "Traceback" not in running.output


def test_the_api_answers_on_both_ports_and_both_families(running):
    for label in ("API", "UI"):
        port = httpx.URL(running.address(label)).port
        for host in ("127.0.0.1", "localhost"):
            assert httpx.get(f"http://{host}:{port}/health").json()["service"] == "sales-intelligence-platform"


def test_the_link_of_the_banner_signs_in_once(running):
    link = running.address("Sign in")
    secret = link.partition("token=")[2]
    with httpx.Client(base_url=running.address("API")) as browser:
        origin = {"Origin": running.address("API")}
        first = browser.post("/api/auth/link", json={"token": secret}, headers=origin)
        assert first.status_code == 200, first.text
        assert first.json()["user"]["email"] == "admin@localhost"
        assert first.json()["user"]["role"] == "admin"
        assert httpx.post(f"{browser.base_url}/api/auth/link", json={"token": secret}).status_code == 401


def test_keys_tokens_and_links_are_printed_alone(running):
    created(running, "key", "create", "purity", shape=r"sc_wk_\S+")
    created(running, "key", "create", "purity", "--kind", "generic", shape=r"sc_wk_\S+")
    created(running, "token", "create", shape=r"sc_pat_\S+")
    link = created(running, "user", "create", "ada@example.com", "--role", "analyst", shape=r"http://\S+token=\S+")
    assert link.startswith(running.address("UI"))
    # The same person again gets another link: that is how a lost password is replaced.
    assert created(running, "user", "create", "ada@example.com", shape=r"http://\S+") != link


def test_a_lost_second_factor_is_taken_away(running, api):
    created(running, "user", "create", "lost@example.com", shape=r"http://\S+")
    done = run(running.data, "user", "reset-code", "Lost@example.com")
    assert done.returncode == 0, done.stderr
    assert api.get("/api/audit", params={"limit": 1}).json()["items"][0]["action"] == "take away second factor"
    unknown = run(running.data, "user", "reset-code", "nobody@example.com")
    assert unknown.returncode != 0
    assert "nobody@example.com" in unknown.stderr


def test_a_key_posts_a_token_reads_and_a_revoked_key_does_not(running, api):
    key = created(running, "key", "create", "orders", shape=r"\S+")
    post = f"{running.address('API')}/api/microservices/ingest/orders/opportunity"
    body = {"id": "o-1", "name": "First", "amount": "10", "currency": "USD"}
    answer = httpx.post(post, json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "accepted"
    assert any(one["source"] == "orders" for one in api.get("/api/sources").json()["items"])
    listed = run(running.data, "key", "list", "orders")
    number = listed.stdout.split("\t")[0]
    assert key not in listed.stdout
    assert run(running.data, "key", "revoke", "orders", number).returncode == 0
    assert httpx.post(post, json=body, headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_file_is_posted_with_its_mapping_and_again_changes_nothing(running, api, tmp_path):
    (tmp_path / "depot.yaml").write_text(MAPPING)
    first = run(running.data, "mapping", "apply", str(tmp_path / "depot.yaml"))
    assert first.stdout == "Applied source:depot opportunity, version 1.\n", first.stderr
    again = run(running.data, "mapping", "apply", str(tmp_path / "depot.yaml"))
    assert again.stdout.startswith("Nothing to do: source:depot opportunity, version 1")
    (tmp_path / "deals.csv").write_text(CSV)
    words = ("ingest", "depot", "order", str(tmp_path / "deals.csv"), "--id", "number")
    done = run(running.data, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1,200 accepted (0 were there already), 0 refused")

    def total() -> int:
        return api.get("/api/records/opportunity", params={"filter[source]": "depot", "limit": 1}).json()["total"]

    wait_until(lambda: total() == 1200, "1,200 records", 60)
    assert run(running.data, *words).stdout.startswith("1,200 accepted (1,200 were there already), 0 refused")
    assert not list(tmp_path.glob("*.progress.json"))
    value = run(running.data, "metric", "open-pipeline", "--filter", "source=depot", "--json")
    assert json.loads(value.stdout)["value"].split(".")[0] == str(sum(n * 10 for n in range(1200)))
    shown = run(running.data, "metric", "open-pipeline", "--filter", "source=depot", "--by", "stage")
    assert "7,194,000.00" in shown.stdout
    assert "Proposal" in shown.stdout


def test_refused_records_are_set_apart_with_the_reason(running, tmp_path):
    file = tmp_path / "mixed.ndjson"
    file.write_text('{"id": "a", "name": "fine"}\n{"id": "b", \n{"id": "c", "name": "fine too"}\n')
    refused = tmp_path / "refused.ndjson"
    done = run(running.data, "ingest", "mixed", "opportunity", str(file), "--rejected", str(refused))
    assert done.returncode == 1
    assert done.stdout.startswith("2 accepted (0 were there already), 1 refused")
    assert str(refused) in done.stderr
    (line,) = [json.loads(text) for text in refused.read_text().splitlines()]
    assert (line["record"], line["line"]) == (1, 2)
    assert line["hint"]
    assert line["body"] == '{"id": "b",'
    assert "JSON" in line["reason"]


def test_one_object_from_standard_input(running):
    done = run(running.data, "ingest", "piped", "opportunity", "-", stdin='{"id": "p-1", "name": "Piped"}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 accepted")


def test_an_import_goes_on_where_it_stopped(running, tmp_path):
    file = tmp_path / "half.ndjson"
    file.write_text("".join(f'{{"id": "h-{n}", "name": "half"}}\n' for n in range(30)))
    words = ("ingest", "half", "opportunity", str(file))
    gone = run(tmp_path / "none", *words, "--url", "http://127.0.0.1:1", SALESCOMMAND_WRITE_KEY="")
    assert gone.returncode == 2
    assert "needs a write key" in gone.stderr
    from salescommand_cli.notebook import Progress
    from salescommand_cli.posting import Import

    Import("half", "opportunity", [file]).notebook(file).write(Progress(done=20, accepted=20))
    done = run(running.data, *words)
    assert "Going on after record 20" in done.stderr
    assert done.stdout.startswith("30 accepted (0 were there already)")


def test_refusals_are_one_sentence_and_a_hint(running, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("source: x\nrecord_type: nonsense\n")
    for words in (
        ("mapping", "apply", str(broken)),
        ("metric", "nonsense"),
        ("metric", "open-pipeline", "--filter", "stag=x"),
        ("user", "create", "nobody"),
        ("token", "create", "--role", "emperor"),
        ("ingest", "x", "y", str(tmp_path / "missing.csv")),
    ):
        done = run(running.data, *words)
        assert done.returncode == 1, (words, done.stderr)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert 0 < len(done.stderr.splitlines()) <= 6, done.stderr


def test_a_second_dev_on_the_same_folder_says_who_has_it(running):
    done = run(running.data, "dev", "--api-port", "0", "--ui-port", "0")
    assert done.returncode == 1
    assert f"in use by `salescommand dev` (process {running.process.pid})" in done.stderr


def test_the_control_socket_is_for_its_owner_only(running):
    address = running.data / "run" / "control.sock"
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    assert stat.S_IMODE(running.data.stat().st_mode) & 0o077 in {0, 0o055}


def test_status_check_and_doctor(running):
    assert "version" in run(running.data, "lake", "check").stdout
    assert "embedded, connected" in run(running.data, "lake", "status").stdout
    listed = run(running.data, "mapping", "list")
    assert "kind:hubspot\topportunity" in listed.stdout
    assert "fields:" in run(running.data, "mapping", "show", "kind:hubspot", "opportunity").stdout
    doctor = run(running.data, "doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(doctor.stdout)}
    assert doctor.returncode == 0, doctor.stdout
    assert found["health"]["state"] == found["books"]["state"] == "ok"
    assert str(running.process.pid) in found["data folder"]["found"]


def test_a_rebuild_is_planned_followed_and_listed(running):
    dry = run(running.data, "lake", "rebuild", "--dry-run", "--entity", "opportunity")
    assert dry.stdout.startswith("Would read "), dry.stderr
    built = run(running.data, "lake", "rebuild", "--entity", "opportunity")
    assert (built.returncode, built.stdout[:8]) == (0, "Rebuilt "), built.stderr
    [job] = json.loads(run(running.data, "jobs", "list", "--json").stdout)
    assert (job["kind"], job["state"], job["progress"]) == ("rebuild", "done", 1.0)
    assert json.loads(run(running.data, "jobs", "show", job["id"]).stdout)["args"]["entities"] == ["opportunity"]
    over = run(running.data, "jobs", "cancel", job["id"])
    assert (over.returncode, job["id"] in over.stderr) == (1, True), over.stderr
    unknown = run(running.data, "lake", "rebuild", "--entity", "deal")
    assert (unknown.returncode, "opportunity" in unknown.stderr) == (1, True), unknown.stderr


def test_nothing_secret_is_logged(running, token):
    text = "".join(path.read_text(errors="replace") for path in (running.data / "logs").iterdir())
    assert token not in text
    assert "sc_wk_" not in text
    assert "token=" not in text


def test_the_environment_example_is_current():
    from backend.settings import BackendSettings

    text = (ROOT / ".env.example").read_text()
    for variable in BackendSettings.documented():
        assert f"# {variable.name}={variable.default}\n" in text + "\n", "run scripts/env_example.py"
