"""`synq organization` from the line to the screen: names, members, and the last two administrators."""

import json
import re
from typing import Any

import httpx
import pytest
from table import cases
from tenant import ENVIRON, Tenant

PLACE = "/api/v1/organization"
MEMBERS, INVITE = f"GET {PLACE}/members", f"POST {PLACE}/members"
AILSA = {"uid": "Jx4m/../a b?", "email": "ailsa@fellandfjord.example", "role": "admin", "status": "active"}
ISLA = {"uid": "Kp2n", "email": "isla@fellandfjord.example", "role": "ADMIN", "status": "active"}
RORY = {"uid": "T7uKfW1oGzXq", "email": "rory@fellandfjord.example", "role": "EDITOR", "status": "active"}
HEX = {"uid": "0123456789ABCDEF0123456789abcdef", "email": "hex@y.no", "role": "EDITOR", "status": "active"}
ZOE = {"uid": "Vx77", "email": "zoe@fellandfjord.example", "role": "ADMIN", "status": "invited"}
AILSAS = f"{PLACE}/members/Jx4m%2F..%2Fa%20b%3F"
ONE_LEFT = "Warning: This leaves the organization with one administrator; keep at least two.\n"
NONE_LEFT = "Warning: This leaves the organization with no administrator.\n"


def test_the_name_is_shown_before_and_after(synq: Any) -> None:
    before = {"id": "b3e8", "name": "Fell & Fjord Knitwear"}
    tenant = Tenant({f"GET {PLACE}": before, f"PUT {PLACE}": {**before, "name": "Fell & Fjord Ltd"}})
    line = ("organization", "update", "--name", " Fell & Fjord Ltd ", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "Organization: name Fell & Fjord Knitwear → Fell & Fjord Ltd\nID    b3e8\nName  Fell & Fjord Ltd\n"
    )
    assert tenant.asked == [f"GET {PLACE}", f'PUT {PLACE} {{"name":"Fell & Fjord Ltd"}}']


def test_the_name_it_has_is_not_sent(synq: Any) -> None:
    before = {"id": "b3e8", "name": "Fell & Fjord Ltd"}
    tenant = Tenant({f"GET {PLACE}": before})
    line = ("organization", "update", "--name", "Fell & Fjord Ltd", "--json")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, json.loads(result.out), tenant.asked) == (0, before, [f"GET {PLACE}"])
    assert result.err.startswith("No changes: nothing was sent.\n")


