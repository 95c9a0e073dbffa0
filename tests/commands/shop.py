"""A machine whose user knows the tenant, and the examples of the help pages, run on copies of it."""

import re
import shlex
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from runner import NOW, Result, Runner

from synq_cli.app import root_command
from synq_cli.cli import tree
from synq_cli.http.client import in_process
from synq_cli.http.operation import Operation
from synq_cli.http.transport import Prefetch
from synq_cli.sandbox.server.app import create_app

SEEN = ["orders list --all", "products list", "products jobs list"]
FILES = {
    "skus.csv": "sku,variant_id\nA-1,a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e\n",
    "products.json": '[{"title": "Fisherman Smock", "sku": "FSM-NVY-M"}]',
    "ids.json": '["f1f1e283665947eea41b6b6ad352dac2"]',
    "order.json": '{"payment_provider": "stripe", "payment_reference": "pi_3S", "currency": "GBP", "items": '
    '[{"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.50}]}',
    "orders.ndjson": '{"payment_provider": "stripe", "payment_reference": "pi_4S", "currency": "GBP", "items": '
    '[{"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.50}]}\n',
    "catalog.csv": "title,sku,price\nFisherman Smock,FSM-NVY-M,89.50\nVoe Scarf,,\n",
    "payment.yaml": "payment_provider: stripe\npayment_reference: pi_3S\n",
    "corrections.csv": "sku,delta\nHMC-NVY-M,-5\nHMC-NVY-L,3\n",
    "holds.csv": "sku,quantity\nHMC-NVY-M,2\nHMC-NVY-S,1\n",
    "released.csv": "reservation_id\n75d9d1b8\n",
    "titles.csv": "id,title,category\nf1f1e283-6659-47ee-a41b-6b6ad352dac2,Harbour Crewneck,\n",
    "changes.csv": "id,title,price\nf1f1e283-6659-47ee-a41b-6b6ad352dac2,Harbour Crewneck,\n",
    "people.csv": "email,role\nuna@fellandfjord.example,EDITOR\nola@fellandfjord.example,\n",
    "friday.csv": "scanned_at,code,sku,quantity\n2026-11-24T11:00:00Z,HMC-NVY-M,HMC-NVY-M,40\n"
    "2026-11-24T11:01:00Z,HMC-NVY-L,HMC-NVY-L,3\n",
    "moves.csv": "sku,quantity,to\nHMC-NVY-M,5,High Street shop\nHMC-NVY-S,1,High Street shop\n",
    "tracking.csv": "Order no.;Tracking no.;Weight (kg)\n0de7290b-3500-4907-b737-4b7e8fef9647;RM482915307GB;0.6\n",
    "returns.csv": "Order no.,SKU,Qty\nb29472f6-1ec6-485d-90b0-351241403cf5,HMC-NVY-XL,1\n",
    "unpaid.csv": "order_id\n24ab2b21-3608-4d36-8a5b-5ab9aead148b\n",
    "suppliers.csv": "sku,supplier,lead_days,pack_size\nSKR-CRM-OS,Skerry Hides,21,2\nHYG-GRY-39,Nordvik,10,6\n",
    "product.json": '{"title": "Harbour Merino Crewneck"}',
    "settings.json": '{"auto_po_enabled": true}',
    "tenant/synq-tenant.yaml": "format: 1\n",
    "tenant/settings.yaml": "default_low_stock_threshold: 8\n",
    "tenant/channels.yaml": "- name: click-collect\n  currency: GBP\n",
    # The contract's own example of a webhook.
    "body.json": '{"connection_id":"66f3c2a8e19d4b7051d8a0f2","event":"accounting.order.created",'
    '"data":{"id":"ext-5093317","currency":"GBP","total_amount":89.5}}',
}
# The plans of these lines, in files of these names.
PLANS = {
    "inventory adjust --file corrections.csv": "restock.json",
    "settings set default_low_stock_threshold=8": "threshold.json",
}
SECRET = "example-webhook-secret"


def examples() -> Iterator[tuple[tree.Node, str]]:
    """Every example of every help page, with its command."""
    for node in tree.commands(root_command()):
        for example in tree.describe(node)["examples"]:
            if example.startswith("synq "):
                yield node, example


