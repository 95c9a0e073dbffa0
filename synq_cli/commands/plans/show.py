"""`synq plan show`."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.plans.reading import HEAD, PARTS, PlanArgument, head_of, read_plan

group = CommandGroup()


@group.command("show")
def show_plan(run: RunContext, plan: PlanArgument) -> None:
    """Show a plan: what each row changes, and what it costs.

    Shows whether the plan can still be applied: not after 24 hours, after a change to the file, for another tenant, or
    a second time. JSON and YAML are the document itself, which `synq schema plan` describes. This command sends
    nothing.

    Examples:
      synq plan show restock.json
      synq plan show restock.json -o json --jq '.rows[].after'
    """
    document = read_plan(run, plan)
    if run.output.format in {"json", "yaml", "ndjson"}:
        run.output.document(document.values)
        return
    run.output.panel(f"Plan of `synq {document.values['command']}`", head_of(run, document), HEAD, PARTS)
