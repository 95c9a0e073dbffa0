"""Writes everything generated, or with --check says what is out of date: docs/cli.md, completions, the picture."""

import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLOCK = 1_795_521_600.0  # 2026-11-24T12:00:00Z


def command_pages() -> Iterator[tuple[str, str]]:
    """Each command's path and help page, depth first."""
    from synq_cli.app import root_command
    from synq_cli.tree import top, walk

    for node in walk(top(root_command(), terminal_width=88)):
        yield node.path, node.command.get_help(node.context)


def cli_page() -> str:
    """docs/cli.md: the help of every command."""
    parts = ["# synq: every command\n\nWritten by `make generate` from the program's own help.\n"]
    for path, page in command_pages():
        # What every command takes is told once, under `synq` itself.
        shown = page if path == "synq" else page.partition("\nOptions every command takes:")[0].rstrip()
        parts.append(f"## {path}\n\n```text\n{shown}\n```\n")
    return "\n".join(parts)


class Terminal(io.StringIO):
    """A stream that says it is a terminal, so that tables are made to fit."""

    def isatty(self) -> bool:
        return True


def screen(*lines: list[str], width: int) -> str:
    """What these commands show on a terminal of this width, as text with colours, on a fresh sandbox."""
    from synq_cli.app import main
    from synq_cli.system import System

    shown = []
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "SYNQ_CONFIG_DIR": folder, "SYNQ_STATE_DIR": folder, "CLICOLOR_FORCE": "1", "COLUMNS": str(width),
        }  # fmt: skip
        main(["sandbox", "init"], System(io.StringIO(), io.StringIO(), io.StringIO(), environ, now=lambda: CLOCK))
        for line in lines:
            terminal = Terminal()
            system = System(io.StringIO(), terminal, terminal, environ, now=lambda: CLOCK)
            main(["--sandbox", *line], system)
            shown.append(f"$ synq --sandbox {shlex.join(line)}\n{terminal.getvalue()}")
    return "\n".join(shown)


def picture() -> str:
    """docs/orders.svg: the orders table and what an adjustment would do, drawn by Rich."""
    from rich.console import Console
    from rich.text import Text

    width = 104
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    shown = screen(
        ["orders", "list", "--status", "open", "--limit", "10"],
        ["inventory", "adjust", "HMC-NVY-M", "-5", "--location", "Leith warehouse", "--dry-run"],
        width=width,
    )
    console.print(Text.from_ansi(shown))
    svg = console.export_svg(title="synq", unique_id="synq")
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file and what it must hold."""
    from synq_cli.app import root_command
    from synq_cli.completion.scripts import SCRIPTS, script

    yield ROOT / "docs/cli.md", cli_page()
    for shell, name in SCRIPTS.items():
        yield ROOT / "completions" / name, script(shell, root_command())
    yield ROOT / "docs/orders.svg", picture()


def main() -> int:
    os.environ["COLUMNS"] = "90"
    stale = []
    for path, text in generated():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if not stale:
        return 0
    if "--check" in sys.argv:
        print(f"Out of date: {', '.join(stale)}. Run: make generate", file=sys.stderr)
        return 1
    print(f"Wrote {', '.join(stale)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
