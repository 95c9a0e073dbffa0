"""`synq cache`: what this machine keeps of a tenant."""

from synq_cli.cli.confirmation import confirm_local
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, quantity

group = CommandGroup()

CONTENTS = [
    Column("Kind", "kind"),
    Column("Entries", "entries", quantity),
    Column("Oldest", "oldest_at", age),
    Column("Newest", "newest_at", age),
]


@group.command("show")
def show_cache(run: RunContext) -> None:
    """Show what the local cache keeps of the tenant.

    SKUs, barcodes, names and ids save requests. Of orders ("header") it keeps id, status, total, channel, payment
    reference, idempotency key and time, of products the titles, so that `synq find` finds them; `synq config set
    cache off` keeps neither. Nothing is sent.

    Examples:
      synq cache show
      synq cache show --json
    """
    run.output.rows(run.index.contents(), CONTENTS, empty="The local cache is empty.")


@group.command("clear")
def clear_cache(run: RunContext, yes: YesOption = False) -> None:
    """Delete what the local cache keeps of the tenant.

    It is read from the API again when it is needed; SKUs that you added with `synq inventory skus` are lost.

    Examples:
      synq cache clear --yes
      synq cache clear --profile sandbox --yes
    """
    confirm_local(run, "Delete what the local cache keeps of this tenant?", yes=yes)
    count = run.index.clear()
    run.shared_lists.clear()
    run.output.note(f"Deleted {count} entr{'y' if count == 1 else 'ies'}.")
