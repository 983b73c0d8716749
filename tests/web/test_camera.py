"""A code held before the camera: Chromium shows a film made of one QR picture, the page reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from playwright.async_api import async_playwright, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import CHROMIUM, FLAGS, HANDHELD, LONG, TABLET, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
WIDTH, HEIGHT, FRAMES = 640, 480, 3
READ_MS = 20_000


def film(code: str, target: Path) -> Path:
    """Write an uncompressed film (YUV4MPEG2) that shows the QR of `code` in the middle of a white wall."""
    picture = memoryview(zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode).to_image(scale=8))  # type: ignore[arg-type]
    rows, columns = picture.shape or (0, 0)
    raw, grey = picture.tobytes(), bytearray(b"\xeb" * (WIDTH * HEIGHT))
    left, top = (WIDTH - columns) // 2, (HEIGHT - rows) // 2
    for row in range(rows):
        at = (top + row) * WIDTH + left
        line = raw[row * columns : (row + 1) * columns]
        grey[at : at + columns] = bytes(16 if dot < 128 else 235 for dot in line)
    frame = b"FRAME\n" + bytes(grey) + b"\x80" * (WIDTH * HEIGHT // 2)
    target.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * FRAMES)
    return target


@pytest.mark.parametrize(
    ("role", "path", "size"), [("warehouse", "/warehouse", HANDHELD), ("team_leader", "/floor", TABLET)]
)
async def test_a_code_before_the_camera_opens_its_job(
    stack: Stack, api: Api, tmp_path: Path, role: str, path: str, size: tuple[int, int]
) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 1)
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    shown = film(job["scan_code"] or job["number"], tmp_path / "code.y4m")
    flags = [
        *FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={shown}",
    ]  # fmt: skip
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        async with desk(browser, stack, size) as window:
            await window.context.grant_permissions(["camera"])
            page = await window.sign_in(role, path)
            await page.get_by_role("button", name="摄像头扫码").click()

            await expect(page.locator(".desk, .target").first).to_contain_text(job["number"], timeout=READ_MS)
            await expect(page.locator("video")).to_have_count(0)  # the camera is off again
            assert window.complaints == []
        await browser.close()
