"""What each overlay promises beyond the rules: its storage, its replicas, what scales by what."""

from __future__ import annotations

import pytest

from deploy.k8s.pods import of_kind, pods
from deploy.k8s.render import HERE, Document
from tests.architecture.test_manifests import FOLDERS, fresh, one, pod_of, rendered, settings


def test_the_overlays_are_what_they_say() -> None:
    small, high = rendered("small-site"), rendered("ha")

    assert {d["spec"]["storageClassName"] for d in of_kind(small, "PersistentVolumeClaim")} == {"local-path"}
    assert "archive_mode=on" in pod_of(fresh("small-site"), "postgres", "StatefulSet")["containers"][0]["args"]
    assert of_kind(high, "StatefulSet") == []
    assert of_kind(high, "Cluster")[0]["spec"]["postgresql"]["synchronous"] == {"method": "any", "number": 1}
    assert of_kind(high, "RabbitmqCluster")[0]["spec"]["replicas"] == 3
    assert {d["spec"]["selector"]["matchLabels"]["orderhub/part"] for d in of_kind(high, "PodDisruptionBudget")} == set(
        scaled(high)
    )
    assert all(
        "replicas" not in d["spec"] for d in of_kind(high, "Deployment") if d["metadata"]["name"] in scaled(high)
    )


def scaled(documents: list[Document]) -> dict[str, int]:
    """Return the least number of replicas by the deployment an autoscaler moves."""
    by_cpu = {
        d["spec"]["scaleTargetRef"]["name"]: d["spec"]["minReplicas"]
        for d in of_kind(documents, "HorizontalPodAutoscaler")
    }
    by_queue = {
        d["spec"]["scaleTargetRef"]["name"]: d["spec"]["minReplicaCount"] for d in of_kind(documents, "ScaledObject")
    }
    assert not by_cpu.keys() & by_queue.keys(), "two autoscalers would fight over one deployment"
    return by_cpu | by_queue


def test_every_service_is_scaled_to_two_at_least() -> None:
    found = scaled(rendered("ha"))

    assert found.keys() == {"order", "planning", "inventory", "notify", "gateway"}
    assert min(found.values()) >= 2


def test_only_shared_queues_scale_by_length() -> None:
    from chassis.topology import BINDINGS, queue_arguments

    shared = {queue for queue in BINDINGS if "x-single-active-consumer" not in queue_arguments(queue)}
    followed = {
        t["metadata"]["queueName"] for d in of_kind(rendered("ha"), "ScaledObject") for t in d["spec"]["triggers"]
    }

    assert followed == shared


@pytest.mark.parametrize("overlay", FOLDERS)
def test_a_lost_collector_holds_nobody_up(overlay: str) -> None:
    """Measured: 1,500 unsent spans keep a process 21 s with the library's ten-second timeout, 3 s with two seconds."""
    told = one(rendered(overlay), "ConfigMap", settings(rendered(overlay)))["data"]

    assert int(told["OTEL_EXPORTER_OTLP_TIMEOUT"]) <= 2


def test_nothing_stands_outside_the_overlays() -> None:
    assert {folder.name for folder in (HERE / "overlays").iterdir()} | {"base"} == set(FOLDERS)


def test_what_replicas_on_several_nodes_write_can_be_shared() -> None:
    modes = {d["metadata"]["name"]: d["spec"]["accessModes"] for d in of_kind(rendered("ha"), "PersistentVolumeClaim")}

    assert modes == {"attachments": ["ReadWriteMany"], "audit-seals": ["ReadWriteMany"]}


def test_the_nightly_backup_takes_the_exported_seals_along() -> None:
    pod = next(pod for pod in pods(rendered("small-site")) if pod.part == "backup")
    seal = pod.spec["containers"][0]
    mounts = {mount["mountPath"]: pod.volumes()[mount["name"]] for mount in seal["volumeMounts"]}

    assert mounts["/audit-seals"]["persistentVolumeClaim"]["claimName"] == "audit-seals"
    assert {"/attachments", "/audit-seals", "/staging/base"} <= set(seal["command"])
