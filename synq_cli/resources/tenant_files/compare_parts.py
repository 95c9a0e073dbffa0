"""The comparison of everything but products: pure functions over entries of the files and of the tenant."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.http.operation import Operation
from synq_cli.nearest import did_you_mean
from synq_cli.resources.settings import WORDS
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.changes import Change, Comparison, Matches, match
from synq_cli.resources.tenant_files.parts import Entry, Part
from synq_cli.uuids import parse_uuid

ROLES = ("ADMIN", "EDITOR", "VIEWER")
_CREATES: Mapping[str, Operation] = {
    parts.ATTRIBUTE_GROUPS.name: operations.CREATE_ATTRIBUTE_GROUP,
    parts.ATTRIBUTES.name: operations.CREATE_ATTRIBUTE,
    parts.BRANDS.name: operations.CREATE_BRAND,
    parts.CATEGORIES.name: operations.CREATE_CATEGORY,
    parts.TEMPLATES.name: operations.CREATE_TEMPLATE,
}
# Requests write this name differently from replies.
_SENT_AS = {"logo_url": "logoUrl"}
NO_DELETION = "only in the tenant; the API can't delete it"
_ONLY_IN_TENANT = {
    parts.MEMBERS.name: "only in the tenant; to remove it, run `synq organization members remove`",
    parts.CONNECTIONS.name: "only in the tenant; to remove it, run `synq integrations disconnect`",
}
AGAIN = "run `synq plan from` again once this plan is applied"


def compare_part(part: Part, files: Sequence[Entry], tenant: Sequence[Entry], found: Comparison) -> None:
    """Add the differences of one part to what is found."""
    if part is parts.SETTINGS:
        if files:
            _compare_settings(files[0], tenant[0].fields if tenant else {}, found)
        return
    matches = match(part, files, tenant, found)
    if part is parts.CHANNELS:
        _compare_channels(matches, found)
    elif part is parts.MEMBERS:
        _compare_members(matches, found)
    elif part is parts.CONNECTIONS:
        _compare_connections(matches, found)
    elif part is parts.CATEGORIES:
        _compare_categories(matches, files, tenant, found)
    else:
        for entry in matches.new:
            found.create(entry, _CREATES[part.name], _label(part, entry), partial(_body, entry.fields))
        for ours, theirs in matches.pairs:
            _note_differences(part, ours, theirs, found)
    for entry in matches.extra:
        found.remains("extra", _label(part, entry), _ONLY_IN_TENANT.get(part.name, NO_DELETION))


def _compare_settings(entry: Entry, present: Row, found: Comparison) -> None:
    """The API replaces all four settings: those that the file leaves out keep their values."""
    if not entry.fields:
        return  # of a tenant that has never saved any
    body = {key: entry.fields.get(key, present.get(key)) for key in WORDS}
    missing = [key for key, value in body.items() if value is None]
    if missing:
        found.problems.add(
            entry.place,
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: the tenant has no value, and "
            "the API sets all four settings together",
        )
    else:
        found.replace(operations.UPDATE_TENANT_SETTINGS, "settings", present, body)


def _compare_channels(matches: Matches, found: Comparison) -> None:
    for entry in matches.new:
        found.create(
            entry, operations.CREATE_CHANNEL, _label(parts.CHANNELS, entry),
            partial(_channel, {"active": True, **entry.fields}),
        )  # fmt: skip
    for ours, theirs in matches.pairs:
        # The API replaces all three fields: those that the file leaves out keep their values.
        fields = {**theirs.fields, **ours.fields}
        if fields != theirs.fields and (body := found.checked(ours, partial(_channel, fields))) is not None:
            label = _label(parts.CHANNELS, ours)
            found.replace(operations.UPDATE_CHANNEL, label, theirs.fields, body, channelID=theirs.id)


def _channel(fields: Row) -> Row:
    if fields.get("currency") is None:
        raise UsageError("currency is missing: a new channel needs one")
    return {
        "name": fields["name"].strip(),
        "currency": validation.currency(fields["currency"]),
        "active": fields["active"],
    }


def _compare_members(matches: Matches, found: Comparison) -> None:
    for ours, theirs in matches.pairs:
        role, label = ours.fields["role"].upper(), _label(parts.MEMBERS, ours)
        if role == str(theirs.fields.get("role")).upper():
            continue
        if role not in ROLES:
            _refuse_role(ours, found)
        elif not theirs.id:
            found.remains("impossible", label, "the API doesn't report its uid")
        else:
            found.replace(operations.CHANGE_MEMBER_ROLE, label, theirs.fields, {"role": role}, uid=theirs.id)
    for entry in matches.new:
        role, label = entry.fields["role"].upper(), _label(parts.MEMBERS, entry)
        if role not in ROLES:
            _refuse_role(entry, found)
        else:
            found.create(
                entry, operations.INVITE_MEMBER, label,
                partial(_invitation, entry.fields["email"], role),
            )  # fmt: skip


def _refuse_role(entry: Entry, found: Comparison) -> None:
    found.problems.add(entry.place, f'Invalid role "{entry.fields["role"]}": use ADMIN, EDITOR or VIEWER.')


def _compare_connections(matches: Matches, found: Comparison) -> None:
    for entry in matches.new:
        label = _label(parts.CONNECTIONS, entry)
        found.remains("impossible", label, "a person must grant access: run `synq integrations connect`")
    for ours, theirs in matches.pairs:
        _note_differences(parts.CONNECTIONS, ours, theirs, found)


def role_warnings(changes: Sequence[Change], members: Sequence[Entry], subject: str | None) -> Iterator[str]:
    """What to know of changes of roles: no ADMIN would be left, or `subject`, who makes the plan, has another role."""
    roles = {each.path["uid"]: each for each in changes if each.operation is operations.CHANGE_MEMBER_ROLE}
    admins = {member.id for member in members if str(member.fields["role"]).upper() == "ADMIN"}
    left = (admins - roles.keys()) | {uid for uid, each in roles.items() if each.after["role"] == "ADMIN"}
    if admins and not left:
        yield "The plan takes the role ADMIN from everyone who has it: nobody could give it back."
    for member in members:
        own = subject is not None and subject.casefold() in {member.id.casefold(), member.fields["email"].casefold()}
        if own and member.id in roles:
            yield f"The plan changes your own role from {member.fields['role']} to {roles[member.id].after['role']}."


class _Named:
    """Categories by what refers to them: their slug, or the name that only one of them has."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._found: list[dict[object, list[Entry]]] = [{}, {}]
        self._circular: dict[int, bool] = {}
        for found, key in zip(self._found, ("slug", "name"), strict=True):
            for entry in entries:
                found.setdefault(entry.fields.get(key), []).append(entry)

    def parent(self, entry: Entry) -> Entry | None:
        """The parent of a category: the one with its reference as slug, else the only one with it as name."""
        reference = entry.fields.get("parent")
        for found in self._found if reference is not None else ():
            if len(named := found.get(reference, [])) == 1:
                return named[0]
        return None

    def is_own_ancestor(self, entry: Entry) -> bool:
        """Whether the parents of a category lead back to one of them."""
        above: Entry | None = entry
        seen: set[int] = set()
        while above is not None and id(above) not in seen and id(above) not in self._circular:
            seen.add(id(above))
            above = self.parent(above)
        result = above is not None and self._circular.get(id(above), True)
        self._circular |= dict.fromkeys(seen, result)
        return result


