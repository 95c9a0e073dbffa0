"""`synq orders create --file` with one order a line, against canned replies and on the embedded tenant."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from synq_cli.excel.reading import read_sheet
from synq_cli.excel.writing import workbook

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
CHANNELS = [{"id": "5a1c9e37-4d8b-4f62-a0e5-7b3d1f9c2846", "name": "web-storefront", "currency": "GBP"}]


class Desk:
    """A server that takes orders; its answers can be set by payment reference."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Callable[[], httpx.Response]]] = {}
        self.seen: list[str] = []
        self.orders: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.seen.append(f"{request.method} {name}")
        if request.method == "GET":
            return httpx.Response(
                200, json={"channels": CHANNELS, "locations": [{"id": PLACE, "name": "Shed"}]}.get(name)
            )
        order = json.loads(request.content)
        self.orders.append(order)
        answers = self.answers.get(order["payment_reference"])
        if answers:
            return answers.pop(0)()
        return httpx.Response(201, json={"id": f"id of {order['payment_reference']}", "status": "pending_payment"})

    @property
    def keys(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for order in self.orders:
            found.setdefault(order["payment_reference"], []).append(order["idempotency_key"])
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def run(synq: Any, desk: Desk) -> Callable[..., Any]:
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(desk), **more)


def order(reference: str, **more: Any) -> dict[str, Any]:
    item = {"product_title": "Repair", "quantity": 1, "unit_price": 89.5}
    return {"payment_provider": "stripe", "payment_reference": reference, "currency": "GBP", "items": [item], **more}


def lines(*orders: Any) -> str:
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in orders)


def create(run: Any, text: str, *line: str) -> Any:
    return run("orders", "create", "--file", "-", "-q", *line, stdin=text)


def test_each_line_is_an_order_under_its_own_key(run: Any, desk: Desk, tmp_path: Path) -> None:
    report = tmp_path / "placed.csv"
    text = lines(order("pi_1"), order("pi_2", idempotency_key="mine"))
    result = create(run, text, "--yes", "--json", "--report", str(report))
    summary = json.loads(result.out)
    assert (result.status, summary["command"], summary["done"]) == (0, "orders create", 2)
    assert sorted(desk.seen) == ["POST orders"] * 2
    assert desk.keys["pi_2"] == ["mine"]
    header, _, last = report.read_text(encoding="utf-8").splitlines()
    assert header == "line,status,payment_reference,idempotency_key,receipt,error_code,error"
    assert last == "2,done,pi_2,mine,id of pi_2,,"
    shown = run("runs", "show", summary["id"], "--rows", "all", "--json", "-q")
    assert [(row["payment_reference"], row["idempotency_key"], row["receipt"]) for row in json.loads(shown.out)] == [
        ("pi_1", *desk.keys["pi_1"], "id of pi_1"),
        ("pi_2", "mine", "id of pi_2"),
    ]
    undone = run("runs", "undo", summary["id"], "--yes", "-q")
    assert (undone.status, undone.err) == (
        11,
        (
            "synq: `synq orders create` can't be undone.\n  Cancel the orders one by one: synq orders cancel ID."
            " `synq runs show RUN --rows all` lists their ids.\n"
        ),
    )


@pytest.mark.parametrize(
    ("name", "text", "many"),
    [
        ("one.ndjson", lines(order("pi_1")), True),
        ("one.JSONL", lines(order("pi_1")), True),
        ("two.txt", lines(order("pi_1"), "", order("pi_2")), True),
        ("one.json", lines(order("pi_1")), False),
        ("one.json", json.dumps(order("pi_1"), indent=2), False),
        ("two.json", json.dumps([order("pi_1"), order("pi_2")], indent=2), True),
    ],
)
def test_file_of_many_orders_is_recognised_by_name_or_content(
    run: Any, tmp_path: Path, name: str, text: str, many: bool
) -> None:
    file = tmp_path / name
    file.write_text("\ufeff" + text, encoding="utf-8")
    assert run("orders", "create", "--file", str(file), "--yes", "-q").status == 0
    assert bool(json.loads(run("runs", "list", "--json", "-q").out)) == many


