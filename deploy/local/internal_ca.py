"""The internal CA for mutual TLS between services: `python -m deploy.local.internal_ca DIR` makes or renews it.

DIR/ca.crt and DIR/ca.key stay; DIR/<service>/ holds ca.crt, tls.crt and tls.key, whose one name is the service's. Give
each process its own folder as ORDERHUB_GRPC_TLS_DIR, and keep ca.key off the machines that run services.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.local import cert
from deploy.local.keys import SERVICES

DAYS = 90
RENEW_DAYS = 30
BOTH_SIDES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def issue(folder: Path, service: str, *, days: int = DAYS) -> Path:
    """Write a fresh certificate of the CA in `folder` for one service; return its folder."""
    ca, ca_key = cert.authority(folder)
    key, place = ec.generate_private_key(ec.SECP256R1()), folder / service
    place.mkdir(mode=0o700, exist_ok=True)
    made = (
        cert.begun(cert.name(service), ca.subject, key, days)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(service)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(BOTH_SIDES), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    cert.save(place / "tls.crt", place / "tls.key", made, key)
    (place / "ca.crt").write_bytes((folder / "ca.crt").read_bytes())
    return place


def due(place: Path, now: datetime) -> bool:
    """True when a service has no certificate, or one that ends within a month."""
    try:
        kept = x509.load_pem_x509_certificate((place / "tls.crt").read_bytes())
    except (OSError, ValueError):
        return True
    return kept.not_valid_after_utc - now < timedelta(days=RENEW_DAYS)


def renew(folder: Path) -> list[str]:
    """Issue what is due; return for whom."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    renewed = [service for service in SERVICES if due(folder / service, datetime.now(UTC))]
    for service in renewed:
        issue(folder, service)
    return renewed


def main() -> None:
    """Make or renew what is due in the folder named."""
    parser = argparse.ArgumentParser(description="Make or renew the certificates of mutual TLS between services.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    renewed = renew(folder)
    print(f"{folder}: {', '.join(renewed) or 'nothing was due'}")
    print("Set ORDERHUB_GRPC_TLS_DIR to each service's own folder and restart the services one after another.")


if __name__ == "__main__":
    main()
