"""`make cert`: a small CA and a certificate for this machine's LAN names, since camera and PWA want HTTPS."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local import layout

CA_DAYS = 3650
LEAF_DAYS = 397  # the longest life Apple devices accept
Key = ec.EllipticCurvePrivateKey


def name(text: str) -> x509.Name:
    """Return a subject with this common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def authority(folder: Path) -> tuple[x509.Certificate, Key]:
    """Return the CA of this clone, made at the first call and kept: devices have installed it."""
    cert_file, key_file = folder / "ca.crt", folder / "ca.key"
    if cert_file.exists() and key_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(cert_file.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    who = name(f"OrderHub CA {socket.gethostname()}")
    builder = begun(who, who, key, CA_DAYS).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    cert = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    save(cert_file, key_file, cert, key)
    return cert, key


def begun(subject: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    """Return a certificate valid from an hour ago (clocks differ) for `days`, not signed yet."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def leaf(folder: Path, hosts: list[str], into: Path | None = None) -> x509.Certificate:
    """Write server.crt and server.key of the CA in `folder` for these names and addresses, beside it or `into` another."""
    ca, ca_key = authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([general_name(host) for host in hosts])
    cert = (
        begun(name(hosts[0]), ca.subject, key, LEAF_DAYS)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    place = into or folder
    save(place / "server.crt", place / "server.key", cert, key)
    return cert


def general_name(host: str) -> x509.GeneralName:
    """Return an address or a DNS name as certificates hold them."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def save(cert_file: Path, key_file: Path, cert: x509.Certificate, key: Key) -> None:
    """Write certificate and key as PEM; the key is readable by its owner only."""
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file.touch(mode=0o600)
    key_file.write_bytes(secret)
    cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))


def lan_names() -> list[str]:
    """Return what devices on the LAN may call this machine: ORDERHUB_LAN_NAMES, or its own names and addresses."""
    if wanted := os.environ.get("ORDERHUB_LAN_NAMES"):
        return [host.strip() for host in wanted.split(",") if host.strip()]
    listed = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return list(dict.fromkeys([socket.gethostname(), *listed, "localhost", "127.0.0.1"]))


def main() -> None:
    """Write the certificate and say what to do with it."""
    folder = layout.RUN / "cert"
    folder.mkdir(parents=True, exist_ok=True)
    hosts = lan_names()
    leaf(folder, hosts)
    print(f"Certificate for {', '.join(hosts)}: {folder}/server.crt, server.key")
    print(
        f"Devices install {folder}/ca.crt once. Put server.crt and server.key into your HTTPS proxy in front of the gateway,"
    )
    print("and set ORDERHUB_PUBLIC_URL=https://… in .env, so that links and QR codes use it.")


if __name__ == "__main__":
    main()
