"""Finding a source's files in the folder that the user names, and refusing a wrong folder."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from mmbm.errors import ManifestError
from mmbm.text import Sentence, sentence

__all__ = [
    "SourceWarning",
    "files_by_name",
    "find",
    "layout",
    "look_for",
    "note",
    "present",
    "read_table",
]

DEPTHS = ("", "*/", "*/*/")  # archives often unpack into a folder of their own
SKIPPED = "__MACOSX"


class SourceWarning(UserWarning):
    """Something of a source was left out, or cannot be told; one sentence."""


def note(said: Sentence) -> None:
    """Tell the user of it, once the rows are read."""
    warnings.warn(SourceWarning(said), stacklevel=3)


def look_for(folder: Path, *patterns: str) -> Path | None:
    """The first file or folder that fits a pattern, in ``folder`` or up to two folders down."""
    for depth in DEPTHS:
        for pattern in patterns:
            found = sorted(p for p in folder.glob(depth + pattern) if SKIPPED not in p.parts)
            if found:
                return found[0]
    return None


def layout(source: str) -> Sentence:
    """What a source's folder holds."""
    return sentence(f"source.layout.{source}")


def find(folder: Path, *patterns: str, expected: str) -> Path:
    """The same, or ManifestError that says what the source ``expected`` holds."""
    if not folder.is_dir():
        raise ManifestError(
            sentence("source.no_folder", folder=folder.name, expected=layout(expected))
        )
    found = look_for(folder, *patterns)
    if found is None:
        raise ManifestError(
            sentence(
                "source.missing",
                missing=" / ".join(patterns),
                folder=folder.name,
                expected=layout(expected),
            )
        )
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
        raise ManifestError(sentence("source.table", file=path.name)) from exc
    table = table.rename(columns=lambda name: str(name).strip())
    if missing := [name for name in columns if name not in table]:
        raise ManifestError(
            sentence(
                "source.no_column", file=path.name, column=missing[0], columns=", ".join(columns)
            )
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
        raise ManifestError(sentence("source.none_there", expected=layout(expected)))
    if missing := len(there) - sum(there):
        note(sentence("source.some_missing", missing=missing, files=len(there)))
    listed = listed.assign(path=[str(path.absolute()) if path else "" for path in paths])
    return listed[there].reset_index(drop=True)