def test_channel_and_location_are_looked_up_once(run: Any, desk: Desk) -> None:
    item = {"product_title": "Crewneck", "quantity": 1, "unit_price": 1, "variant_id": VARIANT}
    orders = [order(f"pi_{n}", items=[item], currency=None) for n in range(3)]
    line = ("--channel", "WEB-storefront", "--location", "Shed", "--customer", VARIANT, "--yes")
    assert create(run, lines(*orders), *line).status == 0
    assert sorted(desk.seen) == ["GET channels", "GET locations", *["POST orders"] * 3]
    for placed in desk.orders:
        assert (placed["channel"], placed["currency"], placed["customer_id"]) == ("web-storefront", "GBP", VARIANT)
        assert placed["items"] == [item | {"location_id": PLACE}]


def test_odd_channel_is_a_warning(run: Any, desk: Desk) -> None:
    text = lines(order("pi_1", channel="web-storefront", currency="EUR"), order("pi_2"))
    result = run("orders", "create", "--file", "-", "--yes", stdin=text)
    assert (result.status, len(desk.orders)) == (0, 2)
    doubt = "Warning: Line 1: The order is in EUR, but channel web-storefront sells in GBP."
    assert result.err.splitlines()[0] == doubt


def test_every_problem_is_listed_and_nothing_sent(run: Any, desk: Desk) -> None:
    item = {"product_title": "Repair", "quantity": 0, "unit_price": 1}
    wrong = lines(order("pi_1"), order("pi_2", items=[item], currency=None), '{"items":', "[]", "")
    result = create(run, wrong, "--yes")
    assert (result.status, desk.seen) == (2, [])
    assert result.err == (
        "synq: standard input has 3 problems; nothing was sent.\n"
        "  line 2: currency is missing, and the API would assume USD: add a currency, or a channel to use its "
        "currency; items[0].quantity is 0: use a whole number from 1 to 2,147,483,647\n"
        "  line 3: not valid JSON: Expecting value\n"
        "  line 4: it is not an object: use one with fields such as payment_provider and items\n"
        "  Fix the file and run the command again.\n"
    )
    twice = lines(
        order("pi_1"), order("pi_2", channel="web"), order("pi_1"),
        order("pi_3", idempotency_key="k"), order("pi_4", idempotency_key="k"),
    )  # fmt: skip
    result = create(run, twice, "--yes")
    assert result.err.splitlines()[1:4] == [
        '  line 2: unknown channel "web". See `synq channels list`',
        "  line 3: same as line 1: remove one",
        "  line 5: idempotency_key of line 4: use one of its own",
    ]
    assert desk.orders == []


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (("--item", "A=1"), "--item"),
        (("--payment-reference", "pi"), "--payment-reference"),
        (("--idempotency-key", "k"), "--idempotency-key"),
        (("--wait",), "--wait"),
        (("--for", "0"), "--for"),
    ],
)
def test_options_for_one_order_are_refused(run: Any, desk: Desk, option: tuple[str, ...], named: str) -> None:
    result = create(run, lines(order("pi_1"), order("pi_2")), *option)
    assert (result.status, result.err) == (2, f"synq: {named} can't be used with a file of many orders.\n")
    one = create(run, json.dumps(order("pi_1")), "--report", "r.csv")
    assert (one.status, one.err) == (2, "synq: --report requires a file of many orders.\n")
    assert desk.seen == []


