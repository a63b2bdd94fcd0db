"""Tables that may be opened in a spreadsheet, which runs a cell that begins as a formula does."""

from __future__ import annotations

import re

__all__ = ["FORMULA", "NUMBER", "plain_cell"]

FORMULA = r"^[=+\-@\t\r]"  # how a cell begins that is taken for a formula
NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"  # which is none


def plain_cell(text: str) -> str:
    """A text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if re.match(FORMULA, text) and not re.match(NUMBER, text) else text
