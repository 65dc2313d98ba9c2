"""Write `.env.example` from the settings that the programs declare."""

from __future__ import annotations

from pathlib import Path

from backend.settings import BackendSettings

HEAD = """# Every variable that SalesCommand reads, with its default. Export what you want to change, for example
#   SALESCOMMAND_API_PORT=8101 salescommand dev
# Docker Compose and `set -a; . ./.env` read this form too."""


def main() -> None:
    """Write the file."""
    entries = [f"\n# {each.meaning}\n# {each.name}={each.default}" for each in BackendSettings.documented()]
    (Path(__file__).resolve().parent.parent / ".env.example").write_text("\n".join([HEAD, *entries]) + "\n")


if __name__ == "__main__":
    main()
