"""Whether a host can be reached, step by step: its name looked up, a TLS connection made."""

from dataclasses import dataclass

from synq_cli.errors import NetworkError
from synq_cli.session.trust import tls_context

_HINT = "Check the network and the base URL: synq config get base_url"


@dataclass(frozen=True)
class Handshake:
    """A TLS connection that was made: its version, and when the host's certificate ends in epoch seconds."""

    version: str
    ends_at: float


def look_up(host: str, port: int, limit: float) -> list[str]:
    """The addresses of a host; NetworkError if it has none, or if that is not known within `limit` seconds."""
    import socket
    from queue import Empty, SimpleQueue
    from threading import Thread

    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def work() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except OSError as error:
            answers.put(error)

    # The resolver has no limit of its own, and a daemon thread does not hold up the exit.
    Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=limit)
    except Empty:
        raise NetworkError(f"{host} could not be looked up within {limit:g} s.", hint=_HINT) from None
    if isinstance(answer, OSError):
        raise NetworkError(f"{host} could not be looked up: {answer.strerror or answer}.", hint=_HINT)
    return answer


def shake_hands(host: str, port: int, limit: float) -> Handshake:
    """Make a TLS connection, trusting whom requests trust; NetworkError if that fails or takes over `limit` seconds."""
    import socket
    import ssl

    try:
        with (
            socket.create_connection((host, port), timeout=limit) as plain,
            tls_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            return Handshake(secure.version() or "TLS", ssl.cert_time_to_seconds(str(certificate.get("notAfter"))))
    except ssl.SSLCertVerificationError as error:
        raise NetworkError(f"The certificate of {host} can't be trusted: {error.verify_message}.", hint=_HINT) from None
    except TimeoutError:
        raise NetworkError(f"{host} port {port} did not answer within {limit:g} s.", hint=_HINT) from None
    except OSError as error:
        raise NetworkError(f"No TLS connection to {host} port {port}: {error.strerror or error}.", hint=_HINT) from None
