"""`synq help`: topics that hold what the program itself goes by, at any width; the page of a command; near names."""

import re
from pathlib import Path
from typing import Any

import pytest
from table import cases

from synq_cli.errors import SynqError
from synq_cli.help_topics.pages import TOPICS

PACKAGE = Path(__file__).parents[2] / "synq_cli"


def all_errors(kind: type[SynqError] = SynqError) -> list[type[SynqError]]:
    """Those that a process ends with, which an MCP server does not."""
    below = [each for each in kind.__subclasses__() if not each.__module__.startswith("synq_cli.mcp.")]
    return [kind, *(found for each in below for found in all_errors(each))]


def test_help_alone_lists_the_topics(synq: Any) -> None:
    shown = synq("help")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("Topics:\n  exit-codes   Exit statuses, for scripts.\n")
    assert [line.split()[0] for line in shown.out.splitlines()[1 : len(TOPICS) + 1]] == list(TOPICS)
    assert shown.out.endswith("\nRun `synq --help` for the list of commands.\n")


def test_every_file_of_a_topic_is_one() -> None:
    assert sorted(path.stem for path in (PACKAGE / "help_topics").glob("*.txt")) == sorted(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("columns", [40, 80])
def test_a_topic_flows_to_the_width_and_loses_no_word(
    synq: Any, monkeypatch: pytest.MonkeyPatch, topic: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    words = synq("help", topic).out.split()
    monkeypatch.setenv("COLUMNS", str(columns))
    page = synq("help", topic).out
    assert page.split() == words
    # Only lines to be copied, and words without a blank, stand out.
    wide = [line for line in page.splitlines() if len(line) > columns]
    assert all(re.match(r"  (.*\bsynq [a-z]|\{|\d+/)", line) or " " not in line.strip() for line in wide), wide
    assert re.search(r"[{]\w+}", page) is None


def test_the_exit_statuses_are_those_of_the_errors(synq: Any) -> None:
    page = synq("help", "exit-codes").out
    for error in all_errors():
        named = rf"{error.code}\b" if error.exit_status != 130 else "interrupted"
        assert re.search(rf"^{error.exit_status} +{named}", page, re.MULTILINE), error.code


def test_every_variable_that_is_read_is_explained(synq: Any) -> None:
    page = synq("help", "environment").out
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    read = set(re.findall(r"(?<!_)\bSYNQ_[A-Z_]+\b", source))
    assert read >= {"SYNQ_TOKEN", "SYNQ_OUTPUT"}
    assert {name for name in read if f"\n{name} " not in page} == set()


@cases("words", ["orders list", "orders", "inventory skus add", "help", "limits"])
def test_help_on_a_command_is_its_own_page(synq: Any, words: str) -> None:
    assert synq("help", *words.split()) == synq(*words.split(), "--help")


@cases(
    ("words", "near"),
    [("fromats", "formats"), ("ordrs", "orders"), ("exit-code", "exit-codes"), ("ratelimit", "rate-limit")],
)
def test_help_on_what_is_not_there_names_the_nearest(synq: Any, words: str, near: str) -> None:
    shown = synq("help", words)
    hint = f"Did you mean {near}? Run `synq help` for the topics, `synq --help` for the commands."
    assert (shown.status, shown.out, shown.err) == (2, "", f'synq: Unknown topic or command "{words}".\n  {hint}\n')


def test_help_on_a_command_that_is_not_there_names_the_nearest(synq: Any) -> None:
    assert synq("help", "orders", "lst") == synq("orders", "lst")
    assert synq("help", "formats", "yaml").err.startswith('synq: Unknown topic or command "formats yaml".\n')


def test_help_works_where_the_configuration_does_not(synq: Any) -> None:
    (synq.folder / "config").mkdir()
    (synq.folder / "config" / "config.yaml").write_text("profiles: [", encoding="utf-8")
    assert synq("help", "auth", environ={"SYNQ_OUTPUT": "jsn"}).status == 0
