"""What a dry run shows of a request whose bytes are settled."""

from collections.abc import Mapping

from synq_cli import exact_json
from synq_cli.errors import Planned


def planned(
    method: str, path: str, query: Mapping[str, object] | None, content: bytes | None, headers: Mapping[str, str]
) -> Planned:
    """The request as it would go out; `content` is JSON."""
    from urllib.parse import urlencode

    shown = f"{path}?{urlencode(query)}" if query else path
    body = None if content is None else exact_json.loads(content.decode())
    sent_along = {"headers": dict(headers)} if headers else {}
    return Planned({"method": method, "path": shown, **sent_along, "body": body})
