"""The form in which a server takes the rows of bulk jobs: inline, or as the base64 of the same JSON."""

from typing import TYPE_CHECKING

from synq_cli.errors import SynqError, UsageError

if TYPE_CHECKING:
    from synq_cli.http.exchange import Listener
    from synq_cli.session.session import Session

# So many bytes of JSON stay below the API's 10 MB in base64, which adds a third, with the request around them.
LARGEST_PAYLOAD = 7_400_000
_WANT_BASE64 = {"Invalid payload", "Invalid JSON in payload"}


class PayloadForm:
    """Inline until the server asks for base64; what it took is kept in the profile."""

    def __init__(self, session: "Session", listener: "Listener") -> None:
        self._session = session
        self._listener = listener
        self._kept = self.is_base64 = session.settings.bulk_payload == "base64"

    def changes(self, error: SynqError) -> bool:
        """Whether a refusal asks for base64, which it can but once; from then on it is base64."""
        asks = error.status == 400 and error.said in _WANT_BASE64 and not self.is_base64
        self.is_base64 |= asks
        return asks

    def keep(self) -> None:
        """Keep in the profile that the server took base64; trouble is told, for it costs a request and no more."""
        if self.is_base64 and not self._kept:
            self._kept = True
            try:
                self._session.keep("bulk_payload", "base64")
            except UsageError as error:
                self._listener.warn(f"{error.message} {error.hint or ''}".strip())


def encoded(text: bytes | bytearray) -> bytes:
    """JSON text in base64."""
    from base64 import b64encode

    return b64encode(text)
