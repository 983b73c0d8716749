"""`make sbom`: what is inside, as CycloneDX 1.6 JSON: the pinned Python packages with their hashes, and the client's.

The same inputs make the same bytes: serial number and content come from the locked files alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
LOCK = ROOT / "services" / "gateway" / "web" / "package-lock.json"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
Component = dict[str, Any]


def document() -> dict[str, Any]:
    """Return the whole bill of materials."""
    seen = hashlib.sha256(REQUIREMENTS.read_bytes() + LOCK.read_bytes()).hexdigest()
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, seen)}",
        "metadata": {"component": {"type": "application", "bom-ref": "orderhub", "name": "orderhub", "licenses": _named("Apache-2.0")}},
        "components": sorted([*python_packages(), *client_packages()], key=lambda part: str(part["purl"])),
    }  # fmt: skip


def python_packages() -> list[Component]:
    """Return what a service installs, each with the hashes it may have."""
    found: list[Component] = []
    for line in REQUIREMENTS.read_text().splitlines():
        if pin := _PIN.match(line):
            name, version = pin.group(1).lower().replace("_", "-"), pin.group(2)
            found.append(_component(name, version, f"pkg:pypi/{name}@{version}", _licence_of(name)))
        found_hashes = _HASH.findall(line)
        if found and found_hashes:
            hashes = found[-1].setdefault("hashes", [])
            hashes.extend({"alg": "SHA-256", "content": value} for value in found_hashes)
    return found


def client_packages() -> list[Component]:
    """Return what the browser gets; tools that only build it are left out."""
    packages = json.loads(LOCK.read_text())["packages"]
    found = []
    for path, facts in packages.items():
        if path and not facts.get("dev") and not facts.get("link"):
            name = path.rpartition("node_modules/")[2]
            version = str(facts["version"])
            url = f"pkg:npm/{name.replace('@', '%40')}@{version}"
            found.append(_component(name, version, url, str(facts.get("license", ""))))
    return found


def _component(name: str, version: str, url: str, licence: str) -> Component:
    made: Component = {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
    return made | ({"licenses": _named(licence)} if licence else {})


def _named(licence: str) -> list[dict[str, Any]]:
    return [{"license": {"name": licence}}]


def _licence_of(name: str) -> str:
    """Return the licence an installed package names in one line; empty where it is not installed or says nothing."""
    try:
        about = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return ""
    said = str(about.get("license_expression") or about.get("license") or "").strip()
    return said if said and "\n" not in said and len(said) < 100 else ""


def main() -> None:
    """Write the bill to the file named, or to standard output."""
    text = json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)
        print(f"{sys.argv[1]}: {text.count('bom-ref') - 1} components")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
