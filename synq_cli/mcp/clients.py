"""The configuration of MCP clients: what to paste into which file."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Client = Literal["claude", "cursor", "vscode"]


class Format(NamedTuple):
    """The key that a client lists its servers under, what it needs besides the command, and its file."""

    key: str
    more: Mapping[str, str]
    file: str


FORMATS: dict[Client, Format] = {
    "claude": Format("mcpServers", {}, "claude_desktop_config.json of Claude Desktop, or .mcp.json of Claude Code"),
    "cursor": Format("mcpServers", {}, "~/.cursor/mcp.json, or .cursor/mcp.json in a project"),
    "vscode": Format("servers", {"type": "stdio"}, ".vscode/mcp.json in a project"),
}
# A client that is started from the desktop has another environment. Never a token: the keyring has it.
_VARIABLES = ("SYNQ_CONFIG_DIR", "SYNQ_STATE_DIR")


def configuration(client: Client, command: list[str], profile: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The object to paste: this program, for one profile."""
    known = FORMATS[client]
    variables = {name: environ[name] for name in _VARIABLES if environ.get(name)}
    server = {
        **known.more,
        "command": command[0],
        "args": [*command[1:], "--profile", profile, "mcp", "serve"],
        **({"env": variables} if variables else {}),
    }
    return {known.key: {"synq" if profile == "default" else f"synq-{profile}": server}}
