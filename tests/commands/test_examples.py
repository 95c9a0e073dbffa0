"""Every example of every help page is run on the embedded tenant, and costs the requests that its command declares."""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import Result, Runner

from synq_cli.app import root_command
from synq_cli.cli import tree
from synq_cli.cli.command import ANY
from synq_cli.http.client import in_process
from synq_cli.http.operation import Operation
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.store.store import create

NOW = 1_795_521_600.0  # 2026-11-24T12:00:00Z, where the fixture's clock begins

SEEN = ["orders list --all", "products list", "products jobs list"]
FILES = {
    "skus.csv": "sku,variant_id\nA-1,a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e\n",
    "products.json": '[{"title": "Fisherman Smock", "sku": "FSM-NVY-M"}]',
    "ids.json": '["f1f1e283-6659-47ee-a41b-6b6ad352dac2"]',
    "order.json": '{"payment_provider": "stripe", "payment_reference": "pi_3S", "currency": "GBP", "items": '
    '[{"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.50}]}',
    "orders.ndjson": '{"payment_provider": "stripe", "payment_reference": "pi_4S", "currency": "GBP", "items": '
    '[{"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.50}]}\n',
    "catalog.csv": "title,sku,price\nFisherman Smock,FSM-NVY-M,89.50\nVoe Scarf,,\n",
    "payment.yaml": "payment_provider: stripe\npayment_reference: pi_3S\n",
    "counts.csv": "sku,delta\nHMC-NVY-M,-5\nHMC-NVY-L,3\n",
    "product.json": '{"title": "Harbour Merino Crewneck"}',
    "settings.json": '{"auto_po_enabled": true}',
    # The contract's own example of a webhook.
    "body.json": '{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    '"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}',
}
SECRET = "example-webhook-secret"
# They need a login, or go on until they are stopped; each has tests of its own.
ELSEWHERE = {"auth login", "auth logout", "auth refresh", "auth switch", "sandbox serve", "audit tail"}


def examples() -> Iterator[Any]:
    for node in tree.commands(root_command()):
        line = " ".join(node.words)
        for example in tree.describe(node)["examples"] if line not in ELSEWHERE else ():
            if example.startswith("synq "):
                yield pytest.param(line, example, node.spec, id=example[5:])


class Counting(httpx.BaseTransport):
    """Lets requests through and keeps their methods and paths."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.seen: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((request.method, request.url.path))
        return self.inner.handle_request(request)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: Any) -> Path:
    """Folders of somebody who knows the tenant: a default location, and lists that were looked at."""
    folder = tmp_path_factory.mktemp("machine")
    create(folder / "state" / "sandbox.sqlite3", DEFAULT_SEED, NOW)
    (folder / "config").mkdir()
    profiles = "profiles: {sandbox: {location: Leith warehouse}, acme: {base_url: 'https://api.test'}}\n"
    (folder / "config" / "config.yaml").write_text(profiles, encoding="utf-8")
    synq = Runner(folder)
    for line in SEEN:
        assert synq("--sandbox", *line.split()).status == 0
    run = ("--sandbox", "inventory", "adjust", "--file", "-", "--yes")
    assert synq(*run, stdin=FILES["counts.csv"]).status == 0
    return folder


def words_of(example: str) -> list[str]:
    """The words of an example's first program."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    words = list(lexer)
    ends = [position for position, word in enumerate(words) if word in {"|", ">"}]
    return words[1 : ends[0] if ends else None]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name, in the folder that they are run in."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, machine: Path, files: None) -> Callable[..., tuple[Result, list[tuple[str, str]]]]:
    """Runs an example on a copy of that machine; what it left behind, and methods and paths of its requests."""
    shutil.copytree(machine, tmp_path, dirs_exist_ok=True)
    place = tmp_path / "state" / "sandbox.sqlite3"
    synq = Runner(tmp_path, clock=NOW + 60)
    environ = {"SYNQ_TOKEN": synq("sandbox", "token").out.strip(), "SYNQ_WEBHOOK_SECRET": SECRET}
    environ |= {"HOME": str(tmp_path), "SHELL": "/bin/bash"}

    def run(example: str, *more: str) -> tuple[Result, list[tuple[str, str]]]:
        words = [*words_of(example), *more]
        tenant = [] if {"-p", "--profile"} & set(words) else ["--sandbox"]
        if words[:2] == ["sandbox", "init"]:
            place.unlink()
            return synq(*words), []
        http = Counting(in_process(create_app(place, lambda: synq.clock)))
        return synq(*tenant, *words, http=http, environ=environ, terminal=True, stdin="y\n"), http.seen

    return run


def is_for(asked: tuple[str, str], call: Operation) -> bool:
    """Whether a request is one of this operation."""
    path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(call.path))
    return asked[0] == call.method and re.fullmatch(path, asked[1]) is not None


EXAMPLES = list(examples())
# What `synq api` does depends on its method; its tests are its own. An export to a file reads.
WRITING = [
    example
    for example in EXAMPLES
    if example.values[2].writes and example.values[2].effect != ANY and " --to " not in example.values[1]
]


@pytest.mark.parametrize(("line", "example", "spec"), EXAMPLES)
def test_an_example_works_and_costs_what_its_command_declares(run: Any, line: str, example: str, spec: Any) -> None:
    result, seen = run(example)
    assert result.status == 0, result.err
    if words_of(example)[: len(line.split())] != line.split():
        return  # another command's output, on its way into this one
    least, most = spec.requests
    assert "--dry-run" in example or least <= len(seen)
    assert most is None or len(seen) <= most
    undeclared = [asked for asked in seen if not any(is_for(asked, call) for call in spec.operations)]
    assert spec.effect == ANY or undeclared == []


@pytest.mark.parametrize(("line", "example", "spec"), WRITING)
def test_a_dry_run_of_any_example_reads_at_most(run: Any, line: str, example: str, spec: Any) -> None:
    result, seen = run(example, "--dry-run")
    assert result.status == 0, result.err
    assert {method for method, _ in seen} <= {"GET"}
    assert "Would send" in result.out or '"dry_run": true' in result.out


@pytest.mark.parametrize(("line", "example", "spec"), WRITING)
def test_a_read_only_run_of_any_example_reads_at_most(run: Any, line: str, example: str, spec: Any) -> None:
    result, seen = run(example.replace("--dry-run", ""), "--read-only")
    assert result.status == 11, result.err
    assert {method for method, _ in seen} <= {"GET"}
