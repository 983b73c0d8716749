"""/auth, /users: who comes in"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from chassis import audit, page_token
from chassis.errors import FieldProblem
from gateway_service import accounts, answers, callers, exchange
from gateway_service.accounts import Account
from gateway_service.bodies.access import LoginBody, RefreshBody, UserBody
from gateway_service.bodies.base import Page
from gateway_service.gate import ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router
from gateway_service.sessions import IDLE, Opened
from gateway_service.tokens import ACCESS_SECONDS

api = router("access")
SIGNED_IN = answers.free(
    {"access_token": "string", "refresh_token": "string", "expires_in": "integer", "user": "object"}
)
REFRESH_PATH = "/api/v1/auth"


@api.post("/auth/login", responses=SIGNED_IN)
async def login(body: LoginBody, request: Request) -> Response:
    """Sign in; the same answer for a wrong password and an unknown user."""
    gateway = gateway_of(request)
    username, network = body.username.strip().lower(), callers.network(request)
    account = await accounts.find(gateway.database, username)
    if wait := gateway.throttle.wait(username, network):
        raise Problem(429, "TOO_MANY_SIGN_INS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    usable = account if account is not None and account.active else None
    stored = None if usable is None else usable.password_hash
    if not await gateway.passwords.matches(stored, body.password) or usable is None:
        raise Problem(401, "SIGN_IN_FAILED")
    gateway.throttle.succeeded(username, network)
    return _signed_in(request, usable, await gateway.sessions.open(username), cookie=body.cookie)


@api.post("/auth/refresh", responses=SIGNED_IN)
async def refresh(request: Request, body: RefreshBody | None = None) -> Response:
    """Exchange a refresh token for the next pair."""
    gateway = gateway_of(request)
    token = (body and body.refresh_token) or request.cookies.get(REFRESH_COOKIE, "")
    opened = await gateway.sessions.renew(token) if token else None
    account = await accounts.find(gateway.database, opened.username) if opened else None
    if opened is None or account is None or not account.active:
        raise Problem(401, "SESSION_OVER")
    return _signed_in(request, account, opened, cookie=not (body and body.refresh_token))


@api.post("/auth/logout", status_code=204)
async def logout(request: Request, body: RefreshBody | None = None) -> Response:
    """End the session: its refresh and access tokens stop."""
    gateway = gateway_of(request)
    token = (body and body.refresh_token) or request.cookies.get(REFRESH_COOKIE, "")
    session = await gateway.sessions.session_of(token) if token else None
    if session is None:
        bearer = request.headers.get("authorization", "").partition(" ")[2]
        access = gateway.access.read(bearer or request.cookies.get(ACCESS_COOKIE, ""))
        session = access.session if access else None
    if session is not None:
        await gateway.sessions.end(session)
    response = Response(status_code=204)
    for name, path in ((ACCESS_COOKIE, "/"), (CSRF_COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH)):
        response.delete_cookie(name, path=path)
    return response


@api.get("/auth/me", responses=answers.free({"user": "object"}))
async def me(request: Request) -> Response:
    """Who is signed in."""
    gateway, who = gateway_of(request), exchange.current().principal
    account = await accounts.find(gateway.database, who.subject) if who.kind == "user" else None
    if account is None:
        return answer({"user": {"username": who.subject, "display_name": who.subject, "roles": sorted(who.roles)}})
    csrf = gateway.access.csrf(exchange.current().session)
    return answer({"user": _user(account), "csrf_token": csrf})


def _user(account: Account) -> dict[str, Any]:
    return {"username": account.username, "display_name": account.display_name, "roles": sorted(account.roles)}


def _signed_in(request: Request, account: Account, opened: Opened, *, cookie: bool) -> Response:
    gateway = gateway_of(request)
    token = gateway.access.issue(account.username, account.grants, opened.session)
    shown: dict[str, Any] = {"expires_in": ACCESS_SECONDS, "user": _user(account)}
    if not cookie:
        return answer({"access_token": token, "refresh_token": opened.refresh_token, "token_type": "Bearer", **shown})
    csrf = gateway.access.csrf(opened.session)
    response = answer({"csrf_token": csrf, **shown})
    secure = gateway.settings.public_url.startswith("https://")
    week = int(IDLE.total_seconds())
    for name, value, path, hidden in (
        (ACCESS_COOKIE, token, "/", True),
        (REFRESH_COOKIE, opened.refresh_token, REFRESH_PATH, True),
        (CSRF_COOKIE, csrf, "/", False),
    ):
        response.set_cookie(name, value, max_age=week, path=path, secure=secure, httponly=hidden, samesite="lax")
    return response


@api.get("/users", responses=answers.free({"items": "array", "next_page_token": "string"}))
async def list_users(filters: Annotated[Page, Query()], request: Request) -> Response:
    """Users by name."""
    (after,) = page_token.read("users", filters.page_token, page_token.text, first=("",))
    found = await accounts.listed(gateway_of(request).database, after, filters.page_size)
    following = page_token.write("users", found[-1].username) if len(found) == filters.page_size else None
    return answer({"items": [account.public() for account in found], "next_page_token": following})


@api.get("/users/{username}", responses=answers.free({"username": "string", "roles": "array", "active": "boolean"}))
async def get_user(username: str, request: Request) -> Response:
    """One user."""
    account = await accounts.find(gateway_of(request).database, username)
    if account is None:
        raise Problem(404, "USER_NOT_FOUND", {"username": username})
    return answer(account.public(), headers={"ETag": f'"{account.version}"'})


@api.put("/users/{username}", responses=answers.free({"username": "string", "roles": "array", "active": "boolean"}))
async def put_user(username: str, body: UserBody, request: Request) -> Response:
    """Create a user or change them to this; without a password the old one stays. Works within ten seconds."""
    gateway = gateway_of(request)
    if not accounts.USERNAME.fullmatch(username):
        raise _wrong("username", "MALFORMED")
    known = await accounts.find(gateway.database, username)
    if known is None and body.password is None:
        raise _wrong("password", "REQUIRED")
    hashed = await gateway.passwords.hash(body.password) if body.password else None
    async with gateway.database.transaction() as unit:
        account = await accounts.put(
            unit,
            username,
            display_name=body.display_name,
            password_hash=hashed,
            roles=body.roles,
            active=body.active,
            work_centers=body.work_centers,
        )
        command = exchange.command()
        command.reason = f"roles {','.join(body.roles)}; active {body.active}; password {'new' if hashed else 'kept'}"
        command.reason += f"; at {','.join(account.work_centers)}" if account.work_centers else ""
        await audit.note(unit, command)
    await _end_sessions(request, account, password_changed=hashed is not None and known is not None)
    gateway.people.wake()
    return answer(account.public(), headers={"ETag": f'"{account.version}"'})


async def _end_sessions(request: Request, account: Account, *, password_changed: bool) -> None:
    sessions = gateway_of(request).sessions
    if password_changed or not account.active:
        await sessions.end_all_of(account.username)
    sessions.forget()


def _wrong(field: str, reason: str) -> Problem:
    return Problem(422, "INVALID_REQUEST", {"fields": field}, fields=[FieldProblem(field, reason)])
