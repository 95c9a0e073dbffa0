"""Every example of every help page is run on the embedded tenant, and costs the requests that its command declares."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from shop import Shop, examples, is_for, words_of

import synq_cli
from synq_cli.cli.command import ANY

# They need a login or a database, or go on until they are stopped; each has tests of its own.
ELSEWHERE = {
    "auth login",
    "auth logout",
    "auth refresh",
    "auth switch",
    "sandbox serve",
    "audit tail",
    "mcp serve",
    "inventory watch",
    "orders watch",
    "runs join",
    "team doctor",
    "team init",
    "team status",
}


@cache
def contract() -> Any:
    text = (Path(synq_cli.__file__).parent / "resources/openapi.yaml").read_text(encoding="utf-8")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def validator() -> Any:
    """A validator whose references are to the contract."""
    from openapi_schema_validator import OAS30Validator  # which takes a quarter of a second to load

    return OAS30Validator(contract(), format_checker=OAS30Validator.FORMAT_CHECKER)


def complaints(request: httpx.Request) -> list[str]:
    """What the contract has against a request: its parameters and its body, by their schemas and formats."""
    found = [
        (method, spec, match.groupdict())
        for path, methods in contract()["paths"].items()
        if (match := re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), request.url.path))
        for method, spec in methods.items()
    ]
    (spec, ids), *_ = [(spec, ids) for method, spec, ids in found if method == request.method.lower()]
    parts = [
        contract()["components"]["parameters"][each["$ref"].rpartition("/")[2]] for each in spec.get("parameters", [])
    ]
    properties = {part["name"]: part["schema"] for part in parts if part["in"] != "header"}
    given: dict[str, Any] = {
        name: int(text) if properties.get(name, {}).get("type") == "integer" else text
        for name, text in (ids | dict(request.url.params)).items()
    }
    if "requestBody" in spec:
        properties["body"] = spec["requestBody"]["content"]["application/json"]["schema"]
        given["body"] = json.loads(request.content)
    checked = validator().evolve(schema={"properties": properties, "additionalProperties": False})
    return [f"{request.url.path} {problem.json_path}: {problem.message}" for problem in checked.iter_errors(given)]


@pytest.fixture(scope="module")
def shop(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("shop"))


@pytest.fixture
def working_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name are in the working folder."""
    monkeypatch.chdir(shop.folder)


EXAMPLES = [
    pytest.param(line, example, node.spec, id=example[5:])
    for node, example in examples()
    if (line := " ".join(node.words)) not in ELSEWHERE
]
# What `synq api` does depends on its method; its tests are its own. An export to a file reads.
WRITING = [
    example
    for example in EXAMPLES
    if example.values[2].writes and example.values[2].effect != ANY and " --to " not in example.values[1]
]


@pytest.mark.usefixtures("working_folder")
@pytest.mark.parametrize(("line", "example", "spec"), EXAMPLES)
def test_an_example_works_and_costs_what_its_command_declares(shop: Shop, line: str, example: str, spec: Any) -> None:
    result, seen = shop.run(example)
    assert result.status == 0, result.err
    if "synq api" not in example:  # which sends what the user likes
        assert [complaint for request in shop.requests for complaint in complaints(request)] == []
    if words_of(example)[: len(line.split())] != line.split():
        return  # another command's output, on its way into this one
    least, most = spec.requests
    assert "--dry-run" in example or least <= len(seen)
    assert most is None or len(seen) <= most
    undeclared = [asked for asked in seen if not any(is_for(*asked, call) for call in spec.operations)]
    assert spec.effect == ANY or undeclared == []


@pytest.mark.usefixtures("working_folder")
def test_a_dry_run_and_a_read_only_run_of_a_writing_command_only_read(shop: Shop) -> None:
    for line, example in {example.values[0]: example.values[1] for example in WRITING}.items():
        result, seen = shop.run(example, "--dry-run")
        assert (result.status, {method for method, _ in seen} <= {"GET"}) == (0, True), (line, result.err)
        assert "Would send" in result.out or '"dry_run": true' in result.out, line
        result, seen = shop.run(example.replace("--dry-run", ""), "--read-only")
        assert (result.status, {method for method, _ in seen} <= {"GET"}) == (11, True), (line, result.err)
