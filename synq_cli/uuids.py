"""UUIDs as a person or the API writes them."""

from string import hexdigits

_DASHES = (8, 13, 18, 23)


def parse_uuid(value: object, *, bare: bool = True) -> str | None:
    """The UUID in lower case with its dashes, all of which may be missing if `bare`; None for anything else."""
    # Not uuid.UUID(), which also takes braces, dashes anywhere and the digits of other scripts.
    if not isinstance(value, str):
        return None
    dashed = len(value) == 36 and all(value[place] == "-" for place in _DASHES)
    digits = value.replace("-", "") if dashed else value
    if len(digits) != 32 or not set(digits) <= set(hexdigits) or not (dashed or bare):
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).lower()
