"""Finding a source's files in the folder that the user names, and refusing a wrong folder."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from mmbm.errors import ManifestError

__all__ = ["SourceWarning", "files_by_name", "find", "look_for", "note", "present", "read_table"]

DEPTHS = ("", "*/", "*/*/")  # archives often unpack into a folder of their own
SKIPPED = "__MACOSX"


class SourceWarning(UserWarning):
    """Something of a source was left out, or cannot be told; one sentence."""


def note(sentence: str) -> None:
    """Tell the user of it, once the rows are read."""
    warnings.warn(sentence, SourceWarning, stacklevel=3)


def look_for(folder: Path, *patterns: str) -> Path | None:
    """The first file or folder that fits a pattern, in ``folder`` or up to two folders down."""
    for depth in DEPTHS:
        for pattern in patterns:
            found = sorted(p for p in folder.glob(depth + pattern) if SKIPPED not in p.parts)
            if found:
                return found[0]
    return None


def find(folder: Path, *patterns: str, expected: str) -> Path:
    """The same, or ManifestError that says what was ``expected`` in the folder."""
    if not folder.is_dir():
        raise ManifestError(f"There is no folder '{folder.name}'; expected one with {expected}.")
    found = look_for(folder, *patterns)
    if found is None:
        missing = " or ".join(patterns)
        raise ManifestError(f"No {missing} in '{folder.name}'; expected a folder with {expected}.")
    return found


def read_table(
    path: Path, columns: Sequence[str], *, sep: str = ",", header: bool = True
) -> pd.DataFrame:
    """A table with every cell as text, blank where missing, and at least ``columns``.

    Without a ``header`` the columns are named in order. Raises ManifestError.
    """
    try:
        table = pd.read_csv(
            path,
            sep=sep,
            header=0 if header else None,
            names=None if header else list(columns),
            dtype=str,
            keep_default_na=False,
            index_col=False,
            encoding="utf-8-sig",
            encoding_errors="replace",
        )
    except (OSError, ValueError) as exc:
        raise ManifestError(f"'{path.name}' could not be read as a table.") from exc
    table = table.rename(columns=lambda name: str(name).strip())
    if missing := [name for name in columns if name not in table]:
        raise ManifestError(
            f"'{path.name}' has no column '{missing[0]}'; expected {', '.join(columns)}."
        )
    return table.fillna("")


def files_by_name(folder: Path, suffixes: Iterable[str]) -> dict[str, Path]:
    """Every file under ``folder`` with one of the ``suffixes`` (".png"), by its name."""
    wanted = tuple(suffixes)
    return {
        path.name: path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in wanted
        and SKIPPED not in path.parts
        and not path.name.startswith("._")
    }


def present(listed: pd.DataFrame, paths: Sequence[Path | None], expected: str) -> pd.DataFrame:
    """The rows whose file is there, its path in the column ``path``; the rest is told of.

    Raises ManifestError where none is.
    """
    there = [path is not None and path.is_file() for path in paths]
    if not any(there):
        raise ManifestError(f"None of the listed files is there; expected {expected}.")
    if missing := len(there) - sum(there):
        note(f"{missing} of {len(there)} listed files are not in the folder; left out.")
    listed = listed.assign(path=[str(path.absolute()) if path else "" for path in paths])
    return listed[there].reset_index(drop=True)
