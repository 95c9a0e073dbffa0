"""UUIDs as a person or the API writes them."""

import re

# Not uuid.UUID(), which also takes braces, dashes anywhere and the digits of other scripts. As text, which re compiles
# when a UUID is first read: most starts read none.
_UUID = r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})"


def parse_uuid(value: object, *, bare: bool = True) -> str | None:
    """The UUID in lower case with its dashes, all of which may be missing if `bare`; None for anything else."""
    match = re.fullmatch(_UUID, value, re.IGNORECASE) if isinstance(value, str) else None
    return "-".join(match.group(1, 3, 4, 5, 6)).lower() if match and (bare or match[2]) else None
