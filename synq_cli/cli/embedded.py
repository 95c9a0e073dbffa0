"""The embedded sandbox of this machine: a tenant in a file, created on first use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synq_cli.errors import UsageError


class EmbeddedSandbox:
    """The sandbox in `file`; `note` is told when it is created."""

    def __init__(
        self, file: Path, now: Callable[[], float], sleep: Callable[[float], None], note: Callable[[str], None]
    ) -> None:
        self.file = file
        self._now = now
        self._sleep = sleep
        self._note = note

    def create(self, seed: int | None = None) -> bool:
        """Create the sandbox unless it exists; True if this call created it."""
        from synq_cli.sandbox.seed.seed import DEFAULT_SEED
        from synq_cli.sandbox.store.store import create

        return create(self.file, DEFAULT_SEED if seed is None else seed, self._now())

    def reset(self, seed: int | None = None) -> None:
        """Create the sandbox again, without the changes made in it."""
        from synq_cli.sandbox.seed.seed import DEFAULT_SEED
        from synq_cli.sandbox.store.store import reset

        reset(self.file, DEFAULT_SEED if seed is None else seed, self._now())

    def info(self) -> dict[str, object]:
        """Where the sandbox is and what it holds; UsageError if there is none."""
        from synq_cli.sandbox.store.store import info

        return info(self.file)

    def token(self, role: str = "ADMIN", expires_in: float = 3600) -> str:
        """A token of the sandbox's own; UsageError if the extra is not installed."""
        with self.server():
            from synq_cli.sandbox.server.identity import issue_token
        return issue_token(self.file, role=role, expires_in=expires_in, now=self._now)

    def webhook_secret(self) -> str | None:
        """The secret that the sandbox checks webhooks with; None if it takes none."""
        self._create_if_missing()
        secret = self.info().get("webhook_secret")
        return secret if isinstance(secret, str) else None

    def app(self) -> Callable[..., Any]:
        """The sandbox as a WSGI app; UsageError if the extra is not installed."""
        with self.server():
            from synq_cli.sandbox.server.app import create_app
        return create_app(self.file, self._now, sleep=self._sleep)

    @contextmanager
    def server(self) -> Iterator[None]:
        """For imports of the server: UsageError if the extra is not installed; then creates a missing sandbox."""
        try:
            yield
        except ModuleNotFoundError as error:
            raise UsageError(
                f"The sandbox needs the optional extra 'sandbox', which is not installed ({error.name} is missing).",
                hint="Install it: pipx inject synq-cli falcon waitress PyJWT, or pip install 'synq-cli[sandbox]'",
            ) from None
        self._create_if_missing()

    def _create_if_missing(self) -> None:
        if self.create():
            self._note(f"Created a sandbox in {self.file}.")
