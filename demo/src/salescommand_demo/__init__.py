"""A seeded demo company and the loader that posts its history through the ingest API."""

from salescommand_demo.generator import DEFAULT_EVENTS, DEFAULT_SEED, Generator
from salescommand_demo.loader import KINDS, SOURCES, LoadError, LoadReport, SourceReport, load
from salescommand_demo.stages import mapping_documents
from salescommand_demo.truth import Dirt, Truth

__all__ = [
    "DEFAULT_EVENTS", "DEFAULT_SEED", "KINDS", "SOURCES", "Dirt", "Generator", "LoadError", "LoadReport",
    "SourceReport", "Truth", "load",
    "mapping_documents",
]  # fmt: skip
