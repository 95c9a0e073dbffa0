"""`synq inventory`: stock, its ledger, reservations, and the local cache of SKUs."""

from synq_cli.cli.groups import CommandGroup

_HERE = "synq_cli.commands.inventory"
group = CommandGroup(
    groups={"skus": (f"{_HERE}.skus", "Manage the local cache of SKUs.")},
    commands={
        "transfer": f"{_HERE}.transfer",
        **dict.fromkeys(("adjust", "levels", "locations", "ledger"), f"{_HERE}.stock"),
        "count": f"{_HERE}.counts",
        "reorder": f"{_HERE}.reorder",
        "scan": f"{_HERE}.scan",
        **dict.fromkeys(("reserve", "release", "reservations"), f"{_HERE}.reservations"),
        "report": f"{_HERE}.report",
        "watch": f"{_HERE}.watch",
    },
)
