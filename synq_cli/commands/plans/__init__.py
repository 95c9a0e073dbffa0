"""A tenant as files, and plans: changes that are read, approved and applied once. `synq plan`."""

from synq_cli.cli.groups import CommandGroup

_HERE = "synq_cli.commands.plans"
group = CommandGroup(
    commands={
        "from": f"{_HERE}.compare",
        "show": f"{_HERE}.show",
        "diff": f"{_HERE}.diff",
        "list": f"{_HERE}.approve:proposals",
        "reject": f"{_HERE}.approve:rejections",
        "schema": f"{_HERE}.show:schema",
    }
)
