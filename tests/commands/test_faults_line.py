"""`synq sandbox fault`, and what synq does when the embedded tenant misbehaves as ordered."""

import json
from typing import Any, get_args

import pytest
from table import cases

from synq_cli.commands.sandbox import DEFAULTS, Kind, Way
from synq_cli.sandbox.server import faults, rate_limit
from synq_cli.sandbox.store.store import Store

ADJUST = "POST /api/v1/inventory/adjust"
LINE = ("--sandbox", "inventory", "adjust", "HMC-NVY-M", "-1", "--location", "Leith warehouse", "--quiet")


@pytest.fixture
def synq(synq: Any) -> Any:
    """A synq whose sandbox is there."""
    synq.seed_sandbox()
    return synq


def order(synq: Any, *words: str) -> None:
    assert synq("sandbox", "fault", "add", *words).status == 0


def entries(synq: Any) -> int:
    with Store(synq.folder / "state" / "sandbox.sqlite3") as tenant:
        return tenant.count("SELECT COUNT(*) FROM ledger")


def test_the_words_are_the_sandboxs() -> None:
    assert get_args(Kind) == faults.KINDS
    assert get_args(Way) == rate_limit.ALGORITHMS
    assert vars(rate_limit.RateLimit()) == DEFAULTS


def test_the_help_explains_every_word(synq: Any) -> None:
    page = synq("sandbox", "fault", "add", "--help").out
    assert [kind for kind in get_args(Kind) if kind not in page] == []


def test_faults_are_ordered_listed_and_taken_back(synq: Any) -> None:
    added = synq("sandbox", "fault", "add", "lost", "--on", ADJUST)
    assert (added.status, added.err) == (0, "")
    assert added.out == (
        "id\tkind\ttarget\ttimes\trate\tseed\tseconds\tmet\tstruck\n"
        "1\tlost\tPOST /api/v1/inventory/adjust\t1\t\t\t\t0\t0\n"
    )
    order(synq, "slow", "--on", "get", "--rate", "0.25", "--seed", "7", "--seconds", "40")
    order(synq, "429", "--times", "3")
    assert synq("sandbox", "fault", "list", terminal=True).out == (
        "ID  Fault  Requests                       Times left  Rate  Seed  Seconds  Matched  Injected\n"
        " 1  lost   POST /api/v1/inventory/adjust           1                             0         0\n"
        " 2  slow   GET *                                      0.25     7       40        0         0\n"
        " 3  429    *                                       3                    5        0         0\n"
    )
    assert synq("sandbox", "fault", "clear").err == "Removed 3 faults and reset how requests are counted.\n"
    empty = synq("sandbox", "fault", "list", terminal=True)
    assert (empty.status, empty.out, empty.err) == (0, "", "There are no faults.\n")
    assert synq("sandbox", "fault", "list", "--json").out == "[]\n"


def test_the_first_fault_makes_the_sandbox(tmp_path: Any, synq: Any) -> None:
    (synq.folder / "state" / "sandbox.sqlite3").unlink()
    added = synq("sandbox", "fault", "add", "503")
    assert (added.status, added.err.partition(" in ")[0]) == (0, "Created a sandbox")


def test_how_it_counts_is_shown_and_changed(synq: Any) -> None:
    assert synq("sandbox", "fault", "limit").out == "count_as\tstrangers\nlog\t0\n"
    changed = synq("sandbox", "fault", "limit", "--count-as", "counter", "--strangers", "20", terminal=True)
    assert changed.out == "Count as                 counter\nOther requests a minute  20\n"
    told = "The rate limit counts as counter, with 20 requests a minute of other clients.\n"
    assert synq("sandbox", "fault", "list").err == told
    assert synq("--sandbox", "channels", "list").err.endswith("78/100 requests left this minute · sandbox\n")
    assert synq("sandbox", "fault", "clear").err == "Removed 0 faults and reset how requests are counted.\n"
    assert json.loads(synq("sandbox", "fault", "limit", "--json").out) == DEFAULTS


