"""Plans on the command line: every write can be planned, and a plan is applied once, as it was made."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from shop import Recording, Shop, examples, words_of

import synq_cli
from synq_cli.app import root_command
from synq_cli.cli import tree

SCHEMA = json.loads((Path(synq_cli.__file__).parent / "resources" / "plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
WRITING = [node for node in tree.commands(root_command()) if node.spec.writes and node.spec.makes_plans]
# The examples that only read, or write to this machine.
_READING = (" --to ", "synq api /", "synq api PUT")


def lines_of(command: str) -> list[list[str]]:
    """The examples of a command that send a write, without what does not go with --plan."""
    return [
        words_of(re.sub(r" (--dry-run|--wait|--report \S+)", "", example))
        for node, example in examples()
        if " ".join(node.words) == command and not any(reading in example for reading in _READING)
    ]


@pytest.fixture(scope="module")
def shop(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("shop"))


@pytest.fixture(autouse=True)
def working_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.restore()
    monkeypatch.chdir(shop.folder)


def writes(requests: list[httpx.Request]) -> list[tuple[str, str, Any]]:
    """The writes among some requests; an order has a key of its own each time."""
    found = []
    for request in requests:
        if request.method != "GET":
            body = json.loads(request.content) if request.content else None
            if isinstance(body, dict):
                body.pop("idempotency_key", None)
            found.append((request.method, request.url.raw_path.decode(), body))
    return sorted(found, key=repr)


def document(file: str) -> Any:
    """The plan in a file, valid by the schema."""
    values = json.loads(Path(file).read_text(encoding="utf-8"))
    assert [problem.message for problem in VALIDATOR.iter_errors(values)] == []
    return values


def values_in(sent: list[tuple[str, str, Any]], plan: Any) -> Iterator[str]:
    """The values in the bodies of some writes as text, without ids, and those that a plan sends along unchanged."""
    kept = {
        (name, text_of(row["before"][name]))
        for row in plan["rows"]
        for name in row["before"] or {}
        if row["before"][name] == (row["after"] or {}).get(name)
    }
    for body in (body for _, _, body in sent if body is not None):
        for name, value in leaves("", body):
            if not name.endswith("_id") and (name, value) not in kept:
                yield value.lstrip("-")


def leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The values in a JSON value with the name of each."""
    if name == "payload" and isinstance(value, str):
        value = json.loads(b64decode(value))
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(name, each)
    elif name != "job_type":
        yield name, text_of(value)


def text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def squeezed(text: str) -> str:
    """A text without the blanks and lines at which a table breaks it."""
    return re.sub(r"[\s│]", "", text)


def first_and_last() -> Iterator[Any]:
    """A line of each command that writes, and another one if it takes files: the first is for one change."""
    for node in WRITING:
        command = " ".join(node.words)
        lines = lines_of(command)
        for line in [lines[0], *([lines[-1]] if "--file" in lines[-1] and "--file" not in lines[0] else [])]:
            yield pytest.param(command, line, id=" ".join(line)[:60])


@pytest.mark.parametrize(("command", "words"), list(first_and_last()))
def test_a_plan_sends_no_write_and_is_applied_as_the_command_would_have_been(
    shop: Shop, command: str, words: list[str]
) -> None:
    result, _ = run(shop, words)
    assert result.status == 0, result.err
    sent = writes(shop.requests)
    assert sent
    shop.restore()
    result, seen = run(shop, [*words, "--plan", "plan.json"])
    assert (result.status, {method for method, _ in seen} <= {"GET"}) == (0, True), result.err
    plan = document("plan.json")
    assert plan["command"] == command
    assert Path("plan.json").stat().st_mode & 0o777 == 0o600
    for width in ("400", "40"):
        shown = shop.call(["plan", "show", "plan.json"], environ={"COLUMNS": width})
        hidden = [value for value in values_in(sent, plan) if squeezed(value) not in squeezed(shown.out)]
        assert (shown.status, hidden) == (0, []), shown.out
    result, _ = run(shop, ["apply", "plan.json", "--yes"])
    assert result.status == 0, result.err
    assert writes(shop.requests) == sent


def run(shop: Shop, words: list[str]) -> Any:
    """Run a line on the shop without restoring it."""
    http = Recording(shop.server)
    shop.requests = http.requests
    return shop.call(words, http), http.seen