def words_of(example: str) -> list[str]:
    """The words of an example's first program."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    words = list(lexer)
    ends = [position for position, word in enumerate(words) if word in {"|", ">"}]
    return words[1 : ends[0] if ends else None]


def is_for(method: str, path: str, call: Operation) -> bool:
    """Whether a request is one of this operation."""
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(call.path))
    return method == call.method and re.fullmatch(pattern, path) is not None


class Recording(httpx.BaseTransport):
    """Lets requests through and keeps them, and their methods and paths."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []
        self.seen: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.seen.append((request.method, request.url.path))
        return self.inner.handle_request(request)


def furnish(folder: Path) -> Path:
    """Folders of somebody who knows the tenant: a default location, lists that were looked at, and the files."""
    synq = Runner(folder)
    synq.seed_sandbox()
    (folder / "config").mkdir()
    profiles = "profiles: {sandbox: {location: Leith warehouse}, acme: {base_url: 'https://api.test'}}\n"
    (folder / "config" / "config.yaml").write_text(profiles, encoding="utf-8")
    for line in SEEN:
        assert synq("--sandbox", *line.split()).status == 0
    run = ("--sandbox", "inventory", "adjust", "--file", "-", "--yes")
    assert synq(*run, stdin="sku,delta\nHMC-NVY-M,-1\n").status == 0
    (folder / "tenant").mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for line, plan in PLANS.items():
        words = [*line.split(), "--plan", str(folder / plan)]
        if "--file" in words:
            words[words.index("--file") + 1] = str(folder / words[words.index("--file") + 1])
        assert synq("--sandbox", *words).status == 0
    return folder


def long_lived_token(machine: Path) -> str:
    """A token of that machine's tenant that outlives all examples."""
    return Runner(machine, clock=NOW + 60)("sandbox", "token", "--expires-in", "100000").out.strip()


class Shop:
    """A copy of that machine and of its tenant; `restore` makes it anew."""

    def __init__(self, machine: Path, folder: Path) -> None:
        self._machine = machine
        self.folder = folder
        self.synq = Runner(folder)
        self._place = folder / "state" / "sandbox.sqlite3"
        token = long_lived_token(machine)
        self.environ = {"SYNQ_TOKEN": token, "SYNQ_WEBHOOK_SECRET": SECRET, "HOME": str(folder), "SHELL": "/bin/bash"}
        self.restore()
        self.server = in_process(create_app(self._place, lambda: self.synq.clock - self.ahead))

    def restore(self) -> None:
        for thread in threading.enumerate():
            # Requests that the run before had no need to wait for, as they would end with its process.
            if isinstance(thread, Prefetch) or thread.name.endswith("(work)"):
                thread.join(timeout=10)
        for state in self.folder.iterdir():
            shutil.rmtree(state) if state.is_dir() else state.unlink()
        shutil.copytree(self._machine, self.folder, dirs_exist_ok=True)
        self.synq.clock = NOW + 60
        self.ahead = 0.0  # seconds that this machine's clock is ahead of the tenant's

    def call(
        self, words: list[str], http: httpx.BaseTransport | None = None, environ: Mapping[str, str] | None = None
    ) -> Result:
        """Run a line, over `http` or the network; the next one has a minute's requests to itself."""
        tenant = [] if {"-p", "--profile"} & set(words) or "SYNQ_BASE_URL" in self.environ else ["--sandbox"]
        if words[:2] == ["sandbox", "init"]:
            self._place.unlink()
            tenant, http = [], None
        self.synq.slept.clear()
        known = self.environ | dict(environ or {})
        result = self.synq(*tenant, *words, http=http, environ=known, terminal=True, stdin="y\n")
        self.synq.clock += 61
        return result

    def run(self, example: str, *more: str) -> tuple[Result, list[tuple[str, str]]]:
        """What an example left behind, and methods and paths of its requests, which `requests` holds as a whole."""
        http = Recording(self.server)
        self.requests = http.requests
        result = self.call([*words_of(example), *more], http)
        if {method for method, _ in http.seen} != {"GET"}:
            self.restore()
        return result, http.seen
