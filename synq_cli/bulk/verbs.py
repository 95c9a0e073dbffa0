"""Every action that a run can be of, by the name of its command."""

from synq_cli.bulk.adjustments import ADJUSTMENTS
from synq_cli.bulk.placements import PLACEMENTS
from synq_cli.bulk.verb import Action

VERBS: dict[str, Action] = {verb.name: verb for verb in (ADJUSTMENTS, PLACEMENTS)}
