"""Give `frontend/package-lock.json` an entry for every optional package, also those that a registry does not hand out.

`npm ci` refuses a lock file in which an optional dependency of another platform has no entry. A registry that serves
only some platforms leaves them out; what npm needs to pass them by (version, system, processor) is in their names.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SYSTEMS = ("aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32")
PROCESSORS = ("arm64", "arm", "x64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32")
MUSL = {"musl", "musleabihf"}


def entry(name: str, version: str, parent: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a platform's package, by its name."""
    words = name.rpartition("/")[2].split("-")
    found: dict[str, Any] = {"version": version}
    cpu = [each for each in PROCESSORS if each in words]
    system = [each for each in SYSTEMS if each in words]
    if cpu:
        found["cpu"] = cpu
    if parent.get("dev"):
        found["dev"] = True
    if "linux" in system and (MUSL | {"gnu"}) & set(words):
        found["libc"] = ["musl" if MUSL & set(words) else "glibc"]
    found["optional"] = True
    if system:
        found["os"] = system
    return found


def missing(packages: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the entries that optional dependencies name and the lock file does not have."""
    found = {}
    for place, package in packages.items():
        for name, version in package.get("optionalDependencies", {}).items():
            there = {f"node_modules/{name}", f"{place}/node_modules/{name}"} & packages.keys()
            if not there and version[:1].isdigit():
                found[f"node_modules/{name}"] = entry(name, version, package)
    return found


def main() -> int:
    """Complete the file in place."""
    path = Path(__file__).resolve().parent.parent / "frontend" / "package-lock.json"
    lock = json.loads(path.read_text())
    added = missing(lock["packages"])
    if added:
        lock["packages"] = dict(sorted((lock["packages"] | added).items()))
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(f"· frontend/package-lock.json ({len(added)} entries added)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
