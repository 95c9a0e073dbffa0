"""The embedded sandbox as a run meets it: a tenant in a file of this machine, made when it is first used."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType


class Embedded:
    """The tenant in `file`; `note` is told when one is made."""

    def __init__(
        self, file: Path, now: Callable[[], float], sleep: Callable[[float], None], note: Callable[[str], None]
    ) -> None:
        self.file = file
        self._now = now
        self._sleep = sleep
        self._note = note

    def make(self, seed: int | None = None, *, anew: bool = False) -> bool:
        """Make the tenant unless it is there, or `anew`; True if this call made it."""
        from synq_cli.sandbox.seed.seed import DEFAULT_SEED
        from synq_cli.sandbox.store.store import create, reset

        seed = DEFAULT_SEED if seed is None else seed
        if anew:
            reset(self.file, seed, self._now())
            return True
        return create(self.file, seed, self._now())

    def info(self) -> dict[str, object]:
        """Where the tenant is and what it holds; UsageError if there is none."""
        from synq_cli.sandbox.store.store import info

        return info(self.file)

    def token(self, role: str = "ADMIN", expires_in: float = 3600) -> str:
        """A token of the tenant's own; UsageError if the extra is not installed."""
        identity = self._server_module("identity")
        self._make_on_demand()
        token: str = identity.issue_token(self.file, role=role, expires_in=expires_in, now=self._now)
        return token

    def webhook_secret(self) -> str | None:
        """What the tenant checks webhooks with; None if it takes none."""
        self._make_on_demand()
        secret = self.info().get("webhook_secret")
        return secret if isinstance(secret, str) else None

    def app(self) -> Callable[..., Any]:
        """The tenant as a WSGI app; UsageError if the extra is not installed."""
        app = self._server_module("app")
        self._make_on_demand()
        made: Callable[..., Any] = app.create_app(self.file, self._now, sleep=self._sleep)
        return made

    def add_fault(self, kind: str, **order: Any) -> dict[str, object]:
        """Order a fault, with what `sandbox.faults.add` takes; gives it. UsageError if it can't be."""
        faults = self._server_module("faults")
        self._make_on_demand()
        made: dict[str, object] = faults.add(self.file, kind, **order)
        return made

    def faults(self) -> list[dict[str, object]]:
        """The faults that may still strike."""
        faults = self._server_module("faults")
        self._make_on_demand()
        found: list[dict[str, object]] = faults.active(self.file)
        return found

    def clear_faults(self) -> int:
        """Take back all faults and count requests as Synq does again; how many faults there were."""
        faults = self._server_module("faults")
        self._make_on_demand()
        count: int = faults.clear(self.file)
        return count

    def count(self, count_as: str | None = None, strangers: int | None = None) -> dict[str, object]:
        """Count requests that way from now on, None leaving what was; gives how it counts then."""
        from synq_cli.sandbox.server.rate_limit import configure

        self._make_on_demand()
        return configure(self.file, count_as, strangers)

    def serve(self, port: int) -> None:
        """Serve the tenant on a port of this machine until Ctrl-C; UsageError if that can't be."""
        serve = self._server_module("serve")
        self.make()
        serve.serve(self.file, port, self._announce, self._now)

    def _announce(self, base_url: str) -> None:
        self._note(f"Serving {self.file} on {base_url}; Ctrl-C ends it.")
        self._note(f'  export SYNQ_BASE_URL={base_url} SYNQ_TOKEN="$(synq sandbox token)"')

    def _make_on_demand(self) -> None:
        if self.make():
            self._note(f"Made a new sandbox tenant in {self.file}.")

    def _server_module(self, name: str) -> "ModuleType":
        from importlib import import_module

        try:
            return import_module(f"synq_cli.sandbox.server.{name}")
        except ModuleNotFoundError as error:
            raise UsageError(
                f"The sandbox needs the optional extra 'sandbox', which is not installed ({error.name} is missing).",
                hint="Install it: pipx inject synq-cli falcon waitress PyJWT, or pip install 'synq-cli[sandbox]'",
            ) from None
