"""A folder of files compared with a tenant: what can be changed, what can't, and what is wrong with the files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk import Desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table import cases

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.changes import Comparison
from synq_cli.resources.tenant_files.compare_parts import compare_part, role_warnings
from synq_cli.resources.tenant_files.compare_products import compare_products
from synq_cli.resources.tenant_files.folder import load
from synq_cli.resources.tenant_files.parts import BRANDS, CATEGORIES, CHANNELS, CONNECTIONS, MEMBERS, SETTINGS, Entry
from synq_cli.resources.tenant_files.sorted_lines import SortedLines

ID = "4c0a7b1e-8d32-4f96-a5e7-1b9c6d20f843"
OTHER = "17d8b4c9-6e0f-4253-8a7c-d5f23e91b06a"
AGAIN = "run `synq plan from` again once this plan is applied"
NO_ROUTE = "only in the tenant; the API can't delete it"
FOUR = {
    "inventory_allocation_model": "SOFT", "auto_po_enabled": True, "default_low_stock_threshold": 5,
    "costing_method": "WAC",
}  # fmt: skip


class Quiet:
    """Progress that nobody sees."""

    def announce(self, _requests: int) -> None: ...
    def update(self, _done: int, _total: int) -> None: ...


def entries(*rows: dict[str, Any], ids: bool = False) -> list[Entry]:
    return [
        Entry(row, f"id-{row.get('name', number)}" if ids else "", f"f line {number}", sent=row)
        for number, row in enumerate(rows, 1)
    ]


def shown(found: Comparison) -> tuple[list[Any], list[Any]]:
    changes = [
        (change.operation.id, *change.path.values(), change.body, change.before, change.label)
        for change in found.changes
    ]
    return changes, [tuple(each) for each in found.remainders]


def compared(part: parts.Part, files: list[Any], tenant: list[Any]) -> tuple[list[Any], list[Any]]:
    found = Comparison()
    compare_part(part, entries(*files), entries(*tenant, ids=True), found)
    found.problems.raise_any(Path("shop"))
    return shown(found)


WEB = {"name": "web", "currency": "GBP", "active": True}


@cases(
    "part, files, tenant, changes, remainders",
    [
        (SETTINGS, [FOUR], [FOUR], [], []),
        (SETTINGS, [{}], [FOUR], [], []),
        (
            SETTINGS, [{"default_low_stock_threshold": 0}], [FOUR],
            [("update_tenant_settings", {**FOUR, "default_low_stock_threshold": 0}, FOUR, "settings")], [],
        ),
        (
            SETTINGS, [FOUR], [], [("update_tenant_settings", FOUR, dict.fromkeys(FOUR), "settings")], [],
        ),
        (CHANNELS, [WEB], [WEB], [], []),
        (CHANNELS, [WEB, WEB], [WEB, WEB], [], []),
        (
            CHANNELS, [{"name": "web", "currency": "eur"}], [WEB],
            [("update_channel", "id-web", {**WEB, "currency": "EUR"}, WEB, "channel web")], [],
        ),
        (
            CHANNELS, [{"name": "shop", "currency": "NOK"}], [WEB],
            [("create_channel", {"name": "shop", "currency": "NOK", "active": True}, None, "channel shop")],
            [("extra", "channel web", NO_ROUTE)],
        ),
        (
            CHANNELS, [{**WEB, "name": "Web"}], [WEB],
            [("update_channel", "id-web", {**WEB, "name": "Web"}, WEB, "channel Web")], [],
        ),
        (CHANNELS, [WEB, {**WEB, "name": "WEB"}], [WEB, {**WEB, "name": "WEB"}], [], []),
        (
            BRANDS, [{"name": "FELL"}], [{"name": "Fell"}], [],
            [("impossible", "brand FELL", "name differs; the API can't change this")],
        ),
        (
            CHANNELS, [{**WEB, "active": False}], [WEB, {**WEB, "currency": "NOK"}], [],
            [("impossible", "channel web", "the tenant has 2 with this name")],
        ),
        (
            MEMBERS,
            [{"email": "Rory@fell.example", "role": "editor"}, {"email": "una@fell.example", "role": "VIEWER"}],
            [{"email": "rory@fell.example", "role": "VIEWER"}, {"email": "isla@fell.example", "role": "ADMIN"}],
            [("change_member_role", "id-0", {"role": "EDITOR"}, {"role": "VIEWER"}, "member Rory@fell.example"),
             ("invite_member", {"email": "una@fell.example", "role": "VIEWER"}, None, "member una@fell.example")],
            [("extra", "member isla@fell.example",
              "only in the tenant; to remove it, run `synq organization members remove`")],
        ),
        (
            BRANDS, [{"name": "Fell", "logo_url": "https://a.example/ø.svg"}, {"name": "Nord", "description": "Ull"}],
            [{"name": "Nord", "description": "Wool", "logo_url": "https://b.example"}],
            [("create_brand", {"name": "Fell", "logoUrl": "https://a.example/%C3%B8.svg"}, None, "brand Fell")],
            [("impossible", "brand Nord",
              "description and logo_url differ; the API can't change this")],
        ),
        (
            CONNECTIONS, [{"provider": "xero"}, {"provider": "shopify", "status": "ACTIVE"}],
            [{"provider": "shopify", "status": "BROKEN"}], [],
            [("impossible", "connection xero", "a person must grant access: run `synq integrations connect`"),
             ("impossible", "connection shopify", "status differs; the API can't change this")],
        ),
    ],
)  # fmt: skip
def test_what_a_plan_changes_and_what_remains(
    part: parts.Part, files: list[Any], tenant: list[Any], changes: list[Any], remainders: list[Any]
) -> None:
    for number, row in enumerate(tenant):
        if "email" in row:
            row.setdefault("name", number)  # its id below
    assert compared(part, files, tenant) == (changes, remainders)


ROLE_CHANGES: list[tuple[dict[str, str], str | None, list[str]]] = [
    (
        {"una": "VIEWER"},
        "una@fell.example",
        ["takes the role ADMIN from everyone", "your own role from ADMIN to VIEWER"],
    ),
    ({"una": "VIEWER", "rory": "ADMIN"}, "U-UNA", ["your own role from ADMIN to VIEWER"]),
    ({"una": "VIEWER"}, None, ["takes the role ADMIN from everyone"]),
    ({"rory": "EDITOR"}, "una@fell.example", []),
]


@cases("roles, subject, said", ROLE_CHANGES)
def test_a_plan_that_takes_roles_away_says_so(roles: dict[str, str], subject: str | None, said: list[str]) -> None:
    members = [
        Entry({"email": f"{name}@fell.example", "role": role}, f"u-{name}")
        for name, role in (("una", "ADMIN"), ("rory", "VIEWER"))
    ]
    found = Comparison()
    files = entries(*({"email": f"{name}@Fell.example", "role": role} for name, role in roles.items()))
    compare_part(MEMBERS, files, members, found)
    told = list(role_warnings(found.changes, members, subject))
    assert len(told) == len(said)
    assert all(part in sentence for part, sentence in zip(said, told, strict=True))


def test_the_time_of_a_comparison_is_linear_in_its_entries() -> None:
    """Twenty times as many entries may not be compared a hundred times as often."""

    class Counted(dict[str, Any]):
        asked = 0

        def get(self, key: str, default: Any = None) -> Any:
            type(self).asked += 1
            return super().get(key, default)

    def lookups(number: int) -> int:
        Counted.asked = 0
        files = entries(*(Counted(name=f"c{each}", parent=f"c{each - 1}" if each else None) for each in range(number)))
        compare_part(CATEGORIES, files, [], Comparison())
        return Counted.asked

    assert lookups(400) < 25 * lookups(20)


def test_a_category_waits_for_its_parent() -> None:
    files = [
        {"name": "Knitwear", "slug": "knitwear"},
        {"name": "Socks", "slug": "socks", "parent": "knitwear"},
        {"name": "Bags", "slug": "bags"},
        {"name": "Totes", "parent": "bags"},
        {"name": "Small", "parent": "Totes"},
        {"name": "Wool", "parent": "Yarn"},
    ]
    tenant = [Entry({"name": "Knitwear", "slug": "knitwear"}, ID), Entry({"name": "Yarn"}, OTHER)]
    tenant.append(Entry({"name": "Totes", "parent": "knitwear"}, "of another parent"))
    found = Comparison()
    compare_part(CATEGORIES, entries(*files), tenant, found)
    assert shown(found) == (
        [
            ("create_category", {"name": "Socks", "slug": "socks", "parentId": ID}, None, "category socks"),
            ("create_category", {"name": "Bags", "slug": "bags"}, None, "category bags"),
            ("create_category", {"name": "Wool", "parentId": OTHER}, None, "category Wool (Yarn)"),
        ],
        [
            ("later", "category Totes (bags)", f"its parent bags does not exist yet: {AGAIN}"),
            ("later", "category Small (Totes)", f"its parent Totes does not exist yet: {AGAIN}"),
            ("extra", "category Yarn", NO_ROUTE),
            ("extra", "category Totes (knitwear)", NO_ROUTE),
        ],
    )


def test_two_tenants_may_name_the_parent_of_a_category_differently() -> None:
    files = [{"name": "Knitwear"}, {"name": "Socks", "slug": "socks", "parent": "Knitwear"}]
    tenant = [{"name": "Knitwear", "slug": "k"}, {"name": "Socks", "slug": "socks", "parent": "k"}]
    _, remainders = compared(CATEGORIES, files, tenant)
    assert remainders == [("impossible", "category Knitwear", "slug differs; the API can't change this")]


VARIANT = {"sku": "A-1", "price": "89.50", "currency": "GBP"}
PRODUCT = {"title": "Crewneck", "category": "Knitwear", "brand": "Fell", "variants": [VARIANT]}


def products(
    files: list[Any], tenant: list[Any], brands: dict[str, list[str]] | None = None
) -> tuple[list[Any], list[Any]]:
    found = Comparison()
    ours, theirs = entries(*files), [Entry(row, f"id-{number}", sent=row) for number, row in enumerate(tenant)]
    compare_products(ours, theirs, brands or {}, found)
    found.problems.raise_any(Path("shop"))
    return shown(found)


@cases(
    "files, tenant, changes, remainders",
    [
        ([PRODUCT], [{**PRODUCT, "variants": [{**VARIANT, "price": "89.5"}]}], [], []),
        (
            [{**PRODUCT, "title": "New", "description": "Wool.", "brand": "Nord"}], [PRODUCT],
            [("update_product", "id-0", {"title": "New", "description": "Wool.", "brand_id": ID},
              {"title": "Crewneck", "description": None, "brand": "Fell"}, "product New")], [],
        ),
        (
            [{"title": "Crewneck", "brand": "Soon", "tags": ["a"], "variants": [VARIANT]}], [PRODUCT], [],
            [("later", "product Crewneck", f"its brand Soon does not exist yet: {AGAIN}"),
             ("impossible", "product Crewneck", "tags, category differ; the API can't set this")],
        ),
        (
            [{**PRODUCT, "brand": "None"}], [PRODUCT], [],
            [("impossible", "product Crewneck", "the tenant has no brand None")],
        ),
        (
            [PRODUCT], [],
            [("create_product", {"title": "Crewneck", "category": "Knitwear"}, None, "product Crewneck")],
            [("later", "product Crewneck", f"1 variant, brand: {AGAIN}")],
        ),
        (
            [{"title": "Crewneck"}], [PRODUCT | {"variants": []}], [],
            [("impossible", "product Crewneck", "category, brand differ; the API can't set this")],
        ),
        (
            [{**PRODUCT, "variants": [{**VARIANT, "price": "90"}, {"sku": "A-2", "price": "1", "cost_price": "0.5"},
                                      {"price": "3"}]}],
            [{**PRODUCT, "variants": [VARIANT, {"sku": "A-3"}]}],
            [("create_variant", "id-0", {"sku": "A-2", "price": 1}, None, "variant A-2 of product Crewneck")],
            [("impossible", "variant A-1 of product Crewneck",
              "price differs; the API can't change a variant"),
             ("impossible", "variant A-2 of product Crewneck", "cost_price: the API can't set this"),
             ("impossible", "variant None of product Crewneck", "a variant without SKU and barcode can't be matched"),
             ("extra", "variant A-3 of product Crewneck", NO_ROUTE)],
        ),
        (
            [{**PRODUCT, "variants": [VARIANT, {"sku": "B-1"}]}],
            [PRODUCT, {"title": "Scarf", "variants": [{"sku": "B-1"}]}, {"title": "Hat", "variants": []}], [],
            [("impossible", "product Crewneck",
              "the tenant groups its SKUs differently, in Crewneck and Scarf"),
             ("extra", "product Hat", "only in the tenant; to delete it, run `synq products delete id-2`")],
        ),
        (
            [{"title": "A", "variants": [{"sku": "1"}]}, {"title": "B", "variants": [{"sku": "2"}]}],
            [{"title": "C", "variants": [{"sku": "1"}, {"sku": "2"}]}], [],
            [("impossible", "product A", "the tenant groups its SKUs differently, in C"),
             ("impossible", "product B", "the tenant groups its SKUs differently, in C")],
        ),
        (
            [{"title": "hat", "description": "Warm"}], [{"title": "Hat"}],
            [("update_product", "id-0", {"title": "hat", "description": "Warm"},
              {"title": "Hat", "description": None}, "product hat")], [],
        ),
        (
            [{"title": "Hat"}], [{"title": "Hat", "variants": []}, {"title": "Hat", "status": "DRAFT"}], [],
            [("impossible", "product Hat", "several products have this title, and none has its SKUs")],
        ),
    ],
)  # fmt: skip
def test_products_are_matched_by_sku_and_else_by_title(
    files: list[Any], tenant: list[Any], changes: list[Any], remainders: list[Any]
) -> None:
    assert products(files, tenant, {"Nord": [ID], "Soon": []}) == (changes, remainders)


def test_the_values_before_are_those_that_the_api_sent() -> None:
    found = Comparison()
    sent = {"title": "Hat", "description": ""}
    compare_products(
        entries({"title": "Hat", "description": "Warm."}), [Entry({"title": "Hat"}, ID, sent=sent)], {}, found
    )
    assert found.changes[0].before == {"description": ""}


FILES: dict[str, tuple[str, list[str]]] = {
    "channels.yaml": (
        (
            "- name: web\r\n  currency: GBP\r\n  activ: true\r\n- web\r\n- currency: GBP\r\n- name: 2025\r\n"
            "  active: 'yes'\r\n"
        ),
        [
            'channels.yaml line 3: unknown field "activ". Did you mean active? Fields: name, currency, active',
            'channels.yaml line 4: it must be an object, not "web"',
            "channels.yaml line 5: name is missing",
            "channels.yaml line 6: name must be text, not 2025: put it in quotes",
            'channels.yaml line 7: active must be true or false, not "yes"',
        ],
    ),
    "settings.yaml": (
        "costing_method: LIFO\ndefault_low_stock_threshold: -1\n",
        [
            'settings.yaml line 1: costing_method must be WAC or FIFO, not "LIFO"',
            "settings.yaml line 2: default_low_stock_threshold must be a whole number, 0 or more, not -1",
        ],
    ),
    "brands.yaml": ("name: Fell\n", ["brands.yaml: it must contain a list of objects"]),
    "templates.yaml": ("- name: [", ["templates.yaml: invalid YAML: "]),
    "attributes.yaml": ("- name: A\n  name: B\n", ["attributes.yaml: invalid YAML: name is given twice in line 2"]),
    "members.yaml": ("- email: a@b.example\n  role:\n", ["members.yaml line 1: role is missing"]),
    "products.ndjson": (
        (
            '{"title":"A","variants":[{"sku":"X","price":"1,5"},{"sku":"Y"},{"sku":"Y"}]}\r\n\r\n'
            '{"title":"B","title":"C"}\r\n[]\r\n{"title":" ","tags":["a"],"sku":"A"}\r\n'
            '{"title":"D","variants":{}}\r\n{'
        ),
        [
            'products.ndjson line 1, variant 1: price must be an amount such as 19.90, not "1,5"',
            'products.ndjson line 3: invalid JSON: "title" is given twice',
            "products.ndjson line 4: it must be an object, not []",
            'products.ndjson line 5: unknown field "sku". Fields: title, ',
            "products.ndjson line 5: title is missing",
            "products.ndjson line 6: variants must be a list, not {}",
            "products.ndjson line 7: invalid JSON: ",
        ],
    ),
}


def write(folder: Path, **files: str) -> Path:
    (folder / "synq-tenant.yaml").write_text("format: 1\ntenant: t\n", encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


def test_every_problem_of_the_files_is_listed_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, **{name: text for name, (text, _) in FILES.items()})
    with SortedLines() as lines, pytest.raises(UsageError) as caught:
        load(tmp_path, parts.NAMES, lines).problems.raise_any(tmp_path)
    expected = [
        line
        for name in (*(part.file for part in parts.PARTS), "products.ndjson")
        for line in FILES.get(name, ("", []))[1]
    ]
    assert caught.value.message == f"{tmp_path} has {len(expected)} problems; nothing was planned."
    for found, start in zip(caught.value.details, expected, strict=True):
        assert found.startswith(start)


@cases(
    "part, files, tenant, problem",
    [
        (CHANNELS, [WEB, {**WEB, "active": False}], [WEB],
         "f line 2: the channel web is given twice, also in f line 1"),
        (CHANNELS, [WEB, {**WEB, "name": "WEB"}], [WEB],
         "f line 2: the channel WEB is given twice, also in f line 1"),
        (CHANNELS, [{"name": "shop"}], [], "f line 1: currency is missing: a new channel needs one"),
        (CHANNELS, [{**WEB, "currency": "GPB"}], [WEB], 'f line 1: Invalid currency "GPB". Did you mean '),
        (MEMBERS, [{"email": "una@fell.example", "role": "Boss"}], [],
         'f line 1: Invalid role "Boss": use ADMIN, EDITOR or VIEWER.'),
        (MEMBERS, [{"email": "rory@fell.example", "role": "BOSS"}], [{"email": "rory@fell.example", "role": "VIEWER"}],
         'f line 1: Invalid role "BOSS": use ADMIN, EDITOR or VIEWER.'),
        (MEMBERS, [{"email": "rory", "role": "VIEWER"}], [], 'f line 1: Invalid email address "rory": '),
        (BRANDS, [{"name": "A", "logo_url": "logo.svg"}], [], 'f line 1: Invalid logo URL "logo.svg". '),
        (CATEGORIES, [{"name": "A", "parent": "B"}, {"name": "C"}], [{"name": "C"}],
         'f line 1: unknown or ambiguous parent "B". '),
        (CATEGORIES, [{"name": "A", "parent": "B"}, {"name": "B", "parent": "A"}], [],
         "f line 1: the category is its own ancestor"),
        (SETTINGS, [{"costing_method": "WAC"}], [],
         "f line 1: inventory_allocation_model, auto_po_enabled, default_low_stock_threshold are "),
    ],
)  # fmt: skip
def test_a_value_that_can_not_be_sent_is_a_problem_too(
    part: parts.Part, files: list[Any], tenant: list[Any], problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        compared(part, files, tenant)
    assert caught.value.details[0].startswith(problem)


def test_a_part_that_is_no_file_is_an_error_and_never_opened(tmp_path: Path) -> None:
    write(tmp_path, **{"brands.yaml": "[]\n"})
    for name in ("channels.yaml", "products.ndjson", "synq-tenant.yaml"):
        path = tmp_path / name
        for make, what in (
            (path.mkdir, "a folder, not a file"),
            (lambda path=path: os.mkfifo(path), "a pipe, not a file"),
            (lambda path=path: path.symlink_to("nowhere"), "a link to a file that doesn't exist"),
        ):
            path.unlink(missing_ok=True)
            make()
            with SortedLines() as lines, pytest.raises(UsageError) as caught:
                load(tmp_path, parts.NAMES, lines)
            assert caught.value.message == f"{path} can't be read: it is {what}."
            path.rmdir() if path.is_dir() else None
        path.unlink()


def test_a_folder_that_is_no_export_or_has_nothing_to_compare(tmp_path: Path) -> None:
    for names, message in (
        ((), f"{tmp_path} is not an export: it has no synq-tenant.yaml."),
        (("synq-tenant.yaml",), f"{tmp_path} has no file to compare."),
    ):
        for name in names:
            write(tmp_path, **{name: "format: 1\n"})
        with SortedLines() as lines, pytest.raises(UsageError) as caught:
            load(tmp_path, parts.NAMES, lines)
        assert caught.value.message == message


# Whatever a server may send: texts with line breaks and signs of YAML, nulls, numbers with many digits, nested values.
TEXTS = st.one_of(
    st.none(), st.text(max_size=8), st.sampled_from(["no", "12", "1e3", "- a", "# b", "\u2028", "\ud800", " "])
)
NAMES = st.text(min_size=1, max_size=6).filter(str.strip)
VALUES = st.one_of(
    TEXTS, st.booleans(), st.integers(), st.sampled_from([exact_json.Number("0.50"), ["a"], {"b": None}])
)
ROWS: dict[str, Any] = {
    "/api/v1/channels": {"name": NAMES, "currency": TEXTS, "active": st.booleans()},
    "/api/v1/organization/members": {"email": NAMES, "role": NAMES},
    "/api/v1/pim/categories": {
        "name": NAMES, "slug": TEXTS, "description": TEXTS, "parent_id": st.sampled_from([None, ID, "0"]),
    },
    "/api/v1/pim/brands": {"name": NAMES, "description": TEXTS, "logo_url": TEXTS},
    "/api/v1/pim/attributes": {"name": NAMES, "slug": TEXTS, "type": TEXTS},
    "/api/v1/pim/attribute-groups": {"name": NAMES, "description": TEXTS},
    "/api/v1/pim/templates": {"name": NAMES, "description": TEXTS},
    "/api/v1/integrations/connections": {"provider": TEXTS, "category": TEXTS, "status": TEXTS},
    "/api/v1/pim/variants": {
        "product_id": st.sampled_from([ID, OTHER]), "sku": st.sampled_from([None, "A", "B"]), "barcode": TEXTS,
        "price": st.sampled_from([None, "89.50", "0"]), "option_values": VALUES, "cost_price": VALUES,
    },
}  # fmt: skip
PRODUCTS_SENT = st.fixed_dictionaries({"title": NAMES, "description": TEXTS, "tags": VALUES, "status": VALUES})
TENANTS = st.fixed_dictionaries(
    {path: st.lists(st.fixed_dictionaries(fields), max_size=3) for path, fields in ROWS.items()}
    | {f"/api/v1/pim/products/{product}": PRODUCTS_SENT for product in (ID, OTHER)}
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tenant=TENANTS)
def test_what_was_just_exported_has_nothing_to_change(
    desk: Callable[..., Desk], tmp_path_factory: pytest.TempPathFactory, tenant: dict[str, Any]
) -> None:
    for path, rows in tenant.items():
        for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
            row["id" if "members" not in path else "uid"] = ID if number == 0 else f"{number:08x}{ID[8:]}"
    for product in (ID, OTHER):
        tenant[f"/api/v1/pim/products/{product}"]["id"] = product
    tenant["/api/v1/pim/products"] = [{"id": ID, "title": "x"}]
    tenant["/api/v1/settings/tenant"] = FOUR

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=exact_json.dumps(tenant[request.url.path]).encode())

    files = desk(answer).api.tenant_files
    folder = tmp_path_factory.mktemp("shop")
    files.export(folder, parts.NAMES, Quiet(), force=False)
    found = files.compare(folder, parts.NAMES, Quiet())
    assert shown(found) == ([], [])
    assert found.notes == []


def test_products_that_are_equal_on_both_sides_need_no_match(desk: Callable[..., Desk], tmp_path: Path) -> None:
    """Not even two with the same title; a product that is deleted while they are read is left out with its variants."""
    ids = [f"{number:08x}{ID[8:]}" for number in range(6)]
    sold = {"id": ids[3], "title": "Scarf"}
    replies: dict[str, Any] = {
        "/api/v1/pim/products": [{"id": each, "title": "Hat"} for each in ids[4:]],
        "/api/v1/pim/variants": [{"id": each, "product_id": each, "sku": f"S-{each[7]}"} for each in ids[:4]],
        "/api/v1/pim/brands": [],
        **{f"/api/v1/pim/products/{each}": {"id": each, "title": "Hat"} for each in ids[4:]},
        f"/api/v1/pim/products/{ids[3]}": sold,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        reply = replies.get(request.url.path)
        return httpx.Response(404, text="Product not found") if reply is None else httpx.Response(200, json=reply)

    files = desk(answer).api.tenant_files
    files.export(tmp_path / "shop", ["products"], Quiet(), force=False)
    path = tmp_path / "shop" / "products.ndjson"
    lines = path.read_text(encoding="utf-8").splitlines()
    hat = '{"title":"Hat","variants":[]}'
    assert lines == [hat, hat, '{"title":"Scarf","variants":[{"sku":"S-3"}]}']
    path.write_text("\n".join(['{"title":"A"}', *lines[::-1], '{"title":"Z"}']), encoding="utf-8")
    found = files.compare(tmp_path / "shop", ["products"], Quiet())
    assert shown(found) == (
        [("create_product", {"title": title}, None, f"product {title}") for title in "AZ"], [],
    )  # fmt: skip
    sold_twice = '{"title":"A","variants":[{"sku":"S-3"},{"sku":"N"},{"sku":"N"}]}'
    path.write_text("\n".join([sold_twice, *lines]), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        files.compare(tmp_path / "shop", ["products"], Quiet())
    assert caught.value.details == [
        "products.ndjson line 1: the SKU N is given twice, also in the same line",
        "products.ndjson line 1: the SKU S-3 is given twice, also in products.ndjson line 4",
    ]


@given(lines=st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3))), most=st.integers(0, 20))
def test_lines_are_sorted_however_few_fit_into_memory(lines: list[tuple[str, str]], most: int) -> None:
    with SortedLines(most) as collected:
        for key, line in lines:
            collected.add(key, line)
        assert list(collected) == sorted(lines)
        assert list(collected) == sorted(lines)
