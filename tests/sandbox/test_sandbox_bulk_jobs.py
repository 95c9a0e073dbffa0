import base64
import json

from falcon import testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replies import NOON, NOW, UNKNOWN

from synq_cli.sandbox.server.app import create_app
from synq_cli.sandbox.store.store import Store

PIM = "/api/v1/pim"
JOBS = f"{PIM}/bulk-jobs"
PRODUCTS = f"{PIM}/products"
VARIANTS = f"{PIM}/variants"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def start(client, job_type, payload):
    result = client.simulate_post(JOBS, json={"job_type": job_type, "payload": payload})
    assert result.status_code == 202, result.text
    return result.json


def job_now(client, job):
    jobs = client.simulate_get(JOBS, params={"type": job["job_type"]}).json
    return next(row for row in jobs if row["id"] == job["id"])


def state(client, job):
    row = job_now(client, job)
    return row["status"], row["total_items"], row["processed_items"]


def done(client, clock, job_type, rows, *, text=False):
    """The state of a job after the time it needs."""
    job = start(client, job_type, encoded(json.dumps(rows)) if text else rows)
    clock.at += 60
    return state(client, job)


def variant_of(client, sku):
    (variant,) = client.simulate_get(VARIANTS, params={"sku": sku}).json
    return variant


def titles(client):
    return {product["title"] for product in client.simulate_get(PRODUCTS).json}


def test_a_job_advances_with_the_clock(client, clock):
    rows = [{"title": f"Yarn {number}"} for number in range(70)]
    job = start(client, "BULK_IMPORT", rows)
    assert [job[name] for name in ("job_type", "created_at")] == ["BULK_IMPORT", NOW]
    assert json.loads(job["payload_json"]) == rows
    assert job_now(client, job) == job
    seen = []
    for moment in (0, 1.5, 2, 2.5, 3, 3.5, 60):
        clock.at = NOON + moment
        seen.append((moment, *state(client, job), len(titles(client) & {row["title"] for row in rows})))
    assert seen == [
        (0, "PENDING", None, 0, 0),
        (1.5, "PENDING", None, 0, 0),
        (2, "PROCESSING", 70, 0, 0),
        (2.5, "PROCESSING", 70, 25, 25),
        (3, "PROCESSING", 70, 50, 50),
        (3.5, "COMPLETED", 70, 70, 70),
        (60, "COMPLETED", 70, 70, 70),
    ]
    assert job_now(client, job)["updated_at"] == "2025-11-20T12:00:03Z"


def test_rows_are_dated_when_they_were_due_whoever_looks(client, anyone, bearer, clock, database):
    start(client, "BULK_IMPORT", [{"title": "Ullvott"}] * 100)
    clock.at += 600
    assert anyone.simulate_get(f"{PIM}/stats", headers=bearer(role="VIEWER")).json["totalProducts"] == 160
    with Store(database) as store:
        times = store.rows("SELECT created_at, COUNT(*) AS n FROM products WHERE title = 'Ullvott' GROUP BY 1")
    assert [(row["created_at"][-4:], row["n"]) for row in times] == [(":02Z", 49), (":03Z", 50), (":04Z", 1)]


def test_a_job_continues_where_another_process_stopped(client, clock, database, bearer):
    job = start(client, "BULK_IMPORT", [{"title": "Ullvott", "sku": f"ULV-{number}"} for number in range(80)])
    clock.at += 3
    assert state(client, job) == ("PROCESSING", 80, 50)
    clock.at -= 0.5
    assert state(client, job) == ("PROCESSING", 80, 50)
    clock.at += 60
    other = testing.TestClient(create_app(database, clock), headers=bearer())
    assert state(other, job) == ("COMPLETED", 80, 80)
    with Store(database) as store:
        assert store.count("SELECT COUNT(*) FROM variants WHERE sku LIKE 'ULV-%'") == 80


