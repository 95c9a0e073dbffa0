"""`synq config`: show and change the settings of profiles."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import argument
from synq_cli.nearest import did_you_mean
from synq_cli.output.columns import Column
from synq_cli.output.formats import whole
from synq_cli.session import profiles
from synq_cli.session.settings import SANDBOX, SETTINGS, describe, find_changeable, find_setting, parse_setting

group = CommandGroup()

COLUMNS = [
    Column("Setting", "setting"),
    Column("Value", "value", whole),
    Column("From", "source"),
    Column("Variable", "variable", drop=1),
    Column("Meaning", "meaning", drop=2),
]

# No Literal: the names come from the table of settings, and `get` takes those that a profile can't hold, too.
SETTING = Metavar("SETTING", "words", (setting.name for setting in SETTINGS if setting.in_profile))
KeyArgument = Annotated[str, argument(SETTING, "Name of the setting, as in `synq config list`.")]


@group.command("list")
def list_settings(run: RunContext) -> None:
    """List settings with their values and sources.

    An option overrides an environment variable, which overrides the profile, which overrides the default. Of a policy,
    tables show which rules it has; `synq config get policy` shows the rules.

    Examples:
      synq config list
      synq config list --profile acme --json
    """
    rows = describe(run.settings)
    if run.output.format == "table" and run.policy:
        # As a whole it would widen the table; `config get policy` shows it.
        names = "invalid" if run.policy.problem else ", ".join(run.settings.policy)
        rows = [row | {"value": names} if row["setting"] == "policy" else row for row in rows]
    run.output.rows(rows, COLUMNS)


@group.command("get")
def get_setting(run: RunContext, setting: KeyArgument) -> None:
    """Print the value of one setting.

    Examples:
      synq config get base_url
      synq config get location --profile acme
    """
    name = find_setting(setting, in_profile=False).name
    if name == "policy" and run.output.format == "table" and run.policy:
        run.output.value(run.policy.shown)
    else:
        run.output.value(getattr(run.settings, name))


@group.command("set")
def set_setting(run: RunContext, setting: KeyArgument, value: Annotated[str, argument("VALUE", "New value.")]) -> None:
    """Change a setting of the profile.

    A profile that does not exist yet is created, with a warning.

    Examples:
      synq config set location "Leith warehouse"
      synq config set output json --profile ci
    """
    profile = run.settings.profile
    parsed = parse_setting(setting, value)
    profiles.save_setting(run.config.path, profile, setting, parsed)
    run.output.note(f"Set {setting} of profile {profile} to {value}.")
    _warn_if_unknown(run, "is new")


@group.command("unset")
def unset_setting(run: RunContext, setting: KeyArgument) -> None:
    """Remove a setting from the profile.

    The environment variable or the default applies again.

    Examples:
      synq config unset location
      synq config unset output --profile acme
    """
    profile, name = run.settings.profile, find_changeable(setting).name
    if run.config.profiles.get(profile, {}).get(name) is None:
        run.output.note(f"Profile {profile} does not set {name}.")
    else:
        profiles.change(run.config.path, lambda config: config["profiles"].get(profile, {}).pop(name, None))
        run.output.note(f"Removed {name} from profile {profile}.")
    _warn_if_unknown(run, "does not exist")


@group.command("path")
def print_path(run: RunContext) -> None:
    """Print the path of the configuration file.

    Examples:
      synq config path
      cp "$(synq config path)" profiles.yaml
    """
    run.output.value(str(run.config.path))


def _warn_if_unknown(run: RunContext, what: str) -> None:
    """Warn, with the nearest name, if the profile is none of those that were there when the run started."""
    profile = run.settings.profile
    if not is_known(run):
        run.output.warn(f"Profile {profile} {what}. {did_you_mean(profile, run.config.profiles)}".rstrip())


def is_known(run: RunContext) -> bool:
    """Whether the profile was there when the run started; the default and the sandbox always are."""
    return run.settings.profile in {"default", SANDBOX, *run.config.profiles}
