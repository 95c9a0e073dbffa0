"""`synq doctor`: check everything that synq depends on, and suggest fixes."""

import os
import platform
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from synq_cli import __version__
from synq_cli.cli import tree
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import switch
from synq_cli.commands.machine.checks import COLUMNS, Check, Checklist, Finding, ok, warn
from synq_cli.completion.installation import installation
from synq_cli.errors import SynqError, UsageError
from synq_cli.http import operations
from synq_cli.nearest import did_you_mean
from synq_cli.session.profiles import token_store
from synq_cli.session.settings import SANDBOX, ignored
from synq_cli.times import http_date

if TYPE_CHECKING:
    from synq_cli.http.exchange import Reply

group = CommandGroup()

_DNS_TIMEOUT = 3.0
# As Linux names them in its list of mounts.
_MOUNTS = Path("/proc/self/mounts")
_NETWORK_FILE_SYSTEMS = {
    "9p", "afs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.sshfs", "glusterfs", "lustre",
    "nfs", "nfs4", "smb3", "smbfs",
}  # fmt: skip
# Seconds: a token that expires sooner, or a clock that differs more, is worth a warning.
_SOON, _SKEW = 300, 30


@group.command("doctor", operations.GET_HEALTH, requests=(0, 1))
def examine(
    run: RunContext,
    network: Annotated[bool, switch("--network", "Also check DNS, TLS, the API and the clock.")] = False,
) -> None:
    """Check the setup and suggest fixes.

    Checks the configuration, settings, keyring, token, rate limit, local cache, routes that the server lacks, and
    shell completion; with --network also DNS, TLS, the API and the clock, for one request. Each check is ok, warn or
    fail, with a fix if there is one. The exit status is 0 whatever it finds.

    Examples:
      synq doctor
      synq doctor --network
      synq doctor --json
    """
    try:
        _ = run.settings
    except SynqError:
        output = run.plain_output()  # invalid settings are a finding, not the end
    else:
        output = run.output
    output.checklist(Doctor(run, network=network).findings(), COLUMNS)


