"""`synq mcp`: let an agent use synq, through the Model Context Protocol."""

import sys
from pathlib import Path
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import argument, option
from synq_cli.commands.machine.config import is_known
from synq_cli.errors import UsageError
from synq_cli.mcp.clients import FORMATS, Client, configuration
from synq_cli.nearest import did_you_mean
from synq_cli.session.profiles import existing

group = CommandGroup()


@group.command("serve")
def serve_agents(
    run: RunContext,
    per_minute: Annotated[int, option("--per-minute", "N", "Most API requests a minute.", min=1)] = 30,
    in_all: Annotated[
        int, option("--in-all", "N", "Most API requests of the session, besides approved changes.", min=1)
    ] = 1000,
) -> None:
    """Serve an agent on the standard streams, through MCP.

    MCP clients such as Claude, Cursor and VS Code start this command; `synq mcp config` prints what to paste into their
    settings. The agent works on the profile that the server was started with. It can find commands, run those that
    read, and propose changes. A person reviews a proposal and runs `synq approve ID` in a terminal; then the agent can
    apply it, once.

    Each session leaves ten requests a minute to people and other commands. Requires the extra mcp.

    Examples:
      synq mcp serve
      synq mcp serve --profile acme --per-minute 20
    """
    try:
        from synq_cli.mcp.server import serve
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The MCP server needs the optional extra 'mcp', which is not installed ({error.name} is missing).",
            hint="Install it: pipx inject synq-cli mcp, or pip install 'synq-cli[mcp]'",
        ) from None
    from synq_cli.mcp.session import open_session

    if not is_known(run) and not run.system.environ.get("SYNQ_TOKEN"):
        existing(run.config, run.settings.profile)
    if run.system.stdin.isatty():
        run.output.note("This command is for MCP clients, which start it: see `synq mcp config`. To end it: Ctrl-C.")
    serve(open_session(run, per_minute=per_minute, in_all=in_all), profile=run.settings.profile)


@group.command("config")
def print_configuration(run: RunContext, client: Annotated[Client, argument("CLIENT", "MCP client.")]) -> None:
    """Print the settings that make an MCP client start the server.

    Prints JSON to paste, with the path of this synq and the profile, and names the file on stderr. It changes nothing.

    Examples:
      synq mcp config claude --profile acme
      synq mcp config vscode
    """
    beside = Path(sys.executable).with_name("synq.exe" if sys.platform == "win32" else "synq")
    command = [str(beside)] if beside.exists() else [sys.executable, "-P", "-m", "synq_cli"]
    run.output.document(configuration(client, command, run.settings.profile, run.system.environ))
    run.output.note(f"For {FORMATS[client].file}.")
    if not is_known(run):
        profile = run.settings.profile
        near = did_you_mean(profile, run.config.profiles)
        run.output.warn(f"Profile {profile} does not exist. {near}To create it, run: synq auth login -p {profile}")
