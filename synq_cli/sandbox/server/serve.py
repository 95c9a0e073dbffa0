"""Serve the tenant over HTTP on a loopback port, for curl, tests and other tools."""

import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path

import waitress  # type: ignore[import-untyped]  # it ships no types

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.app import create_app

HOST = "127.0.0.1"


def serve(database: Path, port: int, announce: Callable[[str], None], now: Callable[[], float] = time.time) -> None:
    """Serve until Ctrl-C; port 0 takes a free one. Calls `announce` with the base URL once requests are accepted.

    Raises UsageError if the file is not a sandbox or the port is not available.
    """
    app = create_app(database, now)
    try:
        # Bound here because waitress leaves its socket open when the port is taken.
        listener = socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"Port {port} can't be served: {error}.", hint="Choose another port, or 0 for any free one."
        ) from error
    # Waitress warns about requests that wait for a thread, which is no problem here.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # With log_socket_errors, waitress answers 500 where the app closes the connection, as some faults do.
    server = waitress.create_server(app, sockets=[listener], threads=8, log_socket_errors=False)
    try:
        announce(f"http://{HOST}:{server.effective_port}")
        server.run()
    finally:
        server.close()
