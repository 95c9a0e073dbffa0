"""Every action that a run can be of, by the name of its command."""

from typing import TYPE_CHECKING

from synq_cli.bulk.adjustments import ADJUSTMENTS
from synq_cli.bulk.imports import imports
from synq_cli.bulk.placements import PLACEMENTS
from synq_cli.bulk.verb import Action

if TYPE_CHECKING:
    from synq_cli.api.client import SynqClient


def all_verbs(api: "SynqClient") -> dict[str, Action]:
    """The actions of a tenant."""
    actions: tuple[Action, ...] = (ADJUSTMENTS, PLACEMENTS, imports(api.bulk_jobs))
    return {action.name: action for action in actions}
