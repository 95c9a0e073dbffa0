"""Every operation says what the contract says, and one module alone speaks for it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import synq_cli.resources
from synq_cli.http.operation import Operation
from synq_cli.resources.products import taxonomy

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(synq_cli.resources.__path__, f"{synq_cli.resources.__name__}.")
]


TAXONOMY = [value for value in vars(taxonomy).values() if isinstance(value, taxonomy.Resource)]


def operations_of(module: ModuleType) -> list[tuple[str, Operation]]:
    return [(name, value) for name, value in vars(module).items() if isinstance(value, Operation)]


WRITTEN = [(module, name, operation) for module in MODULES for name, operation in operations_of(module)]
# Those of the taxonomy are made from its table, under the field's name there.
OPERATIONS = WRITTEN + [
    (taxonomy, name, getattr(resource, name)) for resource in TAXONOMY for name in ("list", "create")
]


def given(responses: dict[str, Any]) -> str:
    """What a success holds: JSON, text or nothing."""
    (contents,) = {tuple(reply.get("content", {})) for status, reply in responses.items() if status[0] == "2"}
    return {(): "nothing", ("application/json",): "json", ("text/plain",): "text"}[contents]


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    contract = yaml.safe_load((resources.files("synq_cli.resources") / "openapi.yaml").read_text(encoding="utf-8"))
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            if method in {"get", "put", "post", "delete", "patch"}:
                yield (
                    operation["operationId"],
                    {
                        "method": method.upper(),
                        "path": path,
                        "effect": operation["x-synq-effect"],
                        "retry": operation["x-synq-retry"],
                        "evidence": operation["x-synq-evidence"],
                        "role": operation.get("x-synq-role"),
                        "public": operation.get("security") == [],
                        "gives": given(operation["responses"]),
                    },
                )


CONTRACT = dict(described())


def loads_of(module: ModuleType) -> set[str]:
    """The names that a module's code reads."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def test_every_operation_of_the_contract_is_there() -> None:
    assert {operation.id for _, _, operation in OPERATIONS} == set(CONTRACT)


@pytest.mark.parametrize("operation", [found for _, _, found in OPERATIONS], ids=lambda operation: operation.id)
def test_an_operation_is_as_the_contract_has_it(operation: Operation) -> None:
    said = {name: value for name, value in operation._asdict().items() if name not in {"id", "what"}}
    assert said == CONTRACT[operation.id]


@pytest.mark.parametrize("operation", [found for _, _, found in OPERATIONS], ids=lambda operation: operation.id)
def test_an_operation_is_called_something_that_fits_in_a_sentence(operation: Operation) -> None:
    assert operation.what.startswith(("the ", "a ", "an "))
    assert not operation.what.endswith(".")


def methods() -> Iterator[tuple[str, str]]:
    """Each public method of the API's classes with the endpoint that its docstring ends with.

    `<taxonomy>` in it is any of the taxonomy's resources.
    """
    for module in MODULES:
        for name, value in vars(module).items():
            if inspect.isclass(value) and value.__module__ == module.__name__:
                for method, function in vars(value).items():
                    last = (getattr(function, "__doc__", None) or "").split()[-2:]
                    if inspect.isfunction(function) and not method.startswith("_") and last[1:]:
                        end = " ".join(last)
                        nouns = [resource.noun for resource in TAXONOMY] if "<taxonomy>" in end else [""]
                        for noun in nouns:
                            yield end.replace("<taxonomy>", noun), f"{name}.{method}"


@pytest.mark.parametrize("operation", [found for _, _, found in OPERATIONS], ids=lambda operation: operation.id)
def test_an_operation_has_one_typed_method_whose_docstring_ends_with_its_endpoint(operation: Operation) -> None:
    assert len([method for end, method in methods() if end == f"{operation.method} {operation.path}"]) == 1


def test_each_operation_belongs_to_one_module() -> None:
    homes: dict[str, list[str]] = {}
    for module, name, operation in OPERATIONS:
        homes.setdefault(operation.id, []).append(f"{module.__name__}.{name}")
    assert {name: places for name, places in homes.items() if len(places) != 1} == {}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name, _ in WRITTEN])
def test_an_operation_is_used_where_it_is_written(module: ModuleType, name: str) -> None:
    assert name in loads_of(module)
