"""What the chart renders to: whole, valid, confined, and never at odds with the operator."""

from __future__ import annotations

import json
import re

import kubernetes_validate
import pytest
import yaml

from tests.deploy.chart import CASES, CHART, named, pods, rendered, template

# Their definitions are not Kubernetes' own; the operator's tests hold a real API server to ours.
FOREIGN = {"DataLake", "PodMonitor", "PrometheusRule", "HTTPRoute"}
NEWEST, OLDEST = "1.37.0", "1.32.0"


def strict(objects, version):
    for each in objects:
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("values", CASES)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid(values, version):
    strict(rendered(values), version)


def test_the_check_of_objects_can_fail():
    broken = json.loads(json.dumps(named(rendered("rendering"), "StatefulSet", "prod-salescommand-backend")))
    broken["spec"]["replica"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        strict([broken], NEWEST)


@pytest.mark.parametrize("values", CASES)
def test_every_pod_is_restricted(values):
    found = pods(rendered(values))
    assert len(found) >= 5
    for name, spec in found.items():
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not spec.get("hostNetwork"), name
        assert all("hostPath" not in volume for volume in spec["volumes"]), name
        if "operator" not in name:
            assert spec["automountServiceAccountToken"] is False, name
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"], name
            assert container["resources"]["limits"]["memory"], name


@pytest.mark.parametrize("values", CASES)
def test_every_pod_that_stays_says_how_it_is_and_spreads(values):
    for name, spec in pods(rendered(values)).items():
        keys = {each["topologyKey"] for each in spec["topologySpreadConstraints"]}
        assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, name
        for container in spec["containers"]:
            if not name.startswith("Pod/"):
                assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container), name


@pytest.mark.parametrize("values", CASES)
def test_no_secret_is_in_a_configmap_or_an_argument(values):
    objects = rendered(values)
    assert not [each for each in objects if each["kind"] == "Secret"], "offline, Secrets exist already"
    for each in objects:
        if each["kind"] == "ConfigMap":
            text = "\n".join(each.get("data", {}).values())
            given = re.findall(r"<(?:password|secret)>([^<]+)<", text)
            assert not given, each["metadata"]["name"]
    for name, spec in pods(objects).items():
        for container in spec["containers"]:
            for variable in container.get("env", []):
                if re.search(r"PASSWORD$|SECRET$|SECRET_KEY$|BACKUP_KEY$", variable["name"]):
                    assert "secretKeyRef" in variable["valueFrom"], (name, variable["name"])


