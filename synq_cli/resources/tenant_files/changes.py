"""The result of a comparison: changes that the API can make, and other differences."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from synq_cli import exact_json
from synq_cli.errors import UsageError
from synq_cli.http.operation import Operation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.tenant_files.folder import Problems
from synq_cli.resources.tenant_files.parts import Entry, Part, canonical

# later: possible once this plan is applied; impossible: the API can't change it; extra: only in the tenant.
Why = Literal["later", "impossible", "extra"]


class Change(NamedTuple):
    """One request of a plan. `before` and `after` have the same keys; `before` is None for a new object."""

    operation: Operation
    path: Mapping[str, str]
    body: Row
    before: Row | None
    after: Row
    label: str


class Remainder(NamedTuple):
    """A difference that is not part of the plan: its kind, its object, and the reason or what to do about it."""

    why: Why
    label: str
    reason: str


class Comparison:
    """The changes in their order, the other differences, problems of the files, and notes.

    `warnings` are about the changes.

    `problems` are those found before the comparison.
    """

    def __init__(self, problems: Problems | None = None) -> None:
        self.changes: list[Change] = []
        self.remainders: list[Remainder] = []
        self.problems = problems or Problems()
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def create(self, entry: Entry, operation: Operation, label: str, body: Callable[[], Row], **path: str) -> None:
        """Add the creation of an object; invalid fields become a problem."""
        if (checked := self.checked(entry, body)) is not None:
            self.changes.append(Change(operation, path, checked, None, checked, label))

    def replace(
        self,
        operation: Operation,
        label: str,
        present: Mapping[str, Any],
        body: Row,
        after: Row | None = None,
        **path: str,
    ) -> None:
        """Add the change of an object to `after`, by default the body, unless it already has these values."""
        after = body if after is None else after
        before = {key: present.get(key) for key in after}
        if not exact_json.equals(after, before):
            self.changes.append(Change(operation, path, body, before, after, label))

    def remains(self, why: Why, label: str, reason: str) -> None:
        """Add a difference that is not part of the plan."""
        self.remainders.append(Remainder(why, label, reason))

    def checked(self, entry: Entry, body: Callable[[], Row]) -> Row | None:
        """The body; None if its fields are invalid, which becomes a problem."""
        try:
            return body()
        except UsageError as error:
            self.problems.add(entry.place, f"{error.message} {error.hint or ''}".rstrip())
            return None


class Matches(NamedTuple):
    """The objects on both sides, paired, and the objects on one side only."""

    pairs: list[tuple[Entry, Entry]]
    new: list[Entry]
    extra: list[Entry]


def match(part: Part, files: Sequence[Entry], tenant: Sequence[Entry], found: Comparison) -> Matches:
    """Match the objects of a part: first equal ones, even if there are several, then by the natural keys.

    Keys that differ only in case are matched last: the name has changed. An object that differs and is given twice, in
    any case, is a problem. If the tenant has several, it is impossible to change.
    """
    any_case = [_key(names, ignores_case=True) for names in part.keys]
    keys = [*(_key(names) for names in part.keys), *any_case]
    pairs: list[tuple[Entry, Entry]] = []
    new, extra = list(files), list(tenant)
    for number, key in enumerate([_same, *keys]):
        ours, theirs = _grouped(new, key), _grouped(extra, key)
        used: set[int] = set()
        for value in [value for value in ours if value in theirs]:
            mine, yours = ours[value], theirs[value]
            if not number or len(mine) == len(yours) == 1:
                pairs += zip(mine, yours, strict=False)
                used.update(id(each) for pair in zip(mine, yours, strict=False) for each in pair)
            elif len(mine) == 1:
                used.update(map(id, (*mine, *yours)))
                label = f"{part.one} {part.key(mine[0].fields)}"
                found.remains("impossible", label, f"the tenant has {len(yours)} with this name")
        new = [entry for entry in new if id(entry) not in used]
        extra = [entry for entry in extra if id(entry) not in used]
    differing = [*new, *(ours for ours, theirs in pairs if _same(ours) != _same(theirs))]
    named = [(key, _grouped(files, key)) for key in any_case]
    for entry in differing:
        same = next((groups[value] for key, groups in named if (value := key(entry)) is not None), [])
        if other := next((each for each in same if each is not entry), None):
            found.problems.add(
                entry.place, f"the {part.one} {part.key(entry.fields)} is given twice, also in {other.place}"
            )
    return Matches(pairs, new, extra)


def _same(entry: Entry) -> str:
    return canonical(entry.fields)


def _key(names: Sequence[str], *, ignores_case: bool = False) -> Callable[[Entry], Hashable]:
    """The values of these fields; None if the first is missing. The case of an email address never counts."""

    def key(entry: Entry) -> Hashable:
        values = [entry.fields.get(name) for name in names]
        if values[0] is None:
            return None
        return tuple(
            value.casefold() if isinstance(value, str) and (ignores_case or name == "email") else value
            for name, value in zip(names, values, strict=True)
        )

    return key


def _grouped(entries: Sequence[Entry], key: Callable[[Entry], Hashable]) -> dict[Hashable, list[Entry]]:
    found: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        if (value := key(entry)) is not None:
            found.setdefault(value, []).append(entry)
    return found
