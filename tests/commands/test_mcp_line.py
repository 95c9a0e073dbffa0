"""`synq mcp` from the line to the screen."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from table import cases


@cases(
    ("client", "profile", "key", "name", "more"),
    [
        ("claude", "default", "mcpServers", "synq", {}),
        ("cursor", "sandbox", "mcpServers", "synq-sandbox", {}),
        ("vscode", "sandbox", "servers", "synq-sandbox", {"type": "stdio"}),
    ],
)
def test_config_prints_what_a_client_takes(
    synq: Any, client: str, profile: str, key: str, name: str, more: Any
) -> None:
    result = synq("mcp", "config", client, "--profile", profile)
    folders = {f"SYNQ_{kind.upper()}_DIR": str(synq.folder / kind) for kind in ("config", "state")}
    program = {
        "command": str(Path(sys.executable).with_name("synq")), "args": ["--profile", profile, "mcp", "serve"]
    }  # fmt: skip
    assert json.loads(result.out) == {key: {name: more | program | {"env": folders}}}
    assert (result.status, result.err.startswith("For ")) == (0, True)


def test_config_prints_no_token_and_knows_three_clients(synq: Any) -> None:
    assert "canary" not in synq("mcp", "config", "claude", environ={"SYNQ_TOKEN": "canary-token"}).out
    assert synq("mcp", "config", "emacs").err.splitlines()[0] == (
        'synq: Invalid value "emacs" for CLIENT: use claude, cursor or vscode.'
    )


def test_serve_without_the_extra_says_how_to_install_it(synq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "synq_cli.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    result = synq("mcp", "serve")
    assert (result.status, result.err.splitlines()) == (
        2,
        [
            "synq: The MCP server needs the optional extra 'mcp', which is not installed (mcp_types is missing).",
            "  Install it: pipx inject synq-cli mcp, or pip install 'synq-cli[mcp]'",
        ],
    )


def test_serve_takes_the_settings_of_its_run(synq: Any) -> None:
    assert synq("mcp", "serve", "--per-minute", "0").status == 2
    assert synq("mcp", "serve", "--profile", "a b").status == 2


def test_an_unknown_profile_is_noticed(synq: Any) -> None:
    synq("config", "set", "timeout", "9", "--profile", "acme")
    shown = synq("mcp", "config", "claude", "--profile", "acne")
    assert (shown.status, shown.err.splitlines()[1:]) == (
        0,
        ["Warning: Profile acne does not exist. Did you mean acme? To create it, run: synq auth login -p acne"],
    )
    assert synq("mcp", "config", "claude", "--profile", "acme").err.count("\n") == 1
    refused = synq("mcp", "serve", "--profile", "acne")
    assert (refused.status, refused.err.splitlines()[0]) == (2, 'synq: Unknown profile "acne".')