@pytest.mark.parametrize("values", CASES)
def test_every_port_may_be_reached_by_somebody_and_nothing_else_may(values):
    objects = rendered(values)
    policies = [each for each in objects if each["kind"] == "NetworkPolicy"]
    deny = named(objects, "NetworkPolicy", "prod-salescommand-default-deny")["spec"]
    assert (deny["policyTypes"], "ingress" in deny, "egress" in deny) == (["Ingress", "Egress"], False, False)
    allowed = {}
    for each in policies:
        component = each["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
        if component:
            rules = each["spec"].get("ingress") or []
            allowed[component] = {port["port"] for rule in rules for port in rule["ports"]}
    for each in objects:
        if each["kind"] in {"StatefulSet", "Deployment"}:
            template = each["spec"]["template"]
            component = template["metadata"]["labels"]["app.kubernetes.io/component"]
            # The kubelet's probes are not traffic that a policy sees.
            probed = {"health", "control"}
            ports = {
                port["containerPort"]
                for container in template["spec"]["containers"]
                for port in container["ports"]
                if port["name"] not in probed
            }
            assert ports <= allowed[component], component


def test_each_way_out_has_a_way_in_at_the_other_end():
    policies = [each for each in rendered("ha") if each["kind"] == "NetworkPolicy"]
    key = "app.kubernetes.io/component"

    def ends(direction, peer):
        found = set()
        for each in policies:
            own = each["spec"]["podSelector"]["matchLabels"].get(key)
            for rule in each["spec"].get(direction) or []:
                for other in rule.get(peer, []):
                    labels = other.get("podSelector", {}).get("matchLabels", {})
                    if key in labels:
                        pair = (own, labels[key]) if direction == "egress" else (labels[key], own)
                        found |= {(*pair, port["port"]) for port in rule["ports"]}
        return found

    out, into = ends("egress", "to"), ends("ingress", "from")
    assert out == into
    assert ("worker", "clickhouse", 8443) in out
    assert ("frontend", "clickhouse", 8443) not in out


def test_a_backend_owns_its_spool_and_keeps_it():
    objects = rendered("ha")
    spec = named(objects, "StatefulSet", "prod-salescommand-backend")["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    environment = {each["name"]: each for each in spec["template"]["spec"]["containers"][0]["env"]}
    assert "pod-index" in environment["SALESCOMMAND_INSTANCE"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert int(environment["SALESCOMMAND_SPOOL_MAX_BYTES"]["value"]) == 20 * 2**30 * 9 // 10
    assert not [
        each
        for each in objects
        if each["kind"] == "HorizontalPodAutoscaler" and each["spec"]["scaleTargetRef"]["name"].endswith("backend")
    ]


def test_what_the_operator_owns_is_not_said_by_helm():
    owned = named(rendered("ha"), "StatefulSet", "prod-salescommand-clickhouse-0")["spec"]
    assert "replicas" not in owned
    alone = named(rendered("ha", "--set", "operator.enabled=false"), "StatefulSet", "prod-salescommand-clickhouse-0")
    assert alone["spec"]["replicas"] == 3
    for name in ("worker", "frontend"):
        deployment = named(rendered("ha"), "Deployment", f"prod-salescommand-{name}")
        assert "replicas" not in deployment["spec"], "the autoscaler says how many"
    modes = {
        case: next(
            each["value"]
            for each in pods(rendered("ha", *case))["Deployment/prod-salescommand-worker"]["containers"][0]["env"]
            if each["name"] == "SALESCOMMAND_SCHEMA"
        )
        for case in ((), ("--set", "operator.enabled=false"))
    }
    assert list(modes.values()) == ["verify", "ensure"]


def test_replicas_find_each_other_before_they_are_ready():
    objects = rendered("ha")
    for name in ("prod-salescommand-clickhouse-headless", "prod-salescommand-keeper-headless"):
        assert named(objects, "Service", name)["spec"]["publishNotReadyAddresses"] is True
    for name in ("prod-salescommand-clickhouse-0", "prod-salescommand-keeper"):
        assert named(objects, "StatefulSet", name)["spec"]["podManagementPolicy"] == "Parallel"
    config = named(objects, "ConfigMap", "prod-salescommand-clickhouse-config")["data"]["salescommand.xml"]
    for word in ("interserver_http_host", "interserver_http_credentials", "default_replica_path", "<macros>"):
        assert word in config
    topology = named(objects, "ConfigMap", "prod-salescommand-clickhouse-topology")["data"]["topology.xml"]
    assert topology.count("<replica>") == 3
    assert "<internal_replication>true<" in topology
    assert 'secret from_env="CLUSTER_SECRET"' in topology
    users = named(objects, "ConfigMap", "prod-salescommand-clickhouse-users")["data"]["salescommand.xml"]
    assert '<default remove="remove"/>' in users
    assert "<insert_quorum>auto<" in users
    single = named(rendered("kind"), "ConfigMap", "prod-salescommand-clickhouse-config")["data"]["salescommand.xml"]
    assert "zookeeper" not in single, "without Keeper the tables are plain"


def test_the_datalake_of_the_values_is_carried_and_not_part_of_the_release():
    objects = rendered("ha")
    assert not [each for each in objects if each["kind"] == "DataLake"]
    lake = yaml.safe_load(named(objects, "ConfigMap", "prod-salescommand-datalake")["data"]["datalake.yaml"])
    assert lake["metadata"] == {"name": "main", "namespace": "sales"}
    assert lake["spec"]["topology"] == {"shards": 1, "replicas": 3}
    assert lake["spec"]["storage"] == {"size": "500Gi", "storageClassName": "fast"}
    assert lake["spec"]["clusterRef"]["name"] == "prod"
    outside = yaml.safe_load(
        named(rendered("external"), "ConfigMap", "prod-salescommand-datalake")["data"]["datalake.yaml"]
    )
    assert outside["spec"]["clusterRef"]["external"] == {"url": "https://abc.clickhouse.cloud:8443"}
    assert not {"topology", "storage"} & set(outside["spec"])


def test_external_stores_are_not_made_here():
    objects = rendered("external")
    names = {each["metadata"]["name"] for each in objects if each["kind"] in {"StatefulSet", "Deployment"}}
    assert names == {f"prod-salescommand-{name}" for name in ("backend", "worker", "frontend", "operator")}


def test_definition_and_role_are_those_of_the_operator():
    objects = rendered("rendering")
    definition = next(each for each in objects if each["kind"] == "CustomResourceDefinition")
    assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert definition == yaml.safe_load((CHART / "files" / "datalakes.yaml").read_text())
    role = named(objects, "Role", "prod-salescommand-operator")
    assert role["rules"] == yaml.safe_load((CHART / "files" / "role.yaml").read_text())["rules"]


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--set", "clickhouse.shards=2"], "Set it to 1"),
        (["--set", "keeper.enabled=false", "--set", "clickhouse.replicas=2"], "Set keeper.enabled=true"),
        (["--set", "clickhouse.enabled=false"], "needs externalClickhouse.url"),
        (["--set", "externalClickhouse.url=https://x.example.com"], "Set clickhouse.enabled=false"),
        (["--set", "mongodb.enabled=false"], "externalMongodb.existingSecret"),
        (["--set", "externalMongodb.existingSecret=x"], "Set mongodb.enabled=false"),
        (["--set", "redis.enabled=false"], "externalRedis.existingSecret"),
        (["--set", "externalRedis.existingSecret=x"], "Set redis.enabled=false"),
        (["--set", "mongodb.replicas=2"], "Set 1, 3, 5 or 7"),
        (["--set", "ingress.enabled=true"], "needs ingress.host"),
        (["--set", "httpRoute.enabled=true"], "needs httpRoute.parentRefs"),
        (["--set", "backup.everyHours=24"], "say where backups go"),
        (
            ["--set", "worker.autoscaling.enabled=true", "--set", "worker.replicas=9"],
            "worker.autoscaling.maxReplicas is less",
        ),
        (["--set", "datalake.spec.clusterRef.name=x"], "leave it out"),
        (["--set", "secretKey.existingSecret="], "name it in secretKey.existingSecret"),
        (["--set", "redis.auth.existingSecret="], "name it in redis.auth.existingSecret"),
        (["--set", "backend.replicaCount=2"], "replicaCount"),
        (["--set", "backend.replicas=0"], "minimum"),
        (["--set-string", "backend.spool.size=5000000"], "such as 20Gi"),
        (["--set", "publicUrl=sales.example.com"], "such as https://sales.example.com"),
        (["--set", "image.digest=abc"], "sha256: and 64 hexadecimal digits"),
        (["--set", "settings.reportingCurrency=dollars"], "such as EUR"),
        (["--set", "backup.to=s3"], "https://host/bucket/folder"),
    ],
)
def test_senseless_values_are_refused_with_the_remedy(arguments, remedy):
    found = template(*arguments)
    assert found.returncode != 0
    assert remedy in found.stderr, found.stderr


def test_every_value_has_a_meaning_and_stands_in_the_readme():
    from scripts.chart_readme import rows, written

    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert all(meaning for _, _, meaning in rows(schema, values))
    readme = (CHART / "README.md").read_text()
    assert written(readme) == readme, "run `make chart`"


def test_a_digest_wins_over_a_tag():
    digest = f"sha256:{'a' * 64}"
    spec = pods(rendered("rendering", "--set", f"image.digest={digest}"))["Deployment/prod-salescommand-worker"]
    assert spec["containers"][0]["image"] == f"salescommand@{digest}"


def test_it_lints():
    import subprocess

    from tests.deploy.chart import helm

    for files in CASES.values():
        words = [word for file in ("ci/rendering-values.yaml", *files) for word in ("-f", str(CHART / file))]
        command = [helm(), "lint", "--strict", str(CHART), *words]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert found.returncode == 0, found.stdout + found.stderr
