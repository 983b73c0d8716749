"""The press: a short-lived process of its own that sets one document, so that fonts and layout never stay in the gateway.

Reads `{"template", "words"}` as JSON on its standard input and writes the PDF on its standard output.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typst

from gateway_service.paper import NO_FONT

CHINESE_FONTS = ("WenQuanYi Micro Hei", "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Zen Hei")
CPU_SECONDS = 30
HERE = Path(__file__).resolve().parent


def chosen_font(families: Sequence[str]) -> str | None:
    """Return the first Chinese font this machine has, in order of preference."""
    return next((font for font in CHINESE_FONTS if font in families), None)


def pressed(template: str, content: dict[str, object], made_at: int) -> bytes | None:
    """Return the document as PDF; None without a Chinese font. The same content gives the same bytes."""
    fonts = typst.Fonts()
    font = chosen_font(fonts.families())
    if font is None:
        return None
    with tempfile.TemporaryDirectory() as empty:
        nothing = Path(empty)
        compiler = typst.Compiler(
            HERE / f"{template}.typ", root=HERE, font_paths=fonts, package_path=nothing, package_cache_path=nothing
        )
        inputs = {"content": json.dumps(content, ensure_ascii=False), "font": font}
        moment = datetime.fromtimestamp(made_at, UTC)
        made = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=moment, pdf_standards="a-3b")
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def main() -> int:
    """Set what stands on the standard input."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    asked = json.load(sys.stdin)
    found = pressed(Path(asked["template"]).name, asked["content"], asked["made_at"])
    if found is None:
        return NO_FONT
    sys.stdout.buffer.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
