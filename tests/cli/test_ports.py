from __future__ import annotations

import contextlib
import socket

import pytest

from salescommand_cli.errors import CommandError
from salescommand_cli.local.ports import PortUse, bind
from tests.cli.support import run


@contextlib.contextmanager
def taken(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as held:
        held.bind((host, 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("variable", "use"),
    [("SALESCOMMAND_API_PORT", "API"), ("SALESCOMMAND_UI_PORT", "UI"), ("SALESCOMMAND_METRICS_PORT", "metrics")],
)
def test_a_taken_port_is_named_with_its_use_and_the_variable_that_moves_it(tmp_path, variable, use):
    ports = {"SALESCOMMAND_API_PORT": "0", "SALESCOMMAND_UI_PORT": "0", "SALESCOMMAND_METRICS_PORT": "0"}
    with taken() as port:
        done = run(tmp_path / "data", "dev", **(ports | {variable: str(port)}))
    assert done.returncode == 1
    expected = f"port {port} is in use (needed by: {use}). Set {variable}={port + 1} and run again."
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "redis" not in done.stderr.lower(), "nothing may start before the ports are checked"


def test_localhost_is_taken_when_either_family_is():
    try:
        with taken("::1") as port, pytest.raises(CommandError, match=f"port {port} is in use"):
            bind(PortUse(port, "API", "SALESCOMMAND_API_PORT"))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")


def test_port_zero_gives_one_port_for_both_families():
    sockets = bind(PortUse(0, "API", "SALESCOMMAND_API_PORT"))
    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
        assert sockets[0].getsockname()[1] > 0
    finally:
        for each in sockets:
            each.close()


def test_two_cannot_bind_the_same_port():
    first = bind(PortUse(0, "API", "SALESCOMMAND_API_PORT"))
    port = first[0].getsockname()[1]
    try:
        with pytest.raises(CommandError):
            bind(PortUse(port, "UI", "SALESCOMMAND_UI_PORT"))
    finally:
        for each in first:
            each.close()
