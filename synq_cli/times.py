"""Times in RFC 3339, parsed and written."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


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


def ago(seconds: float) -> str:
    """An age in words, in its largest whole unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
