"""Every action that a run can be of, by the name of its command."""

from typing import TYPE_CHECKING

from synq_cli.bulk.verbs.adjustments import ADJUSTMENTS
from synq_cli.bulk.verbs.imports import imports
from synq_cli.bulk.verbs.placements import PLACEMENTS
from synq_cli.bulk.verbs.verb import Action

if TYPE_CHECKING:
    from synq_cli.resources.client import SynqClient


def all_verbs(api: "SynqClient") -> dict[str, Action]:
    """The actions of a tenant."""
    actions: tuple[Action, ...] = (ADJUSTMENTS, PLACEMENTS, imports(api.bulk_jobs))
    return {action.name: action for action in actions}
