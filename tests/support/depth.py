"""How deep the tests that draw their examples go: `SALESCOMMAND_TEST_DEPTH` times what is usual."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

DEPTH = max(1, int(os.environ.get("SALESCOMMAND_TEST_DEPTH", "1")))
_T = TypeVar("_T")


def deep(usual: int) -> int:
    """Return how many examples to draw where `usual` are enough for every day."""
    return usual * DEPTH


def some(of: Sequence[_T], usual: int) -> list[_T]:
    """Return so many of a sequence, spread over the whole of it; all of it once that is as many."""
    wanted = deep(usual)
    return [of[number * len(of) // wanted] for number in range(wanted)] if len(of) > wanted else list(of)
