"""What a request says, checked: ids, pages and JSON bodies; and how one is refused."""

import re
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.store.store import Store
from synq_cli.uuids import parse_uuid

DEFAULT_PAGE = 50
LARGEST_PAGE = 100
# SQLite counts no further; nobody has that many rows.
LARGEST_OFFSET = 2**63 - 1


def store_of(req: falcon.Request) -> Store:
    """The connection opened for this request."""
    store: Store = req.context.store
    return store


def refusal(status: int, text: str, headers: dict[str, str] | None = None) -> falcon.HTTPError:
    """An error reply with `{"error": text}`, to be raised."""
    return falcon.HTTPError(status, title=text, headers=headers)


def uuid_or_none(value: object) -> str | None:
    """The id in lower case; None if it is not a UUID with its dashes."""
    return parse_uuid(value, bare=False)


def uuid_in(value: object, complaint: str) -> str:
    """The id in lower case; 400 with `complaint` if it is none."""
    found = uuid_or_none(value)
    if found is None:
        raise refusal(400, complaint)
    return found


def uuid_filter(req: falcon.Request, name: str) -> str | None:
    """An id from the query, None without one; 400 if it is none."""
    value = req.get_param(name)
    return None if value is None else uuid_in(value, f"Invalid {name}")


def sku_filter(req: falcon.Request) -> str | None:
    """The query's SKU, None without one; 400 if it is empty."""
    sku = req.get_param("sku")
    if sku == "":
        raise refusal(400, "Invalid sku")
    return sku


def page(req: falcon.Request) -> tuple[int, int]:
    """The query's limit (1 to 100, larger ones lowered, 50 when absent) and offset; 400 for anything else."""
    limit = _whole_number(req, "limit", DEFAULT_PAGE)
    if limit < 1:
        raise refusal(400, "invalid limit")
    return min(limit, LARGEST_PAGE), min(_whole_number(req, "offset", 0), LARGEST_OFFSET)


def _whole_number(req: falcon.Request, name: str, default: int) -> int:
    text = req.get_param(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,1000}", text):
        raise refusal(400, f"invalid {name}")
    return int(text)


def json_object(req: falcon.Request, keys: set[str], complaint: str) -> dict[str, Any]:
    """The body as an object; 400 with `complaint` if it is something else or has keys beyond `keys`."""
    try:
        body = exact_json.loads(req.bounded_stream.read().decode())
    except (ValueError, RecursionError):
        raise refusal(400, complaint) from None
    if not isinstance(body, dict) or not body.keys() <= keys:
        raise refusal(400, complaint)
    return body
