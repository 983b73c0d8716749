"""The small dictionary reads every phrase as the whole one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from chassis.initials import WITHOUT, initials

WHOLE = """
import json, sys
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT
names = [*json.load(sys.stdin), *list(PHRASES_DICT)[::9]]
json.dump({name: "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower() for name in names}, sys.stdout)
"""
COMPANIES = ["重庆长安汽车", "长沙中联重科", "厦门银行", "中国重汽", "乐清电器ABC", "A 公司"]


def test_names_read_as_with_the_whole_dictionary() -> None:
    environment = {name: value for name, value in os.environ.items() if name != WITHOUT}
    child = subprocess.run(
        [sys.executable, "-c", WHOLE],
        env=environment,
        input=json.dumps(COMPANIES),
        capture_output=True,
        text=True,
        check=True,
    )
    whole = json.loads(child.stdout)

    wrong = {name: (initials(name), said) for name, said in whole.items() if initials(name) != said}

    assert len(whole) > 5_000
    assert len(wrong) < len(whole) / 1_000  # where one phrase overlaps another
    assert not wrong.keys() & set(COMPANIES)


@pytest.mark.parametrize(("name", "said"), [("重庆", "cq"), ("长沙", "cs"), ("银行", "yh"), ("启明机电", "qmjd")])
def test_a_name_reads_as_people_say_it(name: str, said: str) -> None:
    assert initials(name) == said


@pytest.mark.parametrize("child", ["/bin/false", "/bin/true", "/nowhere/python"])
def test_without_the_phrases_a_name_is_read_by_its_characters(child: str) -> None:
    without = (
        f"import sys; sys.executable = {child!r}; from chassis.initials import initials; print(initials('启明机电'))"
    )

    said = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, check=True).stdout

    assert said.splitlines()[-1] == "qmjd"
    assert "no_pinyin_phrases" in said
