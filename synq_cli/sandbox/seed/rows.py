"""What all seeded rows share: drawn ids, times, an owner."""

import random
import uuid

from synq_cli.sandbox.store.schema import Row
from synq_cli.times import timestamp

DAY = 86_400.0  # seconds

Tables = dict[str, list[Row]]


def new_id(rng: random.Random) -> str:
    """A UUID from the generator, so that the same seed gives the same one."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def row(rng: random.Random, owner: Row, created: float, updated: float | None = None, /, **columns: object) -> Row:
    """A row with an id of its own; times in epoch seconds, `updated` only if it differs from `created`."""
    times = {"created_at": timestamp(created), "updated_at": timestamp(created if updated is None else updated)}
    return {"id": new_id(rng), **owner, **columns, **times}
