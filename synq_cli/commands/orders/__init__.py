"""`synq orders`: found, placed, tracked, moved on."""

from synq_cli.commands.orders import listing, moving, placing, tracking

group = listing.group
group.add_typer(placing.group)
group.add_typer(tracking.group)
group.add_typer(moving.group)
