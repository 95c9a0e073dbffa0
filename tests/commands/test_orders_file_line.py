"""`synq orders fulfill`, `return` and `cancel` with --file, against canned replies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner import NOW

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.verbs.move_orders import CancelOrders, FulfillOrders, ReturnOrders
from synq_cli.cli.context import RunContext
from synq_cli.cli.system import System
from synq_cli.times import timestamp

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "http://127.0.0.1"}
A, B, C = (f"{digit * 8}-8a3e-4619-b7d0-5e9c1f84a26b" for digit in "abc")
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
PLACE = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"


def lost() -> httpx.Response:
    raise httpx.ReadError("reset")


def reply(status: int, **body: object) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, json=body)


class Desk:
    """A server that takes steps of orders; the answer to a step can be set by order."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], httpx.Response]] = {}
        self.seen: list[str] = []
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/").removeprefix("oms/orders/")
        self.seen.append(f"{request.method} {path}")
        if request.method == "GET":
            known = {
                "inventory/locations": {"locations": [{"id": PLACE, "name": "Shed"}]},
                "pim/variants": {"variants": [{"id": VARIANT, "sku": "CAP", "barcode": "5012345678900"}]},
            }
            return httpx.Response(200, json=known[path])
        order = path.partition("/")[0]
        self.sent.append((order, json.loads(request.content)))
        if order in self.answers:
            return self.answers[order]()
        return httpx.Response(201, json={"id": f"made-{len(self.sent)}", "created_at": timestamp(NOW)})


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def run(synq: Any, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)  # where the failed rows of standard input go
    return lambda *line, **more: synq(*line, environ=ENVIRON, http=httpx.MockTransport(desk), **more)


def step(run: Any, verb: str, text: str, *line: str) -> Any:
    return run("orders", verb, "--file", "-", *line, stdin=text)


def problems(result: Any) -> list[str]:
    assert result.status == 2
    return [line.strip() for line in result.err.splitlines()[1:-1]]


def test_a_carrier_file_is_read_shown_and_sent_in_order(run: Any, desk: Desk) -> None:
    text = (
        "Order no.;Tracking no.;Courier;SKU;EAN;Qty;Weight\r\n"
        f"{A.upper()};RM 1;;X-1;;2;0.6\r\n{B};DP-1;DPD;;5012345678900;1;\r\n{A};RM1;;05012345678900;;1;\r\n"
        f"{A};RM2;;{VARIANT};;1;\r\n{C};RM3;DPD;;;;\r\n"
    )  # fmt: skip
    line = ("--carrier", "Royal Mail", "--location", "Shed", "--json", "--report", "r.csv")
    plan = json.loads(step(run, "fulfill", text, *line, "--dry-run").out)
    assert (plan["rows"], plan["requests"], plan["ignored_columns"]) == (5, 4, ["Weight"])
    assert {each["column"]: each["read_as"] for each in plan["guessed_columns"]} == {
        "Order no.": "order_id", "Tracking no.": "tracking_number", "Courier": "carrier", "EAN": "barcode",
        "Qty": "quantity",
    }  # fmt: skip
    done = step(run, "fulfill", text, *line, "--yes")
    assert done.status == 0
    assert done.err.splitlines()[:3] == [
        "5 rows of standard input in 4 parcels: 4 requests, under a minute at the current rate limit.",
        'Column "Order no." is read as order_id.',
        'Column "Tracking no." is read as tracking_number.',
    ]
    assert "1 parcel without SKUs: all units of the order that are not shipped yet." in done.err
    here = {"location_id": PLACE}
    items = [{"sku": "X-1", "quantity": 2}, {"sku": "CAP", "quantity": 1}]
    assert desk.sent == [
        (A, {"tracking_number": "RM 1", "carrier": "Royal Mail", **here, "items": items}),
        (B, {"tracking_number": "DP-1", "carrier": "DPD", **here, "items": [{"sku": "CAP", "quantity": 1}]}),
        (
            A,
            {
                "tracking_number": "RM2",
                "carrier": "Royal Mail",
                **here,
                "items": [{"variant_id": VARIANT, "quantity": 1}],
            },
        ),
        (C, {"tracking_number": "RM3", "carrier": "DPD", **here}),
    ]
    assert [each for each in desk.seen if each.startswith("GET")] == ["GET inventory/locations", "GET pim/variants"]
    header, first, *_ = Path("r.csv").read_text(encoding="utf-8").splitlines()
    assert header == "line,status,order_id,tracking_number,lines,receipt,error_code,error"
    assert first == f'2,done,{A},RM 1,"[2, 4]",made-1,,'


