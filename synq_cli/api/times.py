"""Times as the API writes them."""


def epoch(value: object) -> float | None:
    """The epoch second of an RFC 3339 time, read as UTC without a zone; None for anything else."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
