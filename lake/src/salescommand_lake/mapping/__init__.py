"""Mapping documents: how a source's payloads become fields, as data; compiled to SQL."""
