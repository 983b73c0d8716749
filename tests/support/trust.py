"""Keys and principals for tests: real signatures, made once per process."""

from __future__ import annotations

import json
from functools import cache

from joserfc.jwk import OKPKey

from chassis.clock import SystemClock
from chassis.principal import METADATA_KEY, Principal, Signer, Verifier

ISSUERS = ("gateway", "order", "planning", "inventory", "notify")


@cache
def keys() -> dict[str, str]:
    """Return the private key of each process."""
    return {name: json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)) for name in ISSUERS}


def trusted() -> str:
    """Return the public keys as settings carry them."""
    return json.dumps({name: OKPKey.import_key(json.loads(key)).as_dict(private=False) for name, key in keys().items()})


def signer(issuer: str = "gateway") -> Signer:
    return Signer(issuer, keys()[issuer], SystemClock())


def verifier(audience: str) -> Verifier:
    return Verifier(audience, trusted(), SystemClock())


def metadata(audience: str, subject: str = "admin", *roles: str) -> list[tuple[str, str]]:
    """Return call metadata that names a user."""
    return [(METADATA_KEY, signer().token(Principal(subject, "user", frozenset(roles or ("admin",))), audience))]
