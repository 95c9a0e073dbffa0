"""`synq sandbox`: the embedded tenant, and its faults on order."""

from synq_cli.commands.sandbox import faults, sandbox

group = sandbox.group
group.add_typer(faults.group, name="fault")
