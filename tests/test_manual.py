"""The manual pages: there for every group, and complete; scripts/generate.py --check holds them to the program."""

import re
from pathlib import Path

from synq_cli.app import GROUPS
from synq_cli.cli.tree import EXITS

ROOT = Path(__file__).parent.parent
PAGES = {page.name: page.read_text(encoding="utf-8") for page in (ROOT / "man").iterdir()}


def plain(text: str) -> str:
    """Roff as the text that a person sees."""
    return re.sub(r"\\f[BIR]", "", text).replace(r"\-", "-")


def test_there_is_a_page_for_each_group_and_no_other() -> None:
    assert set(PAGES) == {"synq.1", *(f"synq-{name}.1" for name in GROUPS)}


def test_the_first_page_explains_every_variable_and_exit_status() -> None:
    page = plain(PAGES["synq.1"])
    named = {
        name
        for module in (ROOT / "synq_cli").rglob("*.py")
        for name in re.findall(r"\bSYNQ_[A-Z]+(?:_[A-Z]+)*\b", module.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert {name for name in named if f".TP\n{name}\n" not in page} == set()
    assert [int(status) for status in re.findall(r"^\.TP\n(\d+)$", page, re.MULTILINE)] == list(EXITS)


def test_every_line_is_text_or_a_request_that_is_meant() -> None:
    known = {
        ".TH", ".SH", ".SS", ".PP", ".TP", ".nh", ".ad", ".nf", ".fi", ".RS", ".RE", ".br", '.\\"',
    }  # fmt: skip
    for name, text in PAGES.items():
        assert text.isascii(), name
        requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
        assert requests <= known, name
        # Every backslash begins an escape that the pages use.
        assert re.sub(r'\\(f[BIR]|-|&|"|\((rs|aq|ga|ti|ha|dq)|\[u[0-9A-F]{4,6}\])', "", text).count("\\") == 0, name