def test_returns_and_cancellations_take_the_reason_of_the_row_or_of_the_option(run: Any, desk: Desk) -> None:
    returns = f"order_id,sku,quantity,Return reason\n{A},X,1,Torn\n{A},Y,1,\n{A},Z,2,torn\n{B},,,\n"
    assert step(run, "return", returns, "--reason", "Too long", "--yes", "-q").status == 0
    torn = [{"sku": "X", "quantity": 1}, {"sku": "Z", "quantity": 2}]
    assert desk.sent == [
        (A, {"reason": "Torn", "items": torn}),
        (A, {"reason": "Too long", "items": [{"sku": "Y", "quantity": 1}]}),
        (B, {"reason": "Too long"}),
    ]
    desk.sent.clear()
    cancelled = step(run, "cancel", f"order,reason\n{A},Fraud\n{B},\n", "--yes")
    assert (cancelled.status, sorted(desk.sent)) == (0, [(A, {"reason": "Fraud"}), (B, {})])
    assert "Cancelling releases the stock of an order and can't be undone." in cancelled.err


def test_what_can_not_be_sent_is_found_before_the_first_request(run: Any, desk: Desk) -> None:
    rows = [
        f"{A},T1,X,1", f"{A},T1,X,2", f"{A},T2,,", f"{B},T3,,", f"{B},T3,,", f"{B},T4,X,1", f"{C},T5,X,1", f"{C},T5,,",
    ]  # fmt: skip
    assert problems(step(run, "fulfill", "\n".join(["order_id,tracking_number,sku,quantity", *rows, ""]), "-q")) == [
        "line 3: X is on line 2, too: add the two up, or remove one",
        "line 4: another parcel of line 2's order: give the sku and quantity of each, or remove one",
        "line 6: parcel is on line 5, too: remove one",
        "line 7: another parcel of line 5's order: give the sku and quantity of each, or remove one",
        "line 9: same parcel as line 8: give the sku and quantity of each",
    ]
    rows = [f"{A},,,", f"{A},-,,", f"{A},T1,X,", f"{A},T1,,2", f"{A},T1,X,0", "1001,T1,,", ",T1,,"]
    found = problems(step(run, "fulfill", "\n".join(["order_id,tracking_number,sku,quantity", *rows, ""]), "-q"))
    assert [each.partition(". Use a UUID")[0] for each in found] == [
        "line 2: no tracking_number",
        'line 3: invalid tracking_number "-"',
        "line 4: no quantity of X",
        "line 5: a quantity without a SKU: give the SKU, or remove the quantity",
        'line 6: invalid quantity "0". Use a whole number from 1 to 2,147,483,647',
        'line 7: invalid order id "1001"',
        "line 8: no order_id",
    ]
    text = f"order_id,tracking_number,carrier,barcode,quantity\n{A},T1,DPD,,\n{B},T2,,7,1\n{C},1.2E+12,,,\n"
    (rounded,) = problems(step(run, "fulfill", text, "-q"))
    assert rounded.startswith('line 4: "tracking_number" is 1.2E+12, which a spreadsheet has rounded')
    text = f"order_id,tracking_number,carrier,barcode,quantity\n{A},T1,DPD,X,1\n{A},T1,UPS,Y,1\n"
    assert problems(step(run, "fulfill", text, "-q")) == [
        'line 2: unknown barcode "X"',
        'line 3: unknown barcode "Y"',
    ]
    assert problems(step(run, "cancel", f"order_id\n{A}\n{B}\n{A.upper()}\n", "-q")) == [
        "line 4: same as line 2: remove one"
    ]
    assert desk.sent == []


class Office:
    """A client of a server whose answer to each request can be set; `seen` are the paths of the requests."""

    def __init__(self, folder: Path) -> None:
        environ = ENVIRON | {"SYNQ_CONFIG_DIR": str(folder), "SYNQ_STATE_DIR": str(folder)}
        self.api = RunContext(System(environ, now=lambda: NOW, http=httpx.MockTransport(self.reply)), []).api
        self.answer: Any = None
        self.seen: list[str] = []

    def reply(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.url.path.partition("orders/")[2])
        return httpx.Response(200, json=self.answer)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_each_row_is_in_one_parcel_and_parcels_are_in_the_order_of_the_file(
    office: Office, numbers: list[tuple[int, int]]
) -> None:
    rows = [(f"{order}{A[1:]}", f"T{parcel}", f"S{line}") for line, (order, parcel) in enumerate(numbers, 2)]
    text = "order_id,tracking_number,sku,quantity\n" + "".join(f"{','.join(row)},1\n" for row in rows)
    merged = FulfillOrders(office.api).read(text, "f", None, None).rows
    found = [
        (row.content["order_id"], row.content["tracking_number"], item["sku"])
        for row in merged
        for item in row.content["items"]
    ]
    assert sorted(found) == sorted(rows)
    first = {row[:2]: line for line, row in reversed(list(enumerate(rows, 2)))}
    assert [row.line for row in merged] == sorted(first.values())


