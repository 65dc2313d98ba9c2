"""`doctor`: what this machine has and lacks, each line with its remedy."""

from __future__ import annotations

import typer

from salescommand_cli.commands.options import ABOUT, DataOption, JsonOption
from salescommand_cli.output import answer, answer_json


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    cli.command(rich_help_panel=ABOUT)(doctor)


def doctor(json: JsonOption = False, data: DataOption = None) -> None:
    """Check this machine and, when it runs, the system.

    Each line says what was found and, where something is missing, the remedy. Exit code 1 when something fails.
    """
    from dataclasses import asdict

    from salescommand_cli.checkup import Finding, examine

    marks = {"ok": "✓", "warn": "!", "fail": "✗"}
    findings: list[Finding] = []
    for finding in examine(data):
        findings.append(finding)
        if not json:
            answer(f"{marks[finding.state]} {finding.name:<14} {finding.found}")
            if finding.remedy:
                answer(f"  {'':<14} → {finding.remedy}")
    if json:
        answer_json([asdict(finding) for finding in findings])
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)
