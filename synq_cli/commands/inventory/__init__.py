"""`synq inventory`: stock, its ledger, reservations, and the SKUs this machine knows."""

from synq_cli.commands.inventory import ledger, reservations, skus, stock

group = stock.group
group.add_typer(ledger.group)
group.add_typer(reservations.group)
group.add_typer(skus.group, name="skus")
