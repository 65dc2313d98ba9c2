"""Binding the ports before anything starts, so that a taken one is named at once and cannot be taken in between."""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass

from salescommand_cli.errors import CommandError

BACKLOG = 1024
LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class PortUse:
    """One port: its number (0 picks a free one), what needs it, the variable that moves it."""

    port: int
    use: str
    variable: str
    host: str = "127.0.0.1"


def bind(wanted: PortUse) -> list[socket.socket]:
    """Bind the port and listen: two processes that start at once cannot both have it.

    Whoever connects before the server is up waits in the queue. On a loopback address both families are bound,
    because `localhost` may mean either.

    Raises:
        CommandError: the port is in use or not allowed; says by what it is needed and how to move it.
    """
    if wanted.host not in LOOPBACK:
        return [_bind_one(wanted, wanted.host, wanted.port)]
    first = _bind_one(wanted, "127.0.0.1", wanted.port)
    sockets = [first]
    try:
        if _has_ipv6_loopback():
            sockets.append(_bind_one(wanted, "::1", first.getsockname()[1]))
    except CommandError:
        first.close()
        if wanted.port:
            raise
        return bind(wanted)
    return sockets


def _bind_one(wanted: PortUse, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        _probe(host, family, port)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise _in_words(wanted, host, error) from None
    except OverflowError:
        bound.close()
        raise CommandError(f"{wanted.port} is no port (needed by: {wanted.use}); use 1 to 65535.", code=2) from None
    return bound


def _probe(host: str, family: socket.AddressFamily, port: int) -> None:
    """Find a program that has the port on all addresses: macOS lets another one take it on a single address."""
    if not port:
        return
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((host, port)) == 0:
            raise OSError(errno.EADDRINUSE, "in use")


def _in_words(wanted: PortUse, host: str, error: OSError) -> CommandError:
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            f"port {wanted.port} is in use (needed by: {wanted.use}). "
            f"Set {wanted.variable}={wanted.port + 1} and run again."
        )
    if error.errno == errno.EACCES:
        return CommandError(
            f"port {wanted.port} is not allowed for this user (needed by: {wanted.use}). "
            f"Set {wanted.variable} to a port above 1023 and run again."
        )
    return CommandError(
        f"{wanted.use} cannot listen on {host} port {wanted.port}: {error.strerror}.",
        hint="Set SALESCOMMAND_HOST to an address of this machine.",
    )


def _has_ipv6_loopback() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with contextlib.closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment, for a child that binds it itself."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
