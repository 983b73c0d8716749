"""The pods a set of documents would start, whatever kind of owner starts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.k8s.render import Document

PART = "orderhub/part"
LASTING = ("Deployment", "StatefulSet")


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod template and who owns it."""

    owner: Document
    template: Document

    @property
    def name(self) -> str:
        return f"{self.owner['kind']} {self.owner['metadata']['name']}"

    @property
    def spec(self) -> Document:
        spec: Document = self.template["spec"]
        return spec

    @property
    def part(self) -> str:
        return str(self.template["metadata"]["labels"].get(PART, ""))

    @property
    def lasts(self) -> bool:
        return self.owner["kind"] in LASTING

    @property
    def is_service(self) -> bool:
        """True for OrderHub's own five."""
        return bool(self.owner["metadata"].get("labels", {}).get("orderhub/kind") == "service")

    def containers(self) -> list[Document]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    def volumes(self) -> dict[str, Document]:
        return {volume["name"]: volume for volume in self.spec.get("volumes", [])}


def pods(documents: list[Document]) -> list[Pod]:
    return list(_pods(documents))


def _pods(documents: list[Document]) -> Iterator[Pod]:
    for document in documents:
        if document["kind"] in (*LASTING, "Job", "DaemonSet"):
            yield Pod(document, document["spec"]["template"])
        elif document["kind"] == "CronJob":
            yield Pod(document, document["spec"]["jobTemplate"]["spec"]["template"])
        elif document["kind"] == "Pod":
            yield Pod(document, document)


def of_kind(documents: list[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def secret_names(volume: Document) -> list[str]:
    """Return the secrets a volume mounts, plain or projected."""
    found = [volume["secret"]["secretName"]] if "secret" in volume else []
    sources: list[Any] = volume.get("projected", {}).get("sources", [])
    return found + [source["secret"]["name"] for source in sources if "secret" in source]
