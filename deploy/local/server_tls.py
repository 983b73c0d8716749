"""TLS of the private Postgres and RabbitMQ (ORDERHUB_TLS=1): who may be spoken to is proved, plain text is refused.

.run/tls/ca.crt is the CA everybody checks; each server's own folder holds its certificate, readable by its account alone.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from deploy.local import ports

HOSTS = [ports.LOOPBACK]
RENEW_DAYS = 30
HBA = "pg_hba.conf"
# Postgres' list of who may come how; replication too, for base backups.
ONLY_TLS = """local   all          all                scram-sha-256
hostssl all          all  127.0.0.1/32  scram-sha-256
hostssl replication  all  127.0.0.1/32  scram-sha-256
"""


def on() -> bool:
    """True when the private servers shall speak TLS only: ORDERHUB_TLS=1 in .env."""
    return os.environ.get("ORDERHUB_TLS") == "1"


def authority(run: Path) -> Path | None:
    """Return where the CA's certificate is, None without TLS."""
    return run / "tls" / "ca.crt" if on() else None


def postgres_query(ca: Path | None) -> str:
    """Return the end of a Postgres URL that demands the server's proof; drivers and psql read it alike."""
    return f"?sslmode=verify-full&sslrootcert={quote(str(ca), safe='')}" if ca else ""


def amqp_query(ca: Path | None) -> str:
    return f"?cafile={quote(str(ca), safe='')}" if ca else ""


def provide(ca: Path, server: Path, account: str | None) -> None:
    """See that a server about to start has a certificate in `server` that lasts; `account` alone may read the key."""
    server.mkdir(mode=0o700, exist_ok=True)
    (server / HBA).write_text(ONLY_TLS)
    if _due(ca, server):
        from deploy.local import cert  # here: an X.509 library few stacks need

        ca.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        cert.leaf(ca.parent, HOSTS, server)
        shutil.copyfile(ca, server / "ca.crt")
    if account:
        for place in (server, *server.iterdir()):
            shutil.chown(place, account, account)


def _due(ca: Path, server: Path) -> bool:
    """True when there is no certificate of this CA, or it ends within a month."""
    from cryptography import x509

    try:
        kept = x509.load_pem_x509_certificate((server / "server.crt").read_bytes())
        same = (server / "ca.crt").read_bytes() == ca.read_bytes()
    except (OSError, ValueError):
        return True
    return not same or kept.not_valid_after_utc - datetime.now(UTC) < timedelta(days=RENEW_DAYS)
