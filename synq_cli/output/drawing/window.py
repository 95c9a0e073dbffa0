"""The rate limit's window for people: a bar, who spent it, and when it frees up."""

import math
from collections.abc import Mapping
from typing import Any

from synq_cli.output.formats import Cell, Format, visible

_BAR = 30


def _show_window(remaining: object, row: Mapping[str, Any], _now: float) -> Cell:
    limit = row.get("limit")
    if not isinstance(remaining, int) or not isinstance(limit, int) or limit < 1:
        return Cell("")
    spent = max(limit - remaining, 0)
    filled = min(math.ceil(spent / limit * _BAR), _BAR)
    style = "red" if not remaining else "yellow" if remaining < limit / 5 else "green"
    mark = "" if row.get("exact") else "~"
    return Cell(f"[{'#' * filled}{'.' * (_BAR - filled)}] {mark}{remaining} of {limit} left", style)


def _show_spenders(value: object, row: Mapping[str, Any], _now: float) -> Cell:
    spenders = value if isinstance(value, list) else []
    parts = [f"{spender['requests']} {spender['command']} ({spender['profile']})" for spender in spenders]
    if row.get("strangers"):
        parts.append(f"{row['strangers']} others on this address")
    return Cell(visible(", ".join(parts)))


def _show_seconds(value: object, _row: Mapping[str, Any], _now: float) -> Cell:
    if not isinstance(value, int | float) or value <= 0:
        return Cell("")
    return Cell(f"in {math.ceil(value)} s")


window = Format(_show_window)
spenders = Format(_show_spenders)
soon = Format(_show_seconds)
