"""The libraries of the optional extra `excel`."""

from importlib import import_module
from typing import Any

from synq_cli.errors import UsageError


def library(name: str) -> Any:
    """A library of the extra; UsageError if it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise UsageError(
            "Excel workbooks need the optional extra 'excel', which is not installed.",
            hint="Install it: pipx inject synq-cli python-calamine xlsxwriter, or pip install 'synq-cli[excel]'",
        ) from None
