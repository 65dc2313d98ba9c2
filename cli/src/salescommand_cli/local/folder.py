"""The data folder: made, checked, and held by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from salescommand_cli.errors import CommandError
from salescommand_cli.local.processes import identity

# A socket's address holds 104 bytes on macOS and 108 on Linux, the end mark included.
LONGEST_SOCKET_PATH = 100
PARTS = ("run", "logs", "redis", "mongo", "lake", "spool")


class FolderInUse(CommandError):  # noqa: N818 - named for what it is
    """Another process holds the data folder; `pid` is its number, 0 when it did not say."""

    def __init__(self, path: Path, pid: int, role: str) -> None:
        who = f"`salescommand {role}` (process {pid})" if pid else "another process"
        super().__init__(
            f"the data folder {path} is in use by {who}.",
            hint=f"Stop it first (Ctrl-C, or kill {pid or 'it'}), or choose another folder with --data.",
        )
        self.pid = pid
        self.role = role


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a data folder."""

    pid: int
    role: str
    urls: dict[str, str]


class DataFolder:
    """Paths inside the data folder, and the lock that makes a process its only user."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links stay as the person wrote them
        self.run = self.path / "run"
        self.logs = self.path / "logs"
        self._lock: IO[str] | None = None

    @property
    def lock_file(self) -> Path:
        """The file that is locked and says who holds the folder."""
        return self.run / "instance.lock"

    @property
    def control_socket(self) -> Path:
        """Where the running dev or serve answers the command line."""
        return self.socket("control.sock")

    def socket(self, name: str) -> Path:
        """Return the path of a Unix socket, in `run/`, or in a short private folder when that is too long."""
        inside = self.run / name
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        short = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        private = Path(tempfile.gettempdir()) / f"salescommand-{os.getuid()}"
        if len(os.fsencode(private)) + 40 > LONGEST_SOCKET_PATH:
            private = Path("/tmp") / f"salescommand-{os.getuid()}"  # noqa: S108 - made private and checked below
        private.mkdir(mode=0o700, exist_ok=True)
        found = private.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or private.is_symlink():
            raise CommandError(f"{private} must be a folder that only you can open.", hint=f"Remove {private}.")
        return private / f"{short}-{name}"

    def prepare(self, parts: Sequence[str] = PARTS) -> None:
        """Make the folder and its parts and check that each can be written.

        Raises:
            CommandError: names the folder that cannot be used, and why.
        """
        for part in (self.path, *(self.path / name for name in parts)):
            try:
                part.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.TemporaryFile(dir=part):
                    pass
            except OSError as error:
                raise CommandError(
                    f"the data folder {part} cannot be written: {(error.strerror or str(error)).lower()}.",
                    hint="Make it writable, or choose another one with --data or SALESCOMMAND_DATA_DIR.",
                ) from None

    def holder(self) -> Holder | None:
        """Return who holds the folder now, None when nobody does."""
        try:
            with self.lock_file.open() as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return _holder(handle.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CommandError(f"{self.lock_file} cannot be read: {error.strerror}.") from None
        return None

    def hold(self, role: str) -> Self:
        """Become the folder's only user until `release` or the end of the process.

        Raises:
            FolderInUse: another process is.
        """
        handle = os.fdopen(os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        deadline = time.monotonic() + 1
        while not _locked(handle):
            handle.seek(0)
            holder = _holder(handle.read())
            # A command that only looks who is there holds the lock for a moment too; it leaves no name.
            if identity(holder.pid) or time.monotonic() > deadline:
                handle.close()
                raise FolderInUse(self.path, holder.pid, holder.role)
            time.sleep(0.02)
        self._lock = handle
        self.describe(role)
        return self

    def describe(self, role: str, **urls: str) -> None:
        """Note who holds the folder and, once it is ready, where it answers."""
        if self._lock is None:
            raise RuntimeError("describe() is for the process that holds the folder")
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(json.dumps({"pid": os.getpid(), "role": role, "urls": urls}) + "\n")
        self._lock.flush()

    def release(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        """Return the folder, held already by `hold`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let others use the folder."""
        self.release()

    def note_children(self, children: dict[str, int]) -> None:
        """Note the child processes, so that the next start can end what a killed process left behind."""
        noted = [{"name": name, "pid": pid, "identity": identity(pid)} for name, pid in children.items()]
        target = self.run / "children.json"
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(noted))
        fresh.replace(target)

    def noted_children(self) -> list[dict[str, Any]]:
        """Return what the last process noted of its children."""
        with contextlib.suppress(OSError, ValueError):
            noted = json.loads((self.run / "children.json").read_text())
            return noted if isinstance(noted, list) else []
        return []


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(text: str) -> Holder:
    """Read the lock file; a process that has only just locked it may not have written yet."""
    try:
        noted = json.loads(text)
        return Holder(int(noted["pid"]), str(noted["role"]), dict(noted.get("urls", {})))
    except (ValueError, KeyError, TypeError):
        return Holder(0, "", {})