def test_order_whose_answer_was_lost_is_sent_again_under_its_key(run: Any, desk: Desk) -> None:
    def lost() -> httpx.Response:
        raise httpx.ReadError("reset")

    made = httpx.Response(202, json={"workflow_id": "wf_1", "run_id": "r"})
    desk.answers = {"pi_1": [lost, lambda: httpx.Response(500, json={"error": "Failed"}), lambda: made]}
    result = create(run, lines(order("pi_1"), order("pi_2")), "--yes", "--json")
    assert (result.status, json.loads(result.out)["done"]) == (0, 2)
    assert (len(desk.keys["pi_1"]), len(set(desk.keys["pi_1"]))) == (3, 1)
    name = json.loads(result.out)["id"]
    rows = json.loads(run("runs", "show", name, "--rows", "all", "--json", "-q").out)
    assert [row["receipt"] for row in rows] == ["wf_1", "id of pi_2"]


def test_unknown_order_is_sent_again_by_resume(run: Any, desk: Desk, tmp_path: Path) -> None:
    def lost() -> httpx.Response:
        raise httpx.ReadError("reset")

    def refused() -> httpx.Response:
        return httpx.Response(400, json={"error": "invalid request body"})

    desk.answers = {"pi_1": [lost, refused, refused], "pi_2": [refused]}
    file = tmp_path / "orders.ndjson"
    file.write_text(lines(order("pi_1"), order("pi_2", source_platform="shop")), encoding="utf-8")
    result = run("orders", "create", "--file", str(file), "--yes", "--json", "-q")
    summary = json.loads(result.out)
    assert (result.status, summary["failed"], summary["unknown_lines"]) == (10, 1, [1])
    assert json.loads(result.err)["error"]["hint"] == (
        f"`synq runs resume {summary['id']}` sends them again under the same keys, so none can be placed twice."
    )
    failed = Path(summary["failed_file"])
    assert failed == tmp_path / "orders.failed.ndjson"
    assert json.loads(failed.read_text(encoding="utf-8")) == order("pi_2", source_platform="shop") | {
        "error_code": "rejected", "error": "invalid request body",
    }  # fmt: skip
    # A refusal after it may have been placed proves nothing.
    assert run("runs", "resume", summary["id"], "-q").status == 10
    plan = json.loads(run("runs", "resume", summary["id"], "--dry-run", "--json", "-q").out)
    assert (plan["rows"], plan["command"]) == (1, "orders create")
    assert run("runs", "resume", summary["id"], "-q").status == 9
    assert len(set(desk.keys["pi_1"])) == 1
    # What failed can be fed in again as it is, as new orders.
    assert run("orders", "create", "--file", str(failed), "--yes", "-q").status == 0
    assert len(set(desk.keys["pi_2"])) == 2


def test_it_asks_and_a_dry_run_sends_nothing(run: Any, desk: Desk) -> None:
    text = lines(order("pi_1"), order("pi_2"))
    asked = create(run, text)
    assert (asked.status, asked.err.startswith("synq: ")) == (11, True)
    assert "Send 2 orders to default?" in asked.err
    plan = json.loads(create(run, text, "--dry-run", "--json").out)
    assert (plan["command"], plan["rows"], plan["requests"]) == ("orders create", 2, 2)
    assert desk.seen == []


