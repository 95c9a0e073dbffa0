"""Writes the generated files; with --check only lists those that are out of date."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import manpages
import pictures
import yaml

from synq_cli.http.operation import Operation

ROOT = Path(__file__).resolve().parent.parent


def cli_page() -> str:
    """docs/cli.md: the help of every command, depth first."""
    from synq_cli.app import root_command
    from synq_cli.cli.tree import root_node, walk

    parts = [
        "# synq: every command\n\nFor people who look up a command. Written by `make generate` from the help pages.\n"
    ]
    for node in walk(root_node(root_command(), terminal_width=88)):
        text = node.command.get_help(node.context)
        if node.words:  # the options that every command takes are listed once, under `synq` itself
            text = text.partition("\nGlobal options:")[0].rstrip()
        parts.append(f"## {node.path}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def operations() -> Iterator[Operation]:
    """Each operation of the contract."""
    contract = yaml.safe_load((ROOT / "synq_cli/resources/openapi.yaml").read_text(encoding="utf-8"))
    for path, methods in contract["paths"].items():
        for method, facts in methods.items():
            if method == "parameters":
                continue
            replies = [reply for status, reply in facts["responses"].items() if status.startswith("2")]
            (body,) = {next(iter(reply.get("content", {})), None) for reply in replies}
            yield Operation(
                facts["operationId"],
                method.upper(),
                path,
                facts["x-synq-name"],
                effect=facts["x-synq-effect"],
                retry=facts["x-synq-retry"],
                evidence=facts["x-synq-evidence"],
                role=facts.get("x-synq-role"),
                public=facts.get("security") == [],
                gives={None: "nothing", "application/json": "json", "text/plain": "text"}[body],
                needs_body=facts.get("requestBody", {}).get("required", False),
            )


def operations_module() -> str:
    """synq_cli/http/operations.py: a constant for each operation, with the fields that differ from their defaults."""
    lines = [
        '"""The operations of the API. Written by `make generate` from resources/openapi.yaml."""\n',
        "from synq_cli.http.operation import Operation\n",
        "# fmt: off",
    ]
    for operation in operations():
        fields = operation._asdict()
        words = [json.dumps(fields.pop(name)) for name in ("id", "method", "path", "what")]
        words += [
            f"{name}={json.dumps(value) if isinstance(value, str) else value}"
            for name, value in fields.items()
            if value != Operation._field_defaults[name]
        ]
        lines.append(f"{operation.id.upper()} = Operation({', '.join(words)})")
    lines.append("\nALL = tuple(value for value in globals().values() if isinstance(value, Operation))\n")
    return "\n".join(lines)


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file with its text. The operations come first, because the others need them."""
    yield ROOT / "synq_cli/http/operations.py", operations_module()

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
    check, stale = "--check" in sys.argv, []
    for path, text in generated():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'Out of date (run `make generate`)' if check else 'Wrote'}: {', '.join(stale)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
