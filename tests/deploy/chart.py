"""Rendering the chart as a platform team would."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).resolve().parents[2] / "charts" / "salescommand"
CASES = {
    "rendering": (),
    "ha": ("ci/ha-values.yaml",),
    "external": ("ci/external-values.yaml",),
    "kind": ("kind-values.yaml",),
}
"""Sets of values by name: their files, on top of the one that names existing Secrets."""


def helm() -> str:
    """Return the program, or skip: it is looked for as HELM, on the PATH, and beside the Kubernetes programs."""
    beside = os.environ.get("KUBEBUILDER_ASSETS")
    found = os.environ.get("HELM") or shutil.which("helm") or (beside and shutil.which("helm", path=beside))
    if not found:
        pytest.skip("no Helm: set HELM, or put it on the PATH or into KUBEBUILDER_ASSETS")
    return found


def template(*arguments: str, values: str = "rendering") -> subprocess.CompletedProcess[str]:
    """Run `helm template` with one of the chart's own sets of values."""
    files = [word for file in ("ci/rendering-values.yaml", *CASES[values]) for word in ("-f", str(CHART / file))]
    command = [helm(), "template", "prod", str(CHART), "-n", "sales", *files]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=60)


@cache
def rendered(values: str, *arguments: str) -> tuple[dict[str, Any], ...]:
    """Return the objects of one set of values."""
    found = template(*arguments, values=values)
    assert found.returncode == 0, found.stderr
    return tuple(each for each in yaml.safe_load_all(found.stdout) if each)


def named(objects: tuple[dict[str, Any], ...], kind: str, name: str) -> dict[str, Any]:
    """Return one object."""
    return next(each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name)


def pods(objects: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    """Return the pod specs by `Kind/name` of what makes them."""
    found = {}
    for each in objects:
        spec = each["spec"] if each["kind"] == "Pod" else each.get("spec", {}).get("template", {}).get("spec")
        if spec and "containers" in spec:
            found[f"{each['kind']}/{each['metadata']['name']}"] = spec
    return found
