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
        with self._server():
            from synq_cli.sandbox.server.identity import issue_token
        return issue_token(self.file, role=role, expires_in=expires_in, now=self._now)

    def webhook_secret(self) -> str | None:
        """The secret that the sandbox checks webhooks with; None if it takes none."""
        self._create_if_missing()
        secret = self.info().get("webhook_secret")
        return secret if isinstance(secret, str) else None

    def app(self) -> Callable[..., Any]:
        """The sandbox as a WSGI app; UsageError if the extra is not installed."""
        with self._server():
            from synq_cli.sandbox.server.app import create_app
        return create_app(self.file, self._now, sleep=self._sleep)

    def add_fault(self, kind: str, **options: Any) -> dict[str, object]:
        """Add a fault, with the options of `sandbox.server.faults.add`; returns it."""
        with self._server():
            from synq_cli.sandbox.server.faults import add
        return add(self.file, kind, **options)

    def faults(self) -> list[dict[str, object]]:
        """The faults that can still occur."""
        with self._server():
            from synq_cli.sandbox.server.faults import active
        return active(self.file)

    def clear_faults(self) -> int:
        """Remove all faults and reset the counting of requests; returns the number of faults."""
        with self._server():
            from synq_cli.sandbox.server.faults import clear
        return clear(self.file)

    def count(self, count_as: str | None = None, strangers: int | None = None) -> dict[str, object]:
        """Change how requests are counted, None leaving a value; returns how they are counted then."""
        with self._server():
            from synq_cli.sandbox.server.rate_limit import configure
        return configure(self.file, count_as, strangers)

    def serve(self, port: int) -> None:
        """Serve the sandbox on a port of this machine until Ctrl-C; UsageError if the port can't be used."""
        with self._server():
            from synq_cli.sandbox.server.serve import serve
        serve(self.file, port, self._announce, self._now)

    def _announce(self, base_url: str) -> None:
        self._note(f"Serving {self.file} on {base_url}. Press Ctrl-C to stop.")
        self._note(f'  export SYNQ_BASE_URL={base_url} SYNQ_TOKEN="$(synq sandbox token)"')

    @contextmanager
    def _server(self) -> Iterator[None]:
        """For the imports of the server: UsageError if the extra is not installed; then creates a missing sandbox."""
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
