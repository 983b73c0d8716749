"""The bill of materials names every pinned package with its hashes, and is the same each time."""

from __future__ import annotations

import json

from deploy import sbom


def test_every_pinned_package_is_in_it_with_its_hashes() -> None:
    text = sbom.REQUIREMENTS.read_text()
    parts = sbom.python_packages()

    assert len(parts) == sum("==" in line for line in text.splitlines() if not line.startswith("#")) > 50
    assert sum(len(part["hashes"]) for part in parts) == text.count("--hash=sha256:")
    assert next(part for part in parts if part["name"] == "grpcio")["purl"].startswith("pkg:pypi/grpcio@")


def test_the_client_s_packages_are_in_it_and_its_tools_are_not() -> None:
    names = {part["name"] for part in sbom.client_packages()}

    assert "vue" in names
    assert not names & {"openapi-typescript", "vue-tsc"}


def test_it_is_cyclonedx_and_the_same_each_time() -> None:
    made = sbom.document()

    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert len({part["bom-ref"] for part in made["components"]}) == len(made["components"])
    assert json.dumps(made) == json.dumps(sbom.document())
