"""The custom resource definition, written from the models: `python -m salescommand_operator.crd` prints it.

Kubernetes takes a structural schema: no references, no alternatives with null, no titles; what may be left out is
simply not required. A test keeps the file of the chart equal to this.
"""

from __future__ import annotations

import sys
from typing import Any

import yaml
from pydantic import BaseModel

from salescommand_operator.model import DataLakeSpec
from salescommand_operator.status_model import DataLakeStatus

__all__ = ["GROUP", "PLURAL", "VERSION", "crd", "crd_yaml"]

GROUP, VERSION, PLURAL = "salescommand.io", "v1alpha1", "datalakes"
_READY = '.status.conditions[?(@.type=="Ready")]'
_COLUMNS = (
    ("Ready", "string", f"{_READY}.status", 0),
    ("Reason", "string", f"{_READY}.reason", 0),
    ("Shards", "integer", ".status.topology.shards", 0),
    ("Replicas", "integer", ".status.topology.replicas", 0),
    ("InSync", "string", '.status.conditions[?(@.type=="SchemaInSync")].status', 0),
    ("Drift", "integer", ".status.drift.count", 0),
    ("Plan", "string", ".status.plan.summary", 0),
    ("Risk", "string", ".status.plan.risk", 1),
    ("Message", "string", f"{_READY}.message", 1),
    ("Age", "date", ".metadata.creationTimestamp", 0),
)
_DROPPED = frozenset({"title", "$defs", "additionalProperties"})


def crd() -> dict[str, Any]:
    """Return the definition as plain values."""
    columns = [
        {"name": name, "type": kind, "jsonPath": path} | ({"priority": priority} if priority else {})
        for name, kind, path, priority in _COLUMNS
    ]
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.topology.replicas",
                "statusReplicasPath": ".status.topology.replicas",
                "labelSelectorPath": ".status.topology.selector",
            },
        },
        "selectableFields": [{"jsonPath": ".spec.clusterRef.name"}],
        "additionalPrinterColumns": columns,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": "A lake in ClickHouse: its schema, its retention, its size.",
                "required": ["spec"],
                "properties": {"spec": structural(DataLakeSpec), "status": structural(DataLakeStatus)},
            }
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}", "annotations": {"helm.sh/resource-policy": "keep"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": "DataLake",
                "plural": PLURAL,
                "singular": "datalake",
                "shortNames": ["dl"],
                "categories": ["salescommand"],
            },
            "versions": [version],
        },
    }


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema in the form that Kubernetes takes."""
    schema = model.model_json_schema(by_alias=True)
    return _plain(schema, schema.get("$defs", {}))


def _plain(schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        referred = known[schema["$ref"].rsplit("/", 1)[1]]
        # What stands beside the reference (the field's description, its default) wins over the model's own.
        return _plain({**referred, **{key: value for key, value in schema.items() if key != "$ref"}}, known)
    if "anyOf" in schema:
        one = next(each for each in schema["anyOf"] if each.get("type") != "null")
        return _plain({**one, **{key: value for key, value in schema.items() if key != "anyOf"}}, known)
    found = {key: value for key, value in schema.items() if key not in _DROPPED}
    if found.get("default", ...) is None:
        del found["default"]
    elif "default" in found:
        found["default"] = _without_null(found["default"])
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "properties" in schema:
        found["properties"] = {name: _plain(each, known) for name, each in schema["properties"].items()}
    elif isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = _plain(schema["additionalProperties"], known)
    if "items" in schema:
        found["items"] = _plain(schema["items"], known)
    return found


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    return value


def crd_yaml() -> str:
    """Return the definition as the text of its file."""
    text: str = yaml.safe_dump(crd(), sort_keys=False, width=120, allow_unicode=True)
    return f"# Written from the operator's models by `make crd`; change them instead.\n{text}"


if __name__ == "__main__":
    sys.stdout.write(crd_yaml())
