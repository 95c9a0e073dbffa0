"""`synq schema --brief`: a page that an agent can afford, with every command and its own options."""

import re
from typing import Any

from synq_cli.app import root_command
from synq_cli.cli import tree

LARGEST = 20_000  # bytes, some 5,000 tokens


def test_every_command_is_on_one_line_and_all_fit_into_20_kb(synq: Any) -> None:
    shown = synq("schema", "--brief")
    assert (shown.status, shown.err) == (0, "")
    assert len(shown.out.encode()) <= LARGEST
    lines = shown.out.splitlines()
    nodes = list(tree.commands(root_command()))
    assert len(lines) == len(nodes) + 6
    for node, line in zip(nodes, lines[6:], strict=True):
        assert line.replace("\t", " ").startswith(f"{' '.join(node.words)} ")
        told = tree.describe(node)
        _, effect, summary = line.split("\t")
        assert (effect.partition(",")[0], summary) == (told["effect"], told["summary"])


def test_a_line_has_the_arguments_choices_and_own_options_of_its_command(synq: Any) -> None:
    lines = synq("schema", "--brief", "orders").out.splitlines()[6:]
    assert lines[0] == (
        "orders list [--status STATUS,...] [--channel CHANNEL] [--since WHEN] [--until WHEN] [--tag TAG] "
        "[--payment-status STATUS] [--reference TEXT] [--min-total AMOUNT] [--max-total AMOUNT] [--key KEY] "
        "[--sort FIELD[:desc]] [--count] [--limit N] [--all]\tread\tList orders."
    )
    shown = synq("schema", "--brief").out
    for argument in ("plan show FILE|ID\t", "plan diff FILE|ID\t", "apply FILE|ID [--approved]\t", "approve FILE|ID\t"):
        assert f"\n{argument}" in shown
    (report,) = [line for line in lines if line.startswith("orders report")]
    assert "[--by day|week|channel|status|currency]" in report
    (jobs,) = synq("schema", "--brief", "products", "jobs", "create").out.splitlines()[6:]
    assert jobs == (
        "products jobs create --type import|update|delete --file FILE [--wait] [--for SECONDS]\tcreate, asks\t"
        "Start a bulk job from a file."
    )


def test_what_the_lines_leave_out_is_said_above_them(synq: Any) -> None:
    head = " ".join(synq("schema", "--brief").out.splitlines()[:6])
    lines = synq("schema", "--brief").out.splitlines()[6:]
    for option in ("--json", "--quiet", "--dry-run", "--yes", "--report", "--shard", "--again"):
        assert option in head
        assert not any(re.search(rf"{option}\b", line.partition("\t")[0]) for line in lines), option
