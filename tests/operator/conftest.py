"""Fixtures of the operator's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clickhouse_front import FrontServer
from tests.support.kube import Kube, kube, lacking

CRD = Path(__file__).resolve().parents[2] / "charts/salescommand/files/datalakes.yaml"
SECRET = "front-password-7f31"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Kube]:
    """Give a real Kubernetes API that knows DataLakes; skips where its programs are not there."""
    missing = lacking()
    if missing:
        pytest.skip(missing)
    with kube() as running:
        running.kubectl("apply", "-f", str(CRD))
        running.kubectl("wait", "--for=condition=Established", "crd/datalakes.salescommand.io", "--timeout=30s")
        yield running


@pytest.fixture(scope="module")
def clickhouse(lake_home: Path, front: FrontServer) -> Iterator[FrontServer]:
    """Give a ClickHouse that can be stopped: a second front on the run's engine, with another password."""
    del front
    server = FrontServer(str((lake_home / "lake").resolve()), password=SECRET)
    server.start()
    yield server
    server.close()
