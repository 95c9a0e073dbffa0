"""The server on the protocol, with the SDK's own client in this process."""

import json
from io import StringIO
from threading import Event
from typing import Any

import anyio
import pytest
from table import cases

from synq_cli.mcp.children import Finished

pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp import Client
from mcp.server.stdio import stdio_server

from synq_cli.mcp.server import converse, create_server


def talk(agent: Any, conversation: Any) -> Any:
    """What a conversation with a server of this agent's session returns."""

    async def main() -> Any:
        async with Client(create_server(agent.session, profile="acme"), mode="legacy") as client:
            return await conversation(client)

    return anyio.run(main)


def calls(agent: Any, *asked: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of calls, one after the other."""

    async def conversation(client: Client) -> list[Any]:
        return [await client.call_tool(tool, arguments) for tool, arguments in asked]

    results: list[Any] = talk(agent, conversation)
    return results


def test_each_tool_says_what_it_does(agent: Any) -> None:
    async def conversation(client: Client) -> Any:
        return (await client.list_tools()).tools, client.instructions

    tools, instructions = talk(agent, conversation)
    hints = {tool.name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint) for tool in tools}
    assert hints == {
        "find_command": (True, None), "run_read": (True, None), "propose_write": (False, False),
        "apply_approved": (False, True),
    }  # fmt: skip
    assert "profile acme" in instructions
    for tool in tools:
        assert set(tool.input_schema["required"]) == set(tool.input_schema["properties"]) - {"input"}
        assert tool.output_schema["type"] == "object"
    assert len(json.dumps([tool.model_dump(exclude_none=True) for tool in tools])) < 8_000


def test_an_answer_is_a_structure_and_its_exact_text(agent: Any) -> None:
    agent.children.ended = [
        Finished(0, '[{"total": 19.90, "id": 12345678901234567890, "note": "\\ud800\\u001b[2J"}]', "")
    ]
    (result,) = calls(agent, ("run_read", {"command": "orders list"}))
    text = result.content[0].text
    assert '"total":19.90,"id":12345678901234567890,"note":"\\ud800\\u001b[2J"' in text
    row = {"total": 19.9, "id": 12345678901234567890, "note": "?\x1b[2J"}
    assert (result.structured_content["data"], result.is_error) == ([row], False)


def test_wrong_calls_are_errors_and_start_nothing(agent: Any) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("approve", {}, "Unknown tool: use find_command, run_read, propose_write, apply_approved."),
        ("run_read", {}, 'The argument "command" is missing.'),
        ("run_read", {"command": "limits", "profile": "x"}, "Unknown argument: use command."),
        ("run_read", {"command": ["limits"]}, 'The argument "command" is not text.'),
        ("run_read", {"command": "x" * 1_000_000}, 'The argument "command" is too long: use at most 8,000 characters.'),
    ]
    results = calls(agent, *((tool, arguments) for tool, arguments, _ in wrong))
    assert [(result.content[0].text, result.is_error) for result in results] == [(said, True) for *_, said in wrong]
    (refused,) = calls(agent, ("run_read", {"command": "auth token"}))
    assert (refused.is_error, refused.structured_content["error"]["code"]) == (True, "refused")
    assert agent.children.lines == []


@cases(
    ("line", "id", "code"),
    [
        ("nonsense", None, -32700), ("{", None, -32700), ("[" * 100_000, None, -32700), ('{"id": 3, ', None, -32700),
        ('{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"x":"\\ud800"}}', 3, -32700),
        ('{"jsonrpc":"2.0","id":"\\ud800","method":"tools/call","params":{}}', "?", -32700),
        ('{"jsonrpc":"2.0","id":4,"method":"ping","params":{"x":' + "[" * 300 + "]" * 300 + "}}", 4, -32700),
        ("[]", None, -32600), ("{}", None, -32600), ("5", None, -32600), ("null", None, -32600),
        ('[{"jsonrpc":"2.0","id":5,"method":"ping"}]', None, -32600), ('{"jsonrpc":"2.0","id":6}', 6, -32600),
        ('{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', 7, -32600),
        ('{"jsonrpc":"1.0","id":"8","method":"ping"}', "8", -32600),
        ('{"jsonrpc":"2.0","id":true,"method":5}', None, -32600),
    ],
)  # fmt: skip
def test_a_line_that_is_not_a_message_gets_an_error(agent: Any, line: str, id: Any, code: int) -> None:  # noqa: A002 the name in JSON-RPC
    (error,) = answers_to(agent, line)
    assert (error["id"], error["error"]["code"], error["jsonrpc"]) == (id, code, "2.0")


def test_the_next_line_is_read_after_one_that_is_not_a_message_and_an_empty_one_is_nothing(agent: Any) -> None:
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 9, "method": "initialize", "params": start}
    broken, started = answers_to(agent, "{", "", "  ", json.dumps(message))
    assert (broken["id"], started["id"], started["result"]["serverInfo"]["name"]) == (None, 9, "synq")


def answers_to(agent: Any, *lines: str) -> list[dict[str, Any]]:
    """What the server writes until the client, which has sent these lines, disconnects."""
    written = StringIO()

    async def main() -> None:
        streams = anyio.wrap_file(StringIO("".join(f"{line}\n" for line in lines))), anyio.wrap_file(written)
        async with stdio_server(*streams) as (reading, writing):
            await converse(create_server(agent.session, profile="acme"), reading, writing)

    anyio.run(main)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_flood_of_calls_is_told_to_wait(agent: Any) -> None:
    started, gate = Event(), Event()

    def run(*_: Any, **__: Any) -> Finished:
        started.set()
        assert gate.wait(30)
        return Finished(0, "{}", "")

    agent.children.run = run

    async def conversation(client: Client) -> list[str]:
        outcomes = []

        async def call() -> None:
            result = await client.call_tool("run_read", {"command": "limits"})
            outcomes.append(result.structured_content["outcome"])
            if len(outcomes) == 15:  # 5 have a place: the one that runs, and 4 that wait
                gate.set()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
        return outcomes

    outcomes = talk(agent, conversation)
    assert outcomes == ["not_applied"] * 15 + ["applied"] * 5


def test_a_client_that_leaves_stops_what_runs(agent: Any) -> None:
    started, stopped = Event(), Event()

    def run(*_: Any, stop: Event, **__: Any) -> Finished:
        started.set()
        assert stop.wait(30)
        stopped.set()
        return Finished(None, "", "")

    agent.children.run = run

    async def conversation(client: Client) -> None:
        with anyio.move_on_after(30) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "run_read", {"command": "limits"})
                await anyio.to_thread.run_sync(started.wait, 30)
                scope.cancel()

    talk(agent, conversation)
    assert stopped.wait(30)
