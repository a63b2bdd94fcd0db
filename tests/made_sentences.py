"""The calls in the source that make sentences, and what the tables say of their codes."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mmbm
from mmbm.text import table

ROOT = Path(mmbm.__file__).parents[1]


class Call(NamedTuple):
    """A call of ``sentence``: its code as a pattern, the names of its values, and its place."""

    code: str
    values: frozenset[str]
    place: str

    @property
    def codes(self) -> set[str]:
        """The codes in the tables that it may ask for."""
        return {code for code in table("en") if re.fullmatch(self.code, code)}


def sources() -> list[Path]:
    """All that may say something; what ``mmbm.text`` says itself is no call."""
    found = [*(ROOT / "mmbm").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    return sorted(path for path in found if path.parent != ROOT / "mmbm" / "text")


def calls(path: Path) -> Iterator[Call]:
    """Every call of ``sentence`` and ``name_of`` in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        if called(node) == "sentence":
            names = frozenset(keyword.arg or "**" for keyword in node.keywords)
            for code in patterns(node.args[0]):
                yield Call(code, names, place)
        elif called(node) in ("name_of", "say.name") and isinstance(node.args[0], ast.Constant):
            named = Call(rf"{node.args[0].value}\.\w+", frozenset(), place)
            if named.codes:  # the page has names of its own besides
                yield named


def called(node: ast.AST | None) -> str:
    """The name of the function that a call calls; blank for anything but a call."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def patterns(node: ast.expr) -> Iterator[str]:
    """The codes that an expression may be; what an f-string fills in is anything."""
    if isinstance(node, ast.Constant):
        yield re.escape(str(node.value))
    elif isinstance(node, ast.IfExp):
        yield from patterns(node.body)
        yield from patterns(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
            for part in node.values
        )


def pattern(code: str) -> str:
    """A code's English sentence, whatever its values."""
    parts = string.Formatter().parse(table("en")[code])
    return "".join(
        re.escape(words) + (".+" if name is not None else "") for words, name, _, _ in parts
    )
