"""`synq products categories/brands/attributes/attribute-groups/templates`, from the line to the requests."""

import json
from typing import Any

import httpx
import pytest
from table import cases

ID, OTHER = "0d9e6b23-f7a5-4c18-8b4d-e3c70f12a965", "7c41e0b9-d3f8-4625-a9b7-e50d2f86c1a4"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
LOGO = "https://cdn.example/logo.svg"
# Each resource with all options of its create, and the body that they make.
ALL = {
    "categories": (["--slug", "knits", "--description", "All knits."], {"slug": "knits", "description": "All knits."}),
    "brands": (["--description", "House label.", "--logo-url", LOGO],
               {"description": "House label.", "logoUrl": LOGO}),
    "attributes": (["--slug", "yarn-weight", "--type", "number"], {"slug": "yarn-weight", "type": "NUMBER"}),
    "attribute-groups": (["--description", "Facts."], {"description": "Facts."}),
    "templates": (["--description", "For jumpers."], {"description": "For jumpers."}),
}  # fmt: skip
TREE = [
    {"id": ID, "name": "Knitwear", "slug": "knits", "parent_id": None},
    {"id": OTHER, "name": "Cardigans", "slug": "cardigans", "parent_id": ID},
    {"id": "7c41ffff-d3f8-4625-a9b7-e50d2f86c1a4", "name": "Cardigans", "slug": "men", "parent_id": ID},
]


@pytest.fixture
def run(synq: Any, answering: Any) -> Any:
    """Runs a line against these replies, each a body, a response or an error; gives the result and the requests."""

    def run_line(line: list[str], *replies: Any, **settings: Any) -> tuple[Any, list[httpx.Request]]:
        made = [reply if isinstance(reply, (httpx.Response, Exception)) else httpx.Response(201, json=reply)
                for reply in replies]  # fmt: skip
        http, seen = answering(*made)
        return synq("products", *line, "-q", environ=ENVIRON, http=http, **settings), seen

    return run_line


@pytest.mark.parametrize("noun", ALL)
def test_a_list_is_by_name_in_either_wrapping(run: Any, noun: str) -> None:
    rows = [{"id": "2", "name": "b", "new": 1}, {"id": "3", "name": "C"}, {"id": "1", "name": "A"}]
    for reply in (rows, {noun.replace("-", "_"): rows}):
        result, (request,) = run([noun, "list", "--json"], reply)
        assert (request.method, request.url.path) == ("GET", f"/api/v1/pim/{noun}")
        assert json.loads(result.out) == [rows[2], rows[0], rows[1]]
    empty, _ = run([noun, "list"], httpx.Response(200, text="null"), terminal=True)
    assert (empty.status, empty.out) == (0, "")


@pytest.mark.parametrize("noun", ALL)
def test_create_sends_the_given_fields_and_prints_the_response(run: Any, noun: str) -> None:
    options, body = ALL[noun]
    made = {"id": ID, "name": "Fell & Fjord", "new": [1]}
    result, (request,) = run([noun, "create", " Fell & Fjord ", *options, "--json"], made)
    assert (request.method, request.url.path) == ("POST", f"/api/v1/pim/{noun}")
    assert json.loads(request.content) == {"name": "Fell & Fjord", **body}
    assert (result.status, json.loads(result.out)) == (0, made)
    _, (request,) = run([noun, "create", "Fell"], made)
    assert json.loads(request.content) == {"name": "Fell"}
    shown, _ = run([noun, "create", "Fell"], made, terminal=True)
    assert f"{ID}\n" in shown.out


@pytest.mark.parametrize("noun", ALL)
def test_a_dry_run_sends_nothing(run: Any, noun: str) -> None:
    options, body = ALL[noun]
    result, seen = run([noun, "create", "Fell", *options, "--dry-run", "--json"])
    plan = json.loads(result.out)
    assert seen == []
    assert (plan["method"], plan["path"]) == ("POST", f"/api/v1/pim/{noun}")
    assert plan["body"] == {"name": "Fell", **body}


@pytest.mark.parametrize("noun", ALL)
def test_refusals_and_unclear_answers(run: Any, noun: str) -> None:
    refused, _ = run([noun, "create", "Fell"], httpx.Response(400, json={"error": "Invalid request payload"}))
    assert (refused.status, refused.out) == (3, "")
    assert "Invalid request payload" in refused.err
    unclear, seen = run([noun, "create", "Fell"], httpx.ReadTimeout("late"))
    assert (unclear.status, unclear.out, len(seen)) == (10, "", 1)
    look = f"  Look for 'Fell' in `synq products {noun} list` before you send it again.\n"
    assert unclear.err.endswith(look)


