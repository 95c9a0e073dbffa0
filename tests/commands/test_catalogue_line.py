"""`synq products` with its variants and media, from the line to the requests and to the screen."""

import json
from typing import Any

import httpx
import pytest
from table import cases

ID, OTHER = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843", "9e5f3d70-2a14-4c8b-b6d9-e07f4a58c126"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
PRODUCT = {"id": ID, "title": "Harbour Crewneck", "category": "Knitwear", "brand": "Old", "description": "Warm."}
URL = "https://cdn.example/navy.jpg"


def asked(seen: list[httpx.Request]) -> list[tuple[str, str, Any]]:
    """Method, path with its query, and body of each request."""
    return [(request.method, request.url.raw_path.decode(), json.loads(request.content or "null")) for request in seen]


@pytest.fixture
def run(synq: Any, answering: Any) -> Any:
    """Runs a line against these replies, each a body, a response or an error; gives the result and the requests."""

    def run_line(line: list[str], *replies: Any, **settings: Any) -> tuple[Any, list[tuple[str, str, Any]]]:
        made = [reply if isinstance(reply, (httpx.Response, Exception)) else httpx.Response(200, json=reply)
                for reply in replies]  # fmt: skip
        http, seen = answering(*made)
        return synq("products", *line, "-q", environ=ENVIRON, http=http, **settings), asked(seen)

    return run_line


