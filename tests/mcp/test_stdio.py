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
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")
pytest.importorskip("fcntl")
sys.path.append(str(Path(__file__).parents[1] / "journeys"))
from mcp import Client, MCPError, StdioServerParameters
from runner import Runner
from served import STARTED, SYNQ, own_environ, served, started

ADJUST = "inventory adjust HMC-NVY-M -2 --location 'Leith warehouse'"
LEDGER = ("inventory", "ledger", "--sku", "HMC-NVY-M", "--limit", "1")
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
            assert (again["outcome"], again["retry"], again["run"]["id"]) == ("applied", "never", applied["run"]["id"])

        said = converse(environ, talk=talk)
        ledger = subprocess.run(
            [SYNQ, "inventory", "ledger", "--sku", "HMC-NVY-M", "--limit", "1", "--json"],
            env=environ, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert json.loads(ledger.stdout)[0]["quantity_delta"] == -2
    token = environ["SYNQ_TOKEN"]
    assert token not in "".join(said)
    assert token.rpartition(".")[2] not in "".join(said)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_an_application_that_is_killed_is_unknown_and_one_outlives_its_server(tmp_path: Path) -> None:
    synq, environ = Runner(tmp_path, clock=STARTED), own_environ(tmp_path)
    synq.seed_sandbox()
    answers: list[dict[str, Any]] = []

    def listed(*line: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(synq("--sandbox", *line, "--json").out)
        return rows

    async def proposed(client: Client, command: str, **rows: str) -> str:
        answer = await call(client, [], "propose_write", command=command, **rows)
        assert answer["proposal"], answer
        plan = answer["proposal"]["id"]
        assert synq("--sandbox", "approve", plan, terminal=True, stdin="y\n").status == 0
        return str(plan)

    async def apply(client: Client, plan: str) -> None:
        with suppress(MCPError):  # if the server is killed
            answers.append(await call(client, [], "apply_approved", id=plan))

    async def talk(client: Client, _said: list[str]) -> None:
        plan, latest = await proposed(client, ADJUST), listed(*LEDGER)
        synq("sandbox", "fault", "add", "slow", "--on", "POST /api/v1/inventory/adjust", "--seconds", "30")
        async with anyio.create_task_group() as group:
            group.start_soon(apply, client, plan)
            with anyio.fail_after(30):
                while listed(*LEDGER) == latest:  # its answer is on the way
                    await anyio.sleep(0.4)  # each look is a request, of which the next proposal needs some
            kill("apply")
        await apply(client, plan)
        plan = await proposed(client, "inventory adjust --file -", input=ROWS)
        async with anyio.create_task_group() as group:
            group.start_soon(apply, client, plan)
            with anyio.fail_after(30):
                while not processes("apply"):
                    await anyio.sleep(0.01)
            kill("serve")

    converse(environ, "--sandbox", talk=talk)
    killed, again = answers
    assert (killed["outcome"], killed["retry"], killed["run"]["unknown"]) == ("unknown", "never", 1)
    assert (again["outcome"], again["retry"], again["run"]["id"]) == ("unknown", "never", killed["run"]["id"])
    until = time.monotonic() + 30
    while (rows := listed("runs", "list"))[0]["done"] < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert [(row["state"], row["done"], row["unknown"]) for row in rows] == [("finished", 3, 0), ("unclear", 0, 1)]
    synq.clock = time.time()
    resumed = synq("--sandbox", "runs", "resume", rows[1]["id"], "--json")
    assert (resumed.status, json.loads(resumed.out)["done"]) == (0, 1)


def processes(word: str) -> list[int]:
    """The processes that this one, and those that it has started, have started with this word."""
    found, waiting = [], [os.getpid()]
    while waiting:
        # Each thread has those that it has started.
        lists = [each.read_text() for each in Path(f"/proc/{waiting.pop()}/task").glob("*/children")]
        found += (started := [int(each) for each in " ".join(lists).split()])
        waiting += started
    return [each for each in found if word.encode() in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")]


def kill(word: str) -> None:
    for process in processes(word):
        os.kill(process, signal.SIGKILL)
