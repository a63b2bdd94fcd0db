"""How the two sides of the sandbox talk: length, JSON header, raw arrays. No pickle, either way.

The child has decoded hostile bytes, so the parent believes nothing it sends: lengths are bounded
before anything is allocated, and every field is turned into its type by hand.

::

    message = 8 bytes header length | 8 bytes body length | header (JSON, UTF-8) | body (raw bytes)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmbm.case import Notes, Patient, Picture, Sound, Study, Window
from mmbm.patient import Heading
from mmbm.text import Sentence

__all__ = [
    "HEADER_BYTES",
    "Broken",
    "Part",
    "Written",
    "rebuild",
    "receive",
    "said",
    "send",
    "take_apart",
]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a task wrote."""

    content: bytes = field(repr=False)


Part: TypeAlias = Picture | Notes | Sound | Heading | Written

_LENGTHS = struct.Struct("<QQ")
HEADER_BYTES = 16 * 2**20  # the longest header either side accepts
MAX_WARNINGS = 1000  # of a case part


class Broken(Exception):
    """The other side is gone, or does not keep to the format."""


def send(pipe: BinaryIO, header: dict[str, Any], body: Sequence[bytes | memoryview] = ()) -> None:
    """Write one message. Raises OSError when the other side is gone."""
    head = json.dumps(header).encode()
    views = [memoryview(part).cast("B") for part in body]
    pipe.write(_LENGTHS.pack(len(head), sum(view.nbytes for view in views)) + head)
    for view in views:
        while view:  # an unbuffered pipe may take less than it is given
            view = view[pipe.write(view) :]
    pipe.flush()


def receive(pipe: BinaryIO, most: int) -> tuple[dict[str, Any], bytearray]:
    """Read one message with a body of at most ``most`` bytes. Raises Broken."""
    head_bytes, body_bytes = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if head_bytes > HEADER_BYTES or body_bytes > most:
        raise Broken(f"a message of {head_bytes} + {body_bytes} bytes is over the limit")
    try:
        header = json.loads(_exactly(pipe, head_bytes))
    except ValueError as exc:
        raise Broken("the header is not JSON") from exc
    if not isinstance(header, dict):
        raise Broken("the header is not an object")
    return header, _exactly(pipe, body_bytes)


def _exactly(pipe: BinaryIO, n_bytes: int) -> bytearray:
    content = bytearray(n_bytes)
    view = memoryview(content)
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise Broken("the other side closed the pipe")
        view = view[got:]
    return content


def said(sentence: object) -> Sentence:
    """A sentence from its JSON. Raises Broken for what is none of this program's."""
    try:
        return Sentence.decoded(sentence)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise Broken("not a sentence") from exc


def _warnings(fields: dict[str, Any]) -> tuple[Sentence, ...]:
    found = fields["warnings"]
    if not isinstance(found, list) or len(found) > MAX_WARNINGS:
        raise ValueError("not warnings")
    return tuple(Sentence.decoded(sentence) for sentence in found)


def take_apart(part: Part) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """A case part as JSON fields and its float32 arrays, in the order of the dataclass."""
    if isinstance(part, Written):
        return {}, [np.frombuffer(part.content, np.uint8)]
    fields = {name: getattr(part, name) for name in part.__dataclass_fields__}
    if not isinstance(part, Heading):
        fields["warnings"] = [warning.coded() for warning in part.warnings]
    if isinstance(part, Picture):
        fields["patient"] = asdict(part.patient)
    if isinstance(part, Picture | Heading):
        taken = part.study.taken
        fields["study"] = asdict(part.study) | {"taken": taken and taken.isoformat()}
    arrays = [
        np.ascontiguousarray(fields.pop(name), dtype=np.float32)
        for name in ("pixels", "shown", "waveform")
        if name in fields
    ]
    return fields | {"shape": list(arrays[0].shape) if arrays else []}, arrays


def rebuild(kind: str, fields: dict[str, Any], body: bytearray) -> Part:
    """The case part again. Raises Broken for anything that does not fit."""
    try:
        return _REBUILDERS[kind](fields, body)
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise Broken(f"not a {kind[:16]}") from exc


def _picture(fields: dict[str, Any], body: bytearray) -> Picture:
    height, width = (int(side) for side in fields["shape"])
    both = np.frombuffer(body, np.float32).reshape(2, height, width)
    spacing = fields["spacing_mm"]
    return Picture(
        pixels=both[0],
        shown=both[1],
        windows=tuple(Window(float(c), float(w), str(name)) for c, w, name in fields["windows"]),
        spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        at_detector=bool(fields["at_detector"]),
        orientation=_orientation(fields["orientation"]),
        frame=int(fields["frame"]),
        frames=int(fields["frames"]),
        file_format=str(fields["file_format"]),
        dicom_modality=str(fields["dicom_modality"]),
        body_part=str(fields["body_part"]),
        view=str(fields["view"]),
        turned=str(fields["turned"]),
        patient=_patient(fields["patient"]),
        study=_study(fields["study"]),
        photometric=str(fields["photometric"]),
        transfer_syntax=str(fields["transfer_syntax"]),
        bits_stored=int(fields["bits_stored"]),
        warnings=_warnings(fields),
    )


def _orientation(letters: Any) -> tuple[str, str]:
    row, column = letters
    if not {row, column} <= {"", *"LRAPHF"}:
        raise ValueError("no orientation")
    return row, column


def _patient(fields: dict[str, Any]) -> Patient:
    years = fields["years"]
    return Patient(
        str(fields["sex"]), None if years is None else float(years), str(fields["identifier"])
    )


def _study(fields: dict[str, Any]) -> Study:
    taken = fields["taken"]
    said = {name: str(fields[name]) for name in Study.__dataclass_fields__ if name != "taken"}
    return Study(**said, taken=None if taken is None else date.fromisoformat(taken))


def _heading(fields: dict[str, Any], body: bytearray) -> Heading:
    return Heading(
        study=_study(fields["study"]),
        modality=str(fields["modality"]),
        body_part=str(fields["body_part"]),
        view=str(fields["view"]),
        lateral=bool(fields["lateral"]),
        derived=bool(fields["derived"]),
        for_processing=bool(fields["for_processing"]),
        series_number=int(fields["series_number"]),
        instance_number=int(fields["instance_number"]),
        rows=int(fields["rows"]),
    )


def _written(fields: dict[str, Any], body: bytearray) -> Written:
    return Written(bytes(body))


def _notes(fields: dict[str, Any], body: bytearray) -> Notes:
    language = fields["language"]
    return Notes(
        text=str(fields["text"]),
        language=language if language in ("en", "zh") else "other",
        file_format=str(fields["file_format"]),
        pages=int(fields["pages"]),
        charset=str(fields["charset"]),
        warnings=_warnings(fields),
    )


def _sound(fields: dict[str, Any], body: bytearray) -> Sound:
    (n_samples,) = (int(side) for side in fields["shape"])
    return Sound(
        waveform=np.frombuffer(body, np.float32).reshape(n_samples),
        original_rate=int(fields["original_rate"]),
        channels=int(fields["channels"]),
        codec=str(fields["codec"]),
        container=str(fields["container"]),
        warnings=_warnings(fields),
        start=float(fields["start"]),
    )


_REBUILDERS: dict[str, Callable[[dict[str, Any], bytearray], Part]] = {
    "Picture": _picture,
    "Notes": _notes,
    "Written": _written,
    "Sound": _sound,
    "Heading": _heading,
}
