"""Who may talk to whom, read from the network policies; an edge needs both its ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from deploy.k8s.pods import PART, of_kind, pods
from deploy.k8s.render import Document

ALL = "all"
INTERNET, ANYWHERE = "internet", "anywhere"
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


class Edge(NamedTuple):
    """One permitted connection: parts by name, namespaces and networks by what selects them."""

    source: str
    target: str
    port: int


def parts(documents: list[Document]) -> set[str]:
    """Return every part there is, those an operator starts included."""
    found = {pod.part for pod in pods(documents)}
    for document in of_kind(documents, "Cluster", "RabbitmqCluster"):
        labels = document["metadata"].get("labels", {}) | document["spec"].get("inheritedMetadata", {}).get(
            "labels", {}
        )
        found |= {labels[PART]} if PART in labels else set()
    return found - {""}


def allowed(documents: list[Document]) -> set[Edge]:
    """Return the edges that stand: outside ones as said, inside ones when both ends agree."""
    leaving, entering = _directed(documents, "egress"), _directed(documents, "ingress")
    known = parts(documents)
    outside = {edge for edge in leaving if edge.target not in known} | {e for e in entering if e.source not in known}
    return outside | (leaving & entering)


def complaints(documents: list[Document]) -> list[str]:
    """Return what is wrong with the policies themselves."""
    found = [] if any(_denies_all(policy) for policy in _policies(documents)) else ["nothing is denied by default"]
    known = parts(documents)
    leaving, entering = _directed(documents, "egress"), _directed(documents, "ingress")
    half = sorted(edge for edge in leaving ^ entering if {edge.source, edge.target} <= known)
    found += [f"{edge.source} -> {edge.target}:{edge.port} stands at one end only" for edge in half]
    named = {edge.source for edge in leaving} | {edge.target for edge in entering}
    return found + [f"part {part} is governed by no policy" for part in sorted(known - named)]


def _policies(documents: list[Document]) -> list[Document]:
    return of_kind(documents, "NetworkPolicy")


def _denies_all(policy: Document) -> bool:
    spec = policy["spec"]
    closed = not spec.get("ingress") and not spec.get("egress")
    return spec["podSelector"] == {} and set(spec["policyTypes"]) == {"Ingress", "Egress"} and closed


def _directed(documents: list[Document], direction: str) -> set[Edge]:
    end = "to" if direction == "egress" else "from"
    found = set()
    for policy in _policies(documents):
        for ours in _selected(policy["spec"]["podSelector"]):
            for rule in policy["spec"].get(direction, []):
                for theirs in _peers(rule.get(end)):
                    for port in rule.get("ports") or [{"port": 0}]:
                        pair = (ours, theirs) if direction == "egress" else (theirs, ours)
                        found.add(Edge(*pair, int(port["port"])))
    return found


def _selected(selector: dict[str, Any]) -> list[str]:
    """Return the parts a selector names; an empty one names all."""
    if not selector:
        return [ALL]
    if PART in selector.get("matchLabels", {}):
        return [selector["matchLabels"][PART]]
    return [
        value
        for expression in selector.get("matchExpressions", [])
        if expression["key"] == PART and expression["operator"] == "In"
        for value in expression["values"]
    ]


def _peers(peers: list[dict[str, Any]] | None) -> Iterator[str]:
    if not peers:
        yield ANYWHERE
    for peer in peers or []:
        if "ipBlock" in peer:
            yield _network(peer["ipBlock"])
        elif "namespaceSelector" in peer:
            yield "namespace " + _labels(peer["namespaceSelector"])
        else:
            yield from _selected(peer["podSelector"])


def _network(block: dict[str, Any]) -> str:
    """A block that leaves every private range out is the internet."""
    if block["cidr"] != "0.0.0.0/0":
        return str(block["cidr"])
    return INTERNET if set(PRIVATE) <= set(block.get("except", [])) else ANYWHERE


def _labels(selector: dict[str, Any]) -> str:
    pairs = selector.get("matchLabels", {})
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items())) or ANYWHERE