def test_an_import_creates_products_and_variants(client, clock, database):
    fields = {"title": "Ullvott", "description": "Warm.", "category": "Gloves", "brand": "Nordlys Ull"}
    row = {**fields, "sku": "ULV-1", "price": "24.5", "currency": "eur", "barcode": "501", "season": ["winter"]}
    assert done(client, clock, "BULK_IMPORT", [row, {"title": "Ullsokk"}]) == ("COMPLETED", 2, 2)
    variant = variant_of(client, "ULV-1")
    product = client.simulate_get(f"{PRODUCTS}/{variant['product_id']}").json
    assert product == {**product, **fields, "status": "ACTIVE"}
    assert (variant["price"], variant["currency"], variant["barcode"]) == ("24.50", "EUR", "501")
    assert product["created_by"] == product["updated_by"] is not None
    (sock,) = (row for row in client.simulate_get(PRODUCTS).json if row["title"] == "Ullsokk")
    assert client.simulate_get(VARIANTS, params={"product_id": sock["id"]}).json == []
    with Store(database) as store:
        events = store.rows("SELECT * FROM audit WHERE created_at >= '2025-11-20T12:00:00Z' ORDER BY rowid")
    assert [(event["actor_email"], event["action"]) for event in events] == [
        ("ailsa@fellandfjord.example", "BULK_JOB_CREATED"),
        ("system", "PRODUCT_CREATED"),
        ("system", "VARIANT_CREATED"),
        ("system", "PRODUCT_CREATED"),
    ]
    job = events[0]["entity_id"]
    assert events[0]["details"] == {"job_type": "BULK_IMPORT", "rows": 2}
    assert events[2]["details"] == {"sku": "ULV-1", "title": "Ullvott", "job_id": job}


def test_an_update_changes_products_and_prices(client, clock, database):
    before = variant_of(client, "HMC-NVY-M")
    rows = [
        {"id": before["product_id"].upper(), "title": "Harbour II", "brand": "", "sku": "HMC-NVY-M", "price": 95},
        {"id": before["product_id"], "title": "Harbour III", "sku": "HMC-NVY-XS", "price": "95.00", "currency": ""},
    ]
    assert done(client, clock, "BULK_UPDATE", rows) == ("COMPLETED", 2, 2)
    product = client.simulate_get(f"{PRODUCTS}/{before['product_id']}").json
    assert (product["title"], product["brand"], product["category"]) == ("Harbour III", "Fell & Fjord", "Knitwear")
    after = variant_of(client, "HMC-NVY-M")
    assert after == {**before, "price": "95.00", "updated_at": "2025-11-20T12:00:02Z"}
    assert variant_of(client, "HMC-NVY-XS")["product_id"] == before["product_id"]
    with Store(database) as store:
        (event,) = store.rows("SELECT * FROM audit WHERE action = 'PRODUCT_PRICE_CHANGED' AND actor_email = 'system'")
    changed = {"sku": "HMC-NVY-M", "from": "89.50", "to": "95.00"}
    assert (event["entity_id"], event["details"]) == (before["product_id"], {**event["details"], **changed})


def test_a_deletion_deletes_products(client, clock):
    ids = [variant_of(client, sku)["product_id"] for sku in ("HMC-NVY-M", "SLB-OAT-OS")]
    assert done(client, clock, "BULK_DELETE", ids) == ("COMPLETED", 2, 2)
    assert [client.simulate_get(f"{PRODUCTS}/{product}").status_code for product in ids] == [404, 404]
    assert len(client.simulate_get(PRODUCTS).json) == 58


def test_invalid_rows_fail_and_the_others_are_applied(client, clock):
    crewneck, beanie = (variant_of(client, sku)["product_id"] for sku in ("HMC-NVY-M", "SLB-OAT-OS"))
    imported = [
        {"title": "Good", "sku": "GOOD-1"},
        {"title": "  "},
        {"title": "Taken", "sku": "HMC-NVY-M"},
        {"title": "Taken by the first row", "sku": "GOOD-1"},
        {"title": "No price", "sku": "A", "price": "much"},
        {"title": "Negative price", "sku": "B", "price": -1},
        {"title": "No currency", "sku": "C", "currency": "crowns"},
        {"title": "Good, too"},
    ]
    assert done(client, clock, "BULK_IMPORT", imported) == ("FAILED", 8, 2)
    assert titles(client) & {row["title"] for row in imported} == {"Good", "Good, too"}
    updated = [
        {"id": crewneck, "title": "Renamed"},
        {"id": UNKNOWN, "title": "Nobody"},
        {"title": "Nothing"},
        {"id": crewneck, "title": "\t"},
        {"id": crewneck, "title": "Stolen", "sku": "SLB-OAT-OS"},
    ]
    assert done(client, clock, "BULK_UPDATE", updated) == ("FAILED", 5, 1)
    assert client.simulate_get(f"{PRODUCTS}/{crewneck}").json["title"] == "Renamed"
    assert variant_of(client, "SLB-OAT-OS")["product_id"] == beanie
    assert done(client, clock, "BULK_DELETE", [crewneck, crewneck, UNKNOWN]) == ("FAILED", 3, 1)


