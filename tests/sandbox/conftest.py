"""A new tenant for each test, its clock, and a client with a token."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from falcon import testing
from replies import NOON

import synq_cli
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store import store


class Clock:
    """A clock that only moves when `at` is set."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tenant that tests copy, since that is faster than creating one for each."""
    path = tmp_path_factory.mktemp("fresh") / "sandbox.sqlite3"
    store.create(path, DEFAULT_SEED, NOON)
    return path


@pytest.fixture
def database(tmp_path: Path, fresh: Path) -> Path:
    return Path(shutil.copy(fresh, tmp_path))


@pytest.fixture
def bearer(database: Path, clock: Clock) -> Callable[..., dict[str, str]]:
    """Creates the header with a token; takes the options of issue_token."""

    def header(**options: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue_token(database, now=clock, **options)}"}

    return header


@pytest.fixture
def client(database: Path, clock: Clock, bearer: Callable[..., dict[str, str]]) -> Iterator[testing.TestClient]:
    with store.Store(database):  # closing a connection is cheap while another one is open
        yield testing.TestClient(create_app(database, clock), headers=bearer())


@pytest.fixture
def anyone(database: Path, clock: Clock) -> Iterator[testing.TestClient]:
    """A client without a token."""
    with store.Store(database):
        yield testing.TestClient(create_app(database, clock))


@pytest.fixture
def crewneck(client: testing.TestClient) -> dict[str, Any]:
    """The variant HMC-NVY-M."""
    (variant,) = client.simulate_get("/api/v1/pim/variants", params={"sku": "HMC-NVY-M"}).json
    return variant


@pytest.fixture
def spend(database: Path, clock: Clock) -> Callable[[int], None]:
    """Counts that many requests of the client's address against the rate limit, now."""

    def record(requests: int) -> None:
        with store.Store(database) as opened, opened.writing():
            for _ in range(requests):
                opened.insert("requests", {"address": "127.0.0.1", "at": clock.at})

    return record


class Trade:
    """Orders and stock of one variant at one location."""

    def __init__(self, client: testing.TestClient, clock: Clock, place: dict[str, str]) -> None:
        self.client = client
        self.clock = clock
        self.place = place

    def line(self, quantity: int, **fields: Any) -> dict[str, Any]:
        return {**self.place, "product_title": "Crewneck", "quantity": quantity, "unit_price": 89.5, **fields}

    def order(self, *lines: dict[str, Any], key: str = "key-1", **fields: Any) -> testing.Result:
        body = {"idempotency_key": key, "payment_provider": "stripe", "payment_reference": "pi_1", **fields}
        return self.client.simulate_post("/api/v1/oms/orders", json={**body, "items": list(lines)})

    def confirmed(self, *lines: dict[str, Any], key: str = "key-1") -> str:
        """The id of a new order after the time it takes to be confirmed."""
        order_id: str = self.order(*lines, key=key).json["id"]
        self.clock.at += 4
        assert self.status(order_id) == ("confirmed", "authorized")
        return order_id

    def status(self, order_id: str) -> tuple[str, str]:
        order = self.client.simulate_get(f"/api/v1/oms/orders/{order_id}").json
        return order["status"], order["payment_status"]

    def stock(self) -> tuple[int, int, int]:
        """On hand, reserved, available."""
        (level,) = self.client.simulate_get("/api/v1/inventory/levels", params=self.place).json["levels"]
        return level["on_hand"], level["reserved"], level["available"]

    def ledger(self) -> list[tuple[int, str]]:
        """Delta and type of the entries, newest first."""
        entries = self.client.simulate_get("/api/v1/inventory/ledger", params=self.place).json["entries"]
        return [(entry["quantity_delta"], entry["transaction_type"]) for entry in entries]

    def held_for(self, order_id: str) -> list[tuple[int, str]]:
        """Quantity and status of the order's reservations, newest first."""
        held = self.client.simulate_get("/api/v1/inventory/reservations").json["reservations"]
        return [(row["quantity"], row["status"]) for row in held if row["reference"] == order_id]

    def allocate(self, model: str) -> None:
        settings = {"auto_po_enabled": True, "default_low_stock_threshold": 5, "costing_method": "WAC"}
        body = {**settings, "inventory_allocation_model": model}
        assert self.client.simulate_put("/api/v1/settings/tenant", json=body).status_code == 200


@pytest.fixture
def trade(client: testing.TestClient, clock: Clock, database: Path) -> Trade:
    """The crewneck in the warehouse: 42 on hand, 3 of them reserved."""
    with store.Store(database) as opened:
        entry = opened.rows(
            """SELECT ledger.variant_id, location_id FROM ledger JOIN variants ON variants.id = variant_id
               WHERE sku = 'HMC-NVY-M'"""
        )[0]
    return Trade(client, clock, entry)


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    file = Path(synq_cli.__file__).with_name("resources") / "openapi.yaml"
    return yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
