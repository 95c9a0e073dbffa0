"""The settings of a run: option > environment > profile > default, and where each value came from."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.session.network.base_url import check_base_url, check_token_url
from synq_cli.session.profiles import Config, check_name
from synq_cli.uuids import parse_uuid

OutputFormat = Literal["table", "json", "ndjson", "yaml", "csv", "tsv"]
OUTPUT_FORMATS: tuple[str, ...] = get_args(OutputFormat)
DEFAULT_BASE_URL = "https://api.synq.io"
SANDBOX = "sandbox"
SANDBOX_URL = "http://sandbox.invalid"
PRODUCTION = "production"
ENVIRONMENTS = (PRODUCTION, "staging", "test")
_DAY = 86_400  # far below what the system's clocks and sockets can hold


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def _uuid(text: str) -> str:
    if (plain := parse_uuid(text, bare=False)) is None:
        raise ValueError("must be a UUID such as 6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31")
    return plain


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError("must be a number of seconds, 0 or more")
    if seconds > _DAY:
        raise ValueError(f"must be at most {_DAY} seconds, a day")
    return int(seconds) if seconds.is_integer() else seconds


def _positive_seconds(text: str) -> float:
    if not (seconds := _seconds(text)):
        raise ValueError("must be more than 0 seconds")
    return seconds


def _switch(text: str) -> bool:
    words = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
    if text.lower() not in words:
        raise ValueError("must be true or false")
    return words[text.lower()]


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if not text.isprintable():
        raise ValueError("must not hold line breaks or control characters")
    return text


def _command(text: str) -> str:
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words or not words[0] or not text.isprintable():
        raise ValueError("must be a program and its arguments, with quotes that close")
    return text


class Setting(NamedTuple):
    """One setting: `parse` gives its value from text or raises a ValueError that says what it must be.

    `words` are a setting that a profile may also hold as a list.
    """

    name: str
    env: str | None
    default: Any
    parse: Callable[[str], Any]
    help: str
    in_profile: bool = True
    words: bool = False


SETTINGS = (
    Setting("profile", "SYNQ_PROFILE", "default", check_name, "which tenant", in_profile=False),
    Setting("base_url", "SYNQ_BASE_URL", DEFAULT_BASE_URL, check_base_url, "the API's address"),
    Setting("tenant_id", "SYNQ_TENANT_ID", None, _uuid, "the tenant; else what the token says"),
    Setting("org_id", "SYNQ_ORG_ID", None, _uuid, "the organization; else what the token says"),
    Setting("location", None, None, _name, "the stock location that adjustments use"),
    Setting("output", "SYNQ_OUTPUT", None, _one_of(*OUTPUT_FORMATS), "the format; else a table, or TSV off a terminal"),
    Setting("timeout", "SYNQ_TIMEOUT", 30, _positive_seconds, "seconds for a whole request"),
    Setting("max_wait", "SYNQ_MAX_WAIT", 120, _seconds, "longest wait for the rate limit, in seconds"),
    Setting("read_only", "SYNQ_READ_ONLY", False, _switch, "refuse every request that is not a read"),
    Setting("bulk_payload", None, "inline", _one_of("inline", "base64"), "how bulk jobs take their rows"),
    Setting("environment", None, None, _one_of(*ENVIRONMENTS), "in production what is destroyed asks for its name"),
    Setting("token_command", None, None, _command, "the program that prints a fresh token", words=True),
    Setting("token_url", None, None, check_token_url, "where an OAuth 2 refresh token is sent for a fresh one"),
    Setting("client_id", None, None, _name, "the client that the refresh token was given to"),
    Setting("debug", "SYNQ_DEBUG", False, _switch, "a line a request on stderr", in_profile=False),
)
RENEWAL_SETTINGS = ("token_command", "token_url", "client_id")
# What the embedded sandbox answers itself.
_NOT_FOR_SANDBOX = {"base_url", "tenant_id", "org_id", *RENEWAL_SETTINGS}


class Settings(NamedTuple):
    """Every setting's value, and in `sources` where it came from."""

    profile: str
    base_url: str
    tenant_id: str | None
    org_id: str | None
    location: str | None
    output: str | None
    timeout: float
    max_wait: float
    read_only: bool
    bulk_payload: str
    environment: str | None
    token_command: str | None
    token_url: str | None
    client_id: str | None
    debug: bool
    sources: Mapping[str, str]


