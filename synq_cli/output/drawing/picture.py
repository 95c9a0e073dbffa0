"""Drawings as pictures in SVG."""

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


def svg(drawing: "RenderableType", width: int, title: str) -> str:
    """A drawing, `width` cells wide, as a picture of a terminal with this title, without fonts from the web."""
    from rich.console import CONSOLE_SVG_FORMAT, Console  # type: ignore[attr-defined]  # documented, but not in its __all__

    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(drawing, no_wrap=True)
    form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, monospace")
    picture = console.export_svg(title=title, code_format=form, unique_id="synq")
    return re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE)
