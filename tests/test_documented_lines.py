"""Every command in README, docs/ and the help topics works in a shell and prints the output shown."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from documented import DOCUMENTS, GAP, ROOT, UNRUN, Desk, Done, Line, blocks, comparable, is_gap, lacks_program, typed
from runner import Runner
from table import cases

from synq_cli.app import root_command
from synq_cli.cli import tree

TOPICS = sorted((ROOT / "synq_cli" / "help_topics").glob("*.txt"))
# The topics refer to a file of the reader's own.
COUNTS = "sku,delta,location\nHMC-NVY-M,-5,Leith warehouse\nHMC-NVY-L,3,Leith warehouse\n"


def lines_of(path: Path) -> list[Line]:
    text = path.read_text(encoding="utf-8")
    if path not in TOPICS:
        return list(typed(text))
    numbered = enumerate(text.splitlines(), 1)
    return [Line(line.strip(), number) for number, line in numbered if re.match(r"  .*\bsynq [a-z]", line)]


def documents() -> Iterator[Any]:
    """Each document; the id says how many lines are run."""
    for path in [*DOCUMENTS, *TOPICS]:
        if count := sum(line.text not in UNRUN for line in lines_of(path)):
            yield pytest.param(path, id=f"{path.name}: {count} lines")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    Runner(tmp_path).seed_sandbox()
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def check(line: Line, done: Done) -> None:
    fails = any(re.match(r'synq: |\{"error"', shown) for shown in line.shown)
    if not re.search(r"\|\||\$\?", line.text):  # the line itself handles the exit status
        assert (done.status == 0 and not any(done.statuses)) is not fails, done.shown
    assert "Traceback" not in done.shown
    if line.is_partly_shown:
        parts = [
            "(?:.*\n)*?" if is_gap(shown) else re.escape(comparable(shown)).replace(re.escape(GAP), ".*")
            for shown in line.shown
        ]
        assert re.fullmatch("".join(parts), comparable(done.shown)), done.shown
    elif line.shown:
        assert comparable(done.shown) == comparable("\n".join(line.shown).rstrip("\n"))


@pytest.mark.parametrize("path", list(documents()))
def test_documented_commands_print_what_is_shown(desk: Desk, path: Path) -> None:
    if path in TOPICS:
        desk("export SYNQ_PROFILE=sandbox")
        (desk.folder / "corrections.csv").write_text(COUNTS, encoding="utf-8")
    lines = [line for line in lines_of(path) if line.text not in UNRUN]
    for line in lines:
        if not lacks_program(line):
            try:
                check(line, desk.type(line))
            except AssertionError as error:
                error.add_note(f"{path.name}:{line.number}: {line.text}")
                raise
    if lacking := [line.text for line in lines if lacks_program(line)]:
        pytest.skip(f"jq is not installed; not run: {lacking}")


def test_every_synq_command_is_run_or_listed_as_not_run() -> None:
    found = {line.text for path in DOCUMENTS for line in lines_of(path)}
    assert set(UNRUN) <= found, "listed, but in no document"
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        read = {line.number for line in typed(text)}
        for _, first, lines in blocks(text):
            for number, line in enumerate(lines, first):
                continued = lines[number - first - 1].endswith("\\") if number > first else False
                assert number in read or continued or not re.match(r"\s*(\$ )?(\w+=\S* )*synq ", line), (
                    path.name,
                    line,
                )
        assert len(re.findall(r"^ *\$ .*synq ", text, re.MULTILINE)) <= len(read)


def test_the_page_for_scripts_lists_every_exit_status_with_its_code() -> None:
    listed = re.findall(r"\b(\d+) `([a-z_]+)`", (ROOT / "docs" / "automation.md").read_text(encoding="utf-8"))
    codes = {str(status): re.split(r"[: ]", meaning)[0] for status, meaning in tree.EXITS.items() if status}
    assert dict(listed) == codes


def spans() -> Iterator[str]:
    for path in [*DOCUMENTS, *TOPICS, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]:
        for span in dict.fromkeys(re.findall(r"`(synq [^`]+)`", path.read_text(encoding="utf-8"))):
            yield " ".join(span.split())


@cases("span", spans())
def test_mentioned_commands_and_options_exist(span: str) -> None:
    node = tree.root_node(root_command())
    words = shlex.split(span)[1:]
    for word in words:
        if not node.is_group or not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        node.command.resolve_command(node.context, [word])  # complains if there is none
        node = node.child(word)
    taken = {name for parameter in node.command.get_params(node.context) for name in parameter.opts}
    if node.is_group and any(word.isupper() for word in words):
        return  # a placeholder for any command
    assert {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)} <= taken
