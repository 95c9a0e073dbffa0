"""Each operation of the contract has one typed method, whose docstring ends with its endpoint."""

import inspect
from importlib import import_module
from pkgutil import walk_packages
from types import FunctionType

import synq_cli.resources
from synq_cli.http import operations
from synq_cli.resources.products import taxonomy

MODULES = [import_module(found.name) for found in walk_packages(synq_cli.resources.__path__, "synq_cli.resources.")]
# `<taxonomy>` in a docstring stands for any of these.
NOUNS = [value.noun for value in vars(taxonomy).values() if isinstance(value, taxonomy.TaxonomyKind)]


def methods(value: type) -> list[FunctionType]:
    return [member for member in vars(value).values() if isinstance(member, FunctionType)]


def test_each_operation_has_one_method_that_names_its_endpoint() -> None:
    endpoints = []
    for module in MODULES:
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__:
                endpoints += [" ".join((function.__doc__ or "").split()[-2:]) for function in methods(value)]
    endpoints = [text.replace("<taxonomy>", noun) for text in endpoints for noun in (NOUNS if "<" in text else [""])]
    assert {
        operation.id: count
        for operation in operations.ALL
        if (count := endpoints.count(f"{operation.method} {operation.path}")) != 1
    } == {}
