"""Telling processes apart: is this process still the one that was noted, and how to end one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def identity(pid: int) -> str | None:
    """Return what stays the same for one process and differs from every later one with its number; None when gone."""
    if pid <= 0:
        return None
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else f"{boot}:{fields[19]}"
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


def is_alive(pid: int, noted: str | None) -> bool:
    """Say whether the process that was noted with this identity still runs."""
    return noted is not None and identity(pid) == noted


def end(pid: int, noted: str | None, *, patience: float) -> None:
    """End a process: politely, then by force after `patience` seconds. Nothing happens to another with its number."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(pid, noted):
            return
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while is_alive(pid, noted) and time.monotonic() < deadline:
            time.sleep(0.02)