def test_several_orders_with_one_tracking_number_are_a_warning(run: Any) -> None:
    result = step(run, "fulfill", f"order_id,tracking_number\n{A},T1\n{B},T1\n{C},T2\n", "--yes")
    assert result.status == 0
    assert result.err.startswith("Warning: Several orders have the same tracking number: T1 (lines 2, 3).\n")


def test_500_parcels_are_planned_without_a_request(run: Any, desk: Desk) -> None:
    text = "order_id,tracking_number\n" + "".join(f"{n:08}{A[8:]},T{n}\n" for n in range(500))
    refused = step(run, "fulfill", text)
    assert (refused.status, desk.seen) == (11, [])
    assert refused.err.splitlines()[0] == (
        "500 rows of standard input in 500 parcels: 500 requests, about 5 minutes at the current rate limit."
    )


def test_rows_of_a_refused_parcel_all_come_back_as_they_were(run: Any, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"Order;Tracking no.;sku;qty\n{A};T1;X;1\n{B};T2;;\n{A};T1;Y;1\n", encoding="utf-8")
    desk.answers[A] = reply(400, error="order is cancelled, it cannot be fulfilled")
    result = run("orders", "fulfill", "--file", str(file), "--yes", "--json", "-q")
    summary = json.loads(result.out)
    assert (result.status, summary["rows"], summary["done"], summary["failed"]) == (9, 2, 1, 1)
    why = "order is cancelled, it cannot be fulfilled"
    assert (tmp_path / "t.failed.csv").read_text(encoding="utf-8") == (
        f"Order;Tracking no.;sku;qty;error_code;error\n{A};T1;X;1;rejected;{why}\n{A};T1;Y;1;rejected;{why}\n"
    )
    del desk.answers[A]
    assert run("orders", "fulfill", "--file", str(tmp_path / "t.failed.csv"), "--yes", "-q").status == 0
    assert [(order, len(body.get("items", ()))) for order, body in desk.sent] == [(A, 2), (B, 0), (A, 2)]


def test_the_same_parcels_are_recorded_once_and_can_not_be_undone(run: Any, desk: Desk) -> None:
    text = f"order_id,tracking_number,sku,quantity\n{A},T1,X,1\n{A},T1,Y,1\n"
    done = step(run, "fulfill", text, "--yes", "--json", "-q")
    again = step(run, "fulfill", text.replace("T1", "t 1"), "--yes", "-q")
    assert (again.status, again.err.startswith("synq: These 2 rows were posted on ")) == (11, True)
    assert step(run, "fulfill", text, "--yes", "--again", "-q").status == 0
    assert len(desk.sent) == 2
    undone = run("runs", "undo", json.loads(done.out)["id"], "--yes", "-q")
    assert (undone.status, undone.err.splitlines()[0]) == (11, "synq: `synq orders fulfill` can't be undone.")
    assert undone.err.splitlines()[1].startswith("  If parcels come back, open returns: synq orders return. ")


def test_a_run_stops_at_a_server_without_the_route(run: Any, desk: Desk) -> None:
    desk.answers[A] = lambda: httpx.Response(404, text="404 page not found")
    result = step(run, "fulfill", f"order_id,tracking_number\n{A},T1\n{B},T2\n", "--yes", "--json", "-q")
    assert (result.status, json.loads(result.out)["pending"], len(desk.sent)) == (5, 2, 1)
    assert "This server does not offer the fulfillment of the order" in result.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("fulfill", "--file", "-", A), "An order conflicts with --file: give one of them."),
        (("fulfill", "--file", "-", "--item", "X=1"), "--item conflicts with --file: give one of them."),
        (("return", "--file", "-", "--item", "X=1"), "--item conflicts with --file: give one of them."),
        (("fulfill",), "Missing order.\n  Give the id of an order, or a file with --file."),
        (("cancel", A, "--report", "r.csv"), "--report requires --file."),
        (("return", A, "--again"), "--again requires --file."),
        (("cancel", "--file", "-", "--reason", " "), "The reason can't be blank."),
    ],
)
def test_options_that_do_not_go_together(run: Any, desk: Desk, line: tuple[str, ...], message: str) -> None:
    result = run("orders", *line, "-q", stdin=f"order_id,tracking_number\n{A},T1\n")
    assert (result.status, result.err, desk.seen) == (2, f"synq: {message}\n", [])


