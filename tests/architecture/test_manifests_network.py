"""Who may talk to whom: the network policies, the page for operators, and what the code calls say the same."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path

import pytest

from deploy.k8s import edges
from deploy.k8s.check import FOLDERS
from deploy.k8s.edges import Edge
from deploy.k8s.render import Document, render

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = {folder.name: folder for folder in FOLDERS}
SERVICES = ("order", "planning", "inventory", "notify", "gateway")
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([\d, ]+) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
TARGET = re.compile(r"settings\.(order|planning|inventory|notify)_target")


@cache
def rendered(overlay: str) -> list[Document]:
    return render(OVERLAYS[overlay])


def documented(overlay: str) -> set[Edge]:
    """Return the edges docs/operations.md lists for an overlay."""
    page = (ROOT / "docs/operations.md").read_text()
    table = page.split("<!-- edges -->")[1].split("<!-- /edges -->")[0].replace("`", "")
    return {
        Edge(source.strip(), target.strip(), int(port))
        for sources, targets, ports, where in ROW.findall(table)
        if where.strip() in ("base", overlay)
        for source in sources.split(",")
        for target in targets.split(",")
        for port in ports.split(",")
        if source.strip() != target.strip() or where.strip() == "ha"
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_allowed_edges_are_the_documented_ones(overlay: str) -> None:
    assert edges.allowed(rendered(overlay)) == documented(overlay)


def test_an_edge_more_is_noticed() -> None:
    documents = copy.deepcopy(rendered("base"))
    policy = next(d for d in documents if d["kind"] == "NetworkPolicy" and d["metadata"]["name"] == "notify")
    policy["spec"]["egress"].append({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 80}]})

    assert edges.allowed(documents) - documented("base") == {Edge("notify", "10.0.0.0/8", 80)}


def test_the_internet_is_not_the_company() -> None:
    documents = copy.deepcopy(rendered("base"))
    policy = next(d for d in documents if d["kind"] == "NetworkPolicy" and d["metadata"]["name"] == "notify")
    policy["spec"]["egress"][-1]["to"][0]["ipBlock"]["except"].remove("192.168.0.0/16")

    assert Edge("notify", edges.ANYWHERE, 443) in edges.allowed(documents)


@pytest.mark.parametrize("service", SERVICES)
def test_every_peer_the_code_calls_may_be_reached(service: str) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / f"services/{service}/{service}_service").rglob("*.py"))
    called = {Edge(service, peer, 50051) for peer in TARGET.findall(code)}

    assert called <= documented("base")


def test_the_gateway_calls_everybody() -> None:
    code = (ROOT / "services/gateway/gateway_service/wiring.py").read_text()

    assert set(TARGET.findall(code)) == {"order", "planning", "inventory", "notify"}
