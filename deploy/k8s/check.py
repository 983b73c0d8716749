"""Check a base or an overlay, yours too: python -m deploy.k8s.check [FOLDER ...]"""

from __future__ import annotations

import sys
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]

from deploy.k8s import edges, rules, rules_running
from deploy.k8s.render import HERE, Document, render
from deploy.k8s.rules import Rule

KUBERNETES = "1.37"
FOLDERS = (HERE / "base", *(HERE / "overlays" / name for name in ("dev", "small-site", "ha")))
CORE = ("apps", "batch", "autoscaling", "policy", "networking.k8s.io", "v1")
RULES: tuple[Rule, ...] = (
    rules.namespace_is_restricted,
    rules.nobody_is_root,
    rules.privileges_stay_as_they_are,
    rules.capabilities_are_dropped,
    rules.system_calls_are_filtered,
    rules.root_is_read_only,
    rules.tmp_is_there_and_bounded,
    rules.no_token_of_the_cluster,
    rules.nothing_of_the_host,
    rules.resources_are_named,
    rules.images_are_pinned,
    rules.no_secret_is_written_down,
    rules.secrets_are_files,
    rules.owners_only_migrate,
    rules_running.everything_lasting_is_probed,
    rules_running.liveness_asks_for_nobody_else,
    rules_running.services_leave_gracefully,
    rules_running.upgrades_keep_one_answering,
    rules_running.every_service_migrates_first,
    rules_running.grpc_services_are_headless,
    rules_running.addresses_lead_somewhere,
    rules_running.what_is_mounted_exists,
    rules_running.seals_leave_the_database,
    edges.complaints,
)


def is_core(document: Document) -> bool:
    """True when Kubernetes itself knows the kind; operators' kinds have no schema here."""
    return str(document["apiVersion"]).split("/")[0] in CORE


def schema_complaints(documents: list[Document]) -> list[str]:
    """Return where a document is not what Kubernetes' own schema says, unknown fields included."""
    found = []
    for document in filter(is_core, documents):
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{document['kind']} {document['metadata']['name']}: {error.message}")
    return found


def complaints(documents: list[Document]) -> list[str]:
    return schema_complaints(documents) + [said for rule in RULES for said in rule(documents)]


def main() -> int:
    bad = 0
    for folder in [Path(name) for name in sys.argv[1:]] or FOLDERS:
        documents = render(folder)
        found = complaints(documents)
        bad += len(found)
        print(f"{folder.name}: {len(documents)} documents, {len(found)} complaints", *found, sep="\n  ")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
