"""Posts at a fixed rate, whatever the server does, and times each answer from when its post was due.

A client that waits for one answer before it sends the next leaves out exactly the posts that would have waited longest
(coordinated omission). Here a post that could not be sent in time has already waited. As a program:
`python -m benchmarks.ingest.openloop --port P --key K --rate R --seconds S`; it prints a JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

import uvloop

from benchmarks.ingest.names import PATH

_SLACK = 0.0005
_MARK = b"@@name@@"


class Client(asyncio.Protocol):
    """One connection; at most one post is on its way on it."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._due = 0.0
        self._id = ""
        self._answered = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._load.free.append(self)

    def post(self, due: float, number: int) -> None:
        """Send the post that is due."""
        self._due, self._id, self._answered = due, f"{self._load.prefix}-{number}", False
        body = self._load.body(self._id, number)
        self._transport.write(self._load.head + b"%d\r\n\r\n" % len(body) + body)

    def data_received(self, data: bytes) -> None:
        """Take (part of) an answer."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        start = head.find(b"content-length: ") + 16
        length = int(head[start : head.find(b"\r", start)] if b"\r" in head[start:] else head[start:])
        if len(self._buffer) < end + 4 + length:
            return
        status, self._buffer = int(head[9:12]), self._buffer[end + 4 + length :]
        self._answered = True
        self._load.answered(self._id, status, self._due)
        if not self._transport.is_closing() and b"connection: close" not in head:
            self._load.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up: a post that waits for its answer is not acknowledged. Somebody else comes instead."""
        del exc
        if self in self._load.free:
            self._load.free.remove(self)
        elif not self._answered:
            self._load.lost += 1
        self._load.come_again()


class Load:
    """All connections, and what came back."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.prefix = options.prefix
        headers = f"X-Write-Key: {options.key}\r\nContent-Type: {options.type}\r\nContent-Length: "
        self.head = f"POST {PATH} HTTP/1.1\r\nHost: bench\r\n{headers}".encode()
        self.free: list[Client] = []
        self.lost = 0
        self.clients = 0
        self.ended = False
        self._coming: set[asyncio.Task[None]] = set()
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self.dues: list[float] = []
        self.unsent = 0
        self.acknowledged: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._padding = b"x" * options.padding
        self._template = b""
        if options.records > 1:
            self._template = b"\n".join(self._deal(b"%s-%d" % (_MARK, n), n) for n in range(options.records))

    def body(self, name: str, number: int) -> bytes:
        """Return the post's body: one deal, or lines of them, which differ from post to post by their ids only."""
        if self._template:
            return self._template.replace(_MARK, name.encode())
        return self._deal(name.encode(), number)

    def _deal(self, name: bytes, number: int) -> bytes:
        return (
            b'{"id":"%s","name":"Annual plan","amount":"%d.50","currency":"EUR","stage":"proposal","owner":"owner-%d",'
            b'"updated_at":"2026-03-0%dT10:%02d:%02dZ","note":"%s"}'
            % (name, number % 90_000, number % 40, number % 9 + 1, number % 60, number % 59, self._padding)
        )

    def answered(self, name: str, status: int, due: float) -> None:
        """Note an answer."""
        self.statuses[status] += 1
        self.times.append(self._loop.time() - due)
        self.dues.append(due)
        if status == 200:
            self.acknowledged.append(name)

    def come_again(self) -> None:
        """Connect once more in place of a client that was hung up on."""
        if self.ended:
            self.clients -= 1
            return
        task = asyncio.ensure_future(self._connect())
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _connect(self) -> None:
        try:
            await self._loop.create_connection(lambda: Client(self), "127.0.0.1", self.options.port)
        except OSError:
            self.clients -= 1

    async def run(self) -> None:
        """Post at the rate until the time is over, then wait for the last answers."""
        options, loop = self.options, self._loop
        self.clients = options.connections
        for _ in range(options.connections):
            await self._connect()
        begin, number, most = loop.time() + 0.05, 0, int(options.rate * options.seconds)
        while number < most and self.clients > 0:
            due = begin + number / options.rate
            now = loop.time()
            if options.drop and due <= now and not self.free:
                self.unsent += 1  # every client waits for an answer: this one stays away
                number += 1
                if self.unsent % 16 == 0:
                    await asyncio.sleep(0)
                continue
            if due > now + _SLACK or not self.free:
                await asyncio.sleep(max(0.0, min(due - now, 0.002)))
                if now > begin + options.seconds + options.patience:
                    break
                continue
            self.free.pop().post(due, number)
            number += 1
            if number % 64 == 0 or options.records > 1:
                await asyncio.sleep(0)
        self.ended = True
        deadline = loop.time() + 30
        while len(self.free) < self.clients and loop.time() < deadline:  # noqa: ASYNC110 - nothing is measured now
            await asyncio.sleep(0.01)
        self._report(number - self.unsent, begin)

    def _report(self, sent: int, begin: float) -> None:
        times = sorted(self.times) or [0.0]
        at = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in _SHARES.items()}
        if self.options.acknowledged:
            Path(self.options.acknowledged).write_text("\n".join(self.acknowledged))
        found = {
            "sent": sent,
            "unsent": self.unsent,
            "begin": begin,
            "seconds": self._loop.time() - begin,
            "worst": self._worst(begin),
            "due": int(self.options.rate * self.options.seconds),
            "lost": self.lost,
            "acknowledged": len(self.acknowledged),
            "statuses": self.statuses,
            **{name: value * 1000 for name, value in at.items()},
        }
        print(json.dumps(found), flush=True)

    def _worst(self, begin: float) -> list[float]:
        """Return the longest answer, in milliseconds, of those that were due in each second."""
        seconds: dict[int, float] = {}
        for due, took in zip(self.dues, self.times, strict=True):
            seconds[int(due - begin)] = max(seconds.get(int(due - begin), 0.0), round(took * 1000, 1))
        return [seconds.get(second, 0.0) for second in range(max(seconds, default=-1) + 1)]


_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}


def main() -> None:
    """Read the command line and post."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--rate", type=float, required=True, help="posts a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--prefix", default="o", help="begins each id")
    parser.add_argument("--records", type=int, default=1, help="records in one post")
    parser.add_argument("--padding", type=int, default=0, help="bytes of text added to each record")
    parser.add_argument("--patience", type=float, default=5.0, help="seconds to go on for when posts are late")
    parser.add_argument("--drop", action="store_true", help="don't send what is due while all connections wait")
    parser.add_argument("--acknowledged", help="file for the ids that were acknowledged")
    options = parser.parse_args()
    options.type = "application/json" if options.records == 1 else "application/x-ndjson"

    async def work() -> None:
        await Load(options).run()

    uvloop.run(work())


if __name__ == "__main__":
    main()
