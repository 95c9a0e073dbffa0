"""Writes everything generated (docs, completions, pictures, manual pages), or with --check says what is stale."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import manpages
import pictures

ROOT = Path(__file__).resolve().parent.parent


def command_pages() -> Iterator[tuple[str, str]]:
    """Each command's path and help page, depth first."""
    from synq_cli.app import root_command
    from synq_cli.cli.tree import root_node, walk

    for node in walk(root_node(root_command(), terminal_width=88)):
        yield node.path, node.command.get_help(node.context)


def cli_page() -> str:
    """docs/cli.md: the help of every command."""
    parts = ["# synq: every command\n\nWritten by `make generate` from the program's own help.\n"]
    for path, page in command_pages():
        # Global options are listed once, under `synq` itself.
        shown = page if path == "synq" else page.partition("\nGlobal options:")[0].rstrip()
        parts.append(f"## {path}\n\n```text\n{shown}\n```\n")
    return "\n".join(parts)


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file and what it must hold."""
    from synq_cli.app import root_command
    from synq_cli.completion.scripts import SCRIPTS, script

    yield ROOT / "docs/cli.md", cli_page()
    for shell, name in SCRIPTS.items():
        yield ROOT / "completions" / name, script(shell, root_command())
    for name in pictures.PICTURES:
        yield ROOT / "docs" / f"{name}.svg", pictures.draw(name)
    for name, text in manpages.pages():
        yield ROOT / "man" / name, text


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
