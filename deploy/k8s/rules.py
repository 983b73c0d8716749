"""What every manifest must hold, one function a rule; each returns its complaints (reliability and security rules)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from deploy.k8s.pods import Pod, of_kind, pods, secret_names
from deploy.k8s.render import Document

Rule = Callable[[list[Document]], list[str]]
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
EXACT_TAG = re.compile(r":v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$")
CREDENTIAL = re.compile(r"://[^/\s:@]+:[^/\s@]+@|BEGIN [A-Z ]*PRIVATE KEY|\"d\"\s*:")
SECRETIVE = re.compile(r"(PASSWORD|TOKEN|_KEY|SECRET)$", re.IGNORECASE)
TMP = "/tmp"  # noqa: S108  the mount point, no file of ours
GRACE_SECONDS = 45  # 5 s preStop, 20 s drain, the rest for relay and pool


def _each(documents: list[Document], complaint: Callable[[Pod, Document], str]) -> list[str]:
    """Ask a question of every container; keep the answers that complain."""
    return [
        f"{pod.name}, container {container['name']}: {said}"
        for pod in pods(documents)
        for container in pod.containers()
        if (said := complaint(pod, container))
    ]


def namespace_is_restricted(documents: list[Document]) -> list[str]:
    wanted = "pod-security.kubernetes.io/enforce"
    spaces = of_kind(documents, "Namespace")
    bad = [s["metadata"]["name"] for s in spaces if s["metadata"].get("labels", {}).get(wanted) != "restricted"]
    return [f"Namespace {name} does not enforce Pod Security 'restricted'" for name in bad] or (
        [] if spaces else ["there is no namespace"]
    )


def nobody_is_root(documents: list[Document]) -> list[str]:
    def ask(pod: Pod, container: Document) -> str:
        context = {**pod.spec.get("securityContext", {}), **container.get("securityContext", {})}
        good = context.get("runAsNonRoot") is True and int(context.get("runAsUser") or 0) > 0
        return "" if good else "may run as root"

    return _each(documents, ask)


def privileges_stay_as_they_are(documents: list[Document]) -> list[str]:
    def ask(_pod: Pod, container: Document) -> str:
        context = container.get("securityContext", {})
        good = context.get("allowPrivilegeEscalation") is False and not context.get("privileged")
        return "" if good else "may gain privileges"

    return _each(documents, ask)


def capabilities_are_dropped(documents: list[Document]) -> list[str]:
    def ask(_pod: Pod, container: Document) -> str:
        capabilities = container.get("securityContext", {}).get("capabilities", {})
        return "" if capabilities.get("drop") == ["ALL"] and not capabilities.get("add") else "keeps capabilities"

    return _each(documents, ask)


def system_calls_are_filtered(documents: list[Document]) -> list[str]:
    def ask(pod: Pod, container: Document) -> str:
        context = {**pod.spec.get("securityContext", {}), **container.get("securityContext", {})}
        return "" if context.get("seccompProfile", {}).get("type") == "RuntimeDefault" else "has no seccomp profile"

    return _each(documents, ask)


def root_is_read_only(documents: list[Document]) -> list[str]:
    def ask(_pod: Pod, container: Document) -> str:
        return (
            "" if container.get("securityContext", {}).get("readOnlyRootFilesystem") is True else "may write its image"
        )

    return _each(documents, ask)


def tmp_is_there_and_bounded(documents: list[Document]) -> list[str]:
    def ask(pod: Pod, container: Document) -> str:
        mounts = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
        return "" if "emptyDir" in pod.volumes().get(mounts.get(TMP, ""), {}) else "has no /tmp"

    unbounded = [
        f"{pod.name}: emptyDir {volume['name']} has no size limit"
        for pod in pods(documents)
        for volume in pod.volumes().values()
        if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit")
    ]
    return _each(documents, ask) + unbounded


def no_token_of_the_cluster(documents: list[Document]) -> list[str]:
    return [
        f"{pod.name}: mounts a service account's token"
        for pod in pods(documents)
        if pod.spec.get("automountServiceAccountToken") is not False
    ]


def nothing_of_the_host(documents: list[Document]) -> list[str]:
    def ask(_pod: Pod, container: Document) -> str:
        return "takes a port of the host" if any("hostPort" in port for port in container.get("ports", [])) else ""

    shared = [
        f"{pod.name}: uses {key}"
        for pod in pods(documents)
        for key in ("hostNetwork", "hostPID", "hostIPC")
        if pod.spec.get(key)
    ]
    mounted = [
        f"{pod.name}: mounts a folder of the host"
        for pod in pods(documents)
        for volume in pod.volumes().values()
        if "hostPath" in volume
    ]
    return _each(documents, ask) + shared + mounted


def resources_are_named(documents: list[Document]) -> list[str]:
    def ask(_pod: Pod, container: Document) -> str:
        resources = container.get("resources", {})
        missing = [
            f"{kind}.{name}"
            for kind in ("requests", "limits")
            for name in ("cpu", "memory")
            if name not in resources.get(kind, {})
        ]
        return f"says nothing about {', '.join(missing)}" if missing else ""

    return _each(documents, ask)


def images_are_pinned(documents: list[Document]) -> list[str]:
    """A digest, or a tag that names one version; `dev` is what a developer built."""
    return [
        f"image {image} may change under its name"
        for image in sorted(set(_images(documents)))
        if not (DIGEST.search(image) or EXACT_TAG.search(image) or re.fullmatch(r"orderhub/\w+:dev", image))
    ]


def _images(value: Any, key: str = "") -> Iterator[str]:
    """Yield images wherever they stand, custom resources included."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _images(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)
    elif key in ("image", "imageName"):
        yield str(value)


def no_secret_is_written_down(documents: list[Document]) -> list[str]:
    found = [f"Secret {secret['metadata']['name']} is part of the manifests" for secret in of_kind(documents, "Secret")]
    for document in documents:
        name = f"{document['kind']} {document['metadata']['name']}"
        if CREDENTIAL.search(json.dumps(document, ensure_ascii=False).replace('\\"', '"')):
            found.append(f"{name}: holds something like a credential")
    return found


def secrets_are_files(documents: list[Document]) -> list[str]:
    """Environment variables are inherited and dumped; files are not."""

    def ask(_pod: Pod, container: Document) -> str:
        by_reference = any("secretRef" in source for source in container.get("envFrom", []))
        for variable in container.get("env", []):
            named = SECRETIVE.search(variable["name"]) and "value" in variable
            by_reference |= bool(named) or "secretKeyRef" in variable.get("valueFrom", {})
        return "has a secret in its environment" if by_reference else ""

    return _each(documents, ask)


def owners_only_migrate(documents: list[Document]) -> list[str]:
    """The owner's role, which may change tables, is known to the migration alone; nobody serving holds it."""
    return [
        f"{pod.name}: {container['name']} serves with the owner's role"
        for pod in pods(documents)
        for container in pod.spec["containers"]
        if _owned(pod) & {mount["name"] for mount in container.get("volumeMounts", [])}
    ]


def _owned(pod: Pod) -> set[str]:
    """Return the volumes that hold an owner's password."""
    return {name for name, volume in pod.volumes().items() if any(s.endswith("-owner") for s in secret_names(volume))}
