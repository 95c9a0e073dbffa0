"""`synq plan`: plans that --plan has written."""

from synq_cli.cli.groups import CommandGroup

_HERE = "synq_cli.commands.plans"
group = CommandGroup(commands={"show": f"{_HERE}.show", "diff": f"{_HERE}.diff", "list": f"{_HERE}.approve:proposals"})
