"""What the operator asks of Kubernetes and writes there. Calls are the client's own, each in a thread."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import kubernetes
from kubernetes.client import ApiException

from salescommand_operator.crd import GROUP, PLURAL, VERSION
from salescommand_operator.events import Event
from salescommand_operator.status import merge_patch

__all__ = ["FieldsTaken", "Kube", "KubeAway", "NoCluster", "SecretMissing"]

FIELD_MANAGER = "salescommand-operator"
_REMADE, _REMADE_LABEL = "-being-remade", "salescommand.io/being-remade"


class KubeAway(Exception):  # noqa: N818 - named for what it is
    """Kubernetes did not do what it was asked; the message is safe to show."""

    @property
    def refused(self) -> bool:
        """Whether it answered that it will not (403, 422): asking again gives the same."""
        return _is(self, 403) or _is(self, 422)


class FieldsTaken(Exception):  # noqa: N818 - named for what it is
    """Somebody else has set these fields of a DataLake; they are named as ``.spec.topology.replicas``."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class NoCluster(Exception):  # noqa: N818 - named for what it is
    """There is no service account and no kubeconfig, so no cluster to look after."""


class SecretMissing(Exception):  # noqa: N818 - named for what it is
    """A Secret or one of its keys is not there; the message names it and never its contents."""


