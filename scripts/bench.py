"""Runs benchmarks and writes the results to docs/benchmarks.md.

python scripts/bench.py [SECTION...]   default: all sections except the large ones
"""

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bench_link
import bench_pacing
import bench_startup
import bench_streams
import bench_tab
import bench_writing
import fleet
from bench_rounds import machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

For people who want to know how fast synq is, and for those who change it. Written by `make bench`, the large ones by
`make bench-large`; `make bench-peers` installs the tools to compare with. Compare ratios, because milliseconds depend
on the machine. Ratios are of medians; on a busy machine those of the fastest runs are more reliable. No test asserts a
time, but `tests/test_startup.py` asserts what a start-up may import.
"""
# The name of a section on the command line: its title, and the function that measures it and returns Markdown.
SECTIONS: dict[str, tuple[str, Callable[[], str]]] = {
    "startup": ("Start-up", bench_startup.section),
    "link": ("Over a slow link", bench_link.section),
    "tab": ("TAB", bench_tab.section),
    "writing": ("Writing rows", bench_writing.section),
    "streams": ("Streams", bench_streams.section),
    "pacing": ("Pace of bulk runs", bench_pacing.section),
    "fleet": ("Interactive lookups during bulk runs", fleet.section),
    "large-writing": ("Writing 100,000 rows", partial(bench_writing.section, large=True)),
    "large-streams": ("100,000 orders, 1,000,000 rows", partial(bench_streams.section, large=True)),
}


def written(page: str) -> dict[str, str]:
    """The sections of the page by title."""
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)[1:]
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def main() -> None:
    names = sys.argv[1:] or [name for name in SECTIONS if not name.startswith("large")]
    if unknown := [name for name in names if name not in SECTIONS]:
        sys.exit(f'Unknown section "{unknown[0]}": use {", ".join(SECTIONS)}.')
    sections = written(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    for name in names:
        title, measured = SECTIONS[name]
        text = f"{machine()}\n\n{measured()}".strip()
        print(f"## {title}\n\n{text}\n", flush=True)
        sections[title] = text
        # Written after each section, so that an interruption loses only the current one.
        known = [title for title, _ in SECTIONS.values() if title in sections]
        page = "\n".join([HEAD, *(f"## {title}\n\n{sections[title]}\n" for title in known)])
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
