"""The policy of a profile: which commands may run, and how much, of what and how they may change."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from synq_cli.errors import RefusedError
from synq_cli.nearest import did_you_mean

POLICY = "policy"
PLAN_ONLY = "plan-only"
_KEYS = ("allow", "deny", "max_rows", "max_units", "never_sku", "writes")
_UNITS = ("row", "run")


class Policy(NamedTuple):
    """The rules of a profile in the file `path`; None and empty are no rule.

    `allow` and `deny` are patterns of commands, `never_sku` of SKUs. `row_units` and `run_units` are the most units
    that a row and a run may move. With a `problem` the rules can't be read, and no write is permitted.
    """

    profile: str
    path: Path
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    max_rows: int | None = None
    row_units: int | None = None
    run_units: int | None = None
    never_sku: tuple[str, ...] = ()
    plan_only: bool = False
    problem: str | None = None

    @property
    def sentence(self) -> str | None:
        """What is wrong with the policy; None if it can be read."""
        if self.problem is None:
            return None
        end = "" if self.problem[-1] in "?." else "."
        return f"The policy of profile {self.profile} in {self.path} is invalid: {self.problem}{end}"

    @property
    def can_apply(self) -> bool:
        """Whether it permits `synq apply`."""
        is_denied = any(command_matches(pattern, "apply") for pattern in self.deny)
        return not is_denied and (self.allow is None or self._allows("apply"))

    def refusal(self, rule: str, hint: str | None = None) -> RefusedError:
        """The error for a breach of a rule."""
        return RefusedError(
            f"Refused by the policy of profile {self.profile}: {rule}. Nothing was sent.",
            hint=hint or f"Stay within the policy, or ask its owner to change it in {self.path}.",
        )

    def check_command(self, command: str, *, is_local: bool = False) -> None:
        """RefusedError if the command, such as `inventory adjust`, may not run.

        A local one, which changes nothing at the API, is refused only by a pattern of `deny` that names its group.
        """
        for pattern in self.deny:
            if command_matches(pattern, command) and not (is_local and pattern[0] in "*?"):
                raise self.refusal(f'deny includes "{pattern}", which matches `synq {command}`')
        if self.allow is None or is_local:
            return
        if not self._allows(command):
            raise self.refusal(f"allow does not include `synq {command}`")

    def check_commands(self, commands: Sequence[str]) -> None:
        """The same for a request that each of these commands sends: none may be denied, and one must be allowed."""
        if len(commands) == 1:
            self.check_command(commands[0])
            return
        for command in commands:
            self._replace(allow=None).check_command(command)
        if self.allow is not None and commands and not any(map(self._allows, commands)):
            raise self.refusal(f"allow includes none of the commands that send such a request: {', '.join(commands)}")

    def _allows(self, command: str) -> bool:
        return any(command_matches(pattern, command) for pattern in self.allow or ())

    def check_readable(self) -> None:
        """RefusedError, before a write, if the rules can't be read."""
        if self.sentence:
            raise RefusedError(
                f"{self.sentence} Nothing was sent.",
                hint="Fix the policy in that file; until then every write is refused.",
            )

    def check_plan_only(self) -> None:
        """RefusedError, before a write that is not part of a plan, if only plans may be applied."""
        if self.plan_only:
            way = "apply it with `synq apply FILE`" if self.can_apply else "have it applied with another profile"
            raise self.refusal(f"writes is {PLAN_ONLY}", f"Add --plan FILE to make a plan, then {way}.")

    def check_rows(self, rows: int) -> None:
        """RefusedError if a run has too many rows."""
        if self.max_rows is not None and rows > self.max_rows:
            raise self.refusal(f"max_rows is {self.max_rows}, but there are {rows} rows")

    def check_units(self, units: int, what: str) -> None:
        """RefusedError if a row moves too many units; `what` says so in words."""
        if self.row_units is not None and abs(units) > self.row_units:
            raise self.refusal(f"max_units.row is {self.row_units}, but {what}")

    def check_run_units(self, units: int) -> None:
        """RefusedError if all rows of a run move too many units."""
        if self.run_units is not None and units > self.run_units:
            raise self.refusal(f"max_units.run is {self.run_units}, but the rows move {units} units")

    def check_sku(self, sku: str, where: str) -> None:
        """RefusedError if the SKU may not be changed; `where` names the row."""
        for pattern in self.never_sku:
            if _matches(pattern, sku):
                raise self.refusal(f'never_sku includes "{pattern}", but {where} is for {sku}')

    def summary(self) -> str:
        """The rules in one line."""
        found = [
            *([f"allow {', '.join(self.allow) or 'nothing'}"] if self.allow is not None else []),
            *([f"deny {', '.join(self.deny)}"] if self.deny else []),
            *([f"max_rows {self.max_rows}"] if self.max_rows is not None else []),
            *([f"max_units {self.row_units} a row"] if self.row_units is not None else []),
            *([f"max_units {self.run_units} a run"] if self.run_units is not None else []),
            *([f"never_sku {', '.join(self.never_sku)}"] if self.never_sku else []),
            *([f"writes {PLAN_ONLY}"] if self.plan_only else []),
        ]
        return "; ".join(found) or "no rules"

    @property
    def shown(self) -> str:
        """The rules in one line, or what is wrong with them."""
        return self.sentence or self.summary()


