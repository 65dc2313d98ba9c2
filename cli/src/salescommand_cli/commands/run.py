"""`dev`, `serve`, `worker`, `operator`: the long-running roles."""

from __future__ import annotations

from typing import Annotated

import typer

from salescommand_cli.commands.options import RUN, DataOption


def add_to(cli: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (dev, serve, worker, operator):
        cli.command(rich_help_panel=RUN)(verb)


def dev(
    data: DataOption = None,
    api_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="N", show_default=False, help="Port of the API (8001); 0 picks one."),
    ] = None,
    ui_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="N", show_default=False, help="Port of the UI (3000); 0 picks one."),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load the demo company, once.")] = False,
    demo_events: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", show_default=False, help="Size of the demo in events (about 20,000)."),
    ] = None,
) -> None:
    """Start everything on this machine, in the foreground.

    That is the embedded stores, the API, the worker and the UI. Prints `ready` with the addresses and a one-time
    sign-in link. Ctrl-C stops it; the data stays in the data folder.
    """
    from salescommand_cli.roles.dev import DevOptions, run_dev

    raise typer.Exit(run_dev(DevOptions(data, api_port, ui_port, demo, demo_events)))


def serve(data: DataOption = None) -> None:
    """Run API and ingest against stores of your own.

    Needs MONGO_URL, REDIS_URL and CLICKHOUSE_URL. The spool is kept in the data folder.
    """
    from salescommand_cli.roles.production import run_serve

    raise typer.Exit(run_serve(data))


def worker(data: DataOption = None) -> None:
    """Run the background jobs against stores of your own.

    They turn raw events into records and records into numbers. Needs MONGO_URL, REDIS_URL and CLICKHOUSE_URL. Several
    may run; one works at a time, the others stand by.
    """
    from salescommand_cli.roles.production import run_worker_role

    raise typer.Exit(run_worker_role(data))


def operator() -> None:
    """Look after DataLakes in Kubernetes.

    Runs in a cluster with its service account, or outside with KUBECONFIG. SALESCOMMAND_OPERATOR_NAMESPACES names the
    namespaces, separated by commas; without it all of them are looked after.
    """
    from salescommand_cli.errors import CommandError
    from salescommand_operator.kube import NoCluster
    from salescommand_operator.run import run_operator
    from salescommand_operator.settings import OperatorSettings

    try:
        settings = OperatorSettings.from_env()
    except ValueError as error:
        raise CommandError(str(error), code=2) from None
    try:
        run_operator(settings)
    except NoCluster as error:
        hint = "Set KUBECONFIG, or run it in the cluster. `salescommand lake plan` and `apply` need no cluster."
        raise CommandError(f"{error}.", hint=hint) from None
