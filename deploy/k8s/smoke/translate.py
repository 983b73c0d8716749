"""The base's manifests in the words `podman kube play` 4.3 knows: pods, config maps as folders, no probes.

What podman does not know is done around it: secrets and config maps become folders, names become host entries, probes
are asked by the smoke run itself. Commands, environment, accounts, read-only roots and dropped capabilities stay as they are.
"""

from __future__ import annotations

import base64
import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.k8s.pods import Pod, of_kind, pods
from deploy.k8s.render import Document
from deploy.k8s.smoke.podman import SERVERS, server_image, service_image
from deploy.local.keys import SERVICES

SUBNET = "10.89.77"
FIRST_ADDRESS = 10
LEFT_OUT = ("otel-collector",)  # its image can't be had here
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the run needs to know: what was rendered, the secrets, and where folders are made."""

    documents: list[Document]
    secrets: dict[str, dict[str, str]]
    home: Path

    def parts(self) -> dict[str, Pod]:
        return {pod.part: pod for pod in pods(self.documents) if pod.part not in LEFT_OUT}

    def address(self, part: str) -> str:
        return f"{SUBNET}.{FIRST_ADDRESS + sorted(self.parts()).index(part)}"

    def config(self, name: str) -> dict[str, str]:
        found = next(d for d in of_kind(self.documents, "ConfigMap") if d["metadata"]["name"] == name)
        data: dict[str, str] = found["data"]
        return data

    def playable(self, part: str) -> list[Document]:
        """Return the documents to play for one part; the folders it mounts are made."""
        pod = self.parts()[part]
        spec = copy.deepcopy(pod.spec)
        spec["hostAliases"] = [{"ip": self.address(name), "hostnames": [name]} for name in self.parts()]
        spec["restartPolicy"] = "Never"
        spec["volumes"] = [self._volume(part, volume, pod) for volume in self._volumes(pod)]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            _prepare(container)
        found = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": part, "labels": {"orderhub/part": part}},
            "spec": spec,
        }
        return [*of_kind(self.documents, "ConfigMap"), found]

    def _volumes(self, pod: Pod) -> Iterator[Document]:
        yield from pod.spec.get("volumes", [])
        for claim in pod.owner["spec"].get("volumeClaimTemplates", []):
            yield {"name": claim["metadata"]["name"], "persistentVolumeClaim": {}}

    def _volume(self, part: str, volume: Document, pod: Pod) -> Document:
        folder = self.home / "volumes" / part / volume["name"]
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self._files(volume).items():
            (folder / name).write_text(text)
        _own(folder, pod.spec["securityContext"]["runAsUser"])
        return {"name": volume["name"], "hostPath": {"path": str(folder), "type": "Directory"}}

    def _files(self, volume: Document) -> dict[str, str]:
        if "configMap" in volume:
            return self.config(volume["configMap"]["name"])
        if "secret" in volume:
            return self.secrets[volume["secret"]["secretName"]]
        sources = volume.get("projected", {}).get("sources", [])
        return {name: text for source in sources for name, text in self.secrets[source["secret"]["name"]].items()}


def _prepare(container: dict[str, Any]) -> None:
    """Point at the local image and leave out what podman can't do."""
    container["image"] = _image(container["image"])
    container["imagePullPolicy"] = "Never"
    for key in (*PROBES, "lifecycle", "resources", "ports"):  # podman 4.3 would take every port of the host
        container.pop(key, None)


def _image(image: str) -> str:
    name = image.split(":")[0]
    if name in SERVERS:
        return server_image(name)
    service = name.removeprefix("orderhub/")
    assert service in SERVICES, image
    return service_image(service)


def _own(folder: Path, account: int) -> None:
    """Give a folder and its files to the pod's account alone."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, account, account)
        path.chmod(0o700 if path.is_dir() else 0o400)


def secret_texts(documents: list[Document]) -> dict[str, dict[str, str]]:
    """Return secrets by name, plain or encoded."""
    found = {}
    for document in documents:
        encoded = {key: base64.b64decode(value).decode() for key, value in document.get("data", {}).items()}
        found[document["metadata"]["name"]] = encoded | document.get("stringData", {})
    return found
