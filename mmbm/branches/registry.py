"""The branches that this program knows, by the modality that each one reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from mmbm.branches.branch import Branch
from mmbm.errors import ConfigError
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.branches.space import InputSpace

__all__ = [
    "OUTSIDE",
    "branch_of",
    "built_in",
    "known",
    "load_outside",
    "register",
    "space_named",
    "spaces",
]

OUTSIDE = "MMBM_WITH"  # files that register modalities, one after the other as in PATH
_added: dict[str, Branch] = {}
_loaded: set[Path] = set()


def register(branch: Branch) -> None:
    """Add a branch, or put it in the place of the one of the same name.

    Raises
    ------
    ConfigError
        Its name is that of a built-in one, or a map of it has the name of another's.
    """
    if branch.name in built_in():
        raise ConfigError(sentence("branch.built_in", name=branch.name))
    taken = {s.over for other in _branches() if other.name != branch.name for s in other.spaces}
    for space in branch.spaces:
        if space.over in taken:
            raise ConfigError(sentence("branch.space_taken", space=space.over))
    _added[branch.name] = branch


def load_outside(files: Iterable[str]) -> None:
    """Run Python files that register modalities, each once.

    Raises
    ------
    ConfigError
        One that is not there or does not run.
    """
    for file in files:
        path = Path(file).resolve()
        if path in _loaded:
            continue
        spec = spec_from_file_location(f"mmbm_outside_{path.stem}", path)
        _loaded.add(path)  # it may look the others up
        try:
            if spec is None or spec.loader is None or not path.is_file():
                raise ConfigError(sentence("branch.no_file", file=path.name))
            module = module_from_spec(spec)
            sys.modules[spec.name] = module  # dataclasses look themselves up there
            spec.loader.exec_module(module)
        except ConfigError:
            _loaded.discard(path)
            raise
        except Exception as exc:
            _loaded.discard(path)
            raise ConfigError(
                sentence("branch.not_run", file=path.name, error=type(exc).__name__)
            ) from exc


def built_in() -> tuple[str, ...]:
    """The modalities that come with the program."""
    return tuple(_built_in())


def known() -> tuple[str, ...]:
    """The modalities, the built-in ones first."""
    return tuple(branch.name for branch in _branches())


def branch_of(modality: str) -> Branch:
    """The branch that reads a modality. Raises ConfigError, naming those there are."""
    _look_outside()
    found = _added.get(modality) or _built_in().get(modality)
    if found is None:
        raise ConfigError(sentence("branch.no_modality", name=modality, known=", ".join(known())))
    return found


def space_named(over: str) -> tuple[Branch, InputSpace]:
    """A space by its name, with its branch. Raises ConfigError, naming those there are."""
    known_spaces = spaces()
    if over not in known_spaces:
        raise ConfigError(sentence("branch.no_space", space=over, known=", ".join(known_spaces)))
    return known_spaces[over]


def spaces() -> dict[str, tuple[Branch, InputSpace]]:
    """What maps can be drawn over, by name, each with its branch."""
    return {space.over: (branch, space) for branch in _branches() for space in branch.spaces}


def _branches() -> Iterator[Branch]:
    _look_outside()
    yield from (*_built_in().values(), *_added.values())


@cache
def _look_outside() -> None:
    """Run the files that the environment variable ``MMBM_WITH`` names, once."""
    load_outside(name for name in os.environ.get(OUTSIDE, "").split(os.pathsep) if name)


@cache
def _built_in() -> dict[str, Branch]:
    from mmbm.branches.audio.branch import SoundBranch
    from mmbm.branches.image.branch import ImageBranch
    from mmbm.branches.notes.branch import NotesBranch

    return {branch.name: branch for branch in (ImageBranch(), NotesBranch(), SoundBranch())}
