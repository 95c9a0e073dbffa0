"""The walk through "Add a resource" in CONTRIBUTING.md works, and is as short as it says.

tests/new_resource/ holds what is written by hand: new files as they are, and the insertions into an existing file, each
below `>>> ` and the line that it is inserted before.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from documented import ROOT, blocks

PIECES = ROOT / "tests" / "new_resource"
# The first of the generated files is the table of operations.
RUN = """
import shlex, sys
sys.path.insert(0, "scripts")
from generate import generated
file, text = next(generated())
file.write_text(text, encoding="utf-8")
from synq_cli.app import app
sys.exit(any([app(["--sandbox", *shlex.split(line)], standalone_mode=False) for line in sys.stdin]))
"""
LINES = {
    "suppliers list --fields name,email": (
        "name\temail\nUnst Dyeworks\torders@unst.example\nYell Spinners\torders@yell.example\n"
    ),
    "suppliers get 'yell spinners' --fields id": "id\n1f171932-c090-4a98-8432-bb097d04fee6\n",
    "suppliers get 1f171932-c090-4a98-8432-bb097d04fee6 --json --fields name": '{\n  "name": "Yell Spinners"\n}\n',
    "suppliers create 'Bressay Buttons' --dry-run --fields method,path": "method\tpath\nPOST\t/api/v1/suppliers\n",
    "suppliers create 'Bressay Buttons' --email sales@bressay.example --fields email": "email\nsales@bressay.example\n",
    "suppliers list --fields name": "name\nBressay Buttons\nUnst Dyeworks\nYell Spinners\n",
}


def add_piece(piece: str, file: Path) -> int:
    """Write a new file or insert into an existing one; the number of lines written by hand."""
    insertions = re.findall(r"^>>> (.*\n)((?:(?!>>> ).*\n)+)", piece, re.MULTILINE)
    text = file.read_text(encoding="utf-8") if insertions else piece
    for anchor, inserted in insertions:
        assert text.count(f"\n{anchor}") == 1, (file, anchor)
        text = text.replace(f"\n{anchor}", f"\n{inserted}{anchor}")
    file.write_text(text, encoding="utf-8")
    return len(piece.splitlines()) - len(insertions)


def test_a_resource_is_added_as_documented(tmp_path: Path) -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add a resource")[1].split("\n## ")[0]
    files = {path.relative_to(PIECES).with_suffix("").as_posix(): path.read_text() for path in PIECES.rglob("*.txt")}
    snippets = ["\n".join(block) for language, _, block in blocks(section) if language == "python"]
    assert [[name for name, text in files.items() if snippet in text] for snippet in snippets] == [
        ["synq_cli/resources/suppliers.py"],
        ["synq_cli/commands/suppliers.py"],
    ]

    for folder in ("synq_cli", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    written = {name: add_piece(piece, tmp_path / name) for name, piece in files.items()}
    assert written == {name: int(n) for name, n in re.findall(r"^\| `(\S+)` \|.*\| (\d+) \|$", section, re.MULTILINE)}
    assert len(written) <= 8
    assert sum(written.values()) <= 250
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-c", RUN]
    streams = {"input": "\n".join(LINES), "capture_output": True, "text": True}
    done = subprocess.run(command, cwd=tmp_path, env=environ, timeout=60, check=False, **streams)
    assert (done.stdout, done.returncode) == ("".join(LINES.values()), 0), done.stderr
