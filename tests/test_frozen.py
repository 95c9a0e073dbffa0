"""What scripts rest on, word for word: a change here breaks somebody's and belongs in the changelog."""

import json
from typing import Any

from table import cases

from synq_cli import errors
from synq_cli.cli import tree
from synq_cli.errors import SynqError

# exit status, code, whether the same line may work later
EXITS = """
1    internal
2    usage
3    rejected
4    auth
5    not_found
6    rate_limited  retryable
7    network       retryable
8    conflict
9    partial
10   unknown
11   refused
12   server        retryable
75   running       retryable
130  interrupted
"""
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SynqError)]


def test_the_exit_statuses_and_their_codes() -> None:
    table = [line.split() for line in EXITS.strip().splitlines()]
    assert [[str(kind.exit_status), kind.code, *(["retryable"] if kind.retryable else [])] for kind in KINDS] == table
    assert {str(status): meaning.partition(":")[0] for status, meaning in tree.EXITS.items()} == {
        "0": "done",
        **{status: code for status, code, *_ in table},
    }


@cases("kind", KINDS)
def test_the_error_object(kind: type[SynqError]) -> None:
    error = kind("It went wrong.", hint="Do this.", status=418, request_id="r-1", said="no")
    assert error.as_json() == {
        "error": {
            "code": kind.code,
            "message": "It went wrong.",
            "status": 418,
            "hint": "Do this.",
            "next": "Do this.",
            "retryable": kind.retryable,
            "request_id": "r-1",
        }
    }
    bare = kind("It went wrong.").as_json()["error"]
    assert bare == {
        "code": kind.code, "message": "It went wrong.", "status": None, "hint": None, "next": kind.usual_next,
        "retryable": kind.retryable, "request_id": None,
    }  # fmt: skip
    error.details = ("this", "and that")
    assert error.as_json()["error"]["details"] == ["this", "and that"]  # type: ignore[index]


def test_the_error_object_is_one_line_on_stderr(synq: Any) -> None:
    result = synq("orders", "get", "x", "--json", environ={"SYNQ_TOKEN": "a.b.c"})
    assert (result.status, result.out) == (2, "")
    hint = json.dumps(json.loads(result.err)["error"]["hint"])
    assert result.err == (
        '{"error":{"code":"usage","message":"Invalid order id \\"x\\".","status":null,'
        f'"hint":{hint},"next":{hint},"retryable":false,"request_id":null}}}}\n'
    )


def test_the_shape_of_the_schema(synq: Any) -> None:
    told = json.loads(synq("schema").out)
    assert list(told) == ["name", "path", "summary", "help", "version", "shared_options", "commands"]
    orders = next(group for group in told["commands"] if group["name"] == "orders")
    assert list(orders) == ["name", "path", "summary", "help", "commands"]
    listing = next(command for command in orders["commands"] if command["name"] == "list")
    assert list(listing) == [
        "name", "path", "summary", "help", "arguments", "options", "effect", "role", "evidence", "operations",
        "requests", "exits", "examples",
    ]  # fmt: skip
    limit = next(option for option in listing["options"] if option["name"] == "limit")
    assert limit == {
        "name": "limit", "names": ["--limit"], "metavar": "N", "type": "integer", "required": False, "default": 50,
        "repeatable": False, "choices": [], "min": 1, "help": "Maximum number of rows.", "env": [],
    }  # fmt: skip
    (order,) = next(command for command in orders["commands"] if command["name"] == "get")["arguments"]
    assert list(order) == [
        "name", "metavar", "type", "required", "default", "repeatable", "choices", "help", "env",
    ]  # fmt: skip
