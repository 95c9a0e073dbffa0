import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from synq_cli.errors import NotFoundError, SynqError, UsageError
from synq_cli.exact_json import loads
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, money

Build = Callable[..., Any]

COLUMNS = [
    Column("ID", "id"),
    Column("Total", "total", money("currency")),
    Column("Placed", "created_at", age, drop=1),
]
ROWS = loads("""[
  {"id": "a", "total": 19.90, "currency": "GBP", "created_at": "2026-11-25T09:00:00Z", "customer": {"name": "Ann"}},
  {"id": "b", "total": 7, "currency": "GBP", "created_at": "", "customer": null}
]""")


# which format


@pytest.mark.parametrize(
    ("settings", "format_"),
    [
        ({"tty": True}, "table"), ({}, "tsv"), ({"format": "table"}, "table"),
        ({"tty": True, "format": "table"}, "table"), ({"tty": True, "format": "json"}, "json"), ({"jq": "."}, "json"),
        ({"tty": True, "jq": "."}, "json"), ({"jq": ".", "format": "ndjson"}, "ndjson"),
    ],
)  # fmt: skip
def test_format(screen: Build, settings: dict[str, Any], format_: str) -> None:
    output = screen(**settings).output
    assert output.format == format_


# lists and records: what each format prints of rows, of their chosen fields, and of the first row

