"""A disk that forgets what was not fsynced: from the log of a process's writes to the files after a power cut.

The process runs with `power_loss.c` preloaded. What was written before a file's last sync is there after the cut; of
what came later, any writes may be there, whole or in part, in any order: that is what disks do.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Disk", "Write", "build_shim", "compiler", "environment", "read_log"]

_HEAD = struct.Struct("=cQIH")
_SECTOR = 512


def compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build_shim(folder: Path) -> Path:
    """Compile the shim."""
    found = compiler()
    assert found
    target = folder / "power_loss.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([found, "-O1", "-shared", "-fPIC", "-o", str(target), str(source), "-ldl", "-lpthread"], check=True)
    return target


def environment(shim: Path, log: Path, match: str) -> dict[str, str]:
    """Return the environment of a process whose writes are to be noted."""
    return {**os.environ, "LD_PRELOAD": str(shim), "PL_LOG": str(log), "PL_MATCH": match}


@dataclass(frozen=True)
class Write:
    """One entry of the log. `end` is its end in the log, so that moments can be compared."""

    op: str
    path: str
    offset: int
    data: bytes
    end: int


def read_log(log: Path) -> list[Write]:
    content, found, at = log.read_bytes(), [], 0
    while at + _HEAD.size <= len(content):
        op, offset, length, name = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        path = content[at : at + name].decode()
        at += name
        size = length if op == b"W" else 0
        found.append(Write(op.decode(), path, offset, content[at : at + size], at + size))
        at += size
    return found


class Disk:
    """Files as a disk has them after a power cut at a moment of the log."""

    def __init__(self, writes: list[Write], moment: int, chance: random.Random) -> None:
        self.files: dict[str, bytearray] = {}
        pending: dict[str, list[Write]] = {}
        for write in writes:
            if write.end > moment:
                break
            if write.op == "S":
                for each in pending.pop(write.path, []):
                    self._apply(each)
            else:
                pending.setdefault(write.path, []).append(write)
        for later in pending.values():
            keep = chance.choice((0.0, 0.5, 0.9, 1.0))
            for each in later:
                if chance.random() < keep:
                    self._apply(each, torn=chance if chance.random() < 0.3 else None)

    def _apply(self, write: Write, torn: random.Random | None = None) -> None:
        file = self.files.setdefault(write.path, bytearray())
        if write.op == "T":
            del file[write.offset :]
            file.extend(bytes(write.offset - len(file)))
            return
        data = write.data
        if torn is not None and len(data) > _SECTOR:
            data = data[: torn.randrange(0, len(data), _SECTOR)]
        file.extend(bytes(max(0, write.offset + len(data) - len(file))))
        file[write.offset : write.offset + len(data)] = data

    def put(self, folder: Path) -> None:
        """Write the files into a folder."""
        for path, content in self.files.items():
            (folder / Path(path).name).write_bytes(content)
