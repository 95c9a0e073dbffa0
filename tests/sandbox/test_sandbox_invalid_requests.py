"""Requests that are refused, and change nothing: those of invalid_requests.txt, and some that are long."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from replies import UNKNOWN, error

from synq_cli.sandbox.store.store import Store

TABLE = Path(__file__).with_name("invalid_requests.txt")
ABBREVIATIONS = {
    "UNKNOWN": UNKNOWN,  # an id that nothing has
    "PAID": '"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1"',
    "REPAIR": '"product_title": "Repair", "quantity": 1',
}
DEEP = "[" * 100_000
INVALID_BODY = ("Invalid request", "invalid request", "Invalid payload", "invalid payload")
NOT_OBJECTS = ("", "[]", "{", '"\\ud800"', DEEP, '{"title":NaN}')


def cases():
    """Method, path, body (None if there is none), status, error."""
    text = TABLE.read_text(encoding="utf-8")
    for name, meaning in ABBREVIATIONS.items():
        text = text.replace(name, meaning)
    for line in text.splitlines():
        if match := re.fullmatch(r"([A-Z]+) (\S+)(?: (.*))? => (\d+) (.*)", line):
            method, path, body, status, text = match.groups()
            yield method, path, body, (int(status), text)


@pytest.fixture
def send(client, clock, database):
    """Sends a request, each in a second of its own; in the end the tenant must be unchanged."""

    def content():
        with Store(database) as store:
            store.run("DELETE FROM requests")
            tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            return [store.rows(f"SELECT * FROM {table['name']}") for table in tables]

    def send(method, path, body=None):
        clock.at += 1
        return error(client.simulate_request(method, path, body=body))

    before = content()
    yield send
    assert content() == before


def test_requests_in_the_table(send):
    wrong = [(*case, found) for case in cases() if (found := send(*case[:3])) != case[3]]
    assert wrong == []


def test_bodies_that_are_not_objects(send):
    routes = {case[:2]: case[3] for case in cases() if case[3][1].startswith(INVALID_BODY)}
    assert len(routes) > 20
    for (method, path), reply in routes.items():
        # An order can be cancelled, fulfilled or returned without a body.
        for body in NOT_OBJECTS[1:] if f"orders/{UNKNOWN}" in path else NOT_OBJECTS:
            assert send(method, path, body) == reply, (path, body[:99])


def test_long_values(send):
    path = f"/api/v1/pim/products/{UNKNOWN}/variants"
    assert send("POST", path, f'{{"price": {"9" * 5000}}}') == (400, "Invalid request payload")
    payload = b64encode(DEEP.encode()).decode()
    body = f'{{"job_type": "BULK_IMPORT", "payload": "{payload}"}}'
    assert send("POST", "/api/v1/pim/bulk-jobs", body) == (400, "Invalid JSON in payload")
