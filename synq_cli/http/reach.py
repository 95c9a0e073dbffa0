"""Name lookup of a host, within a time limit."""

import socket

from synq_cli.deadline import DeadlineError, call_within
from synq_cli.errors import NetworkError

_HINT = "Check the network and the base URL: synq config get base_url"


def look_up(host: str, port: int, limit: float) -> list[str]:
    """The addresses of a host; NetworkError if it has none, or if the resolver takes longer than `limit` seconds."""
    try:
        found = call_within(limit, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except DeadlineError:
        raise NetworkError(f"{host} could not be looked up within {limit:g} s.", hint=_HINT) from None
    except OSError as error:
        raise NetworkError(f"{host} could not be looked up: {error.strerror or error}.", hint=_HINT) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
