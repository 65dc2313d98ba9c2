"""Logs of `dev`: everything into a file, only warnings and worse to the terminal."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.settings import BackendSettings

LARGEST = 10 * 1024 * 1024
KEPT = 3


def log_quietly(settings: BackendSettings, file: Path) -> None:
    """Write all logs into `file` and repeat warnings on standard error."""
    from backend.logs import TextFormatter, configure_logging

    configure_logging(settings)
    root = logging.getLogger()
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(TextFormatter("%(levelname)s %(name)s: %(message)s"))
    rolling = RotatingFileHandler(file, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    rolling.setFormatter(TextFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root.handlers = [terminal, rolling]
