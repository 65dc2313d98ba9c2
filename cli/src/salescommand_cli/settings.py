"""The settings of the programs, read for the command line: a fault in a variable becomes one readable sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from salescommand_cli.errors import CommandError

if TYPE_CHECKING:
    from backend.settings import BackendSettings


def load_settings(**overrides: Any) -> BackendSettings:
    """Read the environment; what an option gave wins over it.

    Raises:
        CommandError: a variable cannot be used; names it.
    """
    from backend.settings import BackendSettings, SettingsError

    try:
        return BackendSettings.load(**overrides)
    except SettingsError as error:
        raise CommandError(str(error), code=2) from None


def ui_folder() -> Path | None:
    """Return the built UI of this checkout, None when it has not been built."""
    import backend

    built = Path(backend.__file__ or "").resolve().parent.parent / "frontend" / "dist"
    return built if (built / "index.html").is_file() else None