# Lost answers. The row was sent at NOW and given up five seconds later.


def record(name: str, at: float, units: dict[str, int] | None = None, **fields: str) -> dict[str, Any]:
    items = [{"sku": sku, "variant_id": None, "quantity": count} for sku, count in (units or {"X": 2}).items()]
    parcel = {"id": name, "tracking_number": "RM 1", "reason": "Torn", "status": "shipped", "items": items}
    return parcel | {"created_at": timestamp(NOW + at)} | fields


TWO: Content = {"items": [{"sku": "X", "quantity": 2}]}
LISTS = {
    "made": (TWO, [record("other", 1, tracking_number="RM2", reason="Late"), record("ours", 1)], "ours"),
    "not made": (TWO, [], None),
    "made of all that was left": ({}, [record("ours", 1, {"X": 1, "Y": 3})], "ours"),
    "one like it, made before by another person": (TWO, [record("theirs", -60)], None),
    "one like it, made meanwhile by another person": (TWO, [record("theirs", 1), record("ours", 2)], None),
    "one with other units": (TWO, [record("theirs", 1, {"X": 1}), record("more", 1, {"X": 2, "Y": 1})], None),
    "one that another run has claimed": (TWO, [record("claimed", 1)], None),
    "units of a SKU in two lines": (
        TWO, [record("ours", 1) | {"items": [{"sku": "X", "quantity": 1}, {"sku": "X", "quantity": 1}]}], "ours",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", [FulfillOrders, ReturnOrders])
@pytest.mark.parametrize("name", LISTS)
def test_a_lost_parcel_or_return_is_found_in_the_list_of_its_order(
    office: Office, kind: type[FulfillOrders | ReturnOrders], name: str
) -> None:
    units, office.answer, receipt = LISTS[name]
    office.seen.clear()
    content = {"order_id": A, "tracking_number": "rm1", "reason": "torn"} | units
    unclear = Row(2, content, state="unknown", sent_at=NOW, answered_at=NOW + 5)
    found = kind(office.api).reconcile([unclear], done=[], claims=lambda: ({"claimed"}, []))
    assert {line: made.id for line, made in found.items()} == ({} if receipt is None else {2: receipt})
    assert office.seen == [f"{A}/{'fulfillments' if kind is FulfillOrders else 'returns'}"]


@pytest.mark.parametrize(("status", "done"), [("cancelled", {2: Receipt(A)}), ("confirmed", {})])
def test_a_lost_cancellation_is_done_if_the_order_is_cancelled(
    office: Office, status: str, done: dict[int, Receipt]
) -> None:
    office.answer = {"id": A, "status": status}
    unclear = Row(2, {"order_id": A}, state="unknown", sent_at=NOW, answered_at=NOW + 5)
    assert CancelOrders(office.api).reconcile([unclear], done=[], claims=lambda: (set(), [])) == done


@pytest.mark.parametrize("is_made", [True, False])
def test_a_parcel_whose_answer_was_lost_is_never_sent_twice(
    synq: Any, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_made: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    parcels: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"fulfillments": parcels})
        if A in request.url.path and not desk.sent:
            parcels.extend([record("ours", 0, tracking_number="T1")] * is_made)
            desk.answers[A] = lost
        return desk(request)

    line = {"environ": ENVIRON, "http": httpx.MockTransport(answer)}
    text = f"order_id,tracking_number\n{A},T1\n{B},T2\n"
    result = synq("orders", "fulfill", "--file", "-", "--yes", "--json", "-q", stdin=text, **line)
    summary = json.loads(result.out)
    assert (result.status, summary["done"], summary["unknown_lines"]) == ((0, 2, []) if is_made else (10, 1, [2]))
    resumed = synq("runs", "resume", summary["id"], "--json", "-q", **line)
    assert (resumed.status, [order for order, _ in desk.sent]) == (0 if is_made else 10, [A, B])
