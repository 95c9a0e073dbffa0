import json
import sys
from collections.abc import Callable, Iterator
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
EXPLICIT = ["table", "json", "ndjson", "yaml", "csv", "tsv"]


# which format


@pytest.mark.parametrize(
    ("settings", "format_"),
    [
        ({"tty": True}, "table"),
        ({}, "tsv"),
        ({"format": "table"}, "table"),
        ({"tty": True, "format": "table"}, "table"),
        ({"tty": True, "format": "json"}, "json"),
        ({"jq": "."}, "json"),
        ({"tty": True, "jq": "."}, "json"),
        ({"jq": ".", "format": "ndjson"}, "ndjson"),
    ],
)
def test_format(screen: Build, settings: dict[str, Any], format_: str) -> None:
    output = screen(**settings).output
    assert output.format == format_


# lists

PRINTED = {
    "json": """[
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
    "ndjson": '{"id":"a","total":19.90,"currency":"GBP","created_at":"2026-11-25T09:00:00Z",'
    '"customer":{"name":"Ann"}}\n'
    '{"id":"b","total":7,"currency":"GBP","created_at":"","customer":null}\n',
    "yaml": """- id: a
  total: 19.90
  currency: GBP
  created_at: '2026-11-25T09:00:00Z'
  customer:
    name: Ann
- id: b
  total: 7
  currency: GBP
  created_at: ''
  customer: null
""",
    "csv": "id,total,created_at\na,19.90,2026-11-25T09:00:00Z\nb,7,\n",
    "tsv": "id\ttotal\tcreated_at\na\t19.90\t2026-11-25T09:00:00Z\nb\t7\t\n",
    "table": "ID      Total  Placed\na   19.90 GBP  3 h ago\nb    7.00 GBP\n",
}


@pytest.mark.parametrize("format_", EXPLICIT)
@pytest.mark.parametrize("tty", [True, False])
def test_rows(screen: Build, format_: str, tty: bool) -> None:
    shown = screen(tty=tty, format=format_, no_color=True)
    shown.output.rows(iter(ROWS), COLUMNS, empty="No orders match.")
    assert (shown.out, shown.err) == (PRINTED[format_], "")


@pytest.mark.parametrize(
    ("format_", "out", "err"),
    [
        ("table", "", "No orders match.\n"),
        ("json", "[]\n", ""),
        ("ndjson", "", ""),
        ("yaml", "[]\n", ""),
        ("csv", "id,total,created_at\n", ""),
        ("tsv", "id\ttotal\tcreated_at\n", ""),
    ],
)
def test_no_rows(screen: Build, format_: str, out: str, err: str) -> None:
    shown = screen(format=format_)
    shown.output.rows([], COLUMNS, empty="No orders match.")
    assert (shown.out, shown.err) == (out, err)


def test_no_rows_quietly(screen: Build) -> None:
    shown = screen(tty=True, quiet=True)
    shown.output.rows([], COLUMNS, empty="No orders match.")
    assert (shown.out, shown.err) == ("", "")


def test_ndjson_is_written_while_rows_arrive(screen: Build) -> None:
    shown = screen(format="ndjson")
    lengths = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(3):
            lengths.append(shown.out.count("\n"))
            yield {"n": number}

    shown.output.rows(rows(), [])
    assert lengths == [0, 1, 2]


# fields

CHOSEN = {
    "json": '[\n  {\n    "customer.name": "Ann",\n    "total": 19.90\n  },\n'
    '  {\n    "customer.name": null,\n    "total": 7\n  }\n]\n',
    "ndjson": '{"customer.name":"Ann","total":19.90}\n{"customer.name":null,"total":7}\n',
    "yaml": "- customer.name: Ann\n  total: 19.90\n- customer.name: null\n  total: 7\n",
    "csv": "customer.name,total\nAnn,19.90\n,7\n",
    "tsv": "customer.name\ttotal\nAnn\t19.90\n\t7\n",
    "table": "customer.name      total\nAnn            19.90 GBP\n                7.00 GBP\n",
}


@pytest.mark.parametrize("format_", EXPLICIT)
def test_fields_in_their_order(screen: Build, format_: str) -> None:
    shown = screen(format=format_, fields="customer.name,total")
    shown.output.rows(iter(ROWS), COLUMNS)
    assert (shown.out, shown.err) == (CHOSEN[format_], "")


@pytest.mark.parametrize(
    ("format_", "out"),
    [
        ("json", '{\n  "customer.name": "Ann",\n  "nope": null\n}\n'),
        ("ndjson", '{"customer.name":"Ann","nope":null}\n'),
        ("yaml", "customer.name: Ann\nnope: null\n"),
        ("csv", "customer.name,nope\nAnn,\n"),
        ("tsv", "customer.name\tnope\nAnn\t\n"),
        ("table", "customer.name  Ann\nnope\n"),
    ],
)
def test_fields_of_a_record(screen: Build, format_: str, out: str) -> None:
    shown = screen(format=format_, fields="customer.name,nope")
    shown.output.record(ROWS[0], COLUMNS)
    assert shown.out == out
    assert shown.err == 'Unknown field "nope". Fields: id, total, currency, created_at, customer.\n'


@pytest.mark.parametrize("format_", EXPLICIT)
def test_a_field_nobody_has_is_told(screen: Build, format_: str) -> None:
    shown = screen(format=format_, fields="id,totl")
    shown.output.rows(iter(ROWS), COLUMNS)
    assert shown.err == 'Unknown field "totl". Did you mean total?\n'


def test_a_field_asked_for_is_never_dropped(screen: Build) -> None:
    shown = screen(tty=True, no_color=True, width=20, fields="id,created_at,total,x")
    shown.output.rows(iter(ROWS), COLUMNS)
    assert shown.out.splitlines()[0].split() == ["id", "create…", "total", "x"]


def test_bad_fields_are_a_usage_error(screen: Build) -> None:
    with pytest.raises(UsageError, match='Invalid --fields "id,,x": a name is empty'):
        screen(fields="id,,x")


# jq


@pytest.mark.parametrize(
    ("settings", "out"),
    [
        ({"jq": ".[].id"}, "a\nb\n"),
        ({"jq": "length"}, "2\n"),
        ({"jq": ".[0].customer"}, '{"name":"Ann"}\n'),
        ({"jq": ".id", "format": "ndjson"}, "a\nb\n"),
        ({"jq": ".[0] | keys", "fields": "total,id"}, '["id","total"]\n'),
        ({"jq": ".[5].id"}, "null\n"),
        ({"jq": "empty"}, ""),
    ],
)
def test_jq_on_rows(screen: Build, settings: dict[str, Any], out: str) -> None:
    shown = screen(**settings)
    shown.output.rows(iter(ROWS), COLUMNS)
    assert (shown.out, shown.err) == (out, "")


def test_jq_on_a_record_and_a_value(screen: Build) -> None:
    shown = screen(jq=".")
    shown.output.record({"a": "x"}, [])
    shown.output.value("y")
    assert shown.out == '{"a":"x"}\ny\n'


def test_jq_strings_are_raw_but_steer_no_terminal(screen: Build) -> None:
    for tty, out in ((False, "a\x1b[2J\nb\n"), (True, "a\\x1b[2J\nb\n")):
        shown = screen(tty=tty, jq=".a")
        shown.output.record({"a": "a\x1b[2J\nb"}, [])
        assert shown.out == out


@pytest.mark.parametrize("format_", ["table", "csv", "tsv", "yaml"])
def test_jq_needs_json(screen: Build, format_: str) -> None:
    with pytest.raises(UsageError) as caught:
        screen(format=format_, jq=".")
    assert caught.value.message == f"--jq filters JSON, but the output format is {format_}."


def test_a_bad_jq_expression_fails_before_anything_else(screen: Build) -> None:
    with pytest.raises(UsageError, match="Invalid --jq filter"):
        screen(jq=".[")


def test_a_missing_jq_names_the_extra(screen: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)
    with pytest.raises(UsageError, match="optional extra 'jq'"):
        screen(jq=".")


# records

WHOLE = """{
  "id": "a",
  "total": 19.90,
  "currency": "GBP",
  "created_at": "2026-11-25T09:00:00Z",
  "customer": {
    "name": "Ann"
  }
}
"""


@pytest.mark.parametrize(
    ("format_", "out"),
    [
        ("json", WHOLE),
        ("ndjson", PRINTED["ndjson"].splitlines(keepends=True)[0]),
        (
            "yaml",
            "id: a\ntotal: 19.90\ncurrency: GBP\ncreated_at: '2026-11-25T09:00:00Z'\ncustomer:\n  name: Ann\n",
        ),
        ("csv", "id,total,created_at\na,19.90,2026-11-25T09:00:00Z\n"),
        ("tsv", "id\ttotal\tcreated_at\na\t19.90\t2026-11-25T09:00:00Z\n"),
        ("table", "ID        a\nTotal     19.90 GBP\nPlaced    3 h ago\ncurrency  GBP\ncustomer  name: Ann\n"),
    ],
)
def test_record(screen: Build, format_: str, out: str) -> None:
    shown = screen(format=format_)
    shown.output.record(ROWS[0], COLUMNS)
    assert (shown.out, shown.err) == (out, "")


# plans, changes, values

REQUEST = {"method": "POST", "path": "/api/v1/pim/inventory/adjust", "body": loads('{"delta": -5, "cost": 1.50}')}


def test_a_plan_for_people(screen: Build) -> None:
    shown = screen(tty=True)
    shown.output.plan(REQUEST, before={"on_hand": 42}, after={"on_hand": 37})
    assert shown.out == (
        'Would send POST /api/v1/pim/inventory/adjust\n{\n  "delta": -5,\n  "cost": 1.50\n}\non hand 42 → 37\n'
    )


def test_a_plan_without_body_or_values(screen: Build) -> None:
    shown = screen(format="table")
    shown.output.plan({"method": "DELETE", "path": "/api/v1/x/\x1b"})
    assert shown.out == "Would send DELETE /api/v1/x/\\x1b\n"


def test_a_plan_that_sets_what_was_not_there(screen: Build) -> None:
    shown = screen(format="table")
    shown.output.plan({"method": "PUT", "path": "/x"}, before={}, after={"name": "New"})
    assert shown.out == "Would send PUT /x\nname (none) → New\n"


PLAN = {
    "dry_run": True,
    "method": "POST",
    "path": "/api/v1/pim/inventory/adjust",
    "body": {"delta": -5, "cost": 1.5},
    "before": {"on_hand": 42},
    "after": None,
}


@pytest.mark.parametrize(("format_", "read"), [("json", json.loads), ("ndjson", json.loads), ("yaml", yaml.safe_load)])
def test_a_plan_for_programs(screen: Build, format_: str, read: Callable[[str], object]) -> None:
    shown = screen(format=format_)
    shown.output.plan(REQUEST, before={"on_hand": 42})
    assert read(shown.out) == PLAN
    assert "1.50" in shown.out


def test_a_plan_as_tsv(screen: Build) -> None:
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
        ({}, "ey.J\x1b", "ey.J\x1b\n"),
        ({"tty": True}, "ey.J\x1b", "ey.J\\x1b\n"),
        ({"format": "json"}, "tok", '"tok"\n'),
        ({"format": "ndjson"}, "tok", '"tok"\n'),
        ({"format": "yaml"}, "tok", '"tok"\n'),
        ({"format": "csv"}, "tok", "tok\n"),
        ({}, True, "true\n"),
        ({}, None, "\n"),
        ({"format": "json"}, 30.5, "30.5\n"),
        ({"format": "json"}, None, "null\n"),
    ],
)
def test_value(screen: Build, settings: dict[str, Any], value: object, out: str) -> None:
    shown = screen(**settings)
    shown.output.value(value)
    assert (shown.out, shown.err) == (out, "")


# talk


def everything_said(shown: Any) -> list[str]:
    shown.output.note("There is more.")
    shown.output.note(None)
    shown.output.done("Deleted product 4c0a\x1b.")
    shown.output.warn("The clock is off.")
    shown.output.messages.footer(87, 100, exact=True, profile="acme")
    shown.output.messages.footer(7, 100, exact=False, profile="a\ncme")
    shown.output.messages.waiting(11.2, "the rate limit is used up")
    shown.output.messages.sent("GET /orders 200\x07")
    return str(shown.err).splitlines()


SAID = [
    "There is more.",
    "Deleted product 4c0a\\x1b.",
    "Warning: The clock is off.",
    "87/100 requests left this minute · acme",
    "~7/100 requests left this minute · a\\ncme",
    "Waiting 12 s: the rate limit is used up",
]


@pytest.mark.parametrize("format_", EXPLICIT)
def test_talk_goes_to_stderr_in_every_format(screen: Build, format_: str) -> None:
    shown = screen(format=format_)
    assert everything_said(shown) == SAID
    assert shown.out == ""


def test_quiet_leaves_warnings(screen: Build) -> None:
    assert everything_said(screen(quiet=True)) == [SAID[2]]


def test_debug_adds_a_line_a_request_even_quietly(screen: Build) -> None:
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
    assert (shown.out, shown.err) == ("", "synq: No order d2f7\\x1b[0m.\n  Try: synq orders list\n")


def test_an_error_without_hint_is_one_line(screen: Build) -> None:
    shown = screen(tty=True)
    shown.output.messages.error(SynqError("Broken."))
    assert shown.err == "\x1b[31msynq: Broken.\x1b[0m\n"


@pytest.mark.parametrize("settings", [{"format": name} for name in EXPLICIT[1:]] + [{"jq": "."}])
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
            "request_id": "req-9",
        }
    }
