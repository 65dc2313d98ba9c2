"""A real Kubernetes API for tests: etcd, kube-apiserver and kube-controller-manager as processes of this machine.

Their programs are found in the folder that KUBEBUILDER_ASSETS names, as Kubernetes' own test tools do. There is no
kubelet and no scheduler: pods never run, and what a kubelet would write into a status the test writes.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")


def lacking() -> str:
    """Return what is missing to start a Kubernetes API here, '' when nothing is."""
    folder = os.environ.get("KUBEBUILDER_ASSETS", "")
    if not folder:
        return "KUBEBUILDER_ASSETS is not set: it names the folder of " + ", ".join(PROGRAMS)
    missing = [name for name in PROGRAMS if not (Path(folder) / name).is_file()]
    if missing:
        return f"KUBEBUILDER_ASSETS ({folder}) has no {', '.join(missing)}"
    return "" if shutil.which("openssl") else "there is no openssl, which makes the key of service accounts"


class Refused(Exception):  # noqa: N818 - named for what it is
    """kubectl ended with a failure; the message is what it said."""


class Kube:
    """A running API server, and kubectl as its administrator."""

    def __init__(self, folder: Path, port: int) -> None:
        self.kubeconfig = folder / "kubeconfig"
        self.url = f"https://127.0.0.1:{port}"
        self._folder = folder

    def kubectl(self, *words: str, given: str | None = None) -> str:
        """Run kubectl and return what it prints.

        Raises:
            Refused: it failed.
        """
        command = [f"{os.environ['KUBEBUILDER_ASSETS']}/kubectl", f"--kubeconfig={self.kubeconfig}", *words]
        home = {"HOME": str(self._folder)}  # its cache of what the server serves dies with the server
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, env={**os.environ, **home}, timeout=60
        )
        if done.returncode:
            raise Refused(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Apply objects."""
        self.kubectl("apply", "-f", "-", given=yaml.safe_dump_all(objects))

    def get(self, *words: str) -> dict[str, Any]:
        """Return an object, or a list of them."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *words, "-o", "json"))
        return found

    def patch(self, kind: str, name: str, patch: dict[str, Any], *words: str) -> None:
        """Merge ``patch`` into an object."""
        self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(patch), *words)


@contextlib.contextmanager
def kube() -> Iterator[Kube]:
    """Give a Kubernetes API of its own; it ends, with everything in it, with the block."""
    folder = Path(tempfile.mkdtemp(prefix="salescommand-kube-"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield _started(folder, processes)
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path, processes: list[subprocess.Popen[bytes]]) -> Kube:
    assets = Path(os.environ["KUBEBUILDER_ASSETS"])

    def start(name: str, *options: str) -> None:
        with (folder / f"{name}.log").open("wb") as log:
            processes.append(subprocess.Popen([assets / name, *options], cwd=folder, stdout=log, stderr=log))

    etcd, peers, port = _free_ports(3)
    token = secrets.token_hex(16)
    subprocess.run(["openssl", "genrsa", "-out", "accounts.key", "2048"], cwd=folder, check=True, capture_output=True)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    result = Kube(folder, port)
    result.kubeconfig.write_text(yaml.safe_dump(_kubeconfig(result.url, token)))
    start(
        "etcd",
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls=http://127.0.0.1:{etcd}",
        f"--advertise-client-urls=http://127.0.0.1:{etcd}",
        f"--listen-peer-urls=http://127.0.0.1:{peers}",
    )
    start(
        "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--secure-port={port}",
        "--cert-dir=certificates",
        "--token-auth-file=tokens.csv",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=accounts.key",
        "--service-account-signing-key-file=accounts.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        "--watch-cache=true",
    )
    _ready(result, processes, folder)
    start(
        "kube-controller-manager",
        "--kubeconfig=kubeconfig",
        "--leader-elect=false",
        "--secure-port=0",
        "--service-account-private-key-file=accounts.key",
        # What storage would do the tests write themselves.
        "--controllers=*,-persistentvolume-binder-controller,-persistentvolume-expander-controller",
    )
    return result


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _kubeconfig(url: str, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin", "namespace": "default"}}],
        "current-context": "test",
    }


def _ready(result: Kube, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    """Wait for the server, and for the namespace that it makes itself a moment later."""
    deadline = time.monotonic() + 60
    while True:
        ended = next((process for process in processes if process.poll() is not None), None)
        assert ended is None, "\n".join((folder / f"{n}.log").read_text()[-2000:] for n in ("etcd", "kube-apiserver"))
        try:
            result.kubectl("get", "--raw", "/readyz")
            result.kubectl("get", "namespace", "default")
        except Refused:
            assert time.monotonic() < deadline, (folder / "kube-apiserver.log").read_text()[-3000:]
            time.sleep(0.1)
        else:
            return
