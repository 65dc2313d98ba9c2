"""Kinds of sources, found by looking: every module of this folder that defines a `Kind` adds one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from backend.microservices.ingest.kinds.base import Kind, Operation, Resolved

__all__ = ["Kind", "Operation", "Resolved", "kind_names", "kind_of"]


@cache
def _kinds() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Kind) and value is not Kind:
                found[value.name] = value()
    return found


def kind_names() -> list[str]:
    """Return the names of all kinds, sorted."""
    return sorted(_kinds())


def kind_of(name: str) -> Kind:
    """Return the kind called `name`; a name that no module defines means generic (a key of a newer release)."""
    kinds = _kinds()
    return kinds.get(name) or kinds["generic"]
