"""What the tests of the sandbox share: how a reply is read, and ids and times that are in many of them."""

from typing import Any

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NOON = 1_763_640_000.0
NOW = "2025-11-20T12:00:00Z"  # the same


def error(result: Any) -> tuple[int, str]:
    return result.status_code, result.json["error"]


def created(result: Any) -> Any:
    assert result.status_code == 201, result.text
    return result.json


def rate(result: Any) -> tuple[Any, ...]:
    """Status, requests left, seconds to wait."""
    return result.status_code, *(result.headers.get(name) for name in ("X-RateLimit-Remaining", "Retry-After"))


def newest_event(client: Any) -> tuple[Any, ...]:
    event = client.simulate_get("/api/v1/audit").json[0]
    return event["action"], event["entity_type"], event["entity_id"], event["details"]