LIST, ONE = "/api/v1/pim/products", f"/api/v1/pim/products/{ID}"
# A line, the replies to it, and what it must have sent.
WRITES: dict[str, tuple[list[str], list[Any], list[tuple[str, str, Any]]]] = {
    "create": (
        ["create", " Cap ", "--category", "Hats", "--description", "Flat."],
        [PRODUCT],
        [("POST", LIST, {"title": "Cap", "description": "Flat.", "category": "Hats"})],
    ),
    "create with nothing but a title": (["create", "Cap"], [PRODUCT], [("POST", LIST, {"title": "Cap"})]),
    "update": (
        ["update", ID, "--title", "Crew", "--category", ""],
        [PRODUCT, {**PRODUCT, "title": "Crew"}],
        [("GET", ONE, None), ("PUT", ONE, {"title": "Crew", "category": ""})],
    ),
    "update by ids, read back": (
        ["update", ID, "--category-id", OTHER, "--brand-id", VARIANT],
        [PRODUCT, PRODUCT, {**PRODUCT, "brand": "New"}],
        [("GET", ONE, None), ("PUT", ONE, {"category_id": OTHER, "brand_id": VARIANT}), ("GET", ONE, None)],
    ),
    "push": (
        ["push", ID],
        [{"status": "queued"}],
        [("POST", "/unified/sync/push/product", {"productId": ID, "action": "UPSERT"})],
    ),
    "push a deletion": (
        ["push", ID, "--action", "Delete", "--yes"],
        [PRODUCT, {"status": "queued"}],
        [("GET", ONE, None), ("POST", "/unified/sync/push/product", {"productId": ID, "action": "DELETE"})],
    ),
    "export": (["export"], [{"status": "success"}], [("POST", "/api/v1/pim/export", None)]),
    "variants create": (
        ["variants", "create", ID, "--sku", "HC-1", "--barcode", "5012345678900", "--price", "19.90", "--currency",
         "gbp"],
        [{"id": VARIANT, "sku": "HC-1"}],
        [("POST", f"{ONE}/variants",
          {"sku": "HC-1", "barcode": "5012345678900", "price": 19.9, "currency": "GBP"})],
    ),
    "media add": (
        ["media", "add", URL, "--product", ID, "--alt-text", "Navy", "--sort-order", "0"],
        [{"id": OTHER, "url": URL}],
        [("POST", "/api/v1/pim/media", {"url": URL, "product_id": ID, "alt_text": "Navy", "sort_order": 0})],
    ),
    "media add by a SKU": (
        ["media", "add", URL, "--variant", "HC-1"],
        [[{"id": VARIANT, "sku": "HC-1"}], {"id": OTHER, "url": URL}],
        [("GET", "/api/v1/pim/variants?sku=HC-1&limit=100", None),
         ("POST", "/api/v1/pim/media", {"url": URL, "variant_id": VARIANT})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_write_sends_the_given_fields_and_prints_the_response(run: Any, name: str) -> None:
    line, replies, requests = WRITES[name]
    result, seen = run([*line, "--json"], *replies)
    assert (result.status, result.err, seen) == (0, result.err, requests)
    assert json.loads(result.out) == replies[-1]


@pytest.mark.parametrize("name", WRITES)
def test_a_dry_run_stops_before_the_write_and_shows_it(run: Any, name: str) -> None:
    line, replies, requests = WRITES[name]
    reads = [request for request in requests if request[0] == "GET"][:1]
    result, seen = run([*line, "--dry-run", "--json"], *replies[: len(reads)])
    method, path, body = next(request for request in requests if request[0] != "GET")
    plan = json.loads(result.out)
    assert (result.status, seen) == (0, reads)
    assert [plan[key] for key in ("dry_run", "method", "path", "body")] == [True, method, path, body]


def test_a_dry_run_of_an_update_shows_before_and_after(run: Any) -> None:
    result, _ = run(["update", ID, "--title", "Crew", "--category-id", OTHER, "--dry-run", "--json"], PRODUCT)
    assert json.loads(result.out)["before"] == {"title": "Harbour Crewneck", "category_id": None}
    assert json.loads(result.out)["after"] == {"title": "Crew", "category_id": OTHER}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://c.no/京都.jpg", "https://c.no/%E4%BA%AC%E9%83%BD.jpg"),
        ('https://c.no/a|b\\{c}?q=é#"', "https://c.no/a%7Cb%5C%7Bc%7D?q=%C3%A9#%22"),
        ("https://c.no/%E4%BA%AC~(1)'.jpg?w=1&h=2", "https://c.no/%E4%BA%AC~(1)'.jpg?w=1&h=2"),
        ("HTTPS://[::1]:8443", "HTTPS://[::1]:8443"),
    ],
)
def test_a_url_is_sent_as_a_uri(run: Any, typed: str, sent: str) -> None:
    result, seen = run(["media", "add", typed, "--dry-run", "--json"])
    assert (json.loads(result.out)["body"], seen) == ({"url": sent}, [])


@cases(
    "url",
    [
        "https://c.no/[1].jpg", "https://c.no/a?b[]=1", "https://c.no/%zz", "https://c.no/100%", "https://c.no/a#b#c",
        "https://bücher.no/", "https://c.no:0/", "https://c.no:99999/", "https://[::1/", "https:///a",
        "https://c.no/a b",
    ],
)  # fmt: skip
@cases("line", [("media", "add"), ("brands", "create", "Fell", "--logo-url")])
def test_a_url_that_is_no_uri_is_refused(run: Any, url: str, line: tuple[str, ...]) -> None:
    result, seen = run([*line, url])
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err.startswith(f'synq: Invalid {"logo URL" if "brands" in line else "URL"} "{url}".\n')


def test_the_price_goes_out_with_the_digits_it_was_given(synq: Any, answering: Any) -> None:
    http, seen = answering(httpx.Response(201, json={"id": VARIANT}))
    line = ("products", "variants", "create", ID, "--price", "19.90")
    assert synq(*line, environ=ENVIRON, http=http).status == 0
    assert seen[0].content == b'{"price":19.90}'


WRONG = {
    "a blank title": (["create", "  "], "The title can't be blank."),
    "a blank description": (["create", "Cap", "--description", " "], "The description can't be blank."),
    "an update of nothing": (["update", ID], "Nothing to change."),
    "an update to no title": (["update", ID, "--title", " "], "The title can't be blank."),
    "a category that is no id": (["update", ID, "--category-id", "Hats"], 'Invalid category id "Hats".'),
    "a product that is no id": (["update", "Hats", "--title", "Cap"], 'Invalid product id "Hats".'),
    "an unknown action": (["push", ID, "--action", "replace"], 'Invalid value "replace" for --action: use upsert'),
    "a variant of nothing": (["variants", "create", ID], "A variant needs a SKU, a barcode or a price."),
    "a price in words": (["variants", "create", ID, "--price", "1,90"], 'Invalid price "1,90".'),
    "a negative price": (["variants", "create", ID, "--price", "-1"], 'Invalid price "-1".'),
    "a price without end": (["variants", "create", ID, "--price", "1e9999"], 'Invalid price "1e9999".'),
    "a long currency": (["variants", "create", ID, "--currency", "EURO"], 'Invalid currency "EURO".'),
    "a blank SKU": (["variants", "create", ID, "--sku", " "], "The SKU can't be blank."),
    "a file for an address": (["media", "add", "navy.jpg"], 'Invalid URL "navy.jpg".'),
    "another kind of address": (["media", "add", "ftp://a.b/c"], 'Invalid URL "ftp://a.b/c".'),
    "a place below the first": (["media", "add", URL, "--sort-order", "-1"], 'Invalid value "-1" for --sort-order'),
    "a blank alt text": (["media", "add", URL, "--alt-text", ""], "The alt text can't be blank."),
}  # fmt: skip


@cases("name", WRONG)
def test_what_is_wrong_is_refused_before_anything_is_sent(run: Any, name: str) -> None:
    line, sentence = WRONG[name]
    result, seen = run(line)
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err.startswith(f"synq: {sentence}")


@pytest.mark.parametrize("name", ["create", "update", "push", "export", "variants create", "media add"])
def test_a_refusal_says_what_the_api_said(run: Any, name: str) -> None:
    line, replies, requests = WRITES[name]
    result, seen = run(line, *replies[:-1], httpx.Response(400, text="Invalid request payload\n"))
    assert (result.status, result.out, len(seen)) == (3, "", len(requests))
    assert "Invalid request payload" in result.err


LOOKS = {
    "create": "Look for 'Cap' in `synq products list` before you send it again.",
    "variants create": f"Look for HC-1 in `synq products variants list --product {ID}` before you send it again.",
    "media add": f"Look for {URL} in `synq products media list` before you send it again.",
    "push": "Look at the connected platforms before you send it again.",
    "export": "The API does not list exports: wait for the notification before you request another.",
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("failure", [httpx.ReadTimeout("late"), httpx.Response(500), httpx.Response(200, json=[])])
def test_after_an_unclear_write_the_hint_says_where_to_look(run: Any, name: str, failure: Any) -> None:
    line, replies, requests = WRITES[name]
    result, seen = run(line, *replies[:-1], failure)
    assert (result.status, result.out, seen) == (10, "", requests)
    assert result.err.splitlines()[-1] == f"  {LOOKS[name]}"


def test_an_update_shows_what_changed_and_what_the_server_kept(run: Any) -> None:
    line = ["update", ID, "--title", "Crew", "--description", ""]
    result, _ = run(line, PRODUCT, {**PRODUCT, "title": "Crew"}, terminal=True)
    assert result.out.splitlines()[:3] == ["Harbour Crewneck: title Harbour Crewneck → Crew", f"ID           {ID}",
                                           "Title        Crew"]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "after", "note"),
    [
        (["--description", ""], {}, "the new description. The API most likely ignores an empty text."),
        (["--brand-id", OTHER], {}, "the new brand id."),
        (["--brand-id", OTHER, "--title", "X"], {}, "the new title and brand id."),
        (["--brand-id", OTHER], {"brand": "New"}, None),
        (["--brand-id", OTHER], {"brand_id": OTHER.upper()}, None),
        (["--category", "Hats"], {"category": "Hats"}, None),
    ],
)
def test_a_field_that_the_server_did_not_take_is_named(
    synq: Any, answering: Any, line: list[str], after: dict[str, str], note: str | None
) -> None:
    answers = [httpx.Response(200, json=PRODUCT), *[httpx.Response(200, json={**PRODUCT, **after})] * 2]
    http, _ = answering(*answers)
    result = synq("products", "update", ID, *line, environ=ENVIRON, http=http)
    said = result.err.splitlines()[:-1]
    assert said == ([f"The server does not show {note}"] if note else [])


