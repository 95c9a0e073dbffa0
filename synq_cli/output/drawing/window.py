"""The rate limit for people: a bar, the commands that used it, and when requests are available again."""

import math
from collections.abc import Mapping
from typing import Any

from synq_cli.output.formats import Cell, Format, visible

_BAR = 30


def _window(remaining: object, row: Mapping[str, Any], _now: float) -> Cell | str:
    limit = row.get("limit")
    if not isinstance(remaining, int) or not isinstance(limit, int) or limit < 1:
        return ""
    used = max(limit - remaining, 0)
    filled = min(math.ceil(used / limit * _BAR), _BAR)
    style = "red" if not remaining else "yellow" if remaining < limit / 5 else "green"
    mark = "" if row.get("exact") else "~"
    return Cell(f"[{'#' * filled}{'.' * (_BAR - filled)}] {mark}{remaining} of {limit} left", style)


def _spenders(value: object, row: Mapping[str, Any], _now: float) -> str:
    spenders = value if isinstance(value, list) else []
    parts = [f"{spender['requests']} {spender['command']} ({spender['profile']})" for spender in spenders]
    if row.get("strangers"):
        parts.append(f"{row['strangers']} by other clients at this address")
    return visible(", ".join(parts))


window = Format(_window)
spenders = Format(_spenders)
soon = Format(lambda value, *_: f"in {math.ceil(value)} s" if isinstance(value, int | float) and value > 0 else "")
