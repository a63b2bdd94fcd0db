"""Files: a model folder with checksums, its tensors, the shipped ones, and files written whole.

A model's folder lists each file by its sha256 in ``checksums.json``, which lies among them: the
card, the record and the sanity checks too. Each is checked against it when it is read. So a folder
that was damaged, mixed with another or half copied is told from a whole one. It does not tell who
made it: whoever may write the folder may also write its checksums.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmbm.errors import ModelError, ModelTampered
from mmbm.text import Sentence, sentence

__all__ = [
    "CHECKSUMS",
    "assets_folder",
    "checksum",
    "checksums",
    "put",
    "read_json",
    "sign",
    "take",
    "take_all",
]

CHECKSUMS = "checksums.json"
FILES = 100  # in a model's folder
# of one file, at most
BYTES = {CHECKSUMS: 2**16, "config.json": 2**18, "card.json": 2**20, "tokenizer.json": 2**26}
WEIGHTS_BYTES, OTHER_BYTES = 2**31, 2**22


def assets_folder() -> Path:
    """Where shipped models and samples lie: beside the package, or inside an installed one."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "assets"
    return beside if beside.is_dir() else package / "assets"


def sign(folder: Path) -> dict[str, str]:
    """Write the checksums of every file that lies in the folder now; returns them.

    Raises
    ------
    ModelError
        Something in it is no plain file, or too large.
    """
    made = {name: checksum(_content(folder, name)) for name in _names(folder)}
    _write(folder, made)
    return made


def put(folder: Path, name: str, content: bytes) -> None:
    """Write one file and its checksum; what is listed of the others stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = checksums(folder) if (folder / CHECKSUMS).exists() else {}
    (folder / name).write_bytes(content)
    _write(folder, listed | {name: checksum(content)})


def take(folder: Path, name: str) -> bytes | None:
    """The content of one file, None where the folder has none of this name and lists none.

    Raises
    ------
    ModelError, ModelTampered
        It is too large, no plain file, or not the one that ``checksums.json`` lists.
    """
    if not _there(folder / name) and not _there(folder / CHECKSUMS):
        return None
    listed = checksums(folder)
    if name not in listed and not _there(folder / name):
        return None
    return _checked(folder, name, listed)


def take_all(folder: Path) -> dict[str, bytes]:
    """The content of every file, each checked; raises as :func:`take` does."""
    listed = checksums(folder)
    return {name: _checked(folder, name, listed) for name in sorted({*listed, *_names(folder)})}


def checksums(folder: Path) -> dict[str, str]:
    """What ``checksums.json`` lists, by file. Raises ModelError where it cannot be used."""
    if not _there(folder / CHECKSUMS):
        raise ModelError(sentence("model.no_checksums", model=folder.name, file=CHECKSUMS))
    file = called(folder, CHECKSUMS)
    found = read_json(_content(folder, CHECKSUMS), file)
    if len(found) > FILES or not all(isinstance(digest, str) for digest in found.values()):
        raise ModelError(sentence("model.checksums", file=file))
    return found


def called(folder: Path, name: str) -> Sentence:
    """A file of a model, in words."""
    return sentence("model.file", file=name, model=folder.name)


def read_json(content: bytes, what: Sentence) -> dict[str, Any]:
    """A JSON object in UTF-8. Raises ModelError, calling it ``what``, where it is anything else."""
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as exc:
        raise ModelError(sentence("model.not_json", file=what)) from exc
    if not isinstance(found, dict):
        raise ModelError(sentence("model.not_an_object", file=what))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _checked(folder: Path, name: str, listed: Mapping[str, str]) -> bytes:
    if name not in listed:
        raise ModelTampered(
            sentence("model.unlisted", file=name[:100], model=folder.name, checksums=CHECKSUMS)
        )
    if Path(name).name != name or not _there(folder / name):
        raise ModelTampered(
            sentence("model.absent", model=folder.name, file=name[:100], checksums=CHECKSUMS)
        )
    content = _content(folder, name)
    if checksum(content) != listed[name]:
        raise ModelTampered(
            sentence("model.tampered", file=called(folder, name), checksums=CHECKSUMS)
        )
    return content


def _names(folder: Path) -> list[str]:
    """What the folder holds, the checksums and hidden files left out."""
    names = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
    if len(names) > FILES:
        raise ModelError(sentence("model.too_many_files", model=folder.name, limit=FILES))
    return sorted(name for name in names if name != CHECKSUMS)


def _there(path: Path) -> bool:
    """Whether anything has this name, were it a link to nowhere."""
    return path.is_symlink() or path.exists()


def _content(folder: Path, name: str) -> bytes:
    """A plain file's content, its kind and size looked at first."""
    path, weights = folder / name, name.endswith(".safetensors")
    most = WEIGHTS_BYTES if weights else BYTES.get(name, OTHER_BYTES)
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise ModelError(sentence("model.not_plain", file=called(folder, name)))
        if about.st_size > most:
            raise ModelError(
                sentence("model.file_too_large", file=called(folder, name), megabytes=most / 2**20)
            )
        return path.read_bytes()
    except OSError as exc:
        raise ModelError(sentence("model.unreadable", file=called(folder, name))) from exc


def _write(folder: Path, listed: Mapping[str, str]) -> None:
    text = json.dumps(dict(sorted(listed.items())), indent=1) + "\n"
    (folder / CHECKSUMS).write_text(text, encoding="utf-8")


def checksum(content: bytes) -> str:
    """The sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()
