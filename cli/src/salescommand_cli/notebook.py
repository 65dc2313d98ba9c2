"""How far an import is, remembered beside its file, so that it can go on after a stop of any kind."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

_HEAD = 64 * 1024


@dataclass(slots=True)
class Progress:
    """How far an import is: records done, and what became of them."""

    done: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    apart: int = 0
    """Bytes of the file of refused records; what is behind was written by a run that then stopped."""

    def __add__(self, other: Progress) -> Progress:
        """Return the sum over two files."""
        mine, theirs = asdict(self), asdict(other)
        return Progress(**{name: mine[name] + theirs[name] for name in mine})


class Notebook:
    """Remembers beside a file how far its import is, until it is finished. Standard input is not remembered.

    A file is known by its size and its first 64 KiB, so that a copy or a touch does not make it another one, and by
    what else decides what is posted where.
    """

    def __init__(self, file: Path, *posted: object) -> None:
        self._file = None if str(file) == "-" else file.with_name(f"{file.name}.progress.json")
        self._of = ""
        if self._file is not None:
            with file.open("rb") as stream:
                head = hashlib.sha256(stream.read(_HEAD)).hexdigest()
            self._of = hashlib.sha256(repr((posted, file.stat().st_size, head)).encode()).hexdigest()

    def read(self) -> Progress:
        """Return how far an earlier run of the same import came; nothing when the file has changed since."""
        if self._file is None:
            return Progress()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(self._file.read_text())
            if noted.pop("of") == self._of:
                return Progress(**noted)
        return Progress()

    def write(self, progress: Progress) -> None:
        """Note the progress; a folder that cannot be written only means that the import begins anew."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                fresh = self._file.with_suffix(".new")
                fresh.write_text(json.dumps({"of": self._of, **asdict(progress)}))
                fresh.replace(self._file)

    def close(self) -> None:
        """Forget: the import is finished."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
