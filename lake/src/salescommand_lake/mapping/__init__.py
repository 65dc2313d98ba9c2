"""Mapping documents: how a source's payloads become fields, as data; compiled to SQL."""

from salescommand_lake.mapping.compile import Compiled, compile_mapping
from salescommand_lake.mapping.document import Mapping
from salescommand_lake.mapping.nodes import MappingError
from salescommand_lake.mapping.reader import load_document

__all__ = ["Compiled", "Mapping", "MappingError", "compile_mapping", "load_document"]
