"""`synq export`: the tenant as files."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, Tenant

from synq_cli.resources.tenant_files.parts import NAMES

ID = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843"
OTHER = "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
TIMES = {"created_at": "2025-09-18T08:41:27Z", "updated_at": "2026-11-24T11:00:00Z"}
PRODUCT = {
    "id": ID, "org_id": OTHER, "title": "Crewneck", "description": "", "category": "Knitwear", "brand": "Fell",
    "tags": ["merino"], "status": "ACTIVE", "product_type_id": OTHER, "warranty_period": None, "is_taxable": False,
    "data_quality_score": 0.86, "views": 7, "updated_by": OTHER, **TIMES,
}  # fmt: skip
OWN = {"id": VARIANT, "product_id": ID, "sku": "HC-2", "barcode": None, "price": "89.50", "currency": "GBP", **TIMES}
REPLIES = {
    "GET /api/v1/settings/tenant": {"id": OTHER, "costing_method": "FIFO", "default_low_stock_threshold": 0, **TIMES},
    "GET /api/v1/channels": {"channels": [{"id": ID, "name": "web", "currency": "GBP", "active": False, **TIMES}]},
    "GET /api/v1/organization/members": [
        {"uid": "T7uK", "email": "rory@fell.example", "role": "EDITOR", "status": "invited"},
        {"uid": "Jx4m", "status": "active"},
    ],
    "GET /api/v1/pim/categories": [
        {"id": OTHER, "parent_id": ID, "name": "Socks", "slug": None},
        {"id": ID, "parent_id": None, "name": "Knitwear", "slug": "knit"},
    ],
    "GET /api/v1/pim/brands": [{"id": ID, "name": "Fell", "logo_url": "https://cdn.example/a.svg"}],
    "GET /api/v1/pim/attributes": [],
    "GET /api/v1/pim/attribute-groups": {"attribute_groups": None},
    "GET /api/v1/pim/templates": [{"id": OTHER, "name": "Jumper"}],
    "GET /api/v1/integrations/connections": {
        "connections": [
            {
                "id": ID, "unified_connection_id": "66f3c2a8", "provider": "shopify", "status": "ACTIVE",
                "access_token": "shpat_1", **TIMES,
            }
        ]
    },
    "GET /api/v1/pim/products": [{"id": ID, "title": "Crewneck"}],
    f"GET /api/v1/pim/products/{ID}": PRODUCT,
    f"GET /api/v1/pim/products/{OTHER}": {"id": OTHER, "title": "Arran Throw"},
    "GET /api/v1/pim/variants": [
        {**OWN, "id": OTHER, "sku": "HC-1", "option_values": {"size": "M"}, "cost_price": "30.10"},
        OWN,
        {"id": ID, "product_id": OTHER, "sku": "AT-1"},
    ],
}  # fmt: skip
NOT_THERE = httpx.Response(404, text="404 page not found")


def files_in(folder: Path) -> dict[str, str]:
    """The files below a folder, without the lines of comments."""
    return {
        str(path.relative_to(folder)): "".join(
            line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if not line.startswith("#")
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def exported(synq: Any, *words: str, replies: Any = REPLIES) -> tuple[Any, Tenant, Path]:
    tenant, folder = Tenant(replies), synq.folder / "out"
    return synq("export", str(folder), *words, environ=ENVIRON, http=tenant), tenant, folder


def test_each_part_is_a_file_of_what_people_edit_and_ids_are_apart(synq: Any) -> None:
    result, tenant, folder = exported(synq, "-o", "csv")
    assert (result.status, result.out) == (
        0,
        (
            "file,objects,note\nattribute-groups.yaml,0,\nattributes.yaml,0,\nbrands.yaml,1,\ncategories.yaml,2,\n"
            "templates.yaml,1,\nsettings.yaml,1,\nchannels.yaml,1,\nmembers.yaml,1,1 without email or role left out\n"
            "connections.yaml,1,\nproducts.ndjson,2,\n"
        ),
    )
    assert result.err == (
        "Warning: members.yaml: 1 without email or role left out.\nProducts  2/2\n"
        "~87/100 requests left this minute · default\n"
    )
    assert len(tenant.asked) == 13
    assert files_in(folder) == {
        "attribute-groups.yaml": "[]\n",
        "attributes.yaml": "[]\n",
        "brands.yaml": "- name: Fell\n  logo_url: https://cdn.example/a.svg\n",
        "categories.yaml": "- name: Knitwear\n  slug: knit\n- name: Socks\n  parent: knit\n",
        "channels.yaml": "- name: web\n  currency: GBP\n  active: false\n",
        "connections.yaml": "- provider: shopify\n  status: ACTIVE\n",
        "ids/attribute-groups.ndjson": "",
        "ids/attributes.ndjson": "",
        "ids/brands.ndjson": f'{{"key":"Fell","id":"{ID}"}}\n',
        "ids/categories.ndjson": f'{{"key":"knit","id":"{ID}"}}\n{{"key":"Socks (knit)","id":"{OTHER}"}}\n',
        "ids/channels.ndjson": f'{{"key":"web","id":"{ID}"}}\n',
        "ids/connections.ndjson": f'{{"key":"shopify","id":"{ID}"}}\n',
        "ids/members.ndjson": '{"key":"rory@fell.example","id":"T7uK"}\n',
        "ids/products.ndjson": f'{{"key":"AT-1","id":"{OTHER}"}}\n{{"key":"HC-1","id":"{ID}"}}\n',
        "ids/settings.ndjson": f'{{"key":"settings","id":"{OTHER}"}}\n',
        "ids/templates.ndjson": f'{{"key":"Jumper","id":"{OTHER}"}}\n',
        "members.yaml": "- email: rory@fell.example\n  role: EDITOR\n",
        "products.ndjson": '{"title":"Arran Throw","variants":[{"sku":"AT-1"}]}\n'
        '{"title":"Crewneck","category":"Knitwear","brand":"Fell","tags":["merino"],"status":"ACTIVE",'
        '"template":"Jumper","is_taxable":false,"variants":[{"sku":"HC-1","price":"89.50","currency":"GBP",'
        '"option_values":{"size":"M"},"cost_price":"30.10"},{"sku":"HC-2","price":"89.50","currency":"GBP"}]}\n',
        "settings.yaml": "default_low_stock_threshold: 0\ncosting_method: FIFO\n",
        "synq-tenant.yaml": "format: 1\ntenant: null\norganization: null\nhost: api.test\n",
        "templates.yaml": "- name: Jumper\n",
    }
    assert "shpat_1" not in str(files_in(folder))


def test_a_tenant_that_has_not_changed_leaves_every_byte_as_it_is(synq: Any) -> None:
    parts = ",".join(name for name in NAMES if name != "products")
    assert synq("--sandbox", "export", str(synq.folder / "a"), "--only", parts).status == 0
    first = {path: path.read_bytes() for path in sorted((synq.folder / "a").rglob("*")) if path.is_file()}
    synq.clock += 3_000
    assert synq("--sandbox", "export", str(synq.folder / "a"), "--only", parts).status == 0
    assert first == {path: path.read_bytes() for path in sorted((synq.folder / "a").rglob("*")) if path.is_file()}
    assert len(first) == 19
    # The order of the server's lists does not matter.
    _, _, folder = exported(synq)
    before = files_in(folder)
    turned = {path: rows[::-1] if isinstance(rows, list) else rows for path, rows in REPLIES.items()}
    exported(synq, replies=turned)
    assert files_in(folder) == before


def test_an_export_follows_no_link_out_of_its_folder(synq: Any) -> None:
    outside = synq.folder / "outside"
    (outside / "ids").mkdir(parents=True)
    for name in ("channels.yaml", "products.ndjson", "synq-tenant.yaml", "ids/channels.ndjson", "ids"):
        _, _, folder = exported(synq)
        path = folder / name
        if name == "ids":
            path.rename(outside / "old")
        else:
            path.rename(outside / name)
        path.symlink_to(outside / name)
        before = files_in(outside)
        for words in ((), ("--force",), ("--only", "channels,products")):
            result, tenant, _ = exported(synq, *words)
            assert (result.status, tenant.asked) == (2, [])
            assert f"{path} is a symbolic link, and an export writes only to its own folder." in result.err
        assert files_in(outside) == before
        path.unlink()


def test_only_the_parts_that_were_asked_for_are_read_and_written(synq: Any) -> None:
    result, tenant, folder = exported(synq, "--only", "channels,Settings")
    assert sorted(tenant.asked) == ["GET /api/v1/channels", "GET /api/v1/settings/tenant"]
    assert sorted(path.name for path in folder.glob("*.*")) == ["channels.yaml", "settings.yaml", "synq-tenant.yaml"]
    for words, message in {
        "chanels": 'Unknown part "chanels".\n  Did you mean channels? Parts: settings, ',
        " ,": "--only is empty.\n  Parts: settings, ",
    }.items():
        result, tenant, _ = exported(synq, "--only", words)
        assert (result.status, tenant.asked, message in result.err) == (2, [], True)


def test_what_the_server_lacks_is_skipped_with_a_warning(synq: Any) -> None:
    lacking = {
        "GET /api/v1/organization/members": httpx.Response(403, text="Forbidden"),
        "GET /api/v1/pim/variants": NOT_THERE,
        "GET /api/v1/settings/tenant": httpx.Response(404, text="tenant settings not found"),
    }
    result, _, folder = exported(synq, "-q", replies=REPLIES | lacking)
    assert result.status == 0
    assert result.err.splitlines() == [
        "Warning: members.yaml was not written: The API refused the list of members: Forbidden.",
        (
            "Warning: Products have no variants in the files: This server does not offer the list of variants: it has "
            "no route GET /api/v1/pim/variants."
        ),
    ]
    files = files_in(folder)
    assert "members.yaml" not in files
    assert files["settings.yaml"] == "{}\n"
    assert [sorted(json.loads(line)) for line in files["products.ndjson"].splitlines()] == [
        ["brand", "category", "is_taxable", "status", "tags", "template", "title"]
    ]


@cases(
    "made, words, message",
    [
        (["notes.txt"], [], "contains other files, such as notes.txt, but no export."),
        (["notes.txt"], ["--force"], None),
        ([".git"], [], None),
        ([], [], None),
        (["synq-tenant.yaml"], [], "it must be an object with format"),
    ],
)
def test_a_folder_with_other_files_is_refused_unless_asked(
    synq: Any, tmp_path_factory: pytest.TempPathFactory, made: list[str], words: list[str], message: str | None
) -> None:
    folder = tmp_path_factory.mktemp("out")
    for name in made:
        (folder / name).write_text("[]", encoding="utf-8")
    tenant = Tenant(REPLIES)
    result = synq("export", str(folder), "--only", "channels", *words, environ=ENVIRON, http=tenant)
    assert (result.status, bool(tenant.asked)) == ((0, True) if message is None else (2, False))
    assert (message or "") in result.err
    assert all((folder / name).read_text(encoding="utf-8") == "[]" for name in made)


def test_a_file_is_no_folder_and_another_tenant_is_said(synq: Any) -> None:
    (synq.folder / "out").write_text("", encoding="utf-8")
    result, tenant, folder = exported(synq)
    assert (result.status, tenant.asked) == (2, [])
    assert result.err == f"synq: {folder} is not a folder.\n  Use a new or empty folder.\n"
    folder.unlink()
    exported(synq, "--only", "channels")
    marker = folder / "synq-tenant.yaml"
    marker.write_text("format: 1\ntenant: 6f1d2c84\n", encoding="utf-8")
    result, *_ = exported(synq, "--only", "channels")
    assert f"Warning: {folder} contained an export of another tenant, 6f1d2c84.\n" in result.err
    marker.write_text("format: 2\n", encoding="utf-8")
    result, *_ = exported(synq)
    assert result.err == (
        f"synq: {marker} has the format 2; this version of synq reads the format 1.\n"
        "  Update synq, or export the tenant again.\n"
    )


@cases(
    "reply, status, said",
    [
        (KeyboardInterrupt(), 130, "synq: Interrupted.\n  Not written: products.ndjson. To complete"),
        (
            httpx.Response(400, text="Invalid product ID"),
            3,
            "Not written: products.ndjson. To complete the",
        ),
    ],
)
def test_an_export_that_stops_says_what_is_missing_and_leaves_whole_files(
    synq: Any, reply: Any, status: int, said: str
) -> None:
    _, _, folder = exported(synq)
    before = files_in(folder)
    channels = {"GET /api/v1/channels": {"channels": [{"id": ID, "name": "new"}]}}
    result, *_ = exported(synq, replies=REPLIES | channels | {f"GET /api/v1/pim/products/{OTHER}": reply})
    assert (result.status, said in result.err) == (status, True), result.err
    after = files_in(folder)
    assert after["channels.yaml"] == "- name: new\n"
    assert after["products.ndjson"] == before["products.ndjson"]
    assert after.keys() == before.keys()
    exported(synq)
    assert files_in(folder) == before


def test_many_products_are_announced_and_beyond_the_list_found_by_their_variants(synq: Any) -> None:
    many = [{"id": f"{number:08x}{ID[8:]}", "title": f"P{number}"} for number in range(120)]
    replies = REPLIES | {f"GET /api/v1/pim/products/{row['id']}": row for row in many}
    replies["GET /api/v1/pim/products"] = many[:100]
    replies["GET /api/v1/pim/variants"] = [{"id": row["id"], "product_id": row["id"]} for row in many[30:]]
    result, _, folder = exported(synq, "--only", "products", replies=replies)
    assert result.status == 0
    assert "Reading 120 products, one request each: 120 requests, about 1 minute.\n" in result.err
    assert "Warning: The API lists at most 100 products and this tenant may have more" in result.err
    titles = [json.loads(line)["title"] for line in files_in(folder)["products.ndjson"].splitlines()]
    assert titles == sorted(row["title"].casefold().upper() for row in many)
