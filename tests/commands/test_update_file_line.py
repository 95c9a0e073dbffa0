"""`synq products update --file` against a server that keeps products."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenant import ENVIRON

IDS = [f"{digit * 8}-6659-47ee-a41b-6b6ad352dac2" for digit in "abcde"]
VARIANTS = [f"{digit * 8}-1111-4111-8111-111111111111" for digit in "abcde"]


class Shelf:
    """A server with five products, a variant each; the next answers to changes can be set."""

    def __init__(self) -> None:
        self.products = {name: {"id": name, "title": f"P{n}", "category": "Hats"} for n, name in enumerate(IDS)}
        self.answers: list[Callable[[httpx.Request], httpx.Response]] = []
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.seen.append(f"{request.method} {name[:8]}")
        if name == "variants":
            sku = request.url.params.get("sku")
            variants = zip(VARIANTS, IDS, strict=True)
            rows = [{"id": each, "product_id": of, "sku": f"S{n}"} for n, (each, of) in enumerate(variants)]
            return httpx.Response(200, json=[row for row in rows if sku in {None, row["sku"]}])
        if request.method == "PUT":
            return self.answers.pop(0)(request) if self.answers else self.change(request)
        found = self.products.get(name)
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={"error": "Product not found"})

    def change(self, request: httpx.Request) -> httpx.Response:
        product = self.products[request.url.path.rpartition("/")[2]]
        product |= json.loads(request.content)
        return httpx.Response(200, json=product)

    @property
    def puts(self) -> list[str]:
        return sorted(each for each in self.seen if each.startswith("PUT"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed rows of standard input go into the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def run(synq: Any, shelf: Shelf) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(shelf), **more)


def update(run: Any, text: str, *line: str) -> Any:
    return run("products", "update", "--file", "-", "--json", *line, stdin=text)


def test_each_row_sets_its_values_and_empty_cells_stay(run: Any, shelf: Shelf) -> None:
    text = f"ID,sku,Product title,category\n{IDS[0]},,Cap,\n,S1,,Scarves\n,S2,,\n"
    result = update(run, text, "--yes")
    assert (result.status, shelf.seen.count("GET variants"), shelf.puts) == (0, 2, ["PUT aaaaaaaa", "PUT bbbbbbbb"])
    assert [(row["title"], row["category"]) for row in shelf.products.values()][:3] == [
        ("Cap", "Hats"), ("P1", "Scarves"), ("P2", "Hats"),
    ]  # fmt: skip
    assert result.err.splitlines()[:4] == [
        "2 rows of standard input: 2 requests, under a minute at the current rate limit.",
        'Column "Product title" is read as title.',
        "Empty cells are left as they are.",
        "Left out: line 4, S2 has no new value.",
    ]
    assert update(run, text, "--yes").status == 11


@pytest.mark.parametrize("cached", [0, 4])
def test_many_skus_are_looked_up_in_pages(run: Any, shelf: Shelf, cached: int) -> None:
    for number in range(cached):  # SKUs whose products are not cached
        assert run("inventory", "skus", "add", f"S{number}", VARIANTS[number]).status == 0
    text = "sku,title\nS0,A\nS1,B\nS2,C\nS3,D\n"
    assert update(run, text, "--yes", "-q").status == 0
    assert (shelf.seen.count("GET variants"), len(shelf.puts)) == (1, 4)
    assert update(run, text, "--yes", "-q", "--again").status == 0
    assert (shelf.seen.count("GET variants"), len(shelf.puts)) == (1, 8)


def test_lost_answers_are_sent_again_and_refusals_come_back(run: Any, shelf: Shelf) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        shelf.change(request)
        raise httpx.ReadError("reset")

    shelf.answers = [lost, lambda _request: httpx.Response(502), shelf.change]
    result = update(run, f"id,title\n{IDS[0]},Cap\n", "--yes", "-q")
    assert (result.status, shelf.puts, shelf.products[IDS[0]]["title"]) == (0, ["PUT aaaaaaaa"] * 3, "Cap")
    shelf.answers = [lost, lambda _request: httpx.Response(400, json={"error": "Invalid request payload"})]
    result = update(run, f"id,title\n{IDS[0]},Hat\n", "--yes", "-q")
    (row,) = json.loads(run("runs", "show", json.loads(result.out)["id"], "--rows", "failed", "--json").out)
    assert (result.status, row["product"], row["error"]) == (
        9, IDS[0], "An earlier attempt may have gone through; this one was refused: Invalid request payload",
    )  # fmt: skip


def test_dry_run_reads_the_values_before_and_says_what_that_costs(run: Any, shelf: Shelf) -> None:
    gone = "f" * 8 + IDS[0][8:]
    text = f"id,title,category\n{IDS[0]},Cap,hats\n{IDS[1]},P1,\n{gone},Cap,\n"
    result = update(run, text, "--dry-run")
    plan = json.loads(result.out)
    assert plan["values"] == [
        {"line": 2, "product": "P0", "field": "title", "before": "P0", "after": "Cap"},
        {"line": 2, "product": "P0", "field": "category", "before": "Hats", "after": "hats"},
    ]
    assert plan["remarks"] == ["Empty cells are left as they are."]
    told = [line for line in result.err.splitlines() if not line.startswith("Reading ")]
    assert "Reading the values before takes 3 requests, under a minute." in result.err.splitlines()
    assert told[:2] == [
        f"Warning: Line 4: Product not found: {gone}.",
        "Nothing would change on line 3.",
    ]
    assert shelf.puts == []


def test_values_that_the_server_ignores_are_noted(run: Any, shelf: Shelf) -> None:
    shelf.answers = [lambda _request: httpx.Response(200, json=shelf.products[IDS[0]])]
    result = update(run, f"id,title\n{IDS[0]},Cap\n", "--yes")
    assert (result.status, f"The server does not show all new values of {IDS[0]}." in result.err.splitlines()) == (
        0,
        True,
    )


def test_every_problem_is_listed_and_nothing_sent(run: Any, shelf: Shelf) -> None:
    details = json.loads(update(run, "id,sku,brand_id\nzzzz,,\n,,x\n,S1,blue\n", "-q").err)["error"]["details"]
    assert [each.partition(".")[0] for each in details] == [
        'line 2: invalid product id "zzzz"', "line 3: no id, SKU or barcode", 'line 4: invalid brand id "blue"',
    ]  # fmt: skip
    text = f"id,sku,title\n{IDS[1]},,A\n,S1,B\n,S9,C\n"
    assert json.loads(update(run, text, "-q").err)["error"]["details"] == [
        "line 3: S1 is the product of line 2: give one row for each",
        'line 4: unknown SKU "S9"',
    ]
    assert shelf.puts == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("aaaa", "--file", "-"), "A product id conflicts with --file: give one of them."),
        (("--brand-id", "x", "--file", "-"), "A brand id conflicts with --file: give one of them."),
        (("--title", "Cap"), "Missing product id.\n  Give a product id, or a file with --file."),
        (("aaaa", "--title", "Cap", "--again"), "--again requires --file."),
    ],
)
def test_file_and_arguments_exclude_each_other(run: Any, shelf: Shelf, line: tuple[str, ...], message: str) -> None:
    result = run("products", "update", *line, "-q")
    assert (result.status, result.err, shelf.seen) == (2, f"synq: {message}\n", [])
