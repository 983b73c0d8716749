"""Five databases, each with an owner for migrations and an application role; nobody enters another's."""

from __future__ import annotations

from deploy.local import postgres
from deploy.local.keys import SERVICES, Secrets

_ROLE = """
SELECT format('CREATE ROLE %I', '{role}') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec
ALTER ROLE {role} LOGIN PASSWORD '{password}' NOSUPERUSER NOCREATEDB NOCREATEROLE;
"""
_DATABASE = """
SELECT format('CREATE DATABASE %I OWNER %I', '{database}', '{owner}')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app};
"""


def names(service: str) -> tuple[str, str, str]:
    """Return database, owner role and application role of a service."""
    return f"orderhub_{service}", f"orderhub_{service}_owner", f"orderhub_{service}"


def script(secrets: Secrets) -> str:
    """Return the psql script that makes roles and databases; the same script again changes nothing."""
    parts = []
    for service in SERVICES:
        database, owner, app = names(service)
        parts.append(_ROLE.format(role=owner, password=secrets.owners[service]))
        parts.append(_ROLE.format(role=app, password=secrets.apps[service]))
        # An administrator who is no superuser must be a member of a role to give it a database.
        parts.append(f"GRANT {owner} TO CURRENT_USER;\n")
        parts.append(_DATABASE.format(database=database, owner=owner, app=app))
    return "".join(parts)


def create(admin_url: str, secrets: Secrets) -> None:
    """Make roles and databases on the server `admin_url` names; safe to repeat."""
    postgres.execute(admin_url, script(secrets))


def dsn(admin_url: str, service: str, secrets: Secrets, *, owner: bool = False, driver: str = "postgresql") -> str:
    """Return a service's own connection string on the server `admin_url` names."""
    database, owner_role, app_role = names(service)
    role, password = (owner_role, secrets.owners[service]) if owner else (app_role, secrets.apps[service])
    place, _, rest = admin_url.rsplit("@", 1)[-1].removeprefix("postgresql://").partition("/")
    mark, query = rest.partition("?")[1:]  # how the server proves itself (sslmode, sslrootcert)
    return f"{driver}://{role}:{password}@{place}/{database}{mark}{query}"