class _InvalidError(ValueError):
    """What is wrong with the policy in the file."""


def read_policy(document: object, profile: str, path: Path) -> Policy:
    """The policy that a profile's `policy` describes; one with a `problem` if that is invalid."""
    try:
        return Policy(profile, path, **_rules(document))
    except _InvalidError as error:
        return Policy(profile, path, problem=str(error))


def misplaced_policy(unknown: object) -> str | None:
    """What looks like a policy in these parts of config.yaml, which have no effect; None if nothing does."""
    from synq_cli.session.settings import is_meant

    seen: set[int] = set()  # an alias may make a list contain itself
    parts = [unknown]
    while parts:
        part = parts.pop()
        if id(part) in seen or not isinstance(part, dict | list):
            continue
        seen.add(id(part))
        for name in part if isinstance(part, dict) else ():
            if name == POLICY or is_meant(name, POLICY):
                return str(name)
        parts += part.values() if isinstance(part, dict) else part
    return None


def command_matches(pattern: str, command: str) -> bool:
    """Whether a pattern covers a command: its name, its group, or with `*` and `?` any name of that form."""
    words = command.split()
    return any(_matches(pattern, " ".join(words[:count])) for count in range(1, len(words) + 1))


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text has this form, in any case; `*` stands for any text, `?` for one character."""
    form = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern.strip().casefold())
    return re.fullmatch(form, text.strip().casefold(), re.DOTALL) is not None


def _rules(document: object) -> dict[str, Any]:
    found = _mapping(document, "policy", _KEYS)
    units = found.get("max_units")
    limits = {"row": units} if not isinstance(units, Mapping) else _mapping(units, "max_units", _UNITS)
    if "max_units" in found and units is None:
        raise _InvalidError("max_units has no value: use a whole number, or a mapping with row and run")
    if (writes := found.get("writes", PLAN_ONLY)) != PLAN_ONLY:
        raise _InvalidError(f"invalid writes {_shown(writes)}: use {PLAN_ONLY}, or leave it out")
    return {
        "allow": _patterns(found, "allow", _command) if "allow" in found else None,
        "deny": _patterns(found, "deny", _command),
        "max_rows": _number(found, "max_rows", "max_rows"),
        "row_units": _number(limits, "row", "max_units.row") if "max_units" in found else None,
        "run_units": _number(limits, "run", "max_units.run"),
        "never_sku": _patterns(found, "never_sku", str.strip),
        "plan_only": "writes" in found,
    }


def _mapping(value: object, name: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        what = "has no rules" if value is None else f"is {_shown(value)}"
        raise _InvalidError(f"{name} {what}: use a mapping with {', '.join(keys[:-1])} or {keys[-1]}")
    for key in value:
        if key not in keys:
            near = did_you_mean(str(key), keys).rstrip() or f"Use {', '.join(keys[:-1])} or {keys[-1]}."
            raise _InvalidError(f'unknown rule "{key}" in {name}. {near}')
    return value


def _patterns(rules: Mapping[str, Any], name: str, normal: Callable[[str], str]) -> tuple[str, ...]:
    """The texts of a list, in their normal form."""
    values = rules.get(name, [])
    if not isinstance(values, list):
        raise _InvalidError(
            f"{name} is {_shown(values)}: use a list, such as [{_shown(values)}]"
            if values is not None
            else f"{name} has no value: use a list"
        )
    found = []
    for value in values:
        if not isinstance(value, str):
            raise _InvalidError(f"{name} has {_shown(value)}: use text; put it in quotes")
        if not normal(value):
            raise _InvalidError(f"{name} has an empty text: remove it")
        found.append(normal(value))
    return tuple(found)


def _command(text: str) -> str:
    words = text.split()
    return " ".join(words[1:] if words[:1] == ["synq"] else words)


def _number(rules: Mapping[str, Any], key: str, name: str) -> int | None:
    if key not in rules:
        return None
    value = rules[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _InvalidError(f"invalid {name} {_shown(value)}: use a whole number from 1")
    return value


def _shown(value: object) -> str:
    from reprlib import repr as shortened

    if isinstance(value, str):
        return f'"{value[:40]}"'
    # A number may keep how it was written.
    return "nothing" if value is None else str(getattr(value, "text", shortened(value)))