def test_an_update_whose_answer_is_empty_is_read_back(run: Any) -> None:
    result, seen = run(["update", ID, "--title", "Crew", "--json"], PRODUCT, {}, {**PRODUCT, "title": "Crew"})
    assert [request[0] for request in seen] == ["GET", "PUT", "GET"]
    assert json.loads(result.out)["title"] == "Crew"


def test_products_come_by_title_whatever_the_order_of_the_api(run: Any) -> None:
    rows = [{"id": OTHER, "title": "b"}, {"id": ID, "title": "C"}, {"id": VARIANT, "title": "A", "deleted_at": "x"}]
    result, _ = run(["list", "--json"], rows)
    assert [row["title"] for row in json.loads(result.out)] == ["A", "b", "C"]
    shown, _ = run(["list"], rows, terminal=True)
    assert shown.out.splitlines()[0].split() == ["ID", "Title", "Deleted"]


def test_a_deletion_is_pushed_only_if_it_was_confirmed(run: Any) -> None:
    line = ["push", ID, "--action", "delete"]
    off, _ = run(line, PRODUCT)
    assert (off.status, off.out) == (11, "")
    assert f"Delete Harbour Crewneck ({ID}) from every connected platform?" in off.err
    assert "--yes" in off.err
    refused, seen = run(line, PRODUCT, terminal=True, stdin="n\n")
    assert (refused.status, len(seen)) == (11, 1)
    agreed, seen = run(line, PRODUCT, {"status": "queued"}, terminal=True, stdin="y\n")
    assert (agreed.out, len(seen)) == ("Status  queued\n", 2)


