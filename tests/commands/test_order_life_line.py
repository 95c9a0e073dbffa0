"""The life of an order on the embedded tenant, from placing it to its return or its cancellation."""

import json
from pathlib import Path

import pytest
from runner import Runner

LEITH = "Leith warehouse"
LINE = (
    "orders", "create", "--item", "HMC-NVY-M=2", "--channel", "web-storefront", "--location", LEITH,
    "--payment-provider", "stripe", "--payment-reference", "pi_3SAmpleHarbour01",
)  # fmt: skip


class Shop:
    """A seeded tenant whose answers are read as JSON."""

    def __init__(self, synq: Runner) -> None:
        self.run = synq
        synq.seed_sandbox()

    def json(self, *line: str) -> object:
        done = self.run("--sandbox", *line, "--json", "--quiet")
        assert (done.status, done.err) == (0, "")
        return json.loads(done.out)

    def reserved(self) -> int:
        levels = self.json("inventory", "levels", "--sku", "HMC-NVY-M", "--location", LEITH)
        assert isinstance(levels, list)
        return int(levels[0]["reserved"])


@pytest.fixture
def shop(synq: Runner) -> Shop:
    return Shop(synq)


def test_an_order_is_placed_shipped_in_two_parcels_and_sent_back(shop: Shop) -> None:
    before = shop.reserved()
    order = shop.json(*LINE, "--wait")
    assert isinstance(order, dict)
    assert (order["status"], order["total"], order["currency"]) == ("confirmed", 179.0, "GBP")
    assert shop.reserved() == before + 2
    short = order["id"][:8]
    parcel = shop.json("orders", "fulfill", short, "--item", "HMC-NVY-M=1", "--carrier", "Royal Mail")
    assert isinstance(parcel, dict)
    assert [(item["sku"], item["quantity"]) for item in parcel["items"]] == [("HMC-NVY-M", 1)]
    late = shop.run("--sandbox", "orders", "cancel", short, "--yes", "-q")
    assert late.status == 8
    assert late.err.startswith(f"synq: Order {order['id']} is partially_fulfilled; it can't be cancelled.\n")
    shop.json("orders", "fulfill", short)
    shop.json("orders", "return", short, "--item", "HMC-NVY-M=1", "--reason", "Sleeves too long")
    life = shop.json("orders", "track", short)
    assert isinstance(life, dict)
    assert [state["status"] for state in life["states"] if state["phase"] != "ahead"] == [
        "pending_payment", "payment_authorized", "confirmed", "processing", "partially_fulfilled", "fulfilled",
        "return_requested",
    ]  # fmt: skip
    assert (len(life["fulfillments"]), life["returns"][0]["reason"]) == (2, "Sleeves too long")
    assert shop.reserved() == before


def test_one_key_makes_one_order_and_it_can_be_cancelled(shop: Shop, tmp_path: Path) -> None:
    file, key = tmp_path / "order.json", "web-9b1f6f0e-20250921-0001"
    item = {"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.5}
    fields = {"payment_provider": "stripe", "payment_reference": "pi_2", "currency": "GBP", "items": [item]}
    file.write_text(json.dumps(fields), encoding="utf-8")
    line = ("orders", "create", "--file", str(file), "--idempotency-key", key)
    first, second = shop.json(*line), shop.json(*line)
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["id"] == second["id"]
    cancelled = shop.json("orders", "cancel", first["id"], "--yes", "--reason", "Customer changed their mind")
    listed = shop.json("orders", "list", "--key", key)
    assert listed == [cancelled]
    assert (cancelled["id"], cancelled["status"]) == (first["id"], "cancelled")