@cases(
    ("line", "sentence"),
    [
        *(([noun, "create", " "], "The name can't be blank.") for noun in ALL),
        *(([noun, "create", "X", "--description", ""], "The description can't be blank.")
          for noun in ALL if noun != "attributes"),
        (["categories", "create", "X", "--slug", "über uns"], 'Invalid slug "über uns".'),
        (["categories", "create", "X", "--parent", " "], "The parent can't be blank."),
        (["categories", "create", " ", "--parent", "Knitwear"], "The name can't be blank."),
        (["categories", "create", "X", "--slug", "a b", "--parent", "Knitwear"], 'Invalid slug "a b".'),
        (["brands", "create", "X", "--logo-url", "logo.svg"], 'Invalid logo URL "logo.svg".'),
        (["attributes", "create", "X", "--slug", ""], 'Invalid slug "".'),
        (["attributes", "create", "X", "--type", " "], "The type can't be blank."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_before_anything_is_sent(run: Any, line: list[str], sentence: str) -> None:
    result, seen = run(line)
    assert (result.status, result.out, seen) == (2, "", [])
    assert result.err.startswith(f"synq: {sentence}\n")


@pytest.mark.parametrize("parent", ["Knitwear", "knitWEAR", " knits ", ID, ID.upper(), ID.replace("-", ""), "0d9e6b23"])
def test_a_parent_is_found_by_name_slug_and_id(run: Any, parent: str) -> None:
    result, (looked, made) = run(["categories", "create", "Jumpers", "--parent", parent], TREE, {"id": OTHER})
    assert (looked.method, made.method, result.status) == ("GET", "POST", 0)
    assert json.loads(made.content) == {"name": "Jumpers", "parentId": ID}


@pytest.mark.parametrize(
    ("parent", "status", "told"),
    [
        ("Knitwaer", 5, 'Unknown category "Knitwaer".\n  Did you mean Knitwear? See `synq products categories'),
        ("Sofas", 5, 'Unknown category "Sofas".\n  See `synq products categories list`.'),
        ("c8e1f3a2-0000-4000-8000-000000000000", 5, 'Unknown category "c8e1f3a2-0000-4000-8000-000000000000".'),
        (
            "Cardigans",
            2,
            f'Ambiguous category "Cardigans": 2 match.\n  Use one of: {OTHER}, 7c41',
        ),
        ("7c41", 2, f'Ambiguous category "7c41": 2 match.\n  Use one of: {OTHER}, 7c41'),
    ],
)
def test_a_parent_that_is_not_one_category_ends_it(run: Any, parent: str, status: int, told: str) -> None:
    result, seen = run(["categories", "create", "Jumpers", "--parent", parent], TREE)
    assert (result.status, result.out, len(seen)) == (status, "", 1)
    assert result.err.startswith(f"synq: {told}")


def test_a_parent_without_a_uuid_is_never_sent(run: Any) -> None:
    # The API would drop it in silence and put the new category at the top.
    result, seen = run(["categories", "create", "Jumpers", "--parent", "Odd"], [{"id": "odd-1", "name": "Odd"}])
    assert (result.status, len(seen)) == (12, 1)
    assert "the id of a category is not a UUID" in result.err


def test_a_dry_run_looks_the_parent_up_and_stops(run: Any) -> None:
    result, seen = run(["categories", "create", "Jumpers", "--parent", "knits", "--dry-run", "--json"], TREE)
    assert [request.method for request in seen] == ["GET"]
    assert json.loads(result.out)["body"] == {"name": "Jumpers", "parentId": ID}


def test_categories_are_a_tree_for_people_and_rows_for_programs(run: Any) -> None:
    shown, _ = run(["categories", "list"], TREE[:2], terminal=True)
    assert [line.split("  ")[0] for line in shown.out.splitlines()] == ["Name", "Knitwear", "└── Cardigans"]
    chosen, _ = run(["categories", "list", "--columns", "name"], TREE[:2], terminal=True)
    assert chosen.out == "Name\nCardigans\nKnitwear\n"
    piped, _ = run(["categories", "list", "--fields", "name,parent_id"], TREE[:2])
    assert piped.out == f"name\tparent_id\nCardigans\t{ID}\nKnitwear\t\n"


def test_an_id_that_was_listed_is_known_by_its_first_letters(run: Any) -> None:
    run(["categories", "list"], TREE)
    run(["brands", "create", "Fell"], {"id": OTHER, "name": "Fell"})
    line = ["update", ID, "--category-id", "0d9e", "--brand-id", "7c41", "--dry-run", "--json"]
    result, _ = run(line, {"id": ID, "title": "Crew"})
    assert json.loads(result.out)["body"] == {"category_id": ID, "brand_id": OTHER}
