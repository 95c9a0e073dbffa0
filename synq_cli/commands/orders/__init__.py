"""`synq orders`: found, placed, tracked, moved on."""

from synq_cli.cli.lazy_groups import Noun

_HERE = "synq_cli.commands.orders"
group = Noun(
    "List, place, track, ship and cancel orders.",
    elsewhere={
        "list": f"{_HERE}.listing",
        "get": f"{_HERE}.listing",
        "create": f"{_HERE}.placing",
        "track": f"{_HERE}.tracking",
        "fulfill": f"{_HERE}.moving",
        "return": f"{_HERE}.moving",
        "cancel": f"{_HERE}.moving",
    },
)
