"""`synq inventory`: stock, its ledger, reservations, and the SKUs this machine knows."""

from synq_cli.cli.lazy_groups import Noun

_HERE = "synq_cli.commands.inventory"
group = Noun(
    "Look at stock, adjust and reserve it.",
    {"skus": (f"{_HERE}.skus", "Manage the local cache of SKUs.")},
    elsewhere={
        "adjust": f"{_HERE}.stock",
        "levels": f"{_HERE}.stock",
        "locations": f"{_HERE}.stock",
        "ledger": f"{_HERE}.ledger",
        "reserve": f"{_HERE}.reservations",
        "release": f"{_HERE}.reservations",
        "reservations": f"{_HERE}.reservations",
    },
)
