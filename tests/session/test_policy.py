"""The policy of a profile: read from config.yaml, its patterns, and the sentence of each breach."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import RefusedError
from synq_cli.exact_json import Number
from synq_cli.session.policy import Policy, command_matches, read_policy

FILE = Path("config.yaml")
INVALID: list[tuple[object, str]] = [
    (None, "policy has no rules: use a mapping with allow, deny, max_rows, max_units, never_sku or writes."),
    ("off", 'policy is "off": use a mapping with allow, deny, max_rows, max_units, never_sku or writes.'),
    ([], "policy is []: use a mapping with allow, deny, max_rows, max_units, never_sku or writes."),
    ({"max_row": 3}, 'unknown rule "max_row" in policy. Did you mean max_rows?'),
    ({"zebra": 3}, 'unknown rule "zebra" in policy. Use allow, deny, max_rows, max_units, never_sku or writes.'),
    ({"deny": "orders"}, 'deny is "orders": use a list, such as ["orders"].'),
    ({"deny": None}, "deny has no value: use a list."),
    ({"allow": ["orders", 5]}, "allow has 5: use text; put it in quotes."),
    ({"never_sku": [" "]}, "never_sku has an empty text: remove it."),
    ({"deny": ["synq"]}, "deny has an empty text: remove it."),
    ({"max_rows": "many"}, 'invalid max_rows "many": use a whole number from 1.'),
    ({"max_rows": 0}, "invalid max_rows 0: use a whole number from 1."),
    ({"max_rows": True}, "invalid max_rows True: use a whole number from 1."),
    ({"max_rows": None}, "invalid max_rows nothing: use a whole number from 1."),
    ({"max_units": Number("1.5")}, "invalid max_units.row 1.5: use a whole number from 1."),
    ({"max_units": None}, "max_units has no value: use a whole number, or a mapping with row and run."),
    ({"max_units": {"rows": 3}}, 'unknown rule "rows" in max_units. Did you mean row?'),
    ({"max_units": {"run": -1}}, "invalid max_units.run -1: use a whole number from 1."),
    ({"writes": "never"}, 'invalid writes "never": use plan-only, or leave it out.'),
    ({"writes": None}, "invalid writes nothing: use plan-only, or leave it out."),
]
VALID: list[tuple[object, dict[str, Any], str]] = [
    ({}, {}, "no rules"),
    ({"allow": []}, {"allow": ()}, "allow nothing"),
    ({"deny": ["synq  orders   cancel"]}, {"deny": ("orders cancel",)}, "deny orders cancel"),
    ({"max_units": 50}, {"row_units": 50}, "max_units 50 a row"),
    (
        {"max_rows": 9, "max_units": {"run": 500}, "never_sku": ["GIFT-*"], "writes": "plan-only"},
        {"max_rows": 9, "run_units": 500, "never_sku": ("GIFT-*",), "plan_only": True},
        "max_rows 9; max_units 500 a run; never_sku GIFT-*; writes plan-only",
    ),
]
PATTERNS = [
    ("orders", "orders list", True),
    ("orders *", "orders list", True),
    ("orders *", "products media add", False),
    ("products media", "products media add", True),
    ("products m*", "products media add", True),
    ("* list", "orders list", True),
    ("* list", "inventory skus list", True),
    ("*", "orders list", True),
    ("order", "orders list", False),
    ("ORDERS LIST", "orders list", True),
    ("orders lis?", "orders list", True),
    ("orders [l]ist", "orders list", False),
    ("orders list", "orders", False),
]


@cases("document, problem", INVALID)
def test_an_invalid_policy_says_what_is_wrong_and_refuses_every_write(document: object, problem: str) -> None:
    policy = read_policy(document, "acme", FILE)
    assert policy.sentence == f"The policy of profile acme in config.yaml is invalid: {problem}"
    with pytest.raises(RefusedError) as caught:
        policy.check_readable()
    assert caught.value.message == f"{policy.sentence} Nothing was sent."


@cases("document, rules, summary", VALID)
def test_a_policy_is_read(document: object, rules: dict[str, Any], summary: str) -> None:
    policy = read_policy(document, "acme", FILE)
    assert policy == Policy("acme", FILE, **rules)
    assert (policy.sentence, policy.summary()) == (None, summary)
    policy.check_readable()


@cases("pattern, command, matches", PATTERNS)
def test_a_pattern_covers_a_command_by_its_name_or_its_group(pattern: str, command: str, matches: bool) -> None:
    assert command_matches(pattern, command) == matches


@given(st.text(), st.text(), st.text())
def test_a_sku_matches_itself_its_start_and_its_end_in_any_case(start: str, middle: str, end: str) -> None:
    sku = f"{start}{middle}{end}"
    for pattern in (sku, f"{start}*{end}", sku.upper(), "*"):
        policy = Policy("acme", FILE, never_sku=(pattern,))
        if pattern.casefold().strip() == sku.casefold().strip() or "*" in pattern:
            with pytest.raises(RefusedError):
                policy.check_sku(sku, "line 2")
    Policy("acme", FILE, never_sku=(f"{sku}x",)).check_sku(sku.replace("*", "").replace("?", ""), "line 2")


def test_a_local_command_is_refused_only_by_a_pattern_that_names_it() -> None:
    for pattern, is_refused in (("*", False), ("* token", False), ("auth token", True), ("auth", True)):
        policy = Policy("acme", FILE, allow=(), deny=(pattern,))
        if is_refused:
            with pytest.raises(RefusedError, match="deny includes"):
                policy.check_command("auth token", is_local=True)
        else:
            policy.check_command("auth token", is_local=True)
