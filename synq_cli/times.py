"""Times in RFC 3339, parsed and written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# Servers write whole seconds.
_ROUNDING = 1.0


def parse_time(value: object, *, local: bool = False) -> "datetime | None":
    """The time in UTC from text in ISO 8601; without a zone it is UTC, or `local`. None for anything else."""
    from datetime import UTC, datetime

    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo or local else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # the second where a zone leads out of the years 1 to 9999
        return None


def http_date(text: str) -> float | None:
    """The epoch seconds of an HTTP date (RFC 9110, 5.6.7); None for anything else."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def epoch(value: object, *, local: bool = False) -> float | None:
    """The epoch seconds of text in ISO 8601, see parse_time; None for anything else."""
    moment = parse_time(value, local=local)
    return None if moment is None else moment.timestamp()


def timestamp(at: float) -> str:
    """Epoch seconds in RFC 3339, in UTC and whole seconds."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def local_time(at: float) -> str:
    """Epoch seconds as a local time in whole minutes, with its offset from UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(" ", "minutes")


def utc_time(at: float) -> str:
    """Epoch seconds as a time in UTC in whole minutes, for messages."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def precise_timestamp(at: float) -> str:
    """Epoch seconds in RFC 3339, in UTC and microseconds where there are some."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def clock_offset(stamps: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """How many seconds another clock is ahead of ours, at least and at most; 0 without stamps.

    A stamp is when we asked, the time by the other clock in between, and when the answer came, in epoch seconds; it
    bounds the offset from both sides. Where the bounds cross, a clock was set meanwhile; then they are taken as wide as
    they came.
    """
    if not stamps:
        return 0.0, 0.0
    bounds = [(theirs - answered, theirs + _ROUNDING - asked) for asked, theirs, answered in stamps]
    least, most = max(low for low, _ in bounds), min(high for _, high in bounds)
    return (least, most) if least <= most else (min(low for low, _ in bounds), max(high for _, high in bounds))


def ago(seconds: float) -> str:
    """An age in words, in its largest whole unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