FORMATS: dict[str, dict[str, str]] = {
    "json": {
        "rows": """[
  {
    "id": "a",
    "total": 19.90,
    "currency": "GBP",
    "created_at": "2026-11-25T09:00:00Z",
    "customer": {
      "name": "Ann"
    }
  },
  {
    "id": "b",
    "total": 7,
    "currency": "GBP",
    "created_at": "",
    "customer": null
  }
]
""",
        "fields": '[\n  {\n    "customer.name": "Ann",\n    "total": 19.90\n  },\n'
        '  {\n    "customer.name": null,\n    "total": 7\n  }\n]\n',
        "record": '{\n  "id": "a",\n  "total": 19.90,\n  "currency": "GBP",\n'
        '  "created_at": "2026-11-25T09:00:00Z",\n  "customer": {\n    "name": "Ann"\n  }\n}\n',
        "record's fields": '{\n  "customer.name": "Ann",\n  "nope": null\n}\n',
        "no rows": "[]\n",
    },
    "ndjson": {
        "rows": '{"id":"a","total":19.90,"currency":"GBP","created_at":"2026-11-25T09:00:00Z",'
        '"customer":{"name":"Ann"}}\n'
        '{"id":"b","total":7,"currency":"GBP","created_at":"","customer":null}\n',
        "fields": '{"customer.name":"Ann","total":19.90}\n{"customer.name":null,"total":7}\n',
        "record": '{"id":"a","total":19.90,"currency":"GBP","created_at":"2026-11-25T09:00:00Z",'
        '"customer":{"name":"Ann"}}\n',
        "record's fields": '{"customer.name":"Ann","nope":null}\n',
        "no rows": "",
    },
    "yaml": {
        "rows": "- id: a\n  total: 19.90\n  currency: GBP\n  created_at: '2026-11-25T09:00:00Z'\n"
        "  customer:\n    name: Ann\n- id: b\n  total: 7\n  currency: GBP\n  created_at: ''\n  customer: null\n",
        "fields": "- customer.name: Ann\n  total: 19.90\n- customer.name: null\n  total: 7\n",
        "record": "id: a\ntotal: 19.90\ncurrency: GBP\ncreated_at: '2026-11-25T09:00:00Z'\ncustomer:\n  name: Ann\n",
        "record's fields": "customer.name: Ann\nnope: null\n",
        "no rows": "[]\n",
    },
    "csv": {
        "rows": "id,total,created_at\na,19.90,2026-11-25T09:00:00Z\nb,7,\n",
        "fields": "customer.name,total\nAnn,19.90\n,7\n",
        "record": "id,total,created_at\na,19.90,2026-11-25T09:00:00Z\n",
        "record's fields": "customer.name,nope\nAnn,\n",
        "no rows": "id,total,created_at\n",
    },
    "tsv": {
        "rows": "id\ttotal\tcreated_at\na\t19.90\t2026-11-25T09:00:00Z\nb\t7\t\n",
        "fields": "customer.name\ttotal\nAnn\t19.90\n\t7\n",
        "record": "id\ttotal\tcreated_at\na\t19.90\t2026-11-25T09:00:00Z\n",
        "record's fields": "customer.name\tnope\nAnn\t\n",
        "no rows": "id\ttotal\tcreated_at\n",
    },
    "table": {
        "rows": "ID      Total  Placed\na   19.90 GBP  3 h ago\nb    7.00 GBP\n",
        "fields": "customer.name      total\nAnn            19.90 GBP\n                7.00 GBP\n",
        "record": "ID        a\nTotal     19.90 GBP\nPlaced    3 h ago\ncurrency  GBP\ncustomer  name: Ann\n",
        "record's fields": "customer.name  Ann\nnope\n",
        "no rows": "",
    },
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("tty", [True, False])
def test_each_format(screen: Build, format_: str, tty: bool) -> None:
    def printed(fields: str | None, draw: Callable[[Any], None]) -> tuple[str, str]:
        shown = screen(tty=tty, format=format_, no_color=True, fields=fields)
        draw(shown.output)
        return shown.out, shown.err

    expected = FORMATS[format_]
    assert printed(None, lambda output: output.rows(iter(ROWS), COLUMNS)) == (expected["rows"], "")
    assert printed("customer.name,total", lambda output: output.rows(iter(ROWS), COLUMNS)) == (expected["fields"], "")
    assert printed(None, lambda output: output.record(ROWS[0], COLUMNS)) == (expected["record"], "")
    unknown = 'Unknown field "nope". Fields: id, total, currency, created_at, customer.\n'
    out = printed("customer.name,nope", lambda output: output.record(ROWS[0], COLUMNS))
    assert out == (expected["record's fields"], unknown)
    empty = "No orders match.\n" if format_ == "table" else ""
    out = printed(None, lambda output: output.rows([], COLUMNS, empty="No orders match."))
    assert out == (expected["no rows"], empty)


def test_no_rows_quietly_and_a_field_that_no_row_has(screen: Build) -> None:
    shown = screen(tty=True, quiet=True)
    shown.output.rows([], COLUMNS, empty="No orders match.")
    assert (shown.out, shown.err) == ("", "")
    shown = screen(format="csv", fields="id,totl")
    shown.output.rows(iter(ROWS), COLUMNS)
    assert shown.err == 'Unknown field "totl". Did you mean total?\n'


def test_a_field_asked_for_is_never_dropped(screen: Build) -> None:
    shown = screen(tty=True, no_color=True, width=20, fields="id,created_at,total,x")
    shown.output.rows(iter(ROWS), COLUMNS)
    first = shown.out.splitlines()[:4]
    assert [line.split()[0] for line in first] == ["id", "created_…", "total", "x"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fields": "id,,x"}, 'Invalid --fields "id,,x": a name is empty.'),
        ({"fields": "id", "columns": "id"}, "--columns and --fields can't be combined: use one of them."),
        (
            {"columns": "id", "format": "json"},
            "--columns works with tables, CSV, TSV and XLSX, but the output format is json.",
        ),
        ({"jq": ".", "format": "csv"}, "--jq filters JSON, but the output format is csv."),
        ({"jq": ".", "format": "yaml"}, "--jq filters JSON, but the output format is yaml."),
    ],
)
def test_invalid_view_options(screen: Build, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        screen(**settings)
    assert caught.value.message == message


# jq


@pytest.mark.parametrize(
    ("settings", "out"),
    [
        ({"jq": ".[].id"}, "a\nb\n"), ({"jq": "length"}, "2\n"), ({"jq": ".[0].customer"}, '{"name":"Ann"}\n'),
        ({"jq": ".id", "format": "ndjson"}, "a\nb\n"),
        ({"jq": ".[0] | keys", "fields": "total,id"}, '["id","total"]\n'), ({"jq": ".[5].id"}, "null\n"),
        ({"jq": "empty"}, ""),
    ],
)  # fmt: skip
def test_jq_on_rows(screen: Build, settings: dict[str, Any], out: str) -> None:
    shown = screen(**settings)
    shown.output.rows(iter(ROWS), COLUMNS)
    assert (shown.out, shown.err) == (out, "")


def test_jq_prints_raw_strings_but_no_control_characters_on_a_terminal(screen: Build) -> None:
    for tty, out in ((False, "a\x1b[2J\nb\ny\n"), (True, "a\\x1b[2J\nb\ny\n")):
        shown = screen(tty=tty, jq=".a? // .")
        shown.output.record({"a": "a\x1b[2J\nb"}, [])
        shown.output.value("y")
        assert shown.out == out


def test_a_bad_jq_expression_fails_before_anything_else(screen: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="Invalid --jq filter"):
        screen(jq=".[")
    monkeypatch.setitem(sys.modules, "jq", None)
    with pytest.raises(UsageError, match="optional extra 'jq'"):
        screen(jq=".")


# plans, changes, values

REQUEST = {"method": "POST", "path": "/api/v1/pim/inventory/adjust", "body": loads('{"delta": -5, "cost": 1.50}')}


@pytest.mark.parametrize(
    ("request_", "values", "out"),
    [
        (
            REQUEST,
            {"before": {"on_hand": 42}, "after": {"on_hand": 37}},
            'Would send POST /api/v1/pim/inventory/adjust\n{\n  "delta": -5,\n  "cost": 1.50\n}\non hand 42 → 37\n',
        ),
        ({"method": "DELETE", "path": "/x/\x1b"}, {}, "Would send DELETE /x/\\x1b\n"),
        (
            {"method": "PUT", "path": "/x", "headers": {"If-Match": "7"}},
            {"before": {}, "after": {"unit_cost": "2"}},
            "Would send PUT /x\nIf-Match: 7\nunit cost (none) → 2\n",
        ),
    ],
)
def test_a_plan_for_people(screen: Build, request_: Any, values: dict[str, Any], out: str) -> None:
    shown = screen(format="table")
    shown.output.plan(request_, **values)
    assert shown.out == out


PLAN = (
    '{"dry_run": true, "method": "POST", "path": "/api/v1/pim/inventory/adjust", '
    '"body": {"delta": -5, "cost": 1.50}, "before": {"on_hand": 42}, "after": null}'
)


def test_a_plan_for_programs(screen: Build) -> None:
    for format_, read in (("json", json.loads), ("ndjson", json.loads), ("yaml", yaml.safe_load)):
        shown = screen(format=format_)
        shown.output.plan(REQUEST, before={"on_hand": 42})
        assert read(shown.out) == json.loads(PLAN)
        assert "1.50" in shown.out
    shown = screen()
    shown.output.plan(REQUEST, before={"on_hand": 42})
    assert shown.out == (
        "dry_run\tmethod\tpath\tbody\tbefore\tafter\n"
        'true\tPOST\t/api/v1/pim/inventory/adjust\t{"delta":-5,"cost":1.50}\t{"on_hand":42}\t\n'
    )


def test_a_change_is_for_people_only(screen: Build) -> None:
    for format_, out in (("table", "HMC-NVY-M at Leith: on hand 42 → 37\n"), ("json", ""), ("tsv", ""), ("csv", "")):
        shown = screen(format=format_)
        shown.output.change("HMC-NVY-M at Leith", 42, 37)
        assert shown.out == out


@pytest.mark.parametrize(
    ("settings", "value", "out"),
    [
        ({}, "ey.J\x1b", "ey.J\x1b\n"), ({"tty": True}, "ey.J\x1b", "ey.J\\x1b\n"),
        *(({"format": name, "format_asked": True}, "tok", '"tok"\n') for name in ("json", "ndjson", "yaml")),
        *(({"format": name}, "tok", "tok\n") for name in ("json", "ndjson", "yaml", "csv")), ({}, True, "true\n"),
        ({}, None, "\n"), ({"format": "json", "format_asked": True}, 30.5, "30.5\n"),
        ({"format": "json", "format_asked": True}, None, "null\n"), ({"format": "json"}, None, "\n"),
    ],
)  # fmt: skip
def test_value(screen: Build, settings: dict[str, Any], value: object, out: str) -> None:
    shown = screen(**settings)
    shown.output.value(value)
    assert (shown.out, shown.err) == (out, "")


# messages


def everything_said(shown: Any) -> list[str]:
    shown.output.note("There is more.")
    shown.output.note(None)
    shown.output.note("Deleted product 4c0a\x1b.")
    shown.output.warn("The clock is off.")
    shown.output.messages.footer(87, 100, exact=True, profile="acme")
    shown.output.messages.footer(7, 100, exact=False, profile="a\ncme")
    shown.output.messages.waiting(11.2, "the rate limit is used up")
    shown.output.messages.sent("GET /orders 200\x07")
    return str(shown.err).splitlines()


SAID = [
    "There is more.", "Deleted product 4c0a\\x1b.", "Warning: The clock is off.",
    "87/100 requests left this minute · acme", "~7/100 requests left this minute · a\\ncme",
    "Waiting 12 s: the rate limit is used up",
]  # fmt: skip


def test_messages_go_to_stderr_and_quiet_leaves_warnings(screen: Build) -> None:
    for format_ in FORMATS:
        shown = screen(format=format_)
        assert (everything_said(shown), shown.out) == (SAID, "")
    assert everything_said(screen(quiet=True)) == [SAID[2]]
    assert everything_said(screen(debug=True, quiet=True)) == [SAID[2], "GET /orders 200\\x07"]


def test_color_is_decided_for_each_stream(screen: Build) -> None:
    only_err = screen(tty=False, err_tty=True, format="table", environ={})
    only_err.output.rows(iter(ROWS), COLUMNS)
    only_err.output.messages.footer(87, 100, exact=True, profile="acme")
    assert "\x1b[" not in only_err.out
    assert only_err.err == "\x1b[2m87/100 requests left this minute · acme\x1b[0m\n"
    only_out = screen(tty=True, err_tty=False)
    only_out.output.rows(iter(ROWS), COLUMNS)
    only_out.output.messages.footer(87, 100, exact=True, profile="acme")
    assert "\x1b[" in only_out.out
    assert "\x1b[" not in only_out.err


# errors

GONE = NotFoundError("No order d2f7\x1b[0m.", hint="Try: synq orders list", status=404, request_id="req-9")


@pytest.mark.parametrize("settings", [{}, {"tty": True, "no_color": True}, {"format": "table"}, {"quiet": True}])
def test_an_error_for_people(screen: Build, settings: dict[str, Any]) -> None:
    shown = screen(**settings)
    shown.output.messages.error(GONE)
    shown.output.messages.error(SynqError("Broken."))
    assert (shown.out, shown.err) == ("", "synq: No order d2f7\\x1b[0m.\n  Try: synq orders list\nsynq: Broken.\n")


@pytest.mark.parametrize(
    "settings", [{"format": name} for name in ["json", "ndjson", "yaml", "csv", "tsv"]] + [{"jq": "."}]
)
def test_an_error_for_programs(screen: Build, settings: dict[str, Any]) -> None:
    shown = screen(tty=True, **settings)
    shown.output.messages.error(GONE)
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "\x1b" not in shown.err
    assert json.loads(shown.err) == {
        "error": {
            "code": "not_found",
            "message": "No order d2f7\x1b[0m.",
            "status": 404,
            "hint": "Try: synq orders list",
            "retryable": False,
            "next": "Try: synq orders list",
            "request_id": "req-9",
        }
    }


def test_a_warning_is_said_once(screen: Build) -> None:
    shown = screen()
    for text in ("The disk is full.", "The disk is full.", "The clock is off.", "The disk is full."):
        shown.output.warn(text)
    assert shown.err == "Warning: The disk is full.\nWarning: The clock is off.\n"
