"""Run the checks of this repository, all of them or the parts that are named: `scripts/test.py [PART …]`.

Every part runs, whatever became of the ones before it. What this machine cannot run is skipped, by name and with the
reason. The end is one table and the line `N passed, N failed, N skipped`; the exit code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
LOGS = ROOT / ".setup" / "test"
BIN = Path(sys.executable).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 35 * 60
"""Seconds until a part is taken for hung. Far more than any takes, so that a slow machine is late rather than red."""
TAIL = 60
NAMES_SHOWN = 12


@dataclass(frozen=True)
class Part:
    """One thing to run. `report` is the JUnit file it writes, if it does; `lacking` says why it cannot run here."""

    group: str
    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    report: bool = False
    lane: str = ""
    """Parts of different lanes run side by side; those without one run alone, because they watch the clock."""
    lacking: Callable[[], str | None] = field(default=lambda: None)
    environment: Callable[[], dict[str, str]] = field(default=dict)

    @property
    def report_file(self) -> Path:
        """Where the JUnit report goes."""
        return LOGS / f"{self.name}.xml"

    @property
    def log_file(self) -> Path:
        """Where the output goes."""
        return LOGS / f"{self.name}.log"


@dataclass
class Outcome:
    """What became of one part; `skips` maps a reason to the names that it kept from running."""

    part: Part
    passed: int = 0
    failed: int = 0
    skips: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seconds: float = 0.0

    @property
    def skipped(self) -> int:
        """How many were skipped."""
        return sum(len(names) for names in self.skips.values())


def chromium() -> str | None:
    """Return the browser for the browser tests: CHROMIUM_PATH, else one on the PATH."""
    given = os.environ.get("CHROMIUM_PATH")
    if given:
        return given if shutil.which(given) else None
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def no_browser() -> str | None:
    """Say what is missing for the browser tests."""
    if chromium():
        return None
    return "no Chromium (CHROMIUM_PATH, chromium, chromium-browser, google-chrome): apt-get install chromium"


def browser_environment() -> dict[str, str]:
    """Tell Playwright which browser and which command to use, and where its report goes."""
    return {
        "CHROMIUM": chromium() or "",
        "SALESCOMMAND": str(BIN / "salescommand"),
        "PLAYWRIGHT_JUNIT_OUTPUT_FILE": str(LOGS / "browser.xml"),
        "PLAYWRIGHT_JUNIT_OUTPUT_NAME": str(LOGS / "browser.xml"),
    }


def pytest(part: str, *more: str) -> tuple[str, ...]:
    """Return the command for one part of the Python tests."""
    report = f"--junitxml={LOGS / f'{part}.xml'}"
    return (sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1", "--durations=5", report, *more)


def parts() -> list[Part]:
    """Return everything there is to run, in order."""
    tool = lambda name: str(BIN / name)  # noqa: E731 - one line says it
    split = ("-p", "tests.support.parts", "--ignore=tests/architecture", "--part")
    # Each worker has an engine and stores of its own; a file stays on one, so what its tests share is made once.
    # tests/support/parts.py has the longest files first, so that the workers end together.
    shared_out = ("-n", "auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
    junit = ("--", "--reporter=default", "--reporter=junit", f"--outputFile.junit={LOGS / 'ui-tests.xml'}")
    return [
        # What is first-party depends on other files than the one that is checked, so a cached verdict can be stale.
        Part("lint", "ruff", (tool("ruff"), "check", "--no-cache", "."), lane="python"),
        Part("lint", "format", (tool("ruff"), "format", "--check", "."), lane="python"),
        Part("lint", "ui-lint", ("npm", "run", "--silent", "lint"), FRONTEND, lane="ui"),
        Part("types", "mypy", (tool("mypy"),), lane="python"),
        Part("types", "tsc", ("npm", "run", "--silent", "typecheck"), FRONTEND, lane="ui"),
        Part("arch", "architecture", pytest("architecture", "tests/architecture"), report=True, lane="python"),
        Part("unit", "unit", pytest("unit", *split, "unit"), report=True, lane="python"),
        Part("integration", "integration", pytest("integration", *split, "integration", *shared_out), report=True),
        Part("faults", "faults", pytest("faults", *split, "faults", *shared_out), report=True),
        Part("ui", "ui-tests", ("npm", "test", "--silent", *junit), FRONTEND, report=True, lane="ui"),
        Part(
            "e2e", "browser", ("npm", "run", "--silent", "e2e", "--", "--reporter=list,junit"), FRONTEND, report=True,
            lacking=no_browser, environment=browser_environment,
        ),
    ]  # fmt: skip


def say(text: str = "") -> None:
    """Write one line at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def node_path() -> str:
    """Return the PATH with this environment's programs in front, and the Node that set-up made when there was none."""
    return os.pathsep.join([str(ROOT / ".setup" / "node"), str(BIN), os.environ.get("PATH", "")])


