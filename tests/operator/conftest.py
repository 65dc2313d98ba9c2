"""Fixtures of the operator's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kube import Kube, kube, lacking

CRD = Path(__file__).resolve().parents[2] / "operator/crd/datalakes.yaml"


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