class Doctor(Checklist):
    """The checks of one run; with `network` it also calls the API."""

    def __init__(self, run: RunContext, *, network: bool) -> None:
        super().__init__()
        self._run = run
        self._network = network

    def findings(self) -> Iterator[dict[str, Any]]:
        """The finding of each check, as a row."""
        checks: list[Check] = [
            ("synq", self._version, ""),
            ("config", self._config, ""),
            ("settings", self._settings, "config"),
            ("keyring", self._keyring, "settings"),
            ("token", self._token, "settings"),
            ("renewal", self._renewal, "settings"),
            ("budget", self._budget, "settings"),
            *([("policy", self._policy, "settings")] if self._has_policy else []),
            ("index", self._index, "token"),
            ("routes", self._routes, "index"),
            ("completion", self._completion, ""),
        ]
        if self._network:
            checks += [("DNS", self._dns, "settings"), ("TLS", self._tls, "DNS")]
            checks += [("API", self._api, "TLS"), ("clock", self._clock, "API")]
        return self.examine(checks)

    def _version(self) -> Finding:
        return ok(f"{__version__} on Python {platform.python_version()}, {platform.system()}.")

    def _config(self) -> Finding:
        config = self._run.config
        if without_effect := list(ignored(config, config.profiles, self._run.system.environ)):
            return warn(" ".join(without_effect), "Correct or remove what has no effect.")
        if not config.path.exists():
            return ok(f"{config.path} does not exist yet; the defaults apply.")
        return ok(f"{config.path}, profiles: {', '.join(config.profiles) or 'none'}.")

    def _settings(self) -> Finding:
        settings = self._run.settings
        found = f"Profile {settings.profile} ({settings.sources['profile']}) at {settings.base_url}"
        found += f", {settings.environment}" if settings.environment else ""
        found += ", read-only." if settings.read_only else "."
        if settings.profile in {SANDBOX, *self._run.config.profiles} or settings.sources["profile"] == "default":
            return ok(found)
        return warn(f"{found} This profile does not exist yet.", f"synq auth login --profile {settings.profile}")

    def _keyring(self) -> Finding:
        if self._run.settings.profile == SANDBOX:
            return ok("Not needed: the sandbox has its own tokens.")
        if self._run.system.environ.get("SYNQ_TOKEN"):
            return ok("Not needed: SYNQ_TOKEN is set.")
        if token_store(self._run.config, self._run.settings.profile) != "file":
            return ok(f"{self._run.tokens.backend()} works.")
        file = self._run.config.path.with_name("credentials.json")
        if os.name == "posix" and file.exists() and file.stat().st_mode & 0o077:
            return warn(f"The token is in {file}, which other users can read.", f"chmod 600 {file}")
        return ok(f"Not needed: the token is in {file}, which only you can read.")

    def _token(self) -> Finding:  # noqa: PLR0911 one return for each case
        if self._is_new_sandbox:
            return ok("The sandbox creates one on first use.")
        if "keyring" in self.failed and self._run.settings.profile in self._run.config.profiles:
            return Finding("fail", "Skipped: see keyring.")
        session, now = self._run.session, self._run.system.now()
        credentials, claims = session.credentials, session.credentials.claims
        if not claims:
            return warn(f"From {credentials.source}. It is not a JWT, so its tenant and expiry are unknown.")
        who = f"From {credentials.source}: {claims['role'] or 'no role'} of tenant {credentials.tenant_id or 'unknown'}"
        if claims["expires_at"] is None:
            return ok(f"{who}; its expiry is unknown.")
        left = claims["expires_at"] - now
        if left > 0:
            soon = left < _SOON and not session.can_renew
            return Finding("warn" if soon else "ok", f"{who}; expires in {left / 60:.0f} minutes.")
        if session.can_renew:
            return warn(f"{who}; expired.", "synq auth refresh")
        return Finding("fail", f"{who}; expired.", session.login_hint(now))

    def _renewal(self) -> Finding:
        settings, environ = self._run.settings, self._run.system.environ
        if settings.profile == SANDBOX or environ.get("SYNQ_TOKEN"):
            return ok("Not needed: the token does not come from the profile.")
        if settings.token_command:
            program = shlex.split(settings.token_command)[0]
            if shutil.which(program, path=environ.get("PATH")) is None:
                return Finding("fail", f"The token_command {program} was not found.", "Install it, or log in again.")
            return ok(f"Automatic, by the token_command {program}.")
        if settings.token_url:
            return ok(f"Automatic, by a refresh token at {settings.token_url.partition('?')[0]}.")
        return ok(f"Manual: synq auth login --profile {settings.profile}")

    def _budget(self) -> Finding:
        warnings: list[str] = []
        budget = self._run.open_budget(warnings.append, local=True)
        window = budget.snapshot()
        budget.close()
        if warnings:
            return warn(" ".join(warnings), "Set SYNQ_STATE_DIR to another folder.")
        file = self._run.budget_file
        folder = file.parent
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape") if _MOUNTS.exists() else ""
        if (kind := file_system_of(folder.resolve(), mounts)) in _NETWORK_FILE_SYSTEMS:
            return warn(
                f"{folder} is on a network file system ({kind}). Its locks are slow and may fail, and all machines "
                "that use the folder count as one.",
                "Set SYNQ_STATE_DIR to a local folder.",
            )
        if window.blocked_for > 0:
            return warn(f"The API refuses requests for {window.blocked_for:.0f} s.", "synq limits")
        if self._run.settings.team_store:
            return ok(f"Counted in the team store, which `synq team doctor` checks; without it in {file}.")
        return ok(f"{window.remaining} of {window.limit} requests left this minute, counted in {file}.")

    @property
    def _has_policy(self) -> bool:
        try:
            return self._run.policy is not None
        except SynqError:
            return False  # invalid settings, which is a finding of its own

    def _policy(self) -> Finding:
        from synq_cli.session.policy import command_matches

        policy = self._run.policy
        assert policy is not None  # or this check would not be one
        if policy.sentence:
            return Finding("fail", f"{policy.sentence} Every write is refused.", f"Edit {policy.path}")
        found = f"{policy.summary()}. This does not restrict anyone who holds the token."
        if policy.plan_only and not policy.can_apply:
            found += " Plans must be applied with another profile."
        known = [" ".join(node.words) for node in tree.commands(self._run.root.command)]
        for pattern in (*(policy.allow or ()), *policy.deny):
            if not any(command_matches(pattern, command) for command in known):
                near = did_you_mean(pattern, known)
                return warn(f'{found} "{pattern}" matches no command. {near}'.rstrip(), f"Edit {policy.path}")
        return ok(found)

    def _index(self) -> Finding:
        if self._is_new_sandbox:
            return ok("Empty: the sandbox does not exist yet.")
        return ok(f"SKUs of this tenant in the local cache: {len(self._run.index.names('sku'))}.")

    def _routes(self) -> Finding:
        missing = [] if self._is_new_sandbox else self._run.index.missing()
        if not missing:
            return ok("No missing routes in the last day.")
        names = ", ".join(operation.replace("_", " ") for operation in missing)
        if self._network:
            self._run.index.forget_missing()
            return ok(f"This server lacked: {names}. synq will try them again.")
        fix = "Use the dashboard instead. synq tries again after a day, or after `synq doctor --network`."
        return warn(f"This server lacks: {names}.", fix)

    def _completion(self) -> Finding:
        try:
            found = installation(None, self._run.system.environ)
        except UsageError as error:
            return ok(f"Skipped. {error.message}")
        place, problem = found.place()
        if problem:
            return warn(problem, f"synq completion install {found.shell}")
        return ok(f"For {found.shell}, in {place}.")

    @property
    def _is_new_sandbox(self) -> bool:
        """Whether this run uses a sandbox that does not exist yet; the checks must not create it."""
        return self._run.settings.profile == SANDBOX and not self._run.sandbox.file.exists()

    # with --network

    def _dns(self) -> Finding:
        from synq_cli.http.client import look_up

        if self._run.settings.profile == SANDBOX:
            return ok("Not needed: the sandbox is embedded.")
        if proxy := self._run.network.proxy_variable(self._run.settings.base_url):
            return ok(f"Resolved by the proxy in {proxy}.")
        host, port = self._run.session.address
        addresses = look_up(host, port, _DNS_TIMEOUT)
        more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
        return ok(f"{host} is {', '.join(addresses[:3])}{more}.")

    def _tls(self) -> Finding:
        if not self._run.settings.base_url.startswith("https:"):
            return ok("Not needed: nothing leaves this machine.")
        try:
            tls = self._health.tls
        except SynqError as error:
            if error.status is None:
                raise
            tls = None  # an error response proves that the connection works
        if tls is None or tls.certificate_ends is None:
            return ok(f"{tls.version if tls else 'TLS'}, certificate trusted.")
        ends = datetime.fromtimestamp(tls.certificate_ends, UTC)
        return ok(f"{tls.version}, certificate until {ends:%Y-%m-%d}.")

    def _api(self) -> Finding:
        url, text = self._run.settings.base_url, self._health.text
        if text == "OK":
            return ok(f"{url} responds with OK.")
        fix = "Check the base URL: `synq config get base_url` shows it."
        return warn(f"{url} responds with {text[:40]!r} instead of OK.", fix)

    def _clock(self) -> Finding:
        if self._run.settings.profile == SANDBOX:
            return ok("Not needed: the sandbox goes by this machine's clock.")
        time = http_date(self._health.headers.get("date", ""))
        if time is None:
            return warn("The API did not send its time.")
        skew = self._run.system.now() - time
        if abs(skew) <= _SKEW:
            return ok("In sync with the API's clock.")
        found = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the API's clock."
        if "token" not in self.failed and (ends := self._run.session.credentials.expires_at) is not None:
            found += f" By that clock the token expires in {(ends - time) / 60:.0f} minutes."
        return warn(found, "Set this machine's clock: synq uses it to see when a token expires.")

    @property
    def _health(self) -> "Reply":
        """The API's health, requested once; raises the error of that request each time."""
        if isinstance(self._health_or_error, SynqError):
            raise self._health_or_error
        return self._health_or_error

    @cached_property
    def _health_or_error(self) -> "Reply | SynqError":
        try:
            return self._run.api.health()
        except SynqError as error:
            return error


def file_system_of(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder is on, by the lines of /proc/mounts; empty if there is none."""
    found, place = "", Path()
    for line in mounts.splitlines():
        _, mounted, kind, *_ = line.split(" ")
        # Blanks in a path are octal there.
        at = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), mounted))
        if folder.is_relative_to(at) and len(at.parts) >= len(place.parts):
            found, place = kind, at
    return found