def test_an_invitation_is_sent_once_with_the_role_in_capitals(synq: Any) -> None:
    tenant = Tenant({INVITE: httpx.Response(201, json={"message": "User successfully invited", "uid": "T7uK"})})
    line = ("organization", "members", "invite", " rory@fellandfjord.example", "--role", "Editor", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [f'{INVITE} {{"email":"rory@fellandfjord.example","role":"EDITOR"}}']
    assert (result.status, result.out, result.err) == (0, "UID      T7uK\nMessage  User successfully invited\n", "")


@cases(
    ("line", "said"),
    [
        (("update",), "Missing option --name.\n  See `synq organization update --help`."),
        (("update", "--name", " "), "The name can't be blank."),
        (
            ("members", "invite", "x@y.no", "--role", "owner"),
            (
                'Invalid value "owner" for --role: use ADMIN, EDITOR or VIEWER.\n'
                "  See `synq organization members invite --help`."
            ),
        ),
        (
            ("members", "set-role", "x@y.no", "edit"),
            (
                'Invalid value "edit" for ROLE: use ADMIN, EDITOR or VIEWER.\n'
                "  Did you mean EDITOR? See `synq organization members set-role --help`."
            ),
        ),
        (("members", "set-role", " ", "EDITOR"), "The member can't be blank."),
        (("members", "remove", ""), "The member can't be blank."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(synq: Any, line: tuple[str, ...], said: str) -> None:
    result = synq("organization", *line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out, result.err) == (2, "", f"synq: {said}\n")


@cases(
    "address",
    [
        "rory", "a@example..com", ".a@b.no", "a.@b.no", "@b.no", "a@-example.com", "a@example-.com", "a@b", "a b@c.no",
        "a@b.no,c@d.no", "Ann <a@b.no>", "josé@b.no",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_not_invited(synq: Any, address: str) -> None:
    line = ("organization", "members", "invite", address, "--role", "EDITOR")
    result = synq(*line, environ=ENVIRON, http=Tenant({}))
    assert (result.status, result.out) == (2, "")
    assert re.fullmatch(
        f'synq: Invalid email address "{re.escape(address)}": [a-z].+\\.\n  Use one such as ailsa@example.com\\.\n',
        result.err,
    )


@pytest.mark.parametrize(
    ("typed", "sent"), [(" O'Neil+x@B.no ", "O'Neil+x@b.no"), ("a@bücher.no", "a@xn--bcher-kva.no")]
)
def test_an_address_is_sent_in_ascii(synq: Any, typed: str, sent: str) -> None:
    invited = f"POST {PLACE}/members"
    tenant = Tenant({invited: {"uid": "u1"}})
    line = ("organization", "members", "invite", typed, "--role", "EDITOR", "-q")
    assert synq(*line, environ=ENVIRON, http=tenant).status == 0
    assert tenant.asked == [f'{invited} {{"email":"{sent}","role":"EDITOR"}}']


@pytest.mark.parametrize("word", [RORY["email"], "Rory@FellAndFjord.example", RORY["uid"]])
def test_a_role_is_changed_by_address_or_uid(synq: Any, word: str) -> None:
    change = f"PUT {PLACE}/members/{RORY['uid']}"
    tenant = Tenant({MEMBERS: [AILSA, ISLA, RORY], change: {**RORY, "role": "VIEWER"}})
    line = ("organization", "members", "set-role", word, "viewer", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True)
    assert tenant.asked == [MEMBERS, f'{change} {{"role":"VIEWER"}}']
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "rory@fellandfjord.example: role EDITOR → VIEWER\n"
        "Email   rory@fellandfjord.example\nRole    VIEWER\nStatus  active\nUID     T7uKfW1oGzXq\n"
    )


def test_the_role_that_a_member_has_is_not_sent(synq: Any) -> None:
    tenant = Tenant({MEMBERS: [AILSA, RORY]})
    line = ("organization", "members", "set-role", "ailsa@fellandfjord.example", "ADMIN", "--json")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, json.loads(result.out), tenant.asked) == (0, AILSA, [MEMBERS])
    assert result.err.startswith("No changes: nothing was sent.\n")


NO = "synq: Not confirmed; nothing was changed.\n"
TWO, ONE = [AILSA, ISLA, RORY, ZOE], [AILSA, RORY, ZOE]


@pytest.mark.parametrize(
    ("rows", "options", "typed", "err", "sent"),
    [
        ([*TWO, {**ISLA, "uid": "third"}], [], "", "", True),
        (TWO, [], "", ONE_LEFT, True),
        (ONE, [], "y\n", f"{NONE_LEFT}Change the role of ailsa@fellandfjord.example to VIEWER? [y/N] ", True),
        (ONE, [], "\n", f"{NONE_LEFT}Change the role of ailsa@fellandfjord.example to VIEWER? [y/N] {NO}", False),
        (ONE, ["--yes"], "", NONE_LEFT, True),
    ],
)
def test_two_administrators_are_kept_an_eye_on(
    synq: Any, rows: list[Any], options: list[str], typed: str, err: str, sent: bool
) -> None:
    tenant = Tenant({MEMBERS: rows, f"PUT {AILSAS}": {**AILSA, "role": "VIEWER"}})
    line = ("organization", "members", "set-role", AILSA["email"], "VIEWER", "-q", *options)
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True, stdin=typed)
    assert (result.status, result.err) == (0 if sent else 11, err)
    assert tenant.asked == [MEMBERS, *([f'PUT {AILSAS} {{"role":"VIEWER"}}'] if sent else [])]


@pytest.mark.parametrize("verb", [("set-role", "VIEWER"), ("remove",)])
def test_in_a_script_the_last_administrator_needs_a_yes(synq: Any, verb: tuple[str, ...]) -> None:
    tenant = Tenant({MEMBERS: ONE})
    line = ("organization", "members", verb[0], AILSA["email"], *verb[1:], "-q")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (11, "", [MEMBERS])
    assert result.err.startswith(NONE_LEFT)
    assert result.err.endswith("  Add --yes to skip this prompt.\n")


@pytest.mark.parametrize(
    ("rows", "member", "warning"), [(TWO, AILSA, ONE_LEFT), (ONE, AILSA, NONE_LEFT), (ONE, RORY, ""), (ONE, ZOE, "")]
)
def test_who_is_removed_is_shown_first(synq: Any, rows: list[Any], member: Any, warning: str) -> None:
    gone = AILSAS if member is AILSA else f"{PLACE}/members/{member['uid']}"
    tenant = Tenant({MEMBERS: rows, f"DELETE {gone}": httpx.Response(204)})
    line = ("organization", "members", "remove", member["email"])
    result = synq(*line, environ=ENVIRON, http=tenant, terminal=True, stdin="y\n")
    who = f"{member['email']} ({member['role']})"
    assert (result.status, result.out) == (0, "")
    assert result.err.startswith(f"{warning}Remove {who}? They lose access immediately. [y/N] Removed {who}.\n")
    assert tenant.asked == [MEMBERS, f"DELETE {gone}"]


@pytest.mark.parametrize(
    ("word", "status", "said"),
    [
        ("zzzz@example.com", 5, 'Unknown member "zzzz@example.com".\n  See `synq organization members list`.'),
        ("T7uKfW", 5, 'Unknown member "T7uKfW".\n  See `synq organization members list`.'),
        (
            "TWIN@y.no",
            2,
            'Ambiguous member "TWIN@y.no": 2 match.\n  Use one of: A1, A2. See `synq organization members list`.',
        ),
        ("new@y.no", 5, 'The API gives no uid for the member "new@y.no".\n  Use the dashboard for this.'),
    ],
)
def test_somebody_who_can_not_be_told_apart_is_not_removed(synq: Any, word: str, status: int, said: str) -> None:
    others = [{"uid": "A1", "email": "twin@y.no"}, {"uid": "A2", "email": "Twin@y.no"}, {"email": "new@y.no"}]
    tenant = Tenant({MEMBERS: [RORY, *others]})
    line = ("organization", "members", "remove", word, "--yes", "-q")
    result = synq(*line, environ=ENVIRON, http=tenant)
    assert (result.status, result.out, result.err, tenant.asked) == (status, "", f"synq: {said}\n", [MEMBERS])


def test_a_uid_that_looks_like_a_uuid_is_taken_as_it_is(synq: Any) -> None:
    gone = f"DELETE {PLACE}/members/{HEX['uid']}"
    tenant = Tenant({MEMBERS: [HEX], gone: httpx.Response(204)})
    line = ("organization", "members", "remove", HEX["uid"], "--yes")
    assert synq(*line, environ=ENVIRON, http=tenant).status == 0
    assert tenant.asked == [MEMBERS, gone]


@pytest.mark.parametrize("uid", [".", ".."])
@pytest.mark.parametrize("verb", [("remove", "dot@y.no", "--yes"), ("set-role", "dot@y.no", "VIEWER", "--yes")])
def test_a_uid_of_dots_leads_to_no_other_route(synq: Any, uid: str, verb: tuple[str, ...]) -> None:
    tenant = Tenant({MEMBERS: [{"uid": uid, "email": "dot@y.no"}]})
    result = synq("organization", "members", *verb, "-q", environ=ENVIRON, http=tenant)
    assert (result.status, result.out, tenant.asked) == (2, "", [MEMBERS])
    assert result.err.endswith(f'synq: The id "{uid}" can\'t be sent in a URL.\n  Use the dashboard for this.\n')
