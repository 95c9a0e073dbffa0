"""The settings of a run: option > environment variable > profile > default, and where each value came from."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args

from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean, nearest
from synq_cli.session.network.base_url import check_base_url, check_token_url
from synq_cli.session.profiles import Config, check_name
from synq_cli.uuids import parse_uuid

OutputFormat = Literal["table", "json", "ndjson", "yaml", "csv", "tsv", "xlsx"]
OUTPUT_FORMATS: tuple[str, ...] = get_args(OutputFormat)
DEFAULT_BASE_URL = "https://api.synq.io"
SANDBOX = "sandbox"
SANDBOX_URL = "http://sandbox.invalid"
PRODUCTION = "production"
ENVIRONMENTS = (PRODUCTION, "staging", "test")
_DAY = 86_400
# Characters of the name of a pool.
_LONGEST_NAME = 100
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
# A URL, or keywords and values such as host=db password=... at the start; a command takes options, or `=` further on.
_CONNECTION_STRING = re.compile(r"postgres(?:ql)?://|^\s*\w+\s*=|\bpassword\s*=")


class Setting(NamedTuple):
    """One setting: `parse` gives its value from text, or raises a ValueError that says what to use instead.

    A profile can hold the arguments of a `command` as a list, too. A `document` is changed in the file only.
    """

    name: str
    env: str | None
    default: Any
    parse: Callable[[str], Any]
    help: str
    in_profile: bool = True
    command: bool = False
    document: bool = False


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"use {', '.join(words[:-1])} or {words[-1]}")
        return text

    return parse


def _uuid(text: str) -> str:
    if (uuid := parse_uuid(text, bare=False)) is None:
        raise ValueError("use a UUID such as 6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31")
    return uuid


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _DAY:  # false for NaN, too
        raise ValueError(f"use a number of seconds from 0 to {_DAY}")
    return int(seconds) if seconds.is_integer() else seconds


def _positive_seconds(text: str) -> float:
    if not (seconds := _seconds(text)):
        raise ValueError("use more than 0 seconds")
    return seconds


def _count(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) and len(text) < 9):
            raise ValueError(f"use a whole number, {least} or more")
        return int(text)

    return parse


def _switch(text: str) -> bool:
    words = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
    if text.lower() not in words:
        raise ValueError("use true or false")
    return words[text.lower()]


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("use one line of text, without control characters")
    return text


def _pool(text: str) -> str:
    """One line of at most 100 characters: the name is in each request's row in the team store."""
    if len(_line(text)) > _LONGEST_NAME:
        raise ValueError(f"use at most {_LONGEST_NAME} characters")
    return text


def _command(text: str) -> str:
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words or not words[0] or not text.isprintable():
        raise ValueError("use a program and its arguments, with closed quotes")
    return text


def _team_store(text: str) -> str:
    """`$NAME` or a command. A connection string itself is refused: config.yaml must not hold it."""
    if _CONNECTION_STRING.search(text):
        raise ValueError(
            "name a variable that holds the connection string, such as '$SYNQ_TEAM_STORE', or a command that prints it"
        )
    if not text.startswith("$"):
        return _command(text)
    if not _VARIABLE.fullmatch(text):
        raise ValueError("use the name of an environment variable, such as '$SYNQ_TEAM_STORE'")
    return text


