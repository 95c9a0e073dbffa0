"""How one machine shares the rate limit with other clients behind the same address, known from headers only.

The count of other clients' requests is exact when a reply comes. When each of them leaves the window is unknown: the
state assumes the latest possible time, 60 seconds after the reply that counted it.
"""

import math
from typing import NamedTuple

# Places that bulk runs and prefetches leave to other commands.
RESERVE = 10
# Places that the lookups of a bulk run leave: they go before its rows, and after the commands that people wait for.
LOOKUP_RESERVE = 5
# Beside other clients they leave up to 20, on the machine that uses most of the window, but may take all but 3 if as
# many of the machine's own places become free soon, in seconds.
_LARGEST_RESERVE = 20
_LEAST_RESERVE = 3
SOON = 5.0
# From this share of all known requests a machine leaves more; from the second it leaves the most.
_LARGE_SHARES = (0.7, 0.9)
# The reserve grows by so many places for each request of others: one may be ours, which the API counts a moment longer.
_PLACES_FOR_ONE = 5
# Others are assumed to send at most this many times as fast as we do.
_LARGEST_RATIO = 4
# Seconds from a reply that left exactly the reserve to a probe; twice as many for each place of the reserve in use.
_PROBE = 2.0
_DEEPEST_PROBE = 5
# A longer wait of bulk work beside others, in seconds: otherwise all would resume at the same moment.
_SPREAD = 0.5


class Known(NamedTuple):
    """What a machine knows: its own requests in flight and answered, and those of other clients in the window.

    `ending` of its own leave the window soon; `waiting` of its commands wait for a place; `heard` is when it last got a
    reply.
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
        """Places that are taken, as far as is known."""
        return self.sending + self.settled + self.others


def usable(size: int, reserve: int) -> int:
    """The places of a window that can be taken while leaving a reserve: at least half of them."""
    return size - min(reserve, size // 2)


def places(known: Known, size: int, reserve: int) -> int:
    """The places of a window of this size that bulk work may take while leaving a reserve.

    The machine that uses most of the window leaves more, which makes room for the others. Machines with equal shares
    leave the same as one alone, so that together they are as fast.
    """
    if not known.is_shared:
        return usable(size, reserve) - known.waiting
    low, high = _LARGE_SHARES
    share = known.settled / (known.settled + known.others)
    more = round((_LARGEST_RESERVE - RESERVE) * min(max((share - low) / (high - low), 0.0), 1.0))
    larger = max(reserve, min(reserve + min(more, _PLACES_FOR_ONE * known.others), _LARGEST_RESERVE))
    return min(usable(size, larger) + known.ending, usable(size, _LEAST_RESERVE)) - known.waiting


def unseen(known: Known) -> int:
    """An estimate of others' requests in flight, which no reply has counted: as many as ours, in proportion."""
    return (
        math.ceil(known.sending * min(known.others / max(known.settled, 1), _LARGEST_RATIO)) if known.is_shared else 0
    )


def seconds_to_probe(known: Known, usable_places: int, window: float, now: float, jitter: float) -> float:
    """Seconds until bulk work that finds its places taken sends one request, to see what has become free since.

    Infinite without other clients or deep in the reserve. The probe takes a place of the reserve if nothing has.
    """
    depth = known.taken - usable_places
    if not known.is_shared or known.sending or not 0 <= depth < _DEEPEST_PROBE:
        return math.inf
    pause = max(_PROBE * 2.0**depth * (0.5 + jitter), (depth + 1) * window / known.others)
    return known.heard + pause - now


def gone(known: Known, window: float, now: float) -> int:
    """How many of others' requests have left the window since the last reply, if they were evenly spaced."""
    return int(known.others * min(max(now - known.heard, 0.0) / window, 1.0))


def spread(known: Known, jitter: float) -> float:
    """Seconds that bulk work waits in addition, different for each process."""
    return _SPREAD * jitter if known.is_shared else 0.0
