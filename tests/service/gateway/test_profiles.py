"""A salesperson's picture and signature: theirs to set, shown to the customers of their orders and to colleagues."""

from __future__ import annotations

import pytest
from orderhub.order.v1.order_pb2 import GetTrackedOrderResponse

from gateway_service import profiles
from tests.service.gateway.conftest import House

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
JPEG = b"\xff\xd8\xff" + b"0" * 64


def of(owner: str, *attachments: str) -> GetTrackedOrderResponse:
    return GetTrackedOrderResponse(
        number="SO1", state="confirmed", channel="phone", sales_owner=owner, attachment_ids=attachments
    )


async def test_a_customer_sees_who_took_the_call(house: House) -> None:
    house.services.tell("GetTrackedOrder", of("sales"))
    plain = (await house.http.get("/track/some-long-token")).json()
    signed = await house.call("PUT", "/me/profile", role="sales", json={"signature": "您的订单，我的承诺"})
    drawn = await house.call("PUT", "/me/avatar", role="sales", files={"file": ("me.png", PNG, "image/png")})

    shown = (await house.http.get("/track/some-long-token")).json()
    picture = await house.http.get(shown["sales_avatar_url"].removeprefix("/api/v1"))

    assert (plain["sales_signature"], plain["sales_avatar_url"]) == (None, None)
    assert (signed.status_code, drawn.status_code) == (200, 200)
    assert (shown["sales_owner"], shown["sales_signature"]) == ("Sales", "您的订单，我的承诺")
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert (await house.call("GET", "/users/sales/avatar", role="planner")).content == PNG


async def test_the_link_shows_no_other_face(house: House) -> None:
    await house.call("PUT", "/me/avatar", role="sales_supervisor", files={"file": ("me.jpg", JPEG, "image/jpeg")})
    house.services.tell("GetTrackedOrder", of("clerk"))

    assert (await house.http.get("/track/some-long-token")).json()["sales_avatar_url"] is None
    assert (await house.http.get("/track/some-long-token/avatar")).status_code == 404
    assert (await house.http.get("/users/sales_supervisor/avatar")).status_code == 401


async def test_a_new_picture_has_a_new_address_and_can_be_taken_away(house: House) -> None:
    addresses = []
    for content, name, kind in ((PNG, "a.png", "image/png"), (JPEG, "b.jpg", "image/jpeg")):
        answer = await house.call("PUT", "/me/avatar", role="finance", files={"file": (name, content, kind)})
        addresses.append(answer.json()["avatar_url"])

    gone = await house.call("DELETE", "/me/avatar", role="finance")
    again = await house.call("DELETE", "/me/avatar", role="finance")

    assert len(set(addresses)) == 2
    assert (gone.json()["avatar_url"], again.status_code) == (None, 200)
    assert (await house.call("GET", "/me/profile", role="finance")).json()["avatar_url"] is None


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"%PDF-1.7", 415), (b"<svg onload=alert(1)>", 415), (b"", 415), (PNG + b"0" * profiles.MAX_BYTES, 413)],
    ids=["pdf", "svg", "empty", "large"],
)
async def test_only_small_pictures_are_taken(house: House, content: bytes, status: int) -> None:
    answer = await house.call("PUT", "/me/avatar", role="clerk", files={"file": ("me.png", content, "image/png")})

    assert answer.status_code == status
    assert (await house.call("GET", "/me/profile", role="clerk")).json()["version"] == 0


async def test_a_signature_is_short(house: House) -> None:
    answer = await house.call("PUT", "/me/profile", role="planner", json={"signature": "长" * 121})

    assert answer.status_code == 422


async def test_the_link_names_the_files_of_its_order(house: House) -> None:
    kept = (
        await house.call(
            "POST", "/attachments", role="sales", files={"file": ("图纸.png", PNG, "image/png")}
        )
    ).json()  # fmt: skip
    house.services.tell("GetTrackedOrder", of("sales", kept["id"], "not-a-key", "00000000-0000-0000-0000-000000000000"))

    shown = (await house.http.get("/track/some-long-token")).json()

    expected = {"id": kept["id"], "file_name": "图纸.png", "media_type": "image/png", "size": len(PNG)}
    assert shown["attachments"] == [expected]
    assert (await house.http.get(f"/track/some-long-token/attachments/{kept['id']}")).content == PNG
