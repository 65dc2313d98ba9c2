"""`lake plan` and `lake apply`: a DataLake manifest against any ClickHouse, without a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from salescommand_cli.commands.lake import lake
from salescommand_cli.commands.options import DataOption, JsonOption
from salescommand_cli.errors import CommandError
from salescommand_cli.output import answer, answer_json, note

if TYPE_CHECKING:
    from salescommand_lake.plan.spec import LakeSpec
    from salescommand_operator.model import DataLakeSpec

FileOption = Annotated[Path, typer.Option("-f", "--file", metavar="FILE", help="The manifest of a DataLake.")]
NEEDS_APPROVAL, REFUSED = 2, 3


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module to those of `lake`."""
    del cli
    lake.command("plan")(plan)
    lake.command("apply")(apply)


def plan(file: FileOption, json: JsonOption = False, data: DataOption = None) -> None:
    """Show what a DataLake manifest would change, and change nothing.

    Exit code 0: nothing, or what may run by itself; 2: it needs an approval; 3: it is refused.
    """
    _run(file, data, json=json, apply=False, approved=None)


def apply(
    file: FileOption,
    approve: Annotated[
        str | None, typer.Option(metavar="HASH", show_default=False, help="Hash of the plan that may run.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only, as spec.mode: DryRun does.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Change the lake to what a DataLake manifest declares.

    Exit code 0: done, or nothing to do; 1: a step failed; 2: it needs an approval; 3: it is refused.
    """
    _run(file, data, json=json, apply=not dry_run, approved=approve)


def _run(file: Path, data: Path | None, *, json: bool, apply: bool, approved: str | None) -> None:
    from salescommand_cli.api import run

    declared, spec = read_manifest(file)
    apply = apply and declared.mode == "Apply" and not declared.paused
    found = run(_asked(data, spec, approved or declared.approved_plan, apply=apply))
    if json:
        answer_json(found)
    else:
        answer(found["text"])
        if found["plan"]["steps"] or not found["may_run"]:
            note(f"{found['reason']}: {found['message']}")
        if declared.paused:
            note("spec.paused is true: nothing was changed.")
        if found["applied"]:
            note(f"{found['applied']} steps ran.")
    if found["failed"]:
        raise CommandError(f"a step failed: {found['failed']}", hint="Run the command again once its cause is gone.")
    if not found["may_run"]:
        waits = found["reason"] in ("ApprovalRequired", "StaleApproval")
        raise typer.Exit(NEEDS_APPROVAL if waits else REFUSED)


def read_manifest(file: Path) -> tuple[DataLakeSpec, LakeSpec]:
    """Read a manifest.

    Raises:
        CommandError: it is not one of a DataLake; names the field.
    """
    import yaml
    from pydantic import ValidationError

    from salescommand_operator.declare import lake_spec
    from salescommand_operator.model import DataLakeSpec

    try:
        found = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{file} cannot be read: {error}", code=1) from None
    if not isinstance(found, dict) or found.get("kind") != "DataLake":
        raise CommandError(f"{file} is not the manifest of a DataLake.", hint="kind must be DataLake.")
    meta = found.get("metadata") or {}
    try:
        declared = DataLakeSpec.model_validate(found.get("spec"))
        spec = lake_spec(
            declared,
            namespace=str(meta.get("namespace", "default")),
            name=str(meta.get("name", "")),
            replicated=False,
        )
    except ValidationError as error:
        faults = "\n".join(f"  spec.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CommandError(f"{file} cannot be used:\n{faults}") from None
    except ValueError as error:
        raise CommandError(f"{file} cannot be used: {error}") from None
    return declared, spec


async def _asked(data: Path | None, spec: LakeSpec, approved: str | None, *, apply: bool) -> dict[str, Any]:
    """Ask the process that runs on the data folder, or open the lake here."""
    import dataclasses

    from salescommand_cli.api import ask, connect
    from salescommand_cli.local.folder import DataFolder
    from salescommand_cli.settings import load_settings

    settings = load_settings(data_dir=data)
    folder = DataFolder(settings.data_dir)
    if folder.holder() is None:
        return await _opened(folder, spec, approved, apply=apply)
    async with connect(data) as api:
        body = {"spec": dataclasses.asdict(spec), "approved": approved}
        found: dict[str, Any] = await ask(api, "POST", f"/api/lake/{'apply' if apply else 'plan'}", json=body)
        return found


async def _opened(folder: Any, spec: LakeSpec, approved: str | None, *, apply: bool) -> dict[str, Any]:
    import contextlib
    import dataclasses

    from backend.context import lake_settings
    from salescommand_cli.settings import load_settings
    from salescommand_lake.engine import open_engine
    from salescommand_lake.errors import LakeError
    from salescommand_lake.plan.declared import declare
    from salescommand_lake.plan.observe import is_replicated

    settings = dataclasses.replace(lake_settings(load_settings(data_dir=folder.path)), database=spec.database)
    with contextlib.ExitStack() as stack:
        if settings.url is None:
            folder.prepare()
            stack.enter_context(folder.hold("command"))
        # Tables are named in full, so a look needs no database; one that does not exist yet is made by the plan.
        anywhere = open_engine(dataclasses.replace(settings, database="default"))
        engine = open_engine(settings)
        try:
            spec = dataclasses.replace(spec, replicated=await is_replicated(anywhere))
            return (await declare(engine, spec, approved, apply=apply, reader=anywhere)).as_json()
        except ValueError as error:
            raise CommandError(f"the manifest does not fit the schema: {error}") from None
        except LakeError as error:
            raise CommandError(f"the lake cannot be used: {error}") from None
        finally:
            await engine.close()
            await anywhere.close()
