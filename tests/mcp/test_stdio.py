"""The installed program: an agent on its standard streams, and a person on a terminal."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")
pytest.importorskip("fcntl")
sys.path.append(str(Path(__file__).parents[1] / "journeys"))
from mcp import Client, StdioServerParameters
from runner import Runner
from served import STARTED, SYNQ, own_environ, served, started

ADJUST = "inventory adjust HMC-NVY-M -2 --location 'Leith warehouse'"
LEDGER = ("--sandbox", "inventory", "ledger", "--sku", "HMC-NVY-M", "--limit", "1")
ROWS = "sku,delta,location\n" + "".join(f"HMC-NVY-{size},-1,Leith warehouse\n" for size in ("S", "M", "L"))


def converse(environ: dict[str, str], *line: str, talk: Callable[[Client, list[str]], Awaitable[None]]) -> list[str]:
    """Talk to `synq … mcp serve` through the SDK's client; the text of its answers."""
    said: list[str] = []

    async def main() -> None:
        server = StdioServerParameters(command=SYNQ, args=[*line, "mcp", "serve"], env=environ, cwd=environ["HOME"])
        async with Client(server, read_timeout_seconds=60) as client:
            await talk(client, said)

    anyio.run(main)
    return said


async def call(client: Client, said: list[str], tool: str, **arguments: str) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    said.append(result.model_dump_json())
    answer: dict[str, Any] = result.structured_content
    return answer


def approve(plan: str, environ: dict[str, str]) -> bytes:
    """A person approves a proposal on a terminal; what the terminal has shown."""
    ours, theirs = pty.openpty()
    with started("approve", plan, environ=environ, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                shown += os.read(ours, 65_536)
            except OSError:  # Linux says so when the other end is closed
                break
            if shown.rstrip().endswith(b"[y/N]") or shown.rstrip().endswith(b"[y/N]:"):
                os.write(ours, b"y\n")
                shown += b"\n"
        assert process.wait(30) == 0, shown
    os.close(ours)
    return shown


def test_a_read_a_proposal_an_approval_and_one_application(tmp_path: Path) -> None:
    with served(tmp_path) as environ:

        async def talk(client: Client, said: list[str]) -> None:
            read = await call(client, said, "run_read", command="orders list --limit 1")
            assert (read["outcome"], read["rows"]) == ("applied", 1)
            token = await call(client, said, "run_read", command="auth token")
            assert token["outcome"] == "not_applied"
            proposed = await call(client, said, "propose_write", command=ADJUST)
            plan = proposed["proposal"]["id"]
            assert proposed["outcome"] == "not_applied"
            early = await call(client, said, "apply_approved", id=plan)
            assert early["error"]["code"] == "refused"
            shown = await anyio.to_thread.run_sync(approve, plan, environ)
            assert b"HMC-NVY-M" in shown
            applied = await call(client, said, "apply_approved", id=plan)
            assert (applied["outcome"], applied["retry"], applied["run"]["done"]) == ("applied", "never", 1)
            again = await call(client, said, "apply_approved", id=plan)
            assert (again["outcome"], again["retry"]) == ("not_applied", "never")

        said = converse(environ, talk=talk)
        ledger = subprocess.run(
            [SYNQ, "inventory", "ledger", "--sku", "HMC-NVY-M", "--limit", "1", "--json"],
            env=environ, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert json.loads(ledger.stdout)[0]["quantity_delta"] == -2
    token = environ["SYNQ_TOKEN"]
    assert token not in "".join(said)
    assert token.rpartition(".")[2] not in "".join(said)


def children_of(process: int) -> list[int]:
    """The processes that a process has started."""
    # Each thread has those that it has started.
    lists = [each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(each) for each in " ".join(lists).split()]


def descendants(process: int) -> list[int]:
    """Those, and what they have started."""
    return [each for child in children_of(process) for each in (child, *descendants(child))]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_an_application_that_is_killed_is_unknown_and_resumed_by_a_person(tmp_path: Path) -> None:
    synq, environ = Runner(tmp_path, clock=STARTED), own_environ(tmp_path)
    synq.seed_sandbox()
    state = {name: environ[name] for name in ("SYNQ_CONFIG_DIR", "SYNQ_STATE_DIR")}

    async def talk(client: Client, said: list[str]) -> None:
        proposed = await call(client, said, "propose_write", command=ADJUST)
        plan = proposed["proposal"]["id"]
        assert synq("--sandbox", "approve", plan, environ=state, terminal=True, stdin="y\n").status == 0
        latest = listed(*LEDGER)
        slow = ("fault", "add", "slow", "--on", "POST /api/v1/inventory/adjust", "--seconds", "30")
        assert synq("sandbox", *slow, environ=state).status == 0

        async def apply() -> None:
            answer = await call(client, said, "apply_approved", id=plan)
            assert (answer["outcome"], answer["retry"], answer["run"]) == ("unknown", "never", None)

        async with anyio.create_task_group() as group:
            group.start_soon(apply)
            with anyio.fail_after(30):
                while listed(*LEDGER) == latest:  # its answer is on the way
                    await anyio.sleep(0.05)
            for process in descendants(os.getpid()):
                if b"apply" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
                    os.kill(process, signal.SIGKILL)
        again = await call(client, said, "apply_approved", id=plan)
        assert f"The plan {plan} was applied by run " in again["error"]["message"]

    def listed(*line: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(synq(*line, "--json", environ=state).out)
        return rows

    converse(environ, "--sandbox", talk=talk)
    (run,) = listed("--sandbox", "runs", "list")
    assert (run["state"], run["unknown"]) == ("unclear", 1)
    assert synq("sandbox", "fault", "clear", environ=state).status == 0
    synq.clock = time.time()
    resumed = synq("--sandbox", "runs", "resume", run["id"], "--json", environ=state)
    assert (resumed.status, json.loads(resumed.out)["done"]) == (0, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_an_application_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    synq, environ = Runner(tmp_path, clock=STARTED), own_environ(tmp_path)
    synq.seed_sandbox()
    plan = json.loads(synq("--sandbox", "inventory", "adjust", "--file", "-", "--plan=-", stdin=ROWS).out)
    state = Path(environ["SYNQ_STATE_DIR"])
    assert state.exists()
    from synq_cli.bulk.plans.document import Document
    from synq_cli.state.plans import Plans

    made = Document(plan)
    Plans(state / "plans.sqlite3", lambda: STARTED).propose(made.id, made.text, scope=made.scope, expires=made.expires)
    assert synq("--sandbox", "approve", made.id, terminal=True, stdin="y\n").status == 0
    line = [SYNQ, "--sandbox", "mcp", "serve"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(line, env=environ, cwd=tmp_path, **pipes) as server:  # type: ignore[call-overload]
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        for message in (
            {"id": 1, "method": "initialize", "params": hello},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": {"name": "apply_approved", "arguments": {"id": made.id}}},
        ):
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            server.stdin.flush()
        until = time.monotonic() + 30
        while not children_of(server.pid) and time.monotonic() < until:
            time.sleep(0.01)
        server.kill()
    rows: list[dict[str, Any]] = []
    while time.monotonic() < until:
        rows = json.loads(synq("--sandbox", "runs", "list", "--json").out)
        if rows and rows[0]["state"] == "finished":
            break
        time.sleep(0.05)
    assert [(row["state"], row["done"]) for row in rows] == [("finished", 3)]
