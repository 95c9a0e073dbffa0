"""`synq organization`: its profile and its members."""

from synq_cli.cli.lazy_groups import Noun

_HERE = "synq_cli.commands.organization"
group = Noun(
    "Show the organization and manage its members.",
    {"members": (f"{_HERE}.members", "Manage the organization's members.")},
    elsewhere={"show": f"{_HERE}.organization", "update": f"{_HERE}.organization"},
)
