"""/me: what customers see of the person who is signed in (S30)"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import File, Request, Response, UploadFile

from gateway_service import accounts, answers, exchange, profiles
from gateway_service.bodies.access import ProfileBody
from gateway_service.profiles import Picture, Profile
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router
from gateway_service.routes.files import SEALED

api = router("profiles")
PROFILE = answers.free(
    {
        "username": "string",
        "display_name": "string",
        "signature": "string",
        "avatar_url": "string",
        "version": "integer",
    }
)
PICTURE: dict[str, Any] = {"description": "The picture", "content": {"image/*": {}}}


async def _shown(request: Request, profile: Profile) -> Response:
    account = await accounts.find(gateway_of(request).database, profile.username)
    shown = {
        "username": profile.username, "display_name": account.display_name if account else profile.username,
        "signature": profile.signature or None, "version": profile.version,
        "avatar_url": profile.avatar_url(f"/api/v1/users/{profile.username}/avatar"),
    }  # fmt: skip
    return answer(shown, headers={"ETag": f'"{profile.version}"'})


def _me() -> str:
    return exchange.current().principal.subject


def drawn(picture: Picture, headers: dict[str, str]) -> Response:
    """Return a portrait as nothing but a picture."""
    return Response(picture.content, headers={**SEALED, **headers}, media_type=picture.media_type)


@api.get("/me/profile", responses=PROFILE)
async def my_profile(request: Request) -> Response:
    """My picture and signature, as customers see them on the page of their order."""
    return await _shown(request, await profiles.find(gateway_of(request).database, _me()))


@api.put("/me/profile", responses=PROFILE)
async def sign_profile(body: ProfileBody, request: Request) -> Response:
    """Set my signature; an empty one takes it away."""
    async with gateway_of(request).database.transaction() as unit:
        profile = await profiles.sign(unit, _me(), body.signature)
    return await _shown(request, profile)


@api.put("/me/avatar", responses=PROFILE)
async def put_avatar(request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """Set my picture (jpg, png or webp by content, at most 512 kB)."""
    content = await file.read()
    async with gateway_of(request).database.transaction() as unit:
        profile = await profiles.portray(unit, _me(), content)
    return await _shown(request, profile)


@api.delete("/me/avatar", responses=PROFILE)
async def drop_avatar(request: Request) -> Response:
    """Take my picture away."""
    async with gateway_of(request).database.transaction() as unit:
        profile = await profiles.portray(unit, _me(), None)
    return await _shown(request, profile)


@api.get("/users/{username}/avatar", response_class=Response, responses={200: PICTURE})
async def user_avatar(username: str, request: Request) -> Response:
    """A colleague's picture."""
    found = await profiles.picture(gateway_of(request).database, username)
    return drawn(found, {"Cache-Control": "private, max-age=3600"})
