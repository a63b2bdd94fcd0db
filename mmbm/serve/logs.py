"""What the log says of an error: its kind and where it happened, never its words.

The message of an error that nobody foresaw may quote what was being read.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

__all__ = ["log_no_values"]


def log_no_values() -> None:
    """From now on every log record keeps an error's kind and lines of code alone.

    The parser of forms is silent: of a broken one it quotes what stands there.
    """
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    make = logging.getLogRecordFactory()

    def made(*args: Any, **named: Any) -> logging.LogRecord:
        record = make(*args, **named)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = in_lines(record.exc_info[1])
            record.exc_info = None
        return record

    logging.setLogRecordFactory(made)


def in_lines(error: BaseException) -> str:
    """Kind and place of an error and of those it came from."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__} at")
        lines += [line.rstrip() for line in traceback.format_tb(seen.__traceback__)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)