class Kube:
    """The part of Kubernetes' API that the operator uses."""

    def __init__(self, timeout_seconds: float) -> None:
        """Log in: by the service account inside a cluster, by the kubeconfig outside.

        Raises:
            NoCluster: there is neither, or the kubeconfig can't be used.
        """
        try:
            kubernetes.config.load_config()  # type: ignore[no-untyped-call]
        except kubernetes.config.ConfigException as error:
            raise NoCluster(f"no Kubernetes cluster is known here: {str(error).rstrip('.')}") from None
        self._timeout = timeout_seconds
        self._lakes = kubernetes.client.CustomObjectsApi()
        self._core = kubernetes.client.CoreV1Api()
        self._apps = kubernetes.client.AppsV1Api()

    async def lake(self, namespace: str, name: str) -> dict[str, Any] | None:
        """Return a DataLake, None when it is gone."""
        try:
            found: dict[str, Any] = await self._call(
                self._lakes.get_namespaced_custom_object, GROUP, VERSION, namespace, PLURAL, name
            )
        except KubeAway as error:
            if _is(error, 404):
                return None
            raise
        return found

    async def apply_lake(self, manifest: Mapping[str, Any]) -> None:
        """Declare a DataLake's fields as this operator's own (server-side apply), never against somebody else's.

        Raises:
            FieldsTaken: others have set some of them to something else; nothing was applied.
            KubeAway: Kubernetes did not take it.
        """
        meta = manifest["metadata"]
        try:
            await self._call(
                self._lakes.patch_namespaced_custom_object,
                GROUP,
                VERSION,
                meta["namespace"],
                PLURAL,
                meta["name"],
                dict(manifest),
                field_manager=f"{FIELD_MANAGER}-manifest",
                _content_type="application/apply-patch+yaml",
            )
        except KubeAway as error:
            taken = _taken(error)
            if taken:
                raise FieldsTaken(taken) from None
            raise

    async def lakes(self, namespace: str) -> list[dict[str, Any]]:
        """Return the DataLakes of a namespace."""
        found = await self._call(self._lakes.list_namespaced_custom_object, GROUP, VERSION, namespace, PLURAL)
        return list(found["items"])

    async def write_status(self, lake: Mapping[str, Any], status: Mapping[str, Any]) -> None:
        """Write what differs from the status that was read; other writers of the DataLake are not in the way."""
        meta = lake["metadata"]
        await self._call(
            self._lakes.patch_namespaced_custom_object_status,
            GROUP,
            VERSION,
            meta["namespace"],
            PLURAL,
            meta["name"],
            {"status": merge_patch(lake.get("status", {}), status)},
            field_manager=FIELD_MANAGER,
            _content_type="application/merge-patch+json",
        )

    async def secret(self, namespace: str, name: str, *keys: str) -> list[str]:
        """Return values of a Secret.

        Raises:
            SecretMissing: it, or a key of it, is not there.
        """
        try:
            found = await self._call(self._core.read_namespaced_secret, name, namespace)
        except KubeAway as error:
            raise SecretMissing(f"the Secret {namespace}/{name} can't be read: {error}") from None
        data = found.data or {}
        missing = [key for key in keys if key not in data]
        if missing:
            raise SecretMissing(f"the Secret {namespace}/{name} has no key {missing[0]}")
        return [base64.b64decode(data[key]).decode().strip() for key in keys]

    async def sets(self, namespace: str, selector: str) -> list[Any]:
        """Return StatefulSets by their labels."""
        return list(
            (await self._call(self._apps.list_namespaced_stateful_set, namespace, label_selector=selector)).items
        )

    async def pod_labels(self, namespace: str, selector: str, label: str) -> dict[str, str]:
        """Return one label of the pods that others select, '' where a pod does not have it."""
        found = (await self._call(self._core.list_namespaced_pod, namespace, label_selector=selector)).items
        return {each.metadata.name: (each.metadata.labels or {}).get(label, "") for each in found}

    async def label_pod(self, namespace: str, name: str, label: str, value: str) -> None:
        """Set a label of a pod."""
        body = {"metadata": {"labels": {label: value}}}
        await self._call(self._core.patch_namespaced_pod, name, namespace, body, field_manager=FIELD_MANAGER)

    async def claims(self, namespace: str, selector: str) -> list[Any]:
        """Return PersistentVolumeClaims by their labels."""
        call = self._core.list_namespaced_persistent_volume_claim
        return list((await self._call(call, namespace, label_selector=selector)).items)

    async def set_replicas(self, namespace: str, name: str, replicas: int) -> None:
        """Set the size of a StatefulSet."""
        body = {"spec": {"replicas": replicas}}
        await self._call(self._apps.patch_namespaced_stateful_set, name, namespace, body, field_manager=FIELD_MANAGER)

    async def grow_claim(self, namespace: str, name: str, size: str) -> None:
        """Ask for a larger volume."""
        body = {"spec": {"resources": {"requests": {"storage": size}}}}
        call = self._core.patch_namespaced_persistent_volume_claim
        await self._call(call, name, namespace, body, field_manager=FIELD_MANAGER)

    async def remake_set(self, namespace: str, name: str, size: str, labels: Mapping[str, str]) -> None:
        """Make a StatefulSet anew around its pods, with another size in its claim template.

        Between its end and its beginning it stands in a ConfigMap, from which `finish_remakes` makes it whatever
        happens to this process meanwhile.
        """
        found = await self._call(self._apps.read_namespaced_stateful_set, name, namespace)
        body = kubernetes.client.ApiClient().sanitize_for_serialization(found)  # type: ignore[no-untyped-call]
        for each in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            body["metadata"].pop(each, None)
        body.pop("status", None)
        for template in body["spec"]["volumeClaimTemplates"]:
            template["spec"]["resources"]["requests"]["storage"] = size
            template.pop("status", None)
        kept = {"metadata": {"name": f"{name}{_REMADE}", "labels": {**labels, _REMADE_LABEL: "true"}}}
        kept["data"] = {"set": json.dumps(body)}
        await self._call(self._core.create_namespaced_config_map, namespace, kept)
        await self._call(self._apps.delete_namespaced_stateful_set, name, namespace, propagation_policy="Orphan")

    async def finish_remakes(self, namespace: str, selector: str) -> bool:
        """Make the StatefulSets whose remaking has begun; return whether all are made."""
        call = self._core.list_namespaced_config_map
        begun = (await self._call(call, namespace, label_selector=f"{selector},{_REMADE_LABEL}=true")).items
        done = True
        for each in begun:
            body = json.loads(each.data["set"])
            template = body["spec"]["volumeClaimTemplates"][0]
            try:
                there = await self._call(self._apps.read_namespaced_stateful_set, body["metadata"]["name"], namespace)
            except KubeAway as error:
                if not _is(error, 404):
                    raise
                await self._call(self._apps.create_namespaced_stateful_set, namespace, body)
            else:
                size = there.spec.volume_claim_templates[0].spec.resources.requests["storage"]
                if there.metadata.deletion_timestamp or size != template["spec"]["resources"]["requests"]["storage"]:
                    done = False  # the old one is still let go of by the garbage collector
                    if not there.metadata.deletion_timestamp:
                        name = there.metadata.name
                        delete = self._apps.delete_namespaced_stateful_set
                        await self._call(delete, name, namespace, propagation_policy="Orphan")
                    continue
            await self._call(self._core.delete_namespaced_config_map, each.metadata.name, namespace)
        return done

    async def say(self, lake: Mapping[str, Any], event: Event) -> None:
        """Write an event about a DataLake."""
        meta, now = lake["metadata"], datetime.now(UTC).isoformat()
        body = {
            "metadata": {"name": f"{meta['name']}.{secrets.token_hex(8)}", "namespace": meta["namespace"]},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": "DataLake",
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message[:1024],
            "source": {"component": FIELD_MANAGER},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._call(self._core.create_namespaced_event, meta["namespace"], body)

    async def _call(self, call: Callable[..., Any], *words: Any, **options: Any) -> Any:
        try:
            return await asyncio.to_thread(call, *words, _request_timeout=self._timeout, **options)
        except ApiException as error:
            raise KubeAway(f"Kubernetes answered {error.status} {error.reason}{_words(error)}") from error
        except Exception as error:
            # urllib3's exceptions have no common class of their own but HTTPError, and addresses in their messages.
            raise KubeAway(f"Kubernetes can't be reached: {type(error).__name__}") from error


def _words(error: ApiException) -> str:
    """Return what the API server says of a request that it refuses, '' where it says nothing. It quotes no Secret."""
    try:
        message = json.loads(error.body or "")["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {str(message)[:300]}"


def _taken(error: KubeAway) -> list[str]:
    """Return the fields that a conflict is about, none when it is another refusal."""
    if not _is(error, 409):
        return []
    cause = error.__cause__
    body = json.loads(cause.body or "{}") if isinstance(cause, ApiException) else {}
    causes = body.get("details", {}).get("causes", [])
    return [each["field"] for each in causes if each.get("reason") == "FieldManagerConflict"]


def _is(error: KubeAway, status: int) -> bool:
    return isinstance(error.__cause__, ApiException) and error.__cause__.status == status
