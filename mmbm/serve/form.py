"""A call's form: image, notes and audio, collected in memory, and what is asked of them.

The form is never written to the disk, and is counted as it comes: no more of it is taken than was
announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from mmbm.branches.registry import branch_of, known
from mmbm.case import MODALITIES, Case
from mmbm.config import Limits
from mmbm.errors import TooLarge
from mmbm.io import read_case
from mmbm.serve.refusals import Refused
from mmbm.text import sentence

__all__ = ["LONGEST_FORM", "Asked", "announced", "read_form"]

FRAMING = 2**20  # bytes of a form around the files in it, at most
LONGEST_FORM = len(MODALITIES) * Limits().file_bytes + FRAMING
SECONDS = 60.0  # in which a form arrives
LONGEST_NUMBER = 40  # characters
FIELDS = ("frame", "level", "prevalence")


class InMemory(MultiPartParser):
    """Starlette's parser, which here keeps every part in memory."""

    spool_max_size = LONGEST_FORM
    whole = False  # whether the form's end was read: what was cut short lacks its last part

    def on_end(self) -> None:
        """The last boundary was read."""
        self.whole = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form holds."""

    image: bytes | None = field(default=None, repr=False)
    notes: bytes | str | None = field(default=None, repr=False)
    audio: bytes | None = field(default=None, repr=False)
    numbers: dict[str, dict[str, float | None]] = field(default_factory=dict, repr=False)
    frame: int = 0
    level: float = 0.9
    prevalence: dict[str, float] = field(default_factory=dict)

    def case(self) -> Case:
        """Decode the parts, side by side. Raises InputError."""
        further = {m: branch_of(m).part_of_fields(values) for m, values in self.numbers.items()}
        return read_case(self.image, self.notes, self.audio, frame=self.frame, **further)


def announced(request: Request) -> int:
    """The bytes that a call says it has. Raises Refused, TooLarge."""
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise Refused(411, sentence("serve.length"))
    if len(length) > 18 or int(length) > LONGEST_FORM:
        raise TooLarge(sentence("serve.too_long", limit=LONGEST_FORM / 2**20))
    return int(length)


async def read_form(request: Request, size: int) -> Asked:
    """The form of a call of so many bytes. Raises Refused, TooLarge."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Refused(415, sentence("serve.no_form"))
    parser = InMemory(
        request.headers,
        _counted(request, size),
        max_files=2 * len(MODALITIES),
        max_fields=32,
        max_part_size=Limits().file_bytes,
    )
    try:
        async with asyncio.timeout(SECONDS):
            form = await parser.parse()
    except TimeoutError as exc:
        raise Refused(408, sentence("serve.slow", seconds=SECONDS)) from exc
    except (MultiPartException, ClientDisconnect) as exc:
        raise Refused(400, sentence("serve.broken_form")) from exc
    try:
        if not parser.whole:
            raise Refused(400, sentence("serve.broken_form"))
        return await _asked(form.multi_items())
    finally:
        await form.close()


async def _counted(request: Request, size: int) -> AsyncGenerator[bytes]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > size:
            raise TooLarge(sentence("serve.too_long", limit=size / 2**20))
        yield chunk


async def _asked(items: list[tuple[str, UploadFile | str]]) -> Asked:
    """The parts and fields of a form, each once; a prevalence for each finding."""
    forms = [m for m in known() if m not in MODALITIES and branch_of(m).fields]
    found: dict[str, bytes | str] = {}
    prevalence: dict[str, float] = {}
    numbers: dict[str, dict[str, float | None]] = {}
    for name, value in items:
        content = value if isinstance(value, str) else await value.read()
        modality, _, of = name.partition(":")
        if name == "prevalence":
            finding, _, share = _text(content).partition("=")
            if finding.strip() in prevalence:
                raise Refused(422, sentence("serve.twice", name=name))
            prevalence[finding.strip()] = _number(share, "prevalence")
        elif of and modality in forms and of in {f.name for f in branch_of(modality).fields}:
            blank = dict.fromkeys(f.name for f in branch_of(modality).fields)
            given = numbers.setdefault(modality, {**blank})
            if given[of] is not None:
                raise Refused(422, sentence("serve.twice", name=name))
            given[of] = _number(_text(content), name)
        elif name not in (*MODALITIES, *FIELDS):
            raise Refused(422, sentence("serve.unknown_part", known=(*MODALITIES, *FIELDS)))
        elif name in found:
            raise Refused(422, sentence("serve.twice", name=name))
        else:
            found[name] = content
    notes = found.get("notes")
    frame = _number(_text(found.get("frame", "0")), "frame")
    if not (frame.is_integer() and 0 <= frame < 1e6):
        raise Refused(422, sentence("serve.number", name="frame"))
    return Asked(
        image=_bytes(found.get("image")),
        notes=notes,
        audio=_bytes(found.get("audio")),
        numbers=numbers,
        frame=int(frame),
        level=_number(_text(found.get("level", "0.9")), "level"),
        prevalence=prevalence,
    )


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _number(text: str, name: str) -> float:
    """Raises Refused."""
    try:
        number = float(text) if len(text) <= LONGEST_NUMBER else float("nan")
    except ValueError:
        number = float("nan")
    if number - number != 0:  # neither NaN nor infinite
        raise Refused(422, sentence("serve.number", name=name))
    return number
