"""What a person at the terminal can act on: one sentence, and what to do next."""

from __future__ import annotations


class CommandError(Exception):
    """A command did not succeed for a reason that a person can do something about.

    `hint` says what to do next; `code` is the exit code.
    """

    def __init__(self, message: str, *, hint: str | None = None, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
