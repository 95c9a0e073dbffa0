"""`synq config`: read and change the settings of profiles."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import invocation
from synq_cli.cli.values import suggestion
from synq_cli.output.columns import Column
from synq_cli.output.formats import whole
from synq_cli.session import profiles
from synq_cli.session.settings import SETTINGS, describe, find_setting, parse_setting

group = Noun("Read and change profiles.")

COLUMNS = [
    Column("Setting", "setting"),
    Column("Value", "value", whole),
    Column("From", "source"),
    Column("Variable", "variable", drop=1),
    Column("Meaning", "meaning", drop=2),
]


# No Literal: the names come from the table of settings, and `get` takes those that a profile can't hold, too.
SETTING = suggestion("SETTING", (setting.name for setting in SETTINGS if setting.in_profile))
KeyArgument = Annotated[
    str,
    typer.Argument(metavar=SETTING, help="Its name, as `config list` shows it."),
]


@group.command("list")
def list_settings(ctx: typer.Context) -> None:
    """List settings, their values and where they came from.

    An option wins over an environment variable, that over the profile, that over the default.

    Examples:
      synq config list
      synq config list --profile acme --json
    """
    run = invocation(ctx)
    run.output.rows(describe(run.settings), COLUMNS)


@group.command("get")
def get_setting(ctx: typer.Context, setting: KeyArgument) -> None:
    """Print the value of one setting.

    Examples:
      synq config get base_url
      synq config get location --profile acme
    """
    run = invocation(ctx)
    run.output.value(getattr(run.settings, find_setting(setting, in_profile=False).name))


@group.command("set")
def set_setting(
    ctx: typer.Context,
    setting: KeyArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value.")],
) -> None:
    """Change a setting of the profile.

    Examples:
      synq config set location "Leith warehouse"
      synq config set output json --profile ci
    """
    run = invocation(ctx)
    profile = run.settings.profile
    parsed = parse_setting(setting, value)
    profiles.change(
        run.config.path, lambda config: config["profiles"].setdefault(profile, {}).update({setting: parsed})
    )
    run.output.done(f"Set {setting} of profile {profile} to {value}.")


@group.command("unset")
def unset_setting(ctx: typer.Context, setting: KeyArgument) -> None:
    """Take a setting out of the profile.

    Its default, or the environment, counts again.

    Examples:
      synq config unset location
      synq config unset output --profile acme
    """
    run = invocation(ctx)
    profile, name = run.settings.profile, find_setting(setting).name
    profiles.change(run.config.path, lambda config: config["profiles"].get(profile, {}).pop(name, None))
    run.output.done(f"Profile {profile} no longer sets {name}.")


@group.command("path")
def print_path(ctx: typer.Context) -> None:
    """Print where the profiles are kept.

    Examples:
      synq config path
      cp "$(synq config path)" profiles.yaml
    """
    run = invocation(ctx)
    run.output.value(str(run.config.path))
