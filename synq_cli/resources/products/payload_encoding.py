"""The encoding in which a server takes the rows of bulk jobs: inline JSON, or the same JSON in base64."""

from typing import TYPE_CHECKING

from synq_cli.errors import SynqError, UsageError

if TYPE_CHECKING:
    from synq_cli.resources.shared.resource import Api

# The most bytes of JSON that stay below the API's 10 MB in base64, a third larger, with the request around them.
LARGEST_PAYLOAD = 7_400_000
_WANT_BASE64 = {"Invalid payload", "Invalid JSON in payload"}


class PayloadEncoding:
    """Inline until the server asks for base64, which is then saved in the profile."""

    def __init__(self, api: "Api") -> None:
        self._api = api
        self._saved = self.is_base64 = api.session.settings.bulk_payload == "base64"

    def changes(self, error: SynqError) -> bool:
        """Switch to base64 if a refusal asks for it; returns whether it did."""
        asks = error.status == 400 and error.said in _WANT_BASE64 and not self.is_base64
        self.is_base64 |= asks
        return asks

    def save(self) -> None:
        """Save in the profile that the server wants base64; a failure costs one request next time, so it only warns."""
        if self.is_base64 and not self._saved:
            self._saved = True
            try:
                self._api.session.keep("bulk_payload", "base64")
            except UsageError as error:
                self._api.observer.warn(f"{error.message} {error.hint or ''}".strip())
