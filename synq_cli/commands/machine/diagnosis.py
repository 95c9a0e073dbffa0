"""What could be wrong with a person's synq, looked at piece by piece, each by itself."""

import os
import platform
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synq_cli import __version__
from synq_cli.errors import SynqError, UsageError
from synq_cli.session.profiles import token_store
from synq_cli.session.settings import SANDBOX

if TYPE_CHECKING:
    from synq_cli.cli.context import Invocation
    from synq_cli.output.display import Output
    from synq_cli.resources.health import HealthStatus

_LIMIT = 3.0
# A token or a clock is worth a word from so many seconds on.
_SOON, _SKEW = 300, 30


class Finding(NamedTuple):
    """How one piece stands: ok, warn or fail; what was found; what to do about it."""

    state: str
    found: str
    mend: str | None = None


class Diagnosis:
    """The findings about one run."""

    def __init__(self, run: "Invocation") -> None:
        self._run = run
        self._network = False
        # Each piece that failed, and each that rests on one, with the piece to mend.
        self._failed: dict[str, str] = {}

    @cached_property
    def output(self) -> "Output":
        """The run's output, or a plain one where its settings are wrong, which is a finding and no end."""
        try:
            _ = self._run.settings
        except SynqError:
            return self._run.plain_output()
        return self._run.output

    def findings(self, *, network: bool) -> Iterator[dict[str, Any]]:
        """What was found, piece by piece; `network` also asks the API."""
        self._network = network
        # Each piece with the one that it rests on: where that fails, there is nothing to look at.
        pieces: list[tuple[str, Callable[[], Finding], str]] = [
            ("synq", self._version, ""),
            ("config", self._config, ""),
            ("settings", self._settings, "config"),
            ("keyring", self._keyring, "settings"),
            ("token", self._token, "settings"),
            ("renewal", self._renewal, "settings"),
            ("budget", self._budget, "settings"),
            ("index", self._index, "token"),
            ("routes", self._routes, "index"),
            ("completion", self._completion, ""),
        ]
        if network:
            pieces += [("DNS", self._dns, "settings"), ("TLS", self._tls, "DNS")]
            pieces += [("API", self._api, "TLS"), ("clock", self._clock, "API")]
        for check, look, ground in pieces:
            cause = self._failed.get(ground)
            finding = Finding("warn", f"Not looked at: see {cause}.") if cause else _looked(look)
            if cause or finding.state == "fail":
                self._failed[check] = cause or check
            yield {"check": check, **finding._asdict()}

    def _version(self) -> Finding:
        return Finding("ok", f"{__version__} on Python {platform.python_version()}, {platform.system()}.")

    def _config(self) -> Finding:
        config = self._run.config
        if not config.path.exists():
            return Finding("ok", f"{config.path} is not there yet; the defaults hold.")
        names = ", ".join(config.profiles) or "none"
        return Finding("ok", f"{config.path}, profiles: {names}.")

    def _settings(self) -> Finding:
        settings = self._run.settings
        found = f"Profile {settings.profile} ({settings.sources['profile']}) at {settings.base_url}"
        found += f", {settings.environment}" if settings.environment else ""
        found += ", read-only." if settings.read_only else "."
        known = settings.profile in {SANDBOX, *self._run.config.profiles} or settings.sources["profile"] == "default"
        if known:
            return Finding("ok", found)
        return Finding(
            "warn", f"{found} There is no such profile yet.", f"synq auth login --profile {settings.profile}"
        )

    def _keyring(self) -> Finding:
        profile = self._run.settings.profile
        if profile == SANDBOX:
            return Finding("ok", "Not needed: the sandbox has tokens of its own.")
        if self._run.system.environ.get("SYNQ_TOKEN"):
            return Finding("ok", "Not needed: SYNQ_TOKEN is set.")
        if token_store(self._run.config, profile) == "file":
            file = self._run.config.path.with_name("credentials.json")
            if _open_to_others(file):
                return Finding("warn", f"The token is in {file}, which others can read.", f"chmod 600 {file}")
            return Finding("ok", f"Not needed: the token is in {file}, for you alone.")
        return Finding("ok", f"{self._run.tokens.backend()} answers.")

    def _token(self) -> Finding:
        if self._is_unmade_sandbox:
            return Finding("ok", "The sandbox makes one when it is first used.")
        settings = self._run.settings
        if "keyring" in self._failed and settings.profile in self._run.config.profiles:
            return Finding("fail", "Not looked at: see keyring.")
        credentials, now = self._run.session.credentials, self._run.system.now()
        claims = credentials.claims
        if claims is None:
            return Finding("warn", f"From {credentials.source}; it is no JWT, so nothing is known of it.")
        who = f"From {credentials.source}: {claims.role or 'no role'} of tenant {credentials.tenant_id or 'unknown'}"
        if claims.expires_at is None:
            return Finding("ok", f"{who}; it does not say when it ends.")
        left = claims.expires_at - now
        renews = self._run.session.can_renew
        if left <= 0:
            mend = "synq auth refresh" if renews else self._run.session.login_hint(now)
            return Finding("warn" if renews else "fail", f"{who}; it has ended.", mend)
        state = "warn" if left < _SOON and not renews else "ok"
        return Finding(state, f"{who}; it ends in {left / 60:.0f} minutes.")

    def _renewal(self) -> Finding:
        settings, environ = self._run.settings, self._run.system.environ
        if settings.profile == SANDBOX or environ.get("SYNQ_TOKEN"):
            return Finding("ok", "Not needed: the token is not the profile's own.")
        if settings.token_command:
            import shlex
            import shutil

            program = shlex.split(settings.token_command)[0]
            if shutil.which(program, path=environ.get("PATH")) is None:
                return Finding("fail", f"The token_command {program} is not there.", "Install it, or log in anew.")
            return Finding("ok", f"By the token_command {program}.")
        if settings.token_url:
            return Finding("ok", f"By a refresh token, at {settings.token_url.partition('?')[0]}.")
        return Finding("ok", f"By hand: synq auth login --profile {settings.profile}")

    def _budget(self) -> Finding:
        told: list[str] = []
        budget = self._run.open_budget(told.append)
        window = budget.snapshot()
        budget.close()
        found = f"{window.remaining} of {window.limit} requests left this minute, counted in {budget.path}."
        if told:
            return Finding("warn", " ".join(told), "SYNQ_STATE_DIR names another folder.")
        if window.blocked_for > 0:
            return Finding("warn", f"The API refuses requests for {window.blocked_for:.0f} s.", "synq limits")
        return Finding("ok", found)

    def _index(self) -> Finding:
        if self._is_unmade_sandbox:
            return Finding("ok", "Nothing is known of the sandbox yet.")
        skus = len(self._run.index.names("sku"))
        return Finding("ok", f"{skus} SKUs of this tenant are known.")

    def _routes(self) -> Finding:
        missing = [] if self._is_unmade_sandbox else self._run.index.missing()
        if not missing:
            return Finding("ok", "No route was found missing within a day.")
        names = ", ".join(operation.replace("_", " ") for operation in missing)
        if self._network:
            self._run.index.forget_missing()
            return Finding("ok", f"This server lacked: {names}. synq asks for them again from now on.")
        mend = "The dashboard may do it; synq asks again after a day, or at once after `synq doctor --network`."
        return Finding("warn", f"This server lacks: {names}.", mend)

    def _completion(self) -> Finding:
        from synq_cli.completion.installation import installation

        try:
            found = installation(None, self._run.system.environ)
        except UsageError as error:
            return Finding("ok", f"Not looked at: {error.message}")
        place, trouble = found.place()
        if trouble:
            return Finding("warn", trouble, f"synq completion install {found.shell}")
        return Finding("ok", f"For {found.shell}, in {place}.")

    @property
    def _is_unmade_sandbox(self) -> bool:
        """Whether this is about a sandbox that nobody has used; looking at it must not make it."""
        return self._run.settings.profile == SANDBOX and not self._run.sandbox.file.exists()

    # with --network

    def _dns(self) -> Finding:
        from synq_cli.http.client import look_up

        if self._run.settings.profile == SANDBOX:
            return Finding("ok", "Not needed: the sandbox is in this process.")
        if proxy := self._run.network.proxy_variable(self._run.settings.base_url):
            return Finding("ok", f"Left to the proxy in {proxy}.")
        host, port = self._run.session.address
        addresses = look_up(host, port, _LIMIT)
        more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
        return Finding("ok", f"{host} is {', '.join(addresses[:3])}{more}.")

    def _tls(self) -> Finding:
        from datetime import UTC, datetime

        if not self._run.settings.base_url.startswith("https:"):
            return Finding("ok", "Not needed: nothing leaves this machine.")
        try:
            tls = self._health.tls
        except SynqError as error:
            if error.status is None:
                raise
            tls = None  # an error that the API answered with came over a connection that was good
        if tls is None or tls.certificate_ends is None:
            return Finding("ok", f"{tls.version if tls else 'TLS'}, certificate trusted.")
        ends = datetime.fromtimestamp(tls.certificate_ends, UTC)
        return Finding("ok", f"{tls.version}, certificate until {ends:%Y-%m-%d}.")

    def _api(self) -> Finding:
        text = self._health.text
        if text == "OK":
            return Finding("ok", f"{self._run.settings.base_url} answers OK.")
        found = f"{self._run.settings.base_url} answers {text[:40]!r} instead of OK."
        return Finding("warn", found, "Is the base URL right? `synq config get base_url` shows it.")

    def _clock(self) -> Finding:
        if self._health.time is None:
            return Finding("warn", "The API did not say what time it has.")
        skew = self._run.system.now() - self._health.time
        if abs(skew) <= _SKEW:
            return Finding("ok", "Within seconds of the API's.")
        way = "ahead of" if skew > 0 else "behind"
        found = f"{abs(skew):.0f} s {way} the API's."
        if "token" not in self._failed and (ends := self._run.session.credentials.expires_at) is not None:
            found += f" By that one the token ends in {(ends - self._health.time) / 60:.0f} minutes."
        return Finding("warn", found, "Set this machine's clock: when a token ends is reckoned by it.")

    @property
    def _health(self) -> "HealthStatus":
        """The API's health, asked for once; the error of asking is raised each time."""
        if isinstance(self._asked, SynqError):
            raise self._asked
        return self._asked

    @cached_property
    def _asked(self) -> "HealthStatus | SynqError":
        try:
            return self._run.api.health.get()
        except SynqError as error:
            return error


def _looked(look: Callable[[], Finding]) -> Finding:
    """What a look found, be it that it can't be looked at."""
    try:
        return look()
    except SynqError as error:
        return Finding("fail", error.message, error.hint)


def _open_to_others(file: Path) -> bool:
    try:
        return os.name == "posix" and bool(file.stat().st_mode & 0o077)
    except OSError:
        return False
