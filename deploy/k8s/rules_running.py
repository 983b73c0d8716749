"""Rules about life: probes, leaving, upgrading, finding each other."""

from __future__ import annotations

from functools import cache

from deploy.k8s.pods import Pod, of_kind, pods, secret_names
from deploy.k8s.render import Document
from deploy.k8s.rules import GRACE_SECONDS

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def everything_lasting_is_probed(documents: list[Document]) -> list[str]:
    return [
        f"{pod.name}: {container['name']} has no {probe}"
        for pod in pods(documents)
        if pod.lasts
        for container in pod.spec["containers"]
        for probe in PROBES
        if not container.get(probe)
    ]


def liveness_asks_for_nobody_else(documents: list[Document]) -> list[str]:
    """A lost database makes a service unready, never restarted; a lost broker not even that."""
    found = []
    for pod in filter(lambda pod: pod.is_service, pods(documents)):
        serve = pod.spec["containers"][0]
        live, ready = serve.get("livenessProbe", {}), serve.get("readinessProbe", {})
        if (live.get("grpc") or {}).get("service", "live") != "live" or live.get("httpGet", {}).get(
            "path"
        ) == "/readyz":
            found.append(f"{pod.name}: liveness depends on others")
        if (ready.get("grpc") or {}).get("service", "database") != "database":
            found.append(f"{pod.name}: readiness depends on more than the database")
    return found


def services_leave_gracefully(documents: list[Document]) -> list[str]:
    found = []
    for pod in filter(lambda pod: pod.is_service, pods(documents)):
        if pod.spec.get("terminationGracePeriodSeconds") != GRACE_SECONDS:
            found.append(f"{pod.name}: has not {GRACE_SECONDS} s to leave")
        hook = pod.spec["containers"][0].get("lifecycle", {}).get("preStop", {})
        if hook.get("exec", {}).get("command") != ["sleep", "5"]:
            found.append(f"{pod.name}: leaves before callers have noticed")
    return found


def upgrades_keep_one_answering(documents: list[Document]) -> list[str]:
    return [
        f"{pod.name}: an upgrade stops the last replica first"
        for pod in pods(documents)
        if pod.is_service and pod.owner["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0
    ]


def every_service_migrates_first(documents: list[Document]) -> list[str]:
    found = []
    for pod in filter(lambda pod: pod.is_service, pods(documents)):
        first = (pod.spec.get("initContainers") or [{}])[0]
        if first.get("command", [])[-1:] != ["migrate"] or first.get("image") != pod.spec["containers"][0]["image"]:
            found.append(f"{pod.name}: starts without migrating, or with another version's migration")
    return found


def grpc_services_are_headless(documents: list[Document]) -> list[str]:
    """One virtual address would pin every connection to one pod."""
    return [
        f"Service {service['metadata']['name']}: one address for all its pods"
        for service in of_kind(documents, "Service")
        if any(port.get("name") == "grpc" for port in service["spec"]["ports"])
        and service["spec"].get("clusterIP") != "None"
    ]


def addresses_lead_somewhere(documents: list[Document]) -> list[str]:
    by_part = {pod.part: pod for pod in pods(documents)}
    found = []
    for service in of_kind(documents, "Service"):
        name = service["metadata"]["name"]
        pod = by_part.get(service["spec"].get("selector", {}).get("orderhub/part", ""))
        known = _port_names(pod) if pod else set()
        if not {port["targetPort"] for port in service["spec"]["ports"]} <= known:
            found.append(f"Service {name}: no pod has its port")
    return found


def _port_names(pod: Pod) -> set[str]:
    return {port["name"] for container in pod.spec["containers"] for port in container.get("ports", [])}


def what_is_mounted_exists(documents: list[Document]) -> list[str]:
    """Each config map is rendered here; each secret is one that make_secrets makes."""
    maps = {document["metadata"]["name"] for document in of_kind(documents, "ConfigMap")}
    known = made_secrets()
    found = []
    for pod in pods(documents):
        for volume in pod.volumes().values():
            missing = {volume["configMap"]["name"]} - maps if "configMap" in volume else set()
            missing |= set(secret_names(volume)) - known
            found += [f"{pod.name}: mounts {name}, which nobody makes" for name in sorted(missing)]
    return found


def seals_leave_the_database(documents: list[Document]) -> list[str]:
    """Each service exports its audit log's seals into a lasting volume that Postgres' pod does not mount."""
    servers = [pod for pod in pods(documents) if pod.part == "postgres"]
    theirs = {_claim(volume) for pod in servers for volume in pod.volumes().values()}
    return [
        f"{pod.name}: {said}"
        for pod in pods(documents)
        if pod.is_service and (said := _unsealed(pod, documents, theirs))
    ]


def _unsealed(pod: Pod, documents: list[Document], theirs: set[str]) -> str:
    serve = pod.spec["containers"][0]
    folder = environment(serve, documents).get("ORDERHUB_AUDIT_EXPORT_DIR")
    if not folder:
        return "exports no seal of its audit log"
    mounts = {mount["mountPath"]: mount for mount in serve.get("volumeMounts", [])}
    mount = mounts.get(folder, {"readOnly": True})
    claim = _claim(pod.volumes().get(mount.get("name", ""), {}))
    known = {document["metadata"]["name"] for document in of_kind(documents, "PersistentVolumeClaim")}
    lasting = claim in known - theirs and not mount.get("readOnly")
    return "" if lasting else f"can't keep seals in {folder}"


def _claim(volume: Document) -> str:
    return str(volume.get("persistentVolumeClaim", {}).get("claimName", ""))


def environment(container: Document, documents: list[Document]) -> dict[str, str]:
    """Return the plain settings a container gets, its own before those of config maps."""
    maps = {document["metadata"]["name"]: document.get("data", {}) for document in of_kind(documents, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps.get(source.get("configMapRef", {}).get("name", ""), {})
    return found | {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}


@cache
def made_secrets() -> frozenset[str]:
    from deploy.k8s.make_secrets import documents
    from deploy.local.keys import made

    return frozenset(str(document["metadata"]["name"]) for document in documents(made(), backup_key=""))