@cases(
    ("line", "said"),
    [
        (
            ("add", "lots"),
            (
                'Invalid value "lots" for KIND: use 429, 500, 502, 503, expired, missing, garbage, lost-before, lost, '
                "500-after or slow.\n  Did you mean lost? See `synq sandbox fault add --help`."
            ),
        ),
        (
            ("add", "500", "--times", "2", "--rate", "0.5"),
            "--times conflicts with --rate: give one of them.",
        ),
        (("add", "500", "--seed", "7"), "--seed requires --rate."),
        (
            ("add", "500", "--rate", "2"),
            "Invalid rate 2.\n  Use a number above 0 and up to 1, such as 0.2.",
        ),
        (("add", "500", "--seconds", "2"), "--seconds does not apply to the fault 500.\n  Use it with slow or 429."),
        (
            ("add", "500", "--on", "PATCH"),
            (
                'Invalid value "PATCH" for --on.\n'
                '  Use a method (GET, POST, PUT, DELETE), a path or both, such as "POST /api/v1/inventory/adjust".'
            ),
        ),
        (
            ("limit", "--count-as", "bucket"),
            (
                'Invalid value "bucket" for --count-as: use log, counter or log-strict.\n'
                "  See `synq sandbox fault limit --help`."
            ),
        ),
    ],
)
def test_an_order_that_can_not_be(synq: Any, line: tuple[str, ...], said: str) -> None:
    result = synq("sandbox", "fault", *line)
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")
    assert synq("sandbox", "fault", "list", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("kind", "status", "said", "done"),
    [
        ("lost", 10, "was sent, but the connection to sandbox was lost: closed before a response arrived", 1),
        (
            "lost-before",
            10,
            "was sent, but the connection to sandbox was lost: closed before a response arrived",
            0,
        ),
        ("500-after", 10, "with an error (Internal Server Error); it may have been applied", 1),
        ("500", 10, "with an error (Internal Server Error); it may have been applied", 0),
        ("502", 10, "with an error (Bad Gateway); it may have been applied", 0),
        ("503", 10, "with an error (Service Unavailable); it may have been applied", 0),
        (
            "garbage",
            10,
            "Invalid response to POST /api/v1/inventory/adjust: status 200 with a body that is not JSON",
            0,
        ),
        ("expired", 4, "The API refused the adjustment: Unauthorized: Invalid token.", 0),
        ("missing", 5, "404 page not found.", 0),
    ],
)
def test_write_with_an_unknown_outcome_is_sent_once(synq: Any, kind: str, status: int, said: str, done: int) -> None:
    before = entries(synq)
    order(synq, kind, "--on", ADJUST)
    result = synq(*LINE)
    assert (result.status, result.out) == (status, "")
    assert said in result.err
    assert entries(synq) == before + done
    assert synq("sandbox", "fault", "list", "--json").out == "[]\n"


def test_a_refusal_costs_a_write_a_wait(synq: Any) -> None:
    before = entries(synq)
    order(synq, "429", "--on", ADJUST, "--seconds", "7")
    assert synq(*LINE).status == 0
    assert 7 <= sum(synq.slept) < 8
    assert entries(synq) == before + 1


def test_after_fault_clear_a_missing_route_is_tried_again(synq: Any) -> None:
    order(synq, "missing", "--on", "GET /api/v1/inventory/locations")
    assert synq("--sandbox", "inventory", "locations").status == 5
    assert synq("--sandbox", "inventory", "locations").status == 5  # remembered for a day, as of any server
    assert synq("sandbox", "fault", "clear").status == 0
    assert synq("--sandbox", "inventory", "locations").status == 0


def test_a_read_is_asked_again(synq: Any) -> None:
    for kind in ("500", "503", "lost", "lost-before", "500-after"):
        synq.slept.clear()
        order(synq, kind, "--times", "2")
        assert synq("--sandbox", "channels", "list").status == 0
        assert synq.slept == [0.5, 1.0], kind


def test_a_read_is_given_up_in_the_end(synq: Any) -> None:
    order(synq, "lost", "--rate", "1")
    given_up = synq("--sandbox", "channels", "list", "--quiet")
    assert (given_up.status, given_up.out, len(synq.slept)) == (7, "", 3)
    order(synq, "lost", "--rate", "1")
    (fault, _) = json.loads(synq("sandbox", "fault", "list", "--json").out)
    assert (fault["met"], fault["struck"]) == (4, 4)


def test_a_slow_answer_takes_its_time(synq: Any) -> None:
    order(synq, "slow", "--seconds", "12")
    assert synq("--sandbox", "channels", "list").status == 0
    assert synq.slept == [12]