SETTINGS = (
    Setting("profile", "SYNQ_PROFILE", "default", check_name, "profile to use, one for each tenant", in_profile=False),
    Setting("base_url", "SYNQ_BASE_URL", DEFAULT_BASE_URL, check_base_url, "base URL of the API"),
    Setting("tenant_id", "SYNQ_TENANT_ID", None, _uuid, "tenant id [default: the token's]"),
    Setting("org_id", "SYNQ_ORG_ID", None, _uuid, "organization id [default: the token's]"),
    Setting("location", None, None, _line, "stock location of adjustments"),
    Setting(
        "output", "SYNQ_OUTPUT", None, _one_of(*OUTPUT_FORMATS), "output format [default: table, or tsv in a pipe]"
    ),
    Setting("timeout", "SYNQ_TIMEOUT", 30, _positive_seconds, "time limit of a request, in seconds"),
    Setting("max_wait", "SYNQ_MAX_WAIT", 120, _seconds, "longest wait for the rate limit, in seconds"),
    Setting("reserve", "SYNQ_RESERVE", 0, _count(0), "requests to leave to other commands"),
    Setting(
        "max_requests",
        "SYNQ_MAX_REQUESTS",
        None,
        _count(1),
        "most requests that a command sends, besides the rows of a bulk run",
        in_profile=False,
    ),
    Setting("read_only", "SYNQ_READ_ONLY", False, _switch, "if true, refuses every request that could change data"),
    Setting("cache", None, True, _switch, "if false, keeps no orders and product titles on this machine"),
    Setting("bulk_payload", None, "inline", _one_of("inline", "base64"), "encoding of the rows sent to bulk jobs"),
    Setting(
        "environment",
        None,
        None,
        _one_of(*ENVIRONMENTS),
        "production makes destructive commands ask for the profile's name",
    ),
    Setting(
        "policy",
        None,
        None,
        str,
        "limits on commands, rows, units and SKUs; to change them, edit config.yaml",
        document=True,
    ),
    Setting("token_command", None, None, _command, "program that prints a new token", command=True),
    Setting("token_url", None, None, check_token_url, "OAuth 2 token URL that renews the token"),
    Setting("client_id", None, None, _line, "OAuth 2 client id of the refresh token"),
    Setting(
        "team_store",
        None,
        None,
        _team_store,
        "variable, such as $SYNQ_TEAM_STORE, or program that prints the PostgreSQL connection string of the team",
        command=True,
    ),
    Setting("budget_pool", None, "default", _pool, "name of the IP address that the team's machines share"),
    Setting(
        "footer",
        "SYNQ_FOOTER",
        "text",
        _one_of("text", "json"),
        "json makes the last line on stderr an object with the requests that were sent and are left",
        in_profile=False,
    ),
    Setting(
        "debug", "SYNQ_DEBUG", False, _switch, "if true, prints a line for each request on stderr", in_profile=False
    ),
)
RENEWAL_SETTINGS = ("token_command", "token_url", "client_id")
# The embedded sandbox answers these itself, or has no use for them: it is a tenant of this machine alone.
_NOT_FOR_SANDBOX = {"base_url", "tenant_id", "org_id", *RENEWAL_SETTINGS, "team_store"}


class Settings(NamedTuple):
    """The value of every setting, and in `sources` where each came from."""

    profile: str
    base_url: str
    tenant_id: str | None
    org_id: str | None
    location: str | None
    output: str | None
    timeout: float
    max_wait: float
    reserve: int
    max_requests: int | None
    read_only: bool
    cache: bool
    bulk_payload: str
    environment: str | None
    policy: Any
    token_command: str | None
    token_url: str | None
    client_id: str | None
    team_store: str | None
    budget_pool: str
    footer: str
    debug: bool
    sources: Mapping[str, str]


def resolve(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    config: Config,
    project: Callable[[], tuple[str, str] | None] = lambda: None,
) -> Settings:
    """The settings of a run; UsageError names the option, variable or file that is wrong.

    `project` finds the profile that the working folder asks for, and the file that names it.
    """
    profile, source = _profile(options, environ, config, project)
    stored = config.profiles.get(profile, {})
    values: dict[str, Any] = {"profile": profile}
    sources = {"profile": source}
    if profile == SANDBOX and options.get("base_url") is not None:
        raise UsageError("The embedded sandbox has no base URL.", hint="Omit --base-url, or --sandbox.")
    for setting in SETTINGS[1:]:
        option = options.get(setting.name)
        variable = environ.get(setting.env or "")
        if profile == SANDBOX and setting.name in _NOT_FOR_SANDBOX:
            value, origin = (SANDBOX_URL if setting.name == "base_url" else None), "sandbox"
        elif option is not None:
            origin = f"option --{setting.name.replace('_', '-')}"
            value = _parsed(setting, option, origin)
        elif variable:
            origin = str(setting.env)
            value = _parsed(setting, variable, origin)
        elif setting.in_profile and stored.get(setting.name) is not None:
            value, origin = _stored(setting, config, profile), f"profile {profile}"
        else:
            value, origin = setting.default, "default"
        values[setting.name], sources[setting.name] = value, origin
    return Settings(**values, sources=sources)


def stored_base_url(config: Config, profile: str) -> str:
    """The base URL that the profile's stored token is for; UsageError names the file if it is invalid."""
    if config.profiles.get(profile, {}).get("base_url") is None:
        return DEFAULT_BASE_URL
    return str(_stored(find_setting("base_url"), config, profile))


def parse_setting(name: str, text: str) -> Any:
    """The value of a profile's setting, from text; UsageError if there is no such setting or the text is invalid."""
    return _parsed(find_changeable(name), text)


def find_changeable(name: str) -> Setting:
    """The setting of a profile that a command may change; UsageError for a document, a part of one, or no setting."""
    head = name.partition(".")[0]
    if any(setting.document and setting.name == head for setting in SETTINGS):
        raise UsageError(
            f"The {head} of a profile is not changed by commands, so that none loosens its own limits.",
            hint="Edit the file that `synq config path` prints.",
        )
    return find_setting(name)


