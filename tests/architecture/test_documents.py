"""What the documents say is checked against the code."""

from __future__ import annotations

import re

import pytest

from tests.architecture.files import ROOT, tracked

README = ROOT / "README.md"


def table_variables(text: str) -> set[str]:
    """Names in the first column of README's configuration table."""
    section = text.split("## Configuration", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([A-Z_0-9]+)` \|", section, re.MULTILINE))


def test_configuration_table_matches_the_settings() -> None:
    from backend.settings import BackendSettings

    declared = {variable.name for variable in BackendSettings.documented()}
    assert table_variables(README.read_text()) == declared


def test_env_example_lists_every_variable() -> None:
    from backend.settings import BackendSettings

    text = (ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^#?\s*([A-Z][A-Z_0-9]+)=", text, re.MULTILINE))
    assert listed == {variable.name for variable in BackendSettings.documented()}


@pytest.mark.parametrize("path", tracked("*.md"), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}, which is not there"


def test_make_help_names_every_command_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z-]+)", README.read_text())):
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE), f"make {target} is not in make help"


def test_adrs_are_numbered_without_gaps() -> None:
    numbers = [int(p.name[:4]) for p in tracked("docs/adr/*.md") if p.name[:4].isdigit()]
    assert numbers == list(range(1, len(numbers) + 1))
