"""UUIDs as a person or the API writes them."""

import re


def parse_uuid(value: object, *, bare: bool = True) -> str | None:
    """The UUID in lower case with its dashes, all of which may be missing if `bare`; None for anything else."""
    # Not uuid.UUID(), which also takes braces, dashes anywhere and the digits of other scripts.
    if not isinstance(value, str):
        return None
    if bare and len(value) == 32:
        value = "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))
    dashed = re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value)
    return value.lower() if dashed else None
