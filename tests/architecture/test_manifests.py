"""The Kubernetes manifests: rendered by kustomize, held by one rule each, and each rule proved by a mutant."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from deploy.k8s import check, edges, rules, rules_running
from deploy.k8s.pods import of_kind, pods
from deploy.k8s.render import Document, NotRendered, render

FOLDERS = {folder.name: folder for folder in check.FOLDERS}
Mutation = Callable[[list[Document]], None]


@cache
def rendered(name: str) -> list[Document]:
    return render(FOLDERS[name])


def fresh(name: str = "base") -> list[Document]:
    return copy.deepcopy(rendered(name))


def one(documents: list[Document], kind: str, name: str) -> Document:
    return next(d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name)


def pod_of(documents: list[Document], name: str = "order", kind: str = "Deployment") -> Any:
    return one(documents, kind, name)["spec"]["template"]["spec"]


def serve(documents: list[Document], name: str = "order") -> Any:
    return pod_of(documents, name)["containers"][0]


def migrate(documents: list[Document], name: str = "order") -> Any:
    return pod_of(documents, name)["initContainers"][0]


@pytest.mark.parametrize("rule", check.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("overlay", FOLDERS)
def test_every_rule_holds(rule: rules.Rule, overlay: str) -> None:
    assert rule(rendered(overlay)) == []


def test_kubernetes_own_schema_accepts_every_document() -> None:
    different = {json.dumps(d, sort_keys=True): d for name in FOLDERS for d in rendered(name)}
    known = [document for document in different.values() if check.is_core(document)]

    assert len(known) > 45
    assert check.schema_complaints(known) == []


def test_an_unknown_field_is_refused() -> None:
    documents = fresh()
    serve(documents)["livenesProbe"] = {}

    assert check.schema_complaints([one(documents, "Deployment", "order")])


def test_the_base_is_whole() -> None:
    documents = rendered("base")

    found = {pod.part for pod in pods(documents)}

    assert found == {
        "order", "planning", "inventory", "notify", "gateway", "postgres", "rabbitmq", "otel-collector", "databases", "topology",
    }  # fmt: skip
    assert {s["metadata"]["name"] for s in of_kind(documents, "Service")} == found - {"databases", "topology"}


def test_a_broken_folder_is_not_rendered(tmp_path: Any) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")

    with pytest.raises(NotRendered, match=r"missing\.yaml"):
        render(tmp_path)


def test_an_overlay_of_ones_own_is_checked_the_same_way(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: naked, labels: {orderhub/part: naked}}\n"
        "spec:\n  containers: [{name: main, image: 'thing:latest'}]\n"
    )
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\n")
    monkeypatch.setattr("sys.argv", ["check", str(tmp_path)])

    assert check.main() == 1
    said = capsys.readouterr().out
    assert "image thing:latest may change under its name" in said
    assert "may run as root" in said


def _drop_half_an_edge(documents: list[Document]) -> None:
    one(documents, "NetworkPolicy", "postgres")["spec"]["ingress"][0]["from"][0] = {
        "podSelector": {"matchLabels": {"orderhub/part": "order"}}
    }


def _written_down(documents: list[Document]) -> None:
    one(documents, "ConfigMap", settings(documents))["data"]["ORDERHUB_AMQP_URL"] = (
        "amqp://order:hunter2@rabbitmq/orderhub"
    )


def settings(documents: list[Document]) -> str:
    names = [str(d["metadata"]["name"]) for d in of_kind(documents, "ConfigMap")]
    return next(name for name in names if name.startswith("orderhub-settings"))


def _owner_serves(documents: list[Document]) -> None:
    serve(documents)["volumeMounts"].append({"name": "owner-secrets", "mountPath": "/run/secrets/owner"})


def _secret_in_environment(documents: list[Document]) -> None:
    reference = {"secretKeyRef": {"name": "order-secrets", "key": "orderhub_amqp_url"}}
    serve(documents)["env"] = [{"name": "ORDERHUB_AMQP_URL", "valueFrom": reference}]


def _root_in_a_container(documents: list[Document]) -> None:
    migrate(documents)["securityContext"]["runAsUser"] = 0


def _host_folder(documents: list[Document]) -> None:
    pod_of(documents)["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


def volume(documents: list[Document], name: str) -> Any:
    return next(v for v in pod_of(documents)["volumes"] if v["name"] == name)


def mount(documents: list[Document], name: str) -> Any:
    return next(m for m in serve(documents)["volumeMounts"] if m["name"] == name)


def _seals_in_memory(documents: list[Document]) -> None:
    found = volume(documents, "audit-seals")
    found.pop("persistentVolumeClaim")
    found["emptyDir"] = {"sizeLimit": "1Mi"}


MUTANTS: list[tuple[rules.Rule, str, Mutation]] = [
    (rules.namespace_is_restricted, "baseline", lambda d: one(d, "Namespace", "orderhub")["metadata"]["labels"].update({"pod-security.kubernetes.io/enforce": "baseline"})),
    (rules.namespace_is_restricted, "none", lambda d: d.remove(one(d, "Namespace", "orderhub"))),
    (rules.nobody_is_root, "init container", _root_in_a_container),
    (rules.nobody_is_root, "unsaid", lambda d: pod_of(d, "postgres", "StatefulSet")["securityContext"].pop("runAsNonRoot")),
    (rules.privileges_stay_as_they_are, "unsaid", lambda d: migrate(d)["securityContext"].pop("allowPrivilegeEscalation")),
    (rules.privileges_stay_as_they_are, "privileged", lambda d: serve(d)["securityContext"].update(privileged=True)),
    (rules.capabilities_are_dropped, "added", lambda d: serve(d)["securityContext"]["capabilities"].update(add=["NET_RAW"])),
    (rules.capabilities_are_dropped, "kept", lambda d: migrate(d)["securityContext"].pop("capabilities")),
    (rules.system_calls_are_filtered, "unconfined", lambda d: pod_of(d)["securityContext"]["seccompProfile"].update(type="Unconfined")),
    (rules.root_is_read_only, "writable", lambda d: migrate(d)["securityContext"].update(readOnlyRootFilesystem=False)),
    (rules.tmp_is_there_and_bounded, "unbounded", lambda d: pod_of(d)["volumes"].append({"name": "more", "emptyDir": {}})),
    (rules.tmp_is_there_and_bounded, "missing", lambda d: serve(d)["volumeMounts"].remove({"name": "tmp", "mountPath": "/tmp"})),
    (rules.no_token_of_the_cluster, "default", lambda d: pod_of(d, "topology", "Job").pop("automountServiceAccountToken")),
    (rules.nothing_of_the_host, "port", lambda d: serve(d)["ports"][0].update(hostPort=8080)),
    (rules.nothing_of_the_host, "folder", _host_folder),
    (rules.nothing_of_the_host, "network", lambda d: pod_of(d).update(hostNetwork=True)),
    (rules.resources_are_named, "no limit", lambda d: serve(d)["resources"]["limits"].pop("memory")),
    (rules.images_are_pinned, "latest", lambda d: serve(d).update(image="orderhub/order:latest")),
    (rules.images_are_pinned, "major only", lambda d: serve(d).update(image="postgres:17")),
    (rules.images_are_pinned, "no tag", lambda d: serve(d).update(image="orderhub/order")),
    (rules.no_secret_is_written_down, "url", _written_down),
    (rules.no_secret_is_written_down, "secret", lambda d: d.append({"kind": "Secret", "metadata": {"name": "leaked"}})),
    (rules.secrets_are_files, "reference", _secret_in_environment),
    (rules.secrets_are_files, "all of it", lambda d: serve(d)["envFrom"].append({"secretRef": {"name": "order-secrets"}})),
    (rules.secrets_are_files, "literal", lambda d: serve(d).update(env=[{"name": "PGPASSWORD", "value": "x"}])),
    (rules.owners_only_migrate, "serving owner", _owner_serves),
    (rules_running.everything_lasting_is_probed, "no startup probe", lambda d: serve(d).pop("startupProbe")),
    (rules_running.liveness_asks_for_nobody_else, "database", lambda d: serve(d)["livenessProbe"]["grpc"].update(service="database")),
    (rules_running.liveness_asks_for_nobody_else, "readyz", lambda d: serve(d, "gateway")["livenessProbe"]["httpGet"].update(path="/readyz")),
    (rules_running.liveness_asks_for_nobody_else, "broker", lambda d: serve(d)["readinessProbe"]["grpc"].update(service="broker")),
    (rules_running.services_leave_gracefully, "grace", lambda d: pod_of(d).update(terminationGracePeriodSeconds=30)),
    (rules_running.services_leave_gracefully, "at once", lambda d: serve(d, "gateway").pop("lifecycle")),
    (rules_running.upgrades_keep_one_answering, "recreate", lambda d: one(d, "Deployment", "notify")["spec"].pop("strategy")),
    (rules_running.every_service_migrates_first, "none", lambda d: pod_of(d).pop("initContainers")),
    (rules_running.every_service_migrates_first, "older", lambda d: migrate(d).update(image="orderhub/order:0.0.9")),
    (rules_running.grpc_services_are_headless, "virtual", lambda d: one(d, "Service", "order")["spec"].pop("clusterIP")),
    (rules_running.addresses_lead_somewhere, "port", lambda d: one(d, "Service", "order")["spec"]["ports"][0].update(targetPort="http")),
    (rules_running.addresses_lead_somewhere, "part", lambda d: one(d, "Service", "order")["spec"]["selector"].update({"orderhub/part": "orders"})),
    (rules_running.what_is_mounted_exists, "secret", lambda d: volume(d, "secrets")["secret"].update(secretName="orders-secrets")),
    (rules_running.what_is_mounted_exists, "map", lambda d: d.remove(one(d, "ConfigMap", next(c["metadata"]["name"] for c in of_kind(d, "ConfigMap") if "rabbitmq" in c["metadata"]["name"])))),
    (rules_running.seals_leave_the_database, "unsaid", lambda d: one(d, "ConfigMap", settings(d))["data"].pop("ORDERHUB_AUDIT_EXPORT_DIR")),
    (rules_running.seals_leave_the_database, "elsewhere", lambda d: serve(d).update(env=[{"name": "ORDERHUB_AUDIT_EXPORT_DIR", "value": "/tmp"}])),
    (rules_running.seals_leave_the_database, "gone with the pod", _seals_in_memory),
    (rules_running.seals_leave_the_database, "read only", lambda d: mount(d, "audit-seals").update(readOnly=True)),
    (rules_running.seals_leave_the_database, "nobody's volume", lambda d: d.remove(one(d, "PersistentVolumeClaim", "audit-seals"))),
    (rules_running.seals_leave_the_database, "beside the database", lambda d: pod_of(d, "postgres", "StatefulSet").setdefault("volumes", []).append(volume(d, "audit-seals"))),
    (edges.complaints, "open by default", lambda d: d.remove(one(d, "NetworkPolicy", "deny-all"))),
    (edges.complaints, "half an edge", _drop_half_an_edge),
    (edges.complaints, "forgotten part", lambda d: d.remove(one(d, "NetworkPolicy", "otel-collector"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "mutation"), [(r, m) for r, _, m in MUTANTS], ids=[f"{r.__name__}: {n}" for r, n, _ in MUTANTS]
)
def test_every_mutant_is_caught(rule: rules.Rule, mutation: Mutation) -> None:
    documents = fresh()
    mutation(documents)

    assert rule(documents) != []


def test_every_rule_has_a_mutant() -> None:
    assert {rule for rule, _, _ in MUTANTS} == set(check.RULES)