@pytest.mark.parametrize("lost", [0, 1])
def test_a_key_of_another_order_is_a_failed_row(
    run: Any, desk: Desk, lost: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the failed rows of standard input go

    def other() -> httpx.Response:
        return httpx.Response(200, json={"id": "o-1", "status": "confirmed", "payment_reference": "pi_0"})

    desk.answers["pi_1"] = [lambda: httpx.Response(503)] * lost + [other]
    result = create(run, lines(order("pi_1", idempotency_key="shop-1"), order("pi_2")), "--yes", "--json")
    outcome = json.loads(result.out)
    assert (result.status, outcome["done"], outcome["failed"], outcome["unknown"]) == (9, 1, 1, 0)
    (row,) = json.loads(run("runs", "show", outcome["id"], "--rows", "failed", "--json").out)
    assert (row["error_code"], row["error"]) == (
        "conflict",
        'The idempotency key "shop-1" belongs to order o-1 (payment reference pi_0, not pi_1). Nothing was placed.',
    )


def test_same_orders_are_placed_once_whatever_their_keys(run: Any, desk: Desk) -> None:
    assert create(run, lines(order("pi_1"), order("pi_2")), "--yes").status == 0
    turned = dict(reversed(order("pi_1", idempotency_key="mine").items()))
    again = create(run, lines(order("pi_2"), turned), "--yes")
    assert (again.status, again.err.startswith("synq: These 2 rows were posted on ")) == (11, True)
    assert len(desk.orders) == 2
    assert create(run, lines(order("pi_2"), turned), "--yes", "--again").status == 0
    assert desk.keys["pi_1"][1] == "mine"
    more = create(run, lines(order("pi_1"), order("pi_2"), order("pi_3")), "--yes")
    assert (more.status, more.err.startswith("Warning: 2 of these 3 rows were posted on ")) == (0, True)
    one = create(run, json.dumps(order("pi_1")), "--again")
    assert (one.status, one.err) == (2, "synq: --again requires a file of many orders.\n")


# Tables

HEAD = ["Payment provider", "payment_reference", "currency", "product_title", "qty", "unit_price", "requires_shipping"]
SHEET = [
    HEAD,
    ["stripe", "pi_1", "GBP", "Repair", 1, Decimal("89.50"), True],
    ["stripe", "pi_2", "GBP", "Repair", 2, Decimal("12.25"), None],
    ["stripe", "pi_1", "GBP", "Button", 4, 1, False],
]


def test_rows_of_a_table_with_one_reference_are_one_order(run: Any, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "orders.xlsx"
    file.write_bytes(workbook(SHEET))
    desk.answers = {"pi_1": [lambda: httpx.Response(400, json={"error": "no"})]}
    assert run("orders", "create", "--file", str(file), "--yes", "-q").status == 9
    sent = {each["payment_reference"]: each["items"] for each in desk.orders}
    assert sent == {
        "pi_1": [
            {"product_title": "Repair", "quantity": 1, "unit_price": 89.5, "requires_shipping": True},
            {"product_title": "Button", "quantity": 4, "unit_price": 1, "requires_shipping": False},
        ],
        "pi_2": [{"product_title": "Repair", "quantity": 2, "unit_price": 12.25}],
    }
    assert all(each.keys().isdisjoint({"lines"}) for each in desk.orders)
    failed = tmp_path / "orders.failed.xlsx"
    rows = list(read_sheet(failed.read_bytes(), "f", None))
    assert [row[3] for row in rows] == ["product_title", "Repair", "Button"]
    assert run("orders", "create", "--file", str(failed), "--yes", "-q").status == 0
    assert len(desk.keys["pi_1"]) == 2


def test_rows_of_an_order_must_agree(run: Any, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    first = "stripe,pi_1,GBP,Repair,1,89.50,"
    others = ["stripe,pi_1,EUR,Repair,2,89.50,", first, "stripe,pi_3,GBP,Repair,none,1,", "stripe,,GBP,Repair,1,1,x"]
    file.write_text("\n".join([",".join(HEAD), first, *others[:2]]) + "\n", encoding="utf-8")
    result = run("orders", "create", "--file", str(file), "--yes", "-q")
    assert (result.status, result.err.splitlines()[1:3]) == (
        2,
        [
            "  line 3: another currency than line 2, which has the same payment_reference",
            "  line 4: same as line 2: add the two up, or remove one",
        ],
    )
    file.write_text("\n".join([",".join(HEAD), *others[2:]]) + "\n", encoding="utf-8")
    result = run("orders", "create", "--file", str(file), "--yes", "-q")
    assert [line.partition(".")[0] for line in result.err.splitlines()[1:3]] == [
        '  line 2: invalid quantity "none"',
        '  line 3: unknown requires_shipping "x"',
    ]
    assert desk.orders == []