def resolve(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    config: Config,
    project: Callable[[], tuple[str, str] | None] = lambda: None,
) -> Settings:
    """Settle every setting; UsageError names the option, variable or file that is wrong.

    `project` finds the profile that the working folder asks for, and the file that says so.
    """
    profile, source = _profile(options, environ, config, project)
    stored = config.profiles.get(profile, {})
    values: dict[str, Any] = {"profile": profile}
    sources = {"profile": source}
    if profile == SANDBOX and options.get("base_url") is not None:
        raise UsageError("The embedded sandbox has no base URL.", hint="Leave out --base-url, or --sandbox.")
    for setting in SETTINGS[1:]:
        embedded = profile == SANDBOX and setting.name in _NOT_FOR_SANDBOX
        option = options.get(setting.name)
        variable = environ.get(setting.env or "")
        kept = stored.get(setting.name) if setting.in_profile else None
        if embedded:
            value, origin = (SANDBOX_URL if setting.name == "base_url" else None), "sandbox"
        elif option is not None:
            origin = f"option --{setting.name.replace('_', '-')}"
            value = _parsed(setting, option, origin)
        elif variable:
            origin = str(setting.env)
            value = _parsed(setting, variable, origin)
        elif kept is not None:
            origin = f"profile {profile}"
            value = _parsed(setting, kept, f"{setting.name} of {origin} in {config.path}")
        else:
            value, origin = setting.default, "default"
        values[setting.name], sources[setting.name] = value, origin
    return Settings(**values, sources=sources)


def kept_base_url(config: Config, profile: str) -> str:
    """The address that the profile's kept token is for; UsageError names the file if that is wrong."""
    kept = config.profiles.get(profile, {}).get("base_url")
    if kept is None:
        return DEFAULT_BASE_URL
    url: str = _parsed(find_setting("base_url"), kept, f"base_url of profile {profile} in {config.path}")
    return url


def can_hold(name: str, text: str) -> bool:
    """Whether the text is a value of this setting."""
    try:
        find_setting(name).parse(text)
    except ValueError:
        return False
    return True


def parse_setting(name: str, text: str) -> Any:
    """The value of a profile's setting, from text; UsageError if there is no such setting or it is wrong."""
    return _parsed(find_setting(name), text, name)


def describe(settings: Settings) -> list[dict[str, object]]:
    """A row a setting: its value, where that came from, its environment variable and its meaning."""
    return [
        {
            "setting": setting.name,
            "value": getattr(settings, setting.name),
            "source": settings.sources[setting.name],
            "variable": setting.env,
            "meaning": setting.help,
        }
        for setting in SETTINGS
    ]


def find_setting(name: str, *, kept: bool = True) -> Setting:
    """The setting of this name, if `kept` one that a profile can hold; UsageError names the ones there are."""
    known = {setting.name: setting for setting in SETTINGS if setting.in_profile or not kept}
    if name in known:
        return known[name]
    raise UsageError(f"There is no setting {name!r}.", hint=f"{did_you_mean(name, known)}Settings: {', '.join(known)}.")


def _profile(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    config: Config,
    project: Callable[[], tuple[str, str] | None],
) -> tuple[str, str]:
    named = options.get("profile")
    if options.get("sandbox"):
        if named not in {None, SANDBOX}:
            raise UsageError(f"--sandbox and --profile {named} name two tenants; choose one.")
        return SANDBOX, "option --sandbox"
    if named is not None:
        name, source, place = str(named), "option --profile", "option --profile"
    elif environ.get("SYNQ_PROFILE"):
        name, source, place = environ["SYNQ_PROFILE"], "SYNQ_PROFILE", "SYNQ_PROFILE"
    elif named_here := project():
        return named_here
    elif config.current:
        name, source, place = config.current, "auth switch", f"current_profile in {config.path}"
    else:
        return "default", "default"
    return check_name(name, place), source


def _parsed(setting: Setting, value: object, origin: str) -> Any:
    """The value from what an option, a variable or YAML gave; UsageError names where it stands."""
    if setting.words and value and isinstance(value, list) and all(isinstance(word, str) for word in value):
        import shlex

        value = shlex.join(value)
    if isinstance(value, dict | list):
        problem = "must be a single value"
    else:
        try:
            parsed = setting.parse(value if isinstance(value, str) else str(value))
        except ValueError as error:
            problem = str(error)
        else:
            if isinstance(value, str) or isinstance(setting.default, bool | int):
                return parsed
            problem = "must be text; put it in quotes"  # YAML reads a bare NO as false and 010 as 8
    raise UsageError(f"{origin} is {_shown(value)}, but {setting.name} {problem}.")


def _shown(value: object) -> str:
    """The value as an error may repeat it: short, and without what may be a password or a token."""
    import reprlib

    # YAML's aliases can make a list that fills the memory once it is spelled out.
    text = value if isinstance(value, str) else reprlib.repr(value)
    text = re.sub(r"(?s)^.*@", "***@", text)
    text = re.sub(r"(?s)([?#]).*$", r"\1***", text)
    text = re.sub(r"eyJ[\w.-]*", "eyJ***", text)
    text = text if len(text) <= 80 else f"{text[:80]}..."
    return repr(text) if isinstance(value, str) else text
