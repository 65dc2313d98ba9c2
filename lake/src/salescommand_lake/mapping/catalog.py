"""Which mapping is in force for which events: a source's own, before its kind's, before the generic one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from salescommand_lake.engine import Engine
from salescommand_lake.mapping.compile import Compiled, compile_mapping
from salescommand_lake.mapping.document import Mapping
from salescommand_lake.mapping.nodes import MappingError
from salescommand_lake.mapping.reader import load_document

GENERIC = "kind:generic"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Effective:
    """A mapping in force: compiled, with the version under which it was applied (0 when it is a shipped one)."""

    compiled: Compiled
    version: int

    @property
    def mapping(self) -> Mapping:
        """Return the document."""
        return self.compiled.mapping


class Catalog:
    """The mappings in force, by scope and noun."""

    def __init__(self, mappings: Dict[tuple[str, str], Effective], broken: Dict[tuple[str, str], str]) -> None:
        self.mappings = mappings
        self.broken = broken
        """Applied documents that this program can't read (any more), with the reason."""

    def find(self, source: str, kind: str, record_type: str, entity_type: str) -> Effective | None:
        """Return the mapping for such events, None when none claims them.

        Events with a resolved noun go by it; the others go to the first mapping that claims the word they were posted
        under. A source's own document claims its words also from a noun that the kind guessed by the word.
        """
        own = f"source:{source}"
        for scope in (own, f"kind:{kind}", GENERIC):
            found = self.mappings.get((scope, record_type)) if record_type else None
            if found is None and (not record_type or scope == own):
                found = self._claiming(scope, entity_type.lower())
            if found:
                return found
        return None

    def _claiming(self, scope: str, word: str) -> Effective | None:
        return next(
            (
                found
                for (name, _), found in self.mappings.items()
                if name == scope and word in found.mapping.entity_types
            ),
            None,
        )


@lru_cache(maxsize=512)
def compiled(text: str, name: str) -> Compiled:
    """Load and compile a document, once for each text.

    Raises:
        MappingError: it can't be used.
    """
    return compile_mapping(load_document(text, name))


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """Return the mappings that come with the package, by kind and noun."""
    return tuple(compiled(text, name).mapping for name, text in _shipped_texts())


def _shipped_texts() -> Iterable[tuple[str, str]]:
    folder = resources.files("salescommand_lake").joinpath("mappings")
    for kind in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if kind.is_dir():
            for entry in sorted(kind.iterdir(), key=lambda entry: entry.name):
                if entry.name.endswith(".yaml"):
                    yield f"{kind.name}/{entry.name}", entry.read_text(encoding="utf-8")


async def load_catalog(engine: Engine) -> Catalog:
    """Read the mappings in force: the shipped ones, and over them the newest of each that was applied."""
    mappings = {
        (mapping.scope, mapping.record_type): Effective(compiled(mapping.text, mapping.name), 0)
        for mapping in shipped_mappings()
    }
    broken = {}
    rows = await engine.query(
        "SELECT scope, record_type, version, text FROM mapping_versions\n"
        "ORDER BY version DESC LIMIT 1 BY scope, record_type"
    )
    for row in rows:
        key = (row["scope"], row["record_type"])
        if not row["text"]:
            continue  # it was removed: what is shipped, if anything, is in force again
        try:
            name = f"{row['scope']}/{row['record_type']} version {row['version']}"
            mappings[key] = Effective(compiled(row["text"], name), int(row["version"]))
        except MappingError as error:
            # An older program may meet a document of a newer one: what it can't read it must not guess.
            log.error("mapping set aside: %s", error)
            mappings.pop(key, None)
            broken[key] = str(error)
    return Catalog(mappings, broken)
