"""Child processes of a role: started so that they end with it, watched, ended in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from salescommand_cli.errors import CommandError
from salescommand_cli.local import guard
from salescommand_cli.local.folder import DataFolder
from salescommand_cli.local.processes import end, is_alive

PATIENCE = 10.0
POLL = 0.02


@dataclass(frozen=True, slots=True)
class Child:
    """One child process and where its output goes."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def last_lines(self, count: int = 5) -> str:
        """Return the end of its output, indented."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return "\n".join(f"    {line}" for line in lines[-count:])

    def death(self) -> str:
        """Say how it ended, with its last lines."""
        code = self.process.returncode
        how = f"was ended by {_signal(-code)}" if code is not None and code < 0 else f"ended with exit code {code}"
        tail = self.last_lines()
        ending = f" Its log, {self.log}, ends:\n{tail}" if tail else f" Its log, {self.log}, is empty."
        return f"{self.name} (process {self.process.pid}) {how}.{ending}"


class Children:
    """All children of one role. Leaving nothing behind is its job."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._running: dict[str, Child] = {}

    async def end_left_behind(self) -> list[str]:
        """End what a killed process left behind on this folder; return the names of what was found."""
        found = []
        for noted in self._folder.noted_children():
            pid, known = int(noted["pid"]), noted["identity"]
            if is_alive(pid, known):
                found.append(str(noted["name"]))
                await asyncio.to_thread(end, pid, known, patience=PATIENCE)
        return found

    async def start(self, name: str, command: Sequence[str | Path], *, env: dict[str, str] | None = None) -> Child:
        """Start a program in a process group of its own, with its output in `logs/<name>.log`."""
        log = self._folder.logs / f"{name}.log"
        words = [str(word) for word in command]
        with log.open("ab") as output:
            # The guard asks for a signal at the death of the thread that starts it, so this must be the main thread.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=env,
                start_new_session=True, cwd=self._folder.path,
            )  # fmt: skip
        child = Child(name, process, log)
        self._running[name] = child
        self._note()
        return child

    async def until_ready(self, child: Child, ready: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        """Wait until `ready` says so.

        Raises:
            CommandError: the child ended, or was not ready in time; has the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not await ready():
            if child.process.returncode is not None:
                raise CommandError(f"{child.name} did not start: {child.death()}")
            if time.monotonic() > deadline:
                ending = f"Its log, {child.log}, ends:\n{child.last_lines()}"
                raise CommandError(f"{child.name} was not ready within {seconds:.0f} s. {ending}")
            await asyncio.sleep(POLL)

    async def first_death(self) -> str:
        """Wait until a child ends by itself and say which, and how."""
        waiting = {asyncio.create_task(child.process.wait()): child for child in self._running.values()}
        if not waiting:
            await asyncio.Event().wait()
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return waiting[done.pop()].death()

    async def end(self, child: Child) -> None:
        """End one child, and forget it."""
        await self._end(child)
        self._running.pop(child.name, None)
        self._note()

    async def end_all(self) -> list[str]:
        """End every child, all at once; return the names of those that had to be killed."""
        killed = await asyncio.gather(*(self._end(child) for child in self._running.values()))
        self._running.clear()
        self._note()
        return [name for name in killed if name]

    def _note(self) -> None:
        self._folder.note_children({each.name: each.process.pid for each in self._running.values()})

    async def _end(self, child: Child) -> str | None:
        if child.process.returncode is not None:
            return None
        _send(child, signal.SIGTERM)
        try:
            await asyncio.wait_for(child.process.wait(), PATIENCE)
        except TimeoutError:
            _send(child, signal.SIGKILL)
            await child.process.wait()
            return child.name
        return None


def _send(child: Child, sent: signal.Signals) -> None:
    try:
        child.process.send_signal(sent)
    except ProcessLookupError:
        return


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
