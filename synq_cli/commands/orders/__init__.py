"""`synq orders`: list, create, track and move orders on."""

from synq_cli.cli.groups import CommandGroup

_HERE = "synq_cli.commands.orders"
group = CommandGroup(
    commands={
        **dict.fromkeys(("list", "get"), f"{_HERE}.listing"),
        "create": f"{_HERE}.placing",
        "track": f"{_HERE}.listing",
        "brief": f"{_HERE}.brief",
        "report": f"{_HERE}.report",
        "watch": f"{_HERE}.watch",
        **dict.fromkeys(("fulfill", "return", "cancel"), f"{_HERE}.moving"),
    }
)
