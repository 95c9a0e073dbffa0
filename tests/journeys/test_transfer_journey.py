"""Transfers as a real process that is killed and resumed, on a served tenant of their own."""

import json
from pathlib import Path

from served import served
from test_bulk_journey import Shop


def test_killed_transfers_leave_every_unit_somewhere(tmp_path: Path) -> None:
    with served(tmp_path) as environ:
        transfer(Shop(tmp_path, environ), tmp_path)


def transfer(shop: Shop, folder: Path) -> None:
    places = ("Leith warehouse", "High Street shop")
    with shop.tenant as tenant:
        sql = """SELECT sku, SUM(quantity_delta) FROM ledger JOIN live_variants ON live_variants.id = variant_id
            GROUP BY sku HAVING SUM(quantity_delta * (location_id = ?)) > 9 ORDER BY sku LIMIT ?"""
        ((leith,),) = tenant.execute("SELECT id FROM locations WHERE name = ?", places[:1])
        before = dict(tenant.execute(sql, (leith, 30)))
    moves = folder / "moves.csv"
    moves.write_text("sku,quantity\n" + "".join(f"{sku},1\n" for sku in before), encoding="utf-8")
    line = ["inventory", "transfer", "--file", str(moves), "--from", places[0], "--to", places[1], "--force", "--yes"]
    shown = shop("runs", "resume", shop.kill_amid(line, "POST /api/v1/inventory/adjust"), "--json")
    summary = json.loads(shown.out)
    assert (summary["done"] + summary["unknown"], summary["in_transit"]) == (len(before), None), shown.err
    with shop.tenant as tenant:
        after = dict(tenant.execute(sql, (leith, len(before) * 2)))
    lost = [sku for sku in before if before[sku] - after.get(sku, before[sku]) not in (0, 1)]
    assert (lost, sum(before[sku] != after.get(sku, before[sku]) for sku in before) <= summary["unknown"]) == ([], True)