def test_rows_refused_inline_fail_one_by_one_when_encoded(client, clock):
    crewneck = variant_of(client, "HMC-NVY-M")["product_id"]
    rows = [{}, {"title": ""}, {"title": None}, {"title": "\ud800"}, 7, None, crewneck, [], {"title": "Good"}]
    assert done(client, clock, "BULK_IMPORT", rows, text=True) == ("FAILED", 9, 1)
    rows = [{"id": crewneck}, {"id": 1, "title": "x"}]
    assert done(client, clock, "BULK_UPDATE", rows, text=True) == ("FAILED", 2, 0)
    assert done(client, clock, "BULK_DELETE", [{"id": crewneck}, "HMC", crewneck], text=True) == ("FAILED", 3, 1)


def test_inline_and_encoded_are_the_same_job(client, clock):
    text = '[{"title": "Blåbær", "weight": 1.50}]'
    inline = client.simulate_post(JOBS, body=f'{{"job_type": "BULK_IMPORT", "payload": {text}}}').json
    encoded_job = start(client, "BULK_IMPORT", encoded(text))
    assert encoded_job["payload_json"] == text
    assert inline["payload_json"] == '[{"title":"Blåbær","weight":1.50}]'
    clock.at += 60
    assert state(client, inline) == state(client, encoded_job) == ("COMPLETED", 1, 1)
    assert done(client, clock, "BULK_IMPORT", []) == ("COMPLETED", 0, 0)


def test_jobs_are_listed_by_type_newest_first(client, clock):
    jobs = [start(client, job_type, [])["id"] for job_type in ("BULK_UPDATE", "BULK_DELETE", "BULK_UPDATE")]
    listed = client.simulate_get(JOBS).json
    assert [job["id"] for job in listed[:2]] == [jobs[2], jobs[0]]
    assert [job["status"] for job in listed] == ["PENDING", "PENDING", "FAILED", "COMPLETED"]
    assert listed == client.simulate_get(JOBS, params={"type": "BULK_UPDATE"}).json
    assert [job["id"] for job in client.simulate_get(JOBS, params={"type": "BULK_DELETE"}).json] == [jobs[1]]


def test_deeply_nested_rows_are_accepted_or_refused(client, clock):
    statuses = set()
    for depth in range(850, 1000, 10):
        nested = "[" * depth + "]" * depth
        body = f'{{"job_type": "BULK_IMPORT", "payload": [{{"title": "Deep", "rest": {nested}}}]}}'
        statuses.add(client.simulate_post(JOBS, body=body).status_code)
    clock.at += 60
    assert statuses <= {202, 400}
    assert client.simulate_get(PRODUCTS).status_code == 200


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
keys = st.sampled_from(["id", "title", "sku", "description", "category", "brand", "price", "currency", "barcode"])


@settings(max_examples=settings.default.max_examples // 3, suppress_health_check=list(HealthCheck))
@given(
    job_type=st.sampled_from(["BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE"]),
    rows=st.lists(values | st.dictionaries(keys, values), max_size=4),
)
def test_no_row_breaks_the_tenant(client, clock, job_type, rows):
    job = start(client, job_type, encoded(json.dumps(rows)))
    clock.at += 3
    status, total, processed = state(client, job)
    assert (status, total) == ("COMPLETED" if processed == len(rows) else "FAILED", len(rows))
