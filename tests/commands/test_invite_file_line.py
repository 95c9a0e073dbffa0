"""`synq organization members invite --file` against a server that keeps members."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tenant import ENVIRON

PEOPLE = "E-mail address,Role\nUna@example.com,editor\nola@example.com,\n"


class Club:
    """A server with members; the next answers to invitations can be set."""

    def __init__(self) -> None:
        self.members = [{"uid": "u-0", "email": "rory@example.com", "role": "EDITOR", "status": "active"}]
        self.answers: list[Callable[[dict[str, str]], httpx.Response]] = []
        self.sent: list[dict[str, str]] = []
        self.lists = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.lists += 1
            return httpx.Response(200, json=self.members)
        person = json.loads(request.content)
        self.sent.append(person)
        return self.answers.pop(0)(person) if self.answers else self.invite(person)

    def invite(self, person: dict[str, str]) -> httpx.Response:
        self.members.append({"uid": f"u-{len(self.members)}", **person, "status": "invited"})
        return httpx.Response(201, json={"message": "Invited", "uid": f"u-{len(self.members) - 1}"})


@pytest.fixture
def club() -> Club:
    return Club()


@pytest.fixture
def invite(synq: Any, club: Club) -> Callable[..., Any]:
    def run(text: str, *line: str) -> Any:
        words = ("organization", "members", "invite", "--file", "-", "--yes", "--json", *line)
        return synq(*words, environ=ENVIRON, http=httpx.MockTransport(club), stdin=text)

    return run


def test_everybody_is_invited_once_and_members_are_left_out(invite: Any, club: Club, synq: Any) -> None:
    result = invite(PEOPLE + "RORY@example.com,VIEWER\n", "--role", "VIEWER")
    summary = json.loads(result.out)
    assert (result.status, summary["done"], club.lists) == (0, 2, 1)
    assert sorted(club.sent, key=str) == [
        {"email": "Una@example.com", "role": "EDITOR"}, {"email": "ola@example.com", "role": "VIEWER"},
    ]  # fmt: skip
    assert 'Column "E-mail address" is read as email.' in result.err.splitlines()
    assert (
        "Left out: line 4, RORY@example.com is a member already, as EDITOR: to change the role, use "
        "`synq organization members set-role RORY@example.com VIEWER`."
    ) in result.err.splitlines()
    again = invite("email,role\nuna@example.com,EDITOR\n", "-q")
    assert (again.status, json.loads(again.err)["error"]["details"]) == (
        2, ["line 2: una@example.com is already invited"],
    )  # fmt: skip
    undone = synq("runs", "undo", summary["id"], "--yes", "-q", environ=ENVIRON, http=httpx.MockTransport(club))
    assert (undone.status, undone.err.splitlines()[1]) == (
        11, "  Remove the members one by one: synq organization members remove EMAIL.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "status"), [("EDITOR", 0), (None, 10), ("VIEWER", 10)], ids=["made", "not made", "look-alike"]
)
def test_lost_invitation_is_looked_for_in_the_list(
    invite: Any, club: Club, synq: Any, role: str | None, status: int
) -> None:
    def answer(person: dict[str, str]) -> httpx.Response:
        if role:
            club.invite(person | {"role": role})
        raise httpx.ReadError("reset")

    club.answers = [answer]
    result = invite("email,role\nuna@example.com,EDITOR\n", "-q")
    summary = json.loads(result.out)
    assert (result.status, summary["unknown"], len(club.sent)) == (status, int(status == 10), 1)
    resumed = synq("runs", "resume", summary["id"], "-q", environ=ENVIRON, http=httpx.MockTransport(club))
    assert (resumed.status, len(club.sent)) == (status, 1)


def test_every_problem_is_listed_and_nothing_sent(invite: Any, club: Club) -> None:
    text = "email,role\n@b.no,ADMIN\n,ADMIN\nola@example.com,\nkai@example.com,OWNER\n"
    assert json.loads(invite(text, "-q").err)["error"]["details"] == [
        (
            'line 2: invalid email address "@b.no": there must be something before the @-sign. '
            "Use one such as ailsa@example.com"
        ),
        "line 3: no email",
        "line 4: no role. Add one, or give --role for all rows without one",
        'line 5: unknown role "OWNER". Use one of: ADMIN, EDITOR, VIEWER',
    ]
    text = "email,role\nuna@example.com,ADMIN\nUNA@example.com,ADMIN\nuna@example.com,EDITOR\n"
    assert json.loads(invite(text, "-q").err)["error"]["details"] == [
        "line 3: same as line 2: remove one",
        "line 4: una@example.com is also on line 2, with another role: remove one",
    ]
    assert club.sent == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("una@example.com", "--file", "-"), "An email address conflicts with --file: give one of them."),
        (("una@example.com",), "Missing role.\n  Give an email address and --role, or a file with --file."),
        (("una@example.com", "--role", "VIEWER", "--report", "r.csv"), "--report requires --file."),
    ],
)
def test_file_and_address_exclude_each_other(synq: Any, line: tuple[str, ...], message: str) -> None:
    result = synq("organization", "members", "invite", *line, environ=ENVIRON)
    assert (result.status, result.err) == (2, f"synq: {message}\n")
