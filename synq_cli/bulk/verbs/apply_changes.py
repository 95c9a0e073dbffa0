"""Changes of any kind, each with its own request: the rows of a plan that have no bulk command of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan
from synq_cli.bulk.verbs.verb import Shown, Verb, fields_of
from synq_cli.http import operations
from synq_cli.http.guard import Write
from synq_cli.http.operation import Operation
from synq_cli.resources.request import unknown_operation
from synq_cli.resources.shared.present import Replacement, operation_at

FIELDS: Final = ("label", "operation", "method", "path", "query", "body", "before", "after")
# The fields of an answer that may name what was made; an authorization has only its URL.
_NAMES = ("id", "uid", "workflow_id", "auth_url")


@dataclass(frozen=True)
class Change:
    """One write: its operation with the ids in its path, its body, the values before and after, and its name.

    `before` and `after` have the same fields; they are None for what is created or triggered.
    """

    operation: Operation
    ids: Mapping[str, str] | None = None
    body: Any = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    label: str = ""
    query: Mapping[str, str] | None = None

    def row(self, line: int) -> Row:
        """The row of a run."""
        operation, path = self.operation, self.operation.path_with(self.ids)
        before = None if self.before is None else dict(self.before)
        after = None if self.after is None else dict(self.after)
        values = (self.label, operation.id, operation.method, path, dict(self.query or {}), self.body, before, after)
        return Row(line, dict(zip(FIELDS, values, strict=True)))


class ApplyChanges(Verb):
    """The request of each row. One that replaces values is sent only if they are still those before.

    A creation without a response is not looked for: its outcome stays unknown.
    """

    name = "apply"
    noun = "change"
    workers = 1  # in the order of the plan: a change may rest on an earlier one
    operation = operations.UPDATE_TENANT_SETTINGS  # of no row in particular
    undo_hint = "`synq runs show RUN --rows all` lists the changes; make a plan with the values before."

    def plan(self, changes: Iterable[Change]) -> Plan:
        """The plan of these changes, which are sent one after the other."""
        return Plan(self, [change.row(line) for line, change in enumerate(changes, 1)])

    def operation_of(self, content: Content) -> Operation:
        operation = self._found(content)[0]
        body, query = content["body"], content["query"]
        if operation.retry == "keyed" and not (isinstance(body, dict) and body.get("idempotency_key")):
            operation = operation._replace(retry="unsafe")
        return operation._replace(path=f"{operation.path}?{urlencode(query)}") if query else operation

    def subject(self, content: Content) -> str:
        del content
        return ""  # in order, also where several machines send them

    def path(self, content: Content) -> Mapping[str, str]:
        return self._found(content)[1]

    def write(self, row: Row) -> Write:
        return super().write(row)._replace(command=None)  # any command may send it

    def body(self, content: Content) -> object:
        return content["body"]

    def shown(self, content: Content) -> Shown:
        return content["label"], fields_of(content["body"])

    def receipt(self, content: Content, answer: Any) -> Receipt:
        named = (answer.get(name) for name in _NAMES) if isinstance(answer, dict) else ()
        return Receipt(next((name for name in named if isinstance(name, str) and name), content["path"]))

    def replaces(self, content: Content) -> Replacement | None:
        operation, ids = self._found(content)
        if operation.effect not in {"replace", "delete"} or not content["before"]:
            return None
        return Replacement(operation, ids, content["before"], content["after"])

    def _found(self, content: Content) -> tuple[Operation, Mapping[str, str]]:
        method, path = content["method"], content["path"]
        return operation_at(method, path) or (unknown_operation(method, path), {})
