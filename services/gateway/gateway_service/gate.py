"""Says who a request comes from: a bearer token, a device token, or the web client's cookies with their CSRF token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from starlette.requests import Request

from chassis.database import Database
from chassis.principal import Principal
from gateway_service import callers, integrations
from gateway_service.devices import DeviceTokens
from gateway_service.permissions import DEVICE
from gateway_service.problems import Problem
from gateway_service.sessions import Sessions
from gateway_service.tokens import AccessTokens

ACCESS_COOKIE = "oh_access"
REFRESH_COOKIE = "oh_refresh"
CSRF_COOKIE = "oh_csrf"
CSRF_HEADER = "x-csrf-token"
DEVICE_SUBJECT = "device:"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN = {"WWW-Authenticate": 'Bearer realm="orderhub"'}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and the session whose last commands must be visible."""

    principal: Principal
    session: str


NOBODY = Identity(Principal("", "public"), "")


class Gate:
    """Reads credentials; refuses wrong ones even on open routes only where they are needed."""

    def __init__(self, access: AccessTokens, sessions: Sessions, devices: DeviceTokens, database: Database) -> None:
        self.access = access
        self._sessions = sessions
        self._devices = devices
        self._database = database

    async def identify(self, request: Request, *, open_route: bool) -> Identity:
        """Return the identity of a request; open routes are nobody's."""
        if open_route:
            return NOBODY
        identity = await self.presented(request)
        if identity is None:
            raise Problem(401, "SIGN_IN_REQUIRED", headers=SIGN_IN)
        return identity

    async def presented(self, request: Request) -> Identity | None:
        """Return whom the request's credentials name; None without good ones."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme:
            return await self.named_by(token.strip(), callers.address(request)) if scheme.lower() == "bearer" else None
        cookie = request.cookies.get(ACCESS_COOKIE)
        if not cookie:
            return None
        identity = await self.named_by(cookie, callers.address(request))
        if identity is not None and request.method not in SAFE:
            self._check_csrf(request, identity.session)
        return identity

    async def named_by(self, token: str, address: str) -> Identity | None:
        """Return whom a token names; `address` is where it comes from."""
        if token.startswith("ohd_"):
            return await self._device(token)
        if token.startswith(f"{integrations.PREFIX}_"):
            return _integration(await integrations.named_by(self._database, token, address))
        access = self.access.read(token)
        if access is None:
            return None
        roles = await self._sessions.roles(access.session, access.roles)
        return None if roles is None else Identity(Principal(access.username, "user", roles), access.session)

    async def stands(self, identity: Identity) -> bool:
        """True while an identity is what it was: the session with the same roles, or a device that is not revoked.

        While the database is away nobody is turned out.
        """
        who = identity.principal
        if who.kind == "device":
            return await self._devices.stands(who.subject.removeprefix(DEVICE_SUBJECT))
        return await self._sessions.roles(identity.session, who.roles) == who.roles

    async def _device(self, token: str) -> Identity:
        """Return the scanner that holds a token; whoever works with one must hear what to do, so none is a problem."""
        device = await self._devices.device_of(token)
        if device is None:
            raise Problem(401, "DEVICE_REVOKED", headers=SIGN_IN)
        subject = f"{DEVICE_SUBJECT}{device}"
        return Identity(Principal(subject, "device", frozenset({DEVICE})), subject)

    def _check_csrf(self, request: Request, session: str) -> None:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), self.access.csrf(session).encode()):
            raise Problem(403, "CSRF_TOKEN_REQUIRED")


def _integration(named: tuple[str, frozenset[str]] | None) -> Identity | None:
    if named is None:
        return None
    subject = f"integration:{named[0]}"
    return Identity(Principal(subject, "integration", named[1]), subject)