def _compare_categories(matches: Matches, files: Sequence[Entry], tenant: Sequence[Entry], found: Comparison) -> None:
    counterpart = {id(ours): theirs for ours, theirs in matches.pairs}
    ours_by_name, theirs_by_name = _Named(files), _Named(tenant)
    for entry in matches.new:
        label, reference = _label(parts.CATEGORIES, entry), entry.fields.get("parent")
        parent = ours_by_name.parent(entry)
        above = theirs_by_name.parent(entry) if parent is None else counterpart.get(id(parent))
        if reference is None:
            found.create(entry, operations.CREATE_CATEGORY, label, partial(_body, entry.fields))
        elif ours_by_name.is_own_ancestor(entry):
            found.problems.add(entry.place, "the category is its own ancestor")
        elif above is not None and parse_uuid(above.id) is None:
            # The API would put the new category at the top without an error.
            found.remains("impossible", label, f"the id of its parent {reference} is not a UUID")
        elif above is not None:
            found.create(entry, operations.CREATE_CATEGORY, label, partial(_body, entry.fields, above.id))
        elif parent is not None:
            found.remains("later", label, f"its parent {reference} does not exist yet: {AGAIN}")
        else:
            names = [str(other.fields[key]) for other in files for key in ("slug", "name") if key in other.fields]
            hint = did_you_mean(reference, names) or "Use the slug of a category, or its name if it has none."
            found.problems.add(entry.place, f'unknown or ambiguous parent "{reference}". {hint}'.rstrip())
    for ours, theirs in matches.pairs:
        mine, yours = ours_by_name.parent(ours), theirs_by_name.parent(theirs)
        # Two tenants may name the same parent differently: by a slug, and by its name.
        same = mine is not None and yours is not None and counterpart.get(id(mine)) is yours
        _note_differences(parts.CATEGORIES, ours, theirs, found, but=("parent",) if same else ())


def _note_differences(part: Part, ours: Entry, theirs: Entry, found: Comparison, but: Sequence[str] = ()) -> None:
    """Note fields that differ and that no request changes."""
    different = [name for name in part.fields if ours.fields.get(name) != theirs.fields.get(name) and name not in but]
    if different:
        verb = "differ" if len(different) > 1 else "differs"
        reason = f"{' and '.join(different)} {verb}; the API can't change this"
        found.remains("impossible", _label(part, ours), reason)


def _invitation(email: str, role: str) -> Row:
    return {"email": validation.email(email), "role": role}


def _body(fields: Row, parent_id: str | None = None) -> Row:
    """The body of the creation of a taxonomy object."""
    checked = {**fields, "name": validation.filled(fields["name"], "name")}
    checked.pop("parent", None)
    if "logo_url" in checked:
        checked["logo_url"] = validation.web_address(checked["logo_url"], "logo URL")
    parent = {} if parent_id is None else {"parentId": parent_id}
    return {_SENT_AS.get(name, name): value for name, value in checked.items()} | parent


def _label(part: Part, entry: Entry) -> str:
    return f"{part.one} {part.key(entry.fields)}"
