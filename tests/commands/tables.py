"""What a terminal of some width shows of canned rows, for the tests of each resource's tables."""

from pathlib import Path
from typing import Any

import httpx

SNAPSHOTS = Path(__file__).parent / "snapshots"
ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}


def shown(synq: Any, line: str, reply: object, width: int) -> str:
    """What `line` prints on a terminal so wide, whatever it asks for being answered with `reply`."""
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=reply))
    result = synq(*line.split(), "-q", environ={**ENVIRON, "COLUMNS": str(width)}, http=http, terminal=True)
    assert (result.status, result.err) == (0, "")
    return str(result.out)


def snapshots(name: str) -> dict[tuple[str, int], str]:
    """What is expected, by line and width: blocks under `$ COLUMNS=60 synq products list` in snapshots/NAME.txt."""
    blocks = (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8").split("$ COLUMNS=")[1:]
    found = {}
    for block in blocks:
        head, _, body = block.partition("\n")
        width, _, line = head.partition(" synq ")
        found[line, int(width)] = body.rstrip("\n") + "\n"
    return found
