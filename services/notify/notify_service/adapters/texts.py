"""The words of texts_zh_CN.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from notify_service.domain.digest import DigestWords
from notify_service.domain.message import Words


class TomlTexts:
    """Texts of one language, read once."""

    def __init__(self, name: str = "texts_zh_CN.toml") -> None:
        content = tomllib.loads((files("notify_service") / name).read_text(encoding="utf-8"))
        self._templates: dict[str, str] = content["templates"]
        self.words: Words = content["words"]
        self.digest = DigestWords(content["digest"]["head"], content["digest"]["late"])
        self.test_message: str = content["test_message"]
        self.escalated: str = content["escalated"]
        self.forward: str = content["forward"]
        self.stuck: str = content["stuck"]
        self.rehearsed: str = content["rehearsed"]
        self.examples: Mapping[str, str] = content["examples"]

    def template(self, name: str) -> str:
        """Return the named template, or `name` itself when it is a text."""
        return self._templates.get(name, name)

    @property
    def template_names(self) -> list[str]:
        return list(self._templates)