def describe(settings: Settings) -> list[dict[str, object]]:
    """A row for each setting: its value, where that came from, its environment variable and its meaning."""
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


def ignored(config: Config, profiles: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each name in config.yaml, of these profiles or beside them, and each variable without effect.

    Only variables that differ from those of settings by case and underscores: others may be a script's own.
    """
    for name in config.unknown:
        where = did_you_mean(name, ("current_profile", "profiles")) or "Settings belong below a profile."
        yield f'Unknown name "{name}" in {config.path} is ignored. {where}'.rstrip()
    for profile in profiles:
        for name in unknown_settings(config, profile):
            near = did_you_mean(name, _in_profile())
            yield f'Unknown setting "{name}" of profile {profile} in {config.path} is ignored. {near}'.rstrip()
    variables = {setting.env.replace("_", ""): setting.env for setting in SETTINGS if setting.env}
    for name in environ:
        meant = variables.get(name.replace("_", "").upper())
        if meant and meant != name:
            yield f"Unknown variable {name} is ignored. Did you mean {meant}?"


def unknown_settings(config: Config, profile: str) -> dict[str, object]:
    """What a profile holds under names that are no settings."""
    known = _in_profile()
    return {name: value for name, value in config.profiles.get(profile, {}).items() if name not in known}


def is_meant(name: str, setting: str) -> bool:
    """Whether a name in config.yaml that is no setting is most like this one."""
    return nearest(name.replace("-", "_"), _in_profile()) == [setting]


def _in_profile() -> list[str]:
    return [*(setting.name for setting in SETTINGS if setting.in_profile), "token_store"]  # written by `auth login`


def find_setting(name: str, *, in_profile: bool = True) -> Setting:
    """The setting of this name, by default one that a profile can hold; UsageError names the nearest ones."""
    known = {setting.name: setting for setting in SETTINGS if setting.in_profile or not in_profile}
    if name in known:
        return known[name]
    raise UsageError(f'Unknown setting "{name}".', hint=f"{did_you_mean(name, known)}Settings: {', '.join(known)}.")


def _profile(
    options: Mapping[str, object],
    environ: Mapping[str, str],
    config: Config,
    project: Callable[[], tuple[str, str] | None],
) -> tuple[str, str]:
    named = options.get("profile")
    if options.get("sandbox"):
        if named not in {None, SANDBOX}:
            raise UsageError(f"--sandbox and --profile {named} are two tenants: use one of them.")
        return SANDBOX, "option --sandbox"
    if named is not None:
        return check_name(str(named), "option --profile"), "option --profile"
    if environ.get("SYNQ_PROFILE"):
        return check_name(environ["SYNQ_PROFILE"], "SYNQ_PROFILE"), "SYNQ_PROFILE"
    if found := project():
        return found
    if config.current:
        return check_name(config.current, f"current_profile in {config.path}"), "auth switch"
    return "default", "default"


def _stored(setting: Setting, config: Config, profile: str) -> Any:
    if setting.document:
        return config.profiles[profile][setting.name]
    return _parsed(setting, config.profiles[profile][setting.name], f"profile {profile} in {config.path}")


def _parsed(setting: Setting, value: object, origin: str = "") -> Any:
    """The value from what an option, a variable or YAML gave; UsageError names its origin."""
    if setting.command and value and isinstance(value, list) and all(isinstance(word, str) for word in value):
        import shlex

        value = shlex.join(value)
    if isinstance(value, dict | list):
        problem = "use a single value"
    else:
        try:
            parsed = setting.parse(value if isinstance(value, str) else str(value))
        except ValueError as error:
            problem = str(error)
        else:
            if isinstance(value, str) or isinstance(setting.default, bool | int):
                return parsed
            problem = "use text; put it in quotes"  # YAML reads 10 as a number
    raise UsageError(f"Invalid {setting.name} {_shown(value)}{origin and f' from {origin}'}: {problem}.")


def _shown(value: object) -> str:
    """The value as an error may repeat it: short, and without what may be a password or a token."""
    import reprlib
    from decimal import Decimal

    # With YAML's aliases, a short text can stand for a list that fills the memory.
    text = str(value) if isinstance(value, str | Decimal) else reprlib.repr(value)
    text = re.sub(r"(?s)^.*@", "***@", text)
    text = re.sub(r"(?s)\b(password\s*=).*$", r"\1***", text)
    text = re.sub(r"(?s)([?#]).*$", r"\1***", text)
    text = re.sub(r"eyJ[\w.-]*", "eyJ***", text)
    text = text if len(text) <= 80 else f"{text[:80]}..."
    return f'"{text}"' if isinstance(value, str) else text
