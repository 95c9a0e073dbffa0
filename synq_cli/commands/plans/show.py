"""`synq plan show` and `synq plan schema`."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.plans.reading import HEAD, PARTS, PlanArgument, head_of, read_plan

group = CommandGroup()
schema = CommandGroup()


@group.command("show")
def show_plan(run: RunContext, plan: PlanArgument) -> None:
    """Show a plan: what each row changes, and what it costs.

    Shows every value that the plan sends, who has approved it, and whether it can still be applied: not after 24 hours,
    after a change to the file, for another tenant, or a second time. JSON and YAML are the document itself, which
    `synq plan schema` describes. This command sends nothing.

    Examples:
      synq plan show restock.json
      synq plan show restock.json -o table | less
      synq plan show restock.json -o json --jq '.rows[].after'
    """
    from synq_cli.bulk.plans.applying import why_never

    document = read_plan(run, plan)
    if why := why_never(document, run.system.now()):
        run.output.warn(f"This plan can't be applied: {why}.")
    if run.output.format in {"json", "yaml", "ndjson"}:
        run.output.document(document.values)
        return
    run.output.panel(f"Plan of `synq {document.values['command']}`", head_of(run, document), HEAD, PARTS, whole=True)


@schema.command("schema")
def show_schema(run: RunContext) -> None:
    """Print the JSON Schema of plan files.

    Use it to check a plan, or to read one in a program. This command sends nothing.

    Examples:
      synq plan schema
      synq plan schema --jq '.required'
    """
    from synq_cli.bulk.plans.document import json_schema

    run.output.document(json_schema())
