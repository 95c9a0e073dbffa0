"""Every example of every help page is run on the embedded tenant, and costs the requests that its command declares."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import NOW, Result, Runner

from synq_cli.app import root_command
from synq_cli.cli import tree
from synq_cli.cli.command import ANY
from synq_cli.http.client import in_process
from synq_cli.http.operation import Operation
from synq_cli.sandbox.server.app import create_app

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
    """Folders of somebody who knows the tenant: a default location, lists that were looked at, and the files."""
    folder = tmp_path_factory.mktemp("machine")
    synq = Runner(folder)
    synq.seed_sandbox()
    (folder / "config").mkdir()
    profiles = "profiles: {sandbox: {location: Leith warehouse}, acme: {base_url: 'https://api.test'}}\n"
    (folder / "config" / "config.yaml").write_text(profiles, encoding="utf-8")
    for line in SEEN:
        assert synq("--sandbox", *line.split()).status == 0
    run = ("--sandbox", "inventory", "adjust", "--file", "-", "--yes")
    assert synq(*run, stdin="sku,delta\nHMC-NVY-M,-1\n").status == 0
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def token(machine: Path) -> str:
    """A token of that machine's tenant that outlives all its examples."""
    return Runner(machine, clock=NOW + 60)("sandbox", "token", "--expires-in", "100000").out.strip()


def words_of(example: str) -> list[str]:
    """The words of an example's first program."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    words = list(lexer)
    ends = [position for position, word in enumerate(words) if word in {"|", ">"}]
    return words[1 : ends[0] if ends else None]


class Shop:
    """A copy of that machine, made anew after each example that changes something."""

    def __init__(self, machine: Path, folder: Path, token: str) -> None:
        self._machine = machine
        self.folder = folder
        self._synq = Runner(folder)
        self._place = folder / "state" / "sandbox.sqlite3"
        self._environ = {"SYNQ_TOKEN": token, "SYNQ_WEBHOOK_SECRET": SECRET, "HOME": str(folder), "SHELL": "/bin/bash"}
        self._restore()
        self._server = in_process(create_app(self._place, lambda: self._synq.clock))

    def _restore(self) -> None:
        for state in self.folder.iterdir():
            shutil.rmtree(state) if state.is_dir() else state.unlink()
        shutil.copytree(self._machine, self.folder, dirs_exist_ok=True)
        self._synq.clock = NOW + 60

    def run(self, example: str, *more: str) -> tuple[Result, list[tuple[str, str]]]:
        """What an example left behind, and methods and paths of its requests."""
        words = [*words_of(example), *more]
        tenant = [] if {"-p", "--profile"} & set(words) else ["--sandbox"]
        http: Counting | None = Counting(self._server)
        if words[:2] == ["sandbox", "init"]:
            self._place.unlink()
            tenant, http = [], None
        result = self._synq(*tenant, *words, http=http, environ=self._environ, terminal=True, stdin="y\n")
        seen = http.seen if http else []
        self._synq.clock += 61  # the next one has a minute's requests to itself
        if {method for method, _ in seen} != {"GET"}:
            self._restore()
        return result, seen


@pytest.fixture(scope="module")
def shop(machine: Path, token: str, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("shop"), token)


@pytest.fixture
def working_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name are in the working folder."""
    monkeypatch.chdir(shop.folder)


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


@pytest.mark.usefixtures("working_folder")
@pytest.mark.parametrize(("line", "example", "spec"), EXAMPLES)
def test_an_example_works_and_costs_what_its_command_declares(shop: Shop, line: str, example: str, spec: Any) -> None:
    result, seen = shop.run(example)
    assert result.status == 0, result.err
    if words_of(example)[: len(line.split())] != line.split():
        return  # another command's output, on its way into this one
    least, most = spec.requests
    assert "--dry-run" in example or least <= len(seen)
    assert most is None or len(seen) <= most
    undeclared = [asked for asked in seen if not any(is_for(asked, call) for call in spec.operations)]
    assert spec.effect == ANY or undeclared == []


@pytest.mark.usefixtures("working_folder")
def test_a_dry_run_and_a_read_only_run_of_a_writing_command_only_read(shop: Shop) -> None:
    for line, example in {example.values[0]: example.values[1] for example in WRITING}.items():
        result, seen = shop.run(example, "--dry-run")
        assert (result.status, {method for method, _ in seen} <= {"GET"}) == (0, True), (line, result.err)
        assert "Would send" in result.out or '"dry_run": true' in result.out, line
        result, seen = shop.run(example.replace("--dry-run", ""), "--read-only")
        assert (result.status, {method for method, _ in seen} <= {"GET"}) == (11, True), (line, result.err)