def run(part: Part, *, live: bool) -> Outcome:
    """Run one part and count."""
    outcome = Outcome(part)
    reason = part.lacking()
    if reason:
        outcome.skips[reason].append(part.name)
        return outcome
    part.report_file.unlink(missing_ok=True)
    environment = os.environ | {"PATH": node_path(), "CI": os.environ.get("CI", "1")} | part.environment()
    started = time.monotonic()
    code = _live(part, environment) if live else _logged(part, environment)
    outcome.seconds = time.monotonic() - started
    if part.report and part.report_file.is_file():
        read_report(outcome)
    elif code == 0:
        outcome.passed = 1
    if code not in {0, 5} and not outcome.failed:
        outcome.failed = 1
    return outcome


def _logged(part: Part, environment: dict[str, str]) -> int:
    """Run with the output in a log; a part that hangs is ended with everything it started."""
    with part.log_file.open("wb") as log:
        process = subprocess.Popen(
            part.command, cwd=part.cwd, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            log.write(f"\nNot finished after {PATIENCE // 60} minutes; ended.\n".encode())
            return 124
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group, so that nothing of a part outlives it."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sent)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue


def _live(part: Part, environment: dict[str, str]) -> int:
    """Run with the output where the person sees it."""
    return subprocess.run(part.command, cwd=part.cwd, env=environment, check=False).returncode


def read_report(outcome: Outcome) -> None:
    """Count the cases of a JUnit report."""
    for case in ET.parse(outcome.part.report_file).getroot().iter("testcase"):  # noqa: S314 - written by our own tools
        name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skipped is not None:
            outcome.skips[skipped.get("message") or "no reason given"].append(name)
        else:
            outcome.passed += 1


def show(outcome: Outcome, *, live: bool) -> None:
    """Write one line about a part, and the end of its log when it failed and nobody has seen it."""
    mark = "✗" if outcome.failed else "✓" if outcome.passed else "-"
    counts = [f"{outcome.passed} passed"] if outcome.passed else []
    counts += [f"{outcome.failed} failed"] if outcome.failed else []
    counts += [f"{outcome.skipped} skipped"] if outcome.skipped else []
    say(f"{mark} {outcome.part.group:<12} {outcome.part.name:<14} {outcome.seconds:6.1f} s  {', '.join(counts)}")
    if outcome.failed and not live:
        lines = outcome.part.log_file.read_text(errors="replace").splitlines()
        say("\n".join(f"    {line}" for line in lines[-TAIL:]))
        say(f"    (all of it: {outcome.part.log_file})")


def summary(outcomes: list[Outcome], seconds: float) -> int:
    """Write what was skipped and why, the table and the last line; return the exit code."""
    say()
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        for reason, names in outcome.skips.items():
            reasons[reason] += names
    for reason, names in reasons.items():
        more = f" … and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        say(f"skipped, {reason}:\n    {', '.join(names[:NAMES_SHOWN])}{more}")
    if reasons:
        say()
    say(f"{'part':<14} {'passed':>8} {'failed':>8} {'skipped':>8} {'seconds':>9}")
    for outcome in outcomes:
        counts = f"{outcome.passed:>8} {outcome.failed:>8} {outcome.skipped:>8} {outcome.seconds:>9.1f}"
        say(f"{outcome.part.name:<14} {counts}")
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    skipped = sum(each.skipped for each in outcomes)
    say(f"{'all':<14} {passed:>8} {failed:>8} {skipped:>8} {seconds:>9.1f}")
    say()
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def carry_out(part: Part, *, live: bool) -> Outcome:
    """Run one part and write its line."""
    outcome = run(part, live=live)
    show(outcome, live=live)
    return outcome


def all_of(wanted: list[Part]) -> list[Outcome]:
    """Run everything: the lanes side by side, then the rest one by one. Return the outcomes in the order of parts."""
    lanes = [[part for part in wanted if part.lane == lane] for lane in sorted({part.lane for part in wanted} - {""})]
    outcomes: dict[str, Outcome] = {}

    def one_by_one(some: list[Part]) -> None:
        for part in some:
            outcomes[part.name] = carry_out(part, live=False)

    with ThreadPoolExecutor(max_workers=len(lanes) or 1) as pool:
        for done in [pool.submit(one_by_one, lane) for lane in lanes]:
            done.result()
    one_by_one([part for part in wanted if not part.lane])
    return [outcomes[part.name] for part in wanted]


def main() -> int:
    """Run what was asked for."""
    everything = parts()
    groups = list(dict.fromkeys(part.group for part in everything))
    parser = argparse.ArgumentParser(description="Run the checks of this repository.")
    parser.add_argument("groups", nargs="*", metavar="PART", help=f"{', '.join(groups)}; none means all")
    asked = parser.parse_args().groups
    unknown = [group for group in asked if group not in groups]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; parts are {', '.join(groups)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    wanted = [part for part in everything if not asked or part.group in asked]
    outcomes = [carry_out(part, live=True) for part in wanted] if asked else all_of(wanted)
    return summary(outcomes, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