def test_a_read_only_run_pushes_nothing(run: Any) -> None:
    result, seen = run(["push", ID, "--read-only"])
    assert (result.status, seen) == (11, [])


def test_an_export_says_that_the_file_comes_elsewhere(synq: Any, answering: Any) -> None:
    http, _ = answering(httpx.Response(202, json={"status": "success", "message": "Export job queued."}))
    result = synq("products", "export", environ=ENVIRON, http=http, terminal=True)
    assert result.out == "Status   success\nMessage  Export job queued.\n"
    assert result.err.startswith("The server notifies you when the file is ready. There is no job to follow.\n")


def test_stats_teach_the_skus_they_show(run: Any) -> None:
    lowest = [{"variant_id": VARIANT, "sku": "HC-1", "on_hand": 2}, {"sku": "HC-2"}, {"variant_id": OTHER}]
    text = '{"totalProducts":3,"totalInventoryValue":1870.00,"topLowStock":' + json.dumps(lowest) + "}"
    result, seen = run(["stats", "--fields", "totalInventoryValue", "-o", "csv"], httpx.Response(200, text=text))
    assert (result.out, seen) == ("totalInventoryValue\n1870.00\n", [("GET", "/api/v1/pim/stats", None)])
    _, seen = run(["media", "list", "--variant", "HC-1"], [])
    assert seen == [("GET", f"/api/v1/pim/media?variant_id={VARIANT}", None)]


def test_stats_of_another_shape_are_shown_as_they_are(run: Any) -> None:
    shown, _ = run(["stats"], {"totalProducts": 3, "topLowStock": ["HC-1"]}, terminal=True)
    assert "topLowStock" not in shown.out
    assert "Closest to running out  HC-1" in shown.out
    other, _ = run(["stats"], {"products": 3, "topLowStock": [{"code": "HC-1", "left": 2}]}, terminal=True)
    assert "products  3" in other.out
    assert "HC-1  2" in other.out


def test_issues_teach_the_products_they_are_about(run: Any) -> None:
    rows = [{"product_id": ID, "message": "No media"}, {"product_id": OTHER}, {}]
    result, seen = run(["issues", "-o", "csv", "--fields", "product_id,message"], rows)
    assert seen == [("GET", "/api/v1/pim/validation", None)]
    assert result.out == f"product_id,message\n,\n{ID},No media\n{OTHER},\n"
    _, seen = run(["get", "4c0a7b1e"], PRODUCT)
    assert seen == [("GET", ONE, None)]


def test_issues_under_other_names_are_shown_all_the_same(run: Any) -> None:
    shown, _ = run(["issues"], [{"rule": "has-media", "severity": "low"}], terminal=True)
    assert shown.out == "rule       severity\nhas-media  low\n"


def test_a_new_sku_is_known_from_then_on(run: Any) -> None:
    line = ["variants", "create", ID, "--sku", "HC-1"]
    run(line, {"id": VARIANT, "sku": "HC-1", "price": None})
    again, seen = run(line)
    assert (again.status, seen) == (2, [])
    assert again.err == (
        f"synq: The SKU HC-1 is taken by the variant {VARIANT}.\n"
        "  If that variant no longer exists, run: synq inventory skus forget HC-1\n"
    )
    _, seen = run(["media", "add", URL, "--variant", "HC-1"], {"id": OTHER})
    assert seen == [("POST", "/api/v1/pim/media", {"url": URL, "variant_id": VARIANT})]


def test_media_need_no_lookup_of_skus_that_a_server_does_not_offer(run: Any) -> None:
    result, seen = run(["media", "list", "--variant", "HC-1"], httpx.Response(404, text="404 page not found"))
    assert (result.status, len(seen)) == (5, 1)
    assert "does not offer the list of variants" in result.err


def test_media_come_in_the_order_to_show(run: Any) -> None:
    rows = [{"id": str(number), "product_id": ID, "sort_order": number} for number in (10, 2, 0)]
    result, seen = run(["media", "list", "--product", ID, "--json"], rows)
    assert [row["sort_order"] for row in json.loads(result.out)] == [0, 2, 10]
    assert seen == [("GET", f"/api/v1/pim/media?product_id={ID}", None)]
