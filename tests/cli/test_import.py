"""The importer against what goes wrong: a busy door, a kill, an interrupt, records that are refused."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.cli.support import COMMAND, environment, run, wait_until


class Moody(BaseHTTPRequestHandler):
    """An ingest route that answers as it is told, in turn, and keeps what was posted."""

    answers: ClassVar[list[tuple[int, dict[str, str]]]] = []
    posts: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.posts.append((headers, body))
        status, extra = self.answers.pop(0) if self.answers else (200, {})
        answer = json.dumps({"status": "accepted", "accepted": len(body.splitlines()), "duplicates": 0}).encode()
        self.send_response(status)
        for name, value in (extra | {"Content-Length": str(len(answer)), "Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def moody() -> Iterator[str]:
    Moody.answers, Moody.posts = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def lines(file: Path, count: int) -> Path:
    file.write_text("".join(f'{{"id": "n-{n}", "name": "Deal {n}", "x": "{"y" * 50}"}}\n' for n in range(count)))
    return file


def test_busy_is_waited_for_and_the_same_is_posted_again(tmp_path: Path, moody: str) -> None:
    file = lines(tmp_path / "busy.ndjson", 600)
    Moody.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "1"}), (200, {})]
    done = run(tmp_path / "none", "ingest", "s", "deal", str(file), "--url", moody, SALESCOMMAND_WRITE_KEY="sc_wk_x")
    assert done.stdout.startswith("600 accepted (0 were there already), 0 refused"), done.stderr
    headers, bodies = zip(*Moody.posts, strict=True)
    keys = [one["idempotency-key"] for one in headers]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[2] + bodies[3] == file.read_bytes()
    assert all(one["content-encoding"] == "gzip" for one in headers)
    assert [one.name for one in tmp_path.iterdir()] == ["busy.ndjson"]
    run(tmp_path / "none", "ingest", "s", "deal", str(file), "--url", moody, SALESCOMMAND_WRITE_KEY="sc_wk_x")
    assert [one["idempotency-key"] for one, _ in Moody.posts[4:]] == keys[2:]


def test_a_dry_run_posts_nothing_and_says_what_would_be_refused(tmp_path: Path, moody: str) -> None:
    file = tmp_path / "some.ndjson"
    file.write_text('{"id":1}\n{"id":2,}\n[{"id":3},4]\n{"name":"no id"}\n')
    done = run(tmp_path / "none", "ingest", "s", "deal", str(file), "--dry-run", "--url", moody)
    assert done.stdout.startswith("2 would be posted, 2 would be refused"), done.stderr
    assert done.returncode == 1
    assert Moody.posts == []
    told = [json.loads(line) for line in (tmp_path / "some.ndjson.dry-run.ndjson").read_text().splitlines()]
    assert [(one["line"], one["body"]) for one in told] == [(2, '{"id":2,}'), (3, '[{"id":3},4]')]
    assert all(one["reason"] and one["hint"] for one in told)


def test_several_files_and_a_rate(tmp_path: Path, moody: str) -> None:
    first, second = lines(tmp_path / "a.ndjson", 700), tmp_path / "b.csv"
    second.write_text("number,name\n1,x\n2\n3,\n")
    words = ("s", "deal", str(first), str(second), "--id-column", "number", "--rate", "5000", "--url", moody)
    done = run(tmp_path / "none", "ingest", *words, SALESCOMMAND_WRITE_KEY="sc_wk_x")
    assert "1 refused" in done.stdout, done.stderr
    assert json.loads(Moody.posts[-1][1]) == [
        {"number": "1", "name": "x", "id": "1"},
        {"number": "3", "name": "", "id": "3"},
    ]
    [told] = [json.loads(line) for line in (tmp_path / "b.csv.rejected.ndjson").read_text().splitlines()]
    assert (told["line"], told["body"]) == (3, '["2"]')


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_cut_off_goes_on(running: Any, tmp_path: Path, sent: signal.Signals) -> None:
    name = f"cut{int(sent)}"
    file = lines(tmp_path / "many.ndjson", 6000)
    text = file.read_text().splitlines()
    text[700] = '{"id": "broken", '
    text[5700] = "[]"
    file.write_text("\n".join(text))
    words = ["ingest", name, "opportunity", str(file)]
    process = subprocess.Popen(
        [COMMAND, *words, "--rate", "2000"], env=environment(running.data), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    notes = tmp_path / "many.ndjson.progress.json"

    def so_far() -> int:
        return int(json.loads(notes.read_text())["done"]) if notes.exists() else 0

    wait_until(lambda: so_far() >= 1000, "two batches")
    os.kill(process.pid, sent)
    _, told = process.communicate(timeout=60)
    assert 1000 <= so_far() < 6000
    if sent == signal.SIGINT:
        assert process.returncode == 130
        assert "Run the same command again" in told
    done = run(running.data, *words)
    assert "Going on after record" in done.stderr
    assert done.stdout.startswith("5,998 accepted ("), done.stdout + done.stderr
    assert ", 2 refused" in done.stdout
    assert not notes.exists()
    refused = [json.loads(line) for line in (tmp_path / "many.ndjson.rejected.ndjson").read_text().splitlines()]
    assert [one["line"] for one in refused] == [701, 5701]
    again = run(running.data, *words)
    assert again.stdout.startswith("5,998 accepted (5,998 were there already), 2 refused"), again.stdout
