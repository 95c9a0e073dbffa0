"""Every operation says what the contract says, and one module alone speaks for it."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import synq_cli.api
from synq_cli.api.operation import Operation

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(synq_cli.api.__path__, f"{synq_cli.api.__name__}.")
]


def operations_of(module: ModuleType) -> list[tuple[str, Operation]]:
    return [(name, value) for name, value in vars(module).items() if isinstance(value, Operation)]


OPERATIONS = [(module, name, operation) for module in MODULES for name, operation in operations_of(module)]


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    contract = yaml.safe_load((resources.files("synq_cli.api") / "openapi.yaml").read_text(encoding="utf-8"))
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
                    },
                )


CONTRACT = dict(described())


def loads_of(module: ModuleType) -> set[str]:
    """The names that a module's code reads."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def test_the_scan_finds_the_operations() -> None:
    assert {operation.id for _, _, operation in OPERATIONS} >= {
        "list_orders",
        "get_order",
        "adjust_inventory",
        "list_inventory_levels",
        "list_inventory_ledger",
        "list_locations",
        "list_variants",
        "list_products",
        "get_product",
        "delete_product",
        "list_channels",
        "get_tenant_settings",
    }


@pytest.mark.parametrize("operation", [found for _, _, found in OPERATIONS], ids=lambda operation: operation.id)
def test_an_operation_is_as_the_contract_has_it(operation: Operation) -> None:
    said = {name: value for name, value in asdict(operation).items() if name not in {"id", "what"}}
    assert said == CONTRACT[operation.id]


@pytest.mark.parametrize("operation", [found for _, _, found in OPERATIONS], ids=lambda operation: operation.id)
def test_an_operation_is_called_something_that_fits_in_a_sentence(operation: Operation) -> None:
    assert operation.what.startswith(("the ", "a ", "an "))
    assert not operation.what.endswith(".")


def test_each_operation_belongs_to_one_module() -> None:
    homes: dict[str, list[str]] = {}
    for module, name, operation in OPERATIONS:
        homes.setdefault(operation.id, []).append(f"{module.__name__}.{name}")
    assert {name: places for name, places in homes.items() if len(places) != 1} == {}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name, _ in OPERATIONS])
def test_an_operation_is_used_where_it_is_written(module: ModuleType, name: str) -> None:
    assert name in loads_of(module)
