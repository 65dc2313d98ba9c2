"""The company's mapping documents: two systems that name stages in their own way, in the words of the group."""

from __future__ import annotations

from importlib import resources


def mapping_documents() -> dict[str, str]:
    """Texts of the mapping documents by file name; put each to ``/api/mappings``, best before the demo is loaded."""
    folder = resources.files("salescommand_demo").joinpath("mappings")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return {file.name: file.read_text("utf-8") for file in files}
