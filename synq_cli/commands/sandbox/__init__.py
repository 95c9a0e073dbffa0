"""`synq sandbox`: the embedded tenant, and its faults on order."""

from synq_cli.cli.lazy_groups import Noun

_HERE = "synq_cli.commands.sandbox"
group = Noun(
    "Try synq on an embedded tenant.",
    {"fault": (f"{_HERE}.faults", "Make the sandbox misbehave on order.")},
    elsewhere=dict.fromkeys(("init", "info", "serve", "reset", "token"), f"{_HERE}.sandbox"),
)
