"""How a machine shares the rate limit with other clients behind the same address, known only from response headers.

The count of other clients' requests is exact when a response arrives. When each of them leaves the window is unknown:
the state assumes the latest possible time, 60 seconds after the response that counted it.
"""

import math
from typing import NamedTuple

# Slots that bulk runs and prefetches leave to other commands.
RESERVE = 10
# Slots that the lookups of a bulk run leave: they go before its rows, and after interactive commands.
LOOKUP_RESERVE = 5
# If there are other clients, the machine that uses most of the window leaves up to 20. But it may take all but 3 if as
# many of its own slots become free soon, in seconds.
_LARGEST_RESERVE = 20
_LEAST_RESERVE = 3
SOON = 5.0
# Above the first share of all known requests a machine leaves more; above the second, the maximum.
_LARGE_SHARES = (0.7, 0.9)
# Each request of other clients adds this many slots to the reserve. One may be ours, which the API counts a bit longer.
_SLOTS_FOR_ONE = 5
# Other clients are assumed to send at most this many times as fast as we do.
_LARGEST_RATIO = 4
# Seconds from a response that left exactly the reserve to a probe, doubled for each slot of the reserve in use.
_PROBE = 2.0
_DEEPEST_PROBE = 5
# Additional wait of bulk runs if there are other clients, in seconds: otherwise all would resume at the same moment.
_SPREAD = 0.5


class Known(NamedTuple):
    """What a machine knows: its own requests in flight and answered, and those of other clients in the window.

    `ending` of its own leave the window soon; `waiting` of its commands wait for a slot; `heard` is the time of the
    last response.
    """

    sending: int
    settled: int
    ending: int
    others: int
    waiting: int
    heard: float

    @property
    def is_shared(self) -> bool:
        """Whether other clients use the address."""
        return self.others > 0

    @property
    def taken(self) -> int:
        """The slots known to be taken."""
        return self.sending + self.settled + self.others


def usable(size: int, reserve: int) -> int:
    """The slots of a window that can be taken while leaving a reserve: at least half of them."""
    return size - min(reserve, size // 2)


def slots(known: Known, size: int, reserve: int) -> int:
    """The slots of a window of this size that bulk runs may take while leaving a reserve.

    The machine that uses most of the window leaves more, which makes room for the others. Machines with equal shares
    leave as much as a single one, so together they are as fast.
    """
    if not known.is_shared:
        return usable(size, reserve) - known.waiting
    low, high = _LARGE_SHARES
    share = known.settled / (known.settled + known.others)
    more = round((_LARGEST_RESERVE - RESERVE) * min(max((share - low) / (high - low), 0.0), 1.0))
    larger = max(reserve, min(reserve + min(more, _SLOTS_FOR_ONE * known.others), _LARGEST_RESERVE))
    return min(usable(size, larger) + known.ending, usable(size, _LEAST_RESERVE)) - known.waiting


def unseen(known: Known) -> int:
    """Estimate the requests of other clients in flight, which no response has counted: proportional to ours."""
    return (
        math.ceil(known.sending * min(known.others / max(known.settled, 1), _LARGEST_RATIO)) if known.is_shared else 0
    )


def seconds_to_probe(known: Known, usable_slots: int, window: float, now: float, jitter: float) -> float:
    """Seconds until a bulk run whose slots are taken sends one request as a probe for free slots.

    Infinite without other clients or deep in the reserve. If no slot is free, the probe uses one of the reserve.
    """
    depth = known.taken - usable_slots
    if not known.is_shared or known.sending or not 0 <= depth < _DEEPEST_PROBE:
        return math.inf
    pause = max(_PROBE * 2.0**depth * (0.5 + jitter), (depth + 1) * window / known.others)
    return known.heard + pause - now


def gone(known: Known, window: float, now: float) -> int:
    """How many requests of other clients have left the window since the last response, if evenly spaced."""
    return int(known.others * min(max(now - known.heard, 0.0) / window, 1.0))


def spread(known: Known, jitter: float) -> float:
    """Additional wait of bulk runs in seconds, different for each process."""
    return _SPREAD * jitter if known.is_shared else 0.0
