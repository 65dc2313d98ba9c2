"""The machine in words, and what its disk does at best."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

__all__ = ["bare_sync", "machine"]

_SYNCS = 300


def machine(home: Path) -> list[str]:
    """Return lines that name cores, memory, kernel, disk and versions; no names of hosts and no paths."""
    model = _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    memory = int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1024 / 1024
    import chdb  # noqa: PLC0415 - only to be asked for its version

    disk = subprocess.run(["df", "--output=fstype", str(home)], check=False, capture_output=True, text=True).stdout
    return [
        f"Processor: {model}, {len(os.sched_getaffinity(0))} cores",
        f"Memory: {memory:.0f} GiB",
        f"System: {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
        f"Disk: {disk.split()[-1] if disk.split() else 'unknown'}",
        f"Engine: chDB {chdb.__version__} (ClickHouse {chdb.engine_version})",
    ]


def bare_sync(home: Path) -> str:
    """Return what one write of 16 KiB costs until it is on the disk, the least that a durable answer can take."""
    path = home / "sync"
    times = []
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            os.write(descriptor, b"x" * 16_384)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        path.unlink()
    times.sort()
    return (
        f"Bare write and fdatasync of 16 KiB: p50 {statistics.median(times) * 1000:.2f}, p99 {times[-4] * 1000:.2f} ms"
    )


def _first(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
