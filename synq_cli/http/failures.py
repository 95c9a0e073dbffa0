"""Sentences and hints for failed exchanges, from httpx's errors."""

import socket
import ssl

import httpx

from synq_cli.http.exchange import NoResponseError

# httpcore's message for a connection that was closed before a reply.
CLOSED = "Server disconnected without sending a response."
# OpenSSL's verification errors by number: a sentence and a hint.
_CLOCK = "Check this machine's clock; if it is right, the server needs a new certificate."
_CA = "To trust the authority that signed it, set SSL_CERT_FILE to a PEM file with that authority's certificate."
_CERTIFICATE_FAULTS = {
    9: ("it is not valid yet", _CLOCK),
    10: ("it has expired", _CLOCK),
    18: ("it is self-signed", _CA),
    19: ("it comes from an unknown issuer", _CA),
    20: ("it comes from an unknown issuer", _CA),
    21: ("it comes from an unknown issuer", _CA),
    62: ("it was issued for another host", "Check the host name in the URL."),
    64: ("it was issued for another host", "Check the address in the URL."),
}


def unreachable(error: Exception, host: str, way: str) -> NoResponseError:
    """The failure for an error that httpx does not wrap, before anything was sent."""
    transient = type(error).__module__.startswith("socksio")
    return NoResponseError(f"{host} could not be reached{way}: {_words(error)}", sent=False, retryable=transient)


def no_response(error: httpx.HTTPError, host: str, way: str, *, peer: str, sent: bool) -> NoResponseError:
    """The failure for an error of httpx, without the request's headers and a proxy's password.

    `way` names the proxy, if any, and `peer` is whose certificate was checked.
    """
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        why, advice = _CERTIFICATE_FAULTS.get(cause.verify_code, (cause.verify_message.rstrip("."), _CA))
        sentence = f"the certificate of {peer} is not trusted: {why}"
        return NoResponseError(sentence, sent=False, retryable=False, hint=advice)
    if isinstance(error, httpx.ProxyError):
        status = str(error).split(" ")[0]
        # The reason phrase of a proxy may repeat a password.
        why = f"it responded with status {status}" if status.isdecimal() else str(error).rstrip(".")
        denied = status == "407" or "username" in why
        hint = "Put the user name and password into the proxy's URL: http://USER:PASSWORD@HOST:PORT" if denied else None
        return NoResponseError(f"{host} could not be reached{way}: {why}", sent=False, retryable=not denied, hint=hint)
    if isinstance(error, httpx.ConnectError):
        return NoResponseError(f"{host} could not be reached{way}: {_words(cause)}", sent=False)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return NoResponseError(f"the request to {host} is not valid: {error}", sent=False, retryable=False)
    why = _protocol_words(error) or _words(cause)
    if not sent:
        return NoResponseError(f"{host} could not be reached{way}: {why}", sent=False)
    return NoResponseError(f"the connection to {host} was lost: {why}", sent=True)


def _root(error: BaseException) -> BaseException:
    """The original cause of an exception."""
    # httpcore raises its errors "from None", so that their cause is in their context.
    while below := error.__cause__ or (error.__context__ if type(error).__module__.startswith("httpcore") else None):
        error = below
    return error


def _protocol_words(error: httpx.HTTPError) -> str | None:
    text = str(error)
    if isinstance(error, httpx.DecodingError):
        return "the response can't be decompressed"
    if not isinstance(error, httpx.RemoteProtocolError):
        return None
    if text == CLOSED:
        return "closed before a response arrived"
    return "the response was cut short" if "closed connection" in text else "the response is not HTTP"


def _words(cause: BaseException) -> str:
    text = str(cause)
    if isinstance(cause, socket.gaierror):
        return "no such host" if cause.errno == socket.EAI_NONAME else "DNS lookup failed"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS connection could be made ({cause.reason or type(cause).__name__})"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return text.partition("\n")[0][:200].rstrip(".") or type(cause).__name__
