"""`backup`, as processes of their own on a laptop: everything goes to a folder and comes back elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.support import Dev, run

DEALS = "".join(
    json.dumps({"id": str(number), "name": f"Deal {number}", "amount": "10.10", "currency": "USD", "stage": "won"})
    + "\n"
    for number in range(7)
)


def metric(data: Path, **more: str) -> dict[str, Any]:
    found = run(data, "metric", "won-value", "--json", **more)
    assert found.returncode == 0, found.stderr
    answer: dict[str, Any] = json.loads(found.stdout)
    return {name: answer[name] for name in ("value", "rows")}


def test_to_a_folder_and_back_on_another_machine(tmp_path: Path) -> None:
    one, other, place = tmp_path / "one", tmp_path / "other", str(tmp_path / "place")
    file = tmp_path / "deals.ndjson"
    file.write_text(DEALS)
    assert run(one, "ingest", "crm", "opportunity", str(file)).returncode == 0
    before = metric(one)
    assert before["rows"] == 7
    made = run(one, "backup", "create", SALESCOMMAND_BACKUP_TO=place)
    assert made.returncode == 0, made.stderr
    name = made.stdout.strip()
    listed = run(one, "backup", "list", "--json", SALESCOMMAND_BACKUP_TO=place)
    assert [each["name"] for each in json.loads(listed.stdout)["items"]] == [name]

    sealed = run(other, "backup", "restore", name, SALESCOMMAND_BACKUP_TO=place)
    assert (sealed.returncode, "SALESCOMMAND_SECRET_KEY" in sealed.stderr) == (1, True), sealed.stderr
    (other / "secret.key").write_text((one / "secret.key").read_text())
    restored = run(other, "backup", "restore", name, SALESCOMMAND_BACKUP_TO=place)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith(f"Restored {name}: 7 events")
    assert metric(other) == before

    again = run(other, "backup", "restore", name, SALESCOMMAND_BACKUP_TO=place)
    assert (again.returncode, "--replace" in again.stderr, "Traceback" in again.stderr) == (1, True, False)
    unknown = run(other, "backup", "restore", "salesintel-20200101T000000Z", "--replace", SALESCOMMAND_BACKUP_TO=place)
    assert (unknown.returncode, "there is no backup" in unknown.stderr) == (1, True), unknown.stderr
    assert metric(other) == before


def test_beside_a_running_one_it_says_to_stop_it(running: Dev) -> None:
    found = run(running.data, "backup", "restore", "salesintel-20200101T000000Z")
    assert found.returncode == 1
    assert "is in use by" in found.stderr
