"""The parts of one case as they were handed in. Knows nothing of Streamlit.

A part changes only by an act: a file, a typed note, a frame, "Remove", "New case" or a sample.
What a widget says without one is no act, and browsers say a lot: a tick of a fragment carries the
state of boxes that are gone, a page that is left takes its uploaders with it, a message sent before
the last redraw comes after it. So every widget has a :class:`Place`, which tells for which case it
was drawn, and every file has an identifier that counts once.

Two runs of a page can overlap: one that was overtaken ends only when it next draws, which may be
after a file was decoded. So each offer is decoded by one run while others wait for it, and its
outcome counts only if the offer still stands.

Acts that wait for the server come in one message, in their order (:mod:`dashboard.server.pending`).
A file dropped on a page that still shows the case before is of the new case; a text written there
is not, for it may begin with the old note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from mmbm.branches.registry import branch_of, known
from mmbm.case import MODALITIES, Case, Modality, Picture
from mmbm.errors import MMBMError
from mmbm.io import read_notes, read_picture, read_sound, typed_notes
from mmbm.io.kind import kind_of
from mmbm.text import Sentence

__all__ = ["File", "Given", "Offer", "Part", "Place", "Widget", "taken_here"]

Widget = Literal["upload", "record", "typed", "dictated", "frame", "fields"]


@dataclass(frozen=True, slots=True)
class Place:
    """A widget of the intake, by the case and the turn that it was drawn for."""

    modality: Modality
    widget: Widget
    case: int
    turn: int

    @property
    def key(self) -> str:
        """Its key on the page: another place is another, empty widget."""
        return f"{self.modality}-{self.widget}-{self.case}-{self.turn}"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was handed in; ``identifier`` is its own, and counts once."""

    identifier: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What was handed in and is not read yet."""

    name: str = ""
    content: bytes | None = None
    typed: str | None = None
    dictated: bool = False  # whether the typed note, or a part of it, was spoken
    fields: Mapping[str, float | None] | None = None  # of a form
    frame: int = 0
    reading: Lock = field(default_factory=Lock)  # held by the run that decodes it


@dataclass(slots=True)
class Part:
    """One modality: what the case holds of it, and what was offered since."""

    value: Any = None  # for instance a Picture
    name: str = ""  # of the file that ``value`` was read from
    typed: str | None = None  # the note, where it was typed or dictated
    dictated: bool = False
    content: bytes | None = None  # kept of a file with more frames alone, or for a store
    offer: Offer | None = None
    error: Sentence | None = None  # why the last offer was refused; the value before it stays
    refused: str = ""  # that offer's name
    passed_over: int = 0  # files of this kind that came with the last one and are not used
    turn: int = 0  # in the keys of uploader and recorder: a new turn empties them
    box: int = 0  # in the key of the text box, likewise
    files: int = 0  # read so far: each has a frame picker of its own

    @property
    def given(self) -> bool:
        return self.offer is not None or self.value is not None or self.error is not None

    @property
    def frame(self) -> int:
        return self.value.frame if isinstance(self.value, Picture) else 0

    def picture_of(self, frame: int) -> Picture:
        """Another frame of a file with several; the part stays as it is. Raises MMBMError."""
        return read_picture(self.content or b"", self.name, frame=frame)

    def take(self, offer: Offer, value: Any, *, hold: bool = False) -> None:
        """Hold what was read from an offer; with ``hold`` its content too."""
        self.files += offer.content is not None and offer.content is not self.content
        longer = isinstance(value, Picture) and value.frames > 1
        self.value, self.name, self.typed = value, offer.name, offer.typed
        self.dictated = offer.dictated
        self.content = offer.content if longer or hold else None
        self.offer, self.error, self.refused = None, None, ""

    def refuse(self, offer: Offer, reason: Sentence) -> None:
        """Say why an offer could not be read; what the part held stays."""
        self.offer, self.error, self.refused = None, reason, offer.name


def taken_here() -> tuple[Modality, ...]:
    """The modalities that can be handed in: the built-in ones, and those that a form asks for."""
    return (*MODALITIES, *(m for m in known() if m not in MODALITIES and branch_of(m).fields))


def decoded(modality: Modality, offer: Offer) -> Any:
    """The part in an offer. Raises MMBMError."""
    if offer.fields is not None:
        return branch_of(modality).part_of_fields(offer.fields)
    if offer.typed is not None:
        return typed_notes(offer.typed, dictated=offer.dictated)
    content = offer.content or b""
    if modality == "image":
        return read_picture(content, offer.name, frame=offer.frame)
    if modality == "notes":
        return read_notes(content, offer.name)
    return read_sound(content, offer.name)


@dataclass(slots=True)
class Given:
    """All parts of the case at hand. Each method is an act and says whether it changed anything."""

    parts: dict[Modality, Part] = field(default_factory=lambda: {m: Part() for m in taken_here()})
    holds: bool = False  # whether files are held as they came, so that a store can keep them
    case: int = 0  # which case of this reader
    revision: int = 0  # raised by every act that changes a part
    _changing: Lock = field(default_factory=Lock)  # held while an outcome is taken, or an act
    _chosen: set[int] = field(default_factory=set)  # cases whose list of samples was used
    _taken: set[str] = field(default_factory=set)  # identifiers of files
    _said: dict[str, str] = field(default_factory=dict)  # by a text box of this case: its last text

    def place(self, modality: Modality, widget: Widget) -> Place:
        """Where a widget of the part stands now."""
        part = self.parts[modality]
        turns = {"typed": part.box, "frame": part.files}
        return Place(modality, widget, self.case, turns.get(widget, part.turn))

    def whole(self) -> Case:
        """The parts that could be read, as a case."""
        return Case(**{m: part.value for m, part in self.parts.items()})

    def read(self, modality: Modality) -> None:
        """Decode what is offered for a part; a refusal becomes its error and changes nothing else.

        Another run that is decoding it already is waited for.
        """
        offer = self.parts[modality].offer
        if offer is None:
            return
        with offer.reading:
            if self.parts[modality].offer is not offer:
                return
            outcome: Any  # the part, or the sentence of a refusal
            try:
                outcome = decoded(modality, offer)
            except MMBMError as refusal:
                outcome = refusal.sentence
            with self._changing:
                part = self.parts[modality]
                if part.offer is not offer:  # an act came in between
                    return
                if isinstance(outcome, Sentence):
                    part.refuse(offer, outcome)
                else:
                    part.take(offer, outcome, hold=self.holds)

    @property
    def waiting(self) -> bool:
        """Whether something was handed in and is not read yet."""
        return any(part.offer is not None for part in self.parts.values())

    def is_new(self, identifier: str) -> bool:
        """Whether no file with this identifier was handed in yet."""
        return identifier not in self._taken

    def hand_in(self, place: Place, files: Sequence[File]) -> bool:
        """Files from an uploader or recorder: each goes to the part that it is."""
        new = [file for file in files if self.is_new(file.identifier)]
        self._taken |= {file.identifier for file in new}
        if not new:
            return False
        offered: dict[Modality, list[File]] = {}
        for file in new:
            modality = kind_of(file.content, file.name) or place.modality
            offered.setdefault(modality, []).append(file)
        for modality, of_kind in offered.items():
            self._offer(modality, Offer(of_kind[-1].name, of_kind[-1].content))
            self.parts[modality].passed_over = len(of_kind) - 1
        return True

    def write(self, place: Place, text: str) -> bool:
        """A text box's text. An empty one takes the note away only where it was typed there."""
        here = place == self.place("notes", "typed")
        before = self.typed if here and self.typed is not None else self._said.get(place.key, "")
        if place.case != self.case or text == before:
            return False
        if text.strip():
            self._said[place.key] = text
            part = self.parts["notes"]
            dictated = place.widget == "dictated" or (here and (part.offer or part).dictated)
            self._offer("notes", Offer(typed=text, dictated=dictated), empties=not here)
            return True
        self._said.pop(place.key, None)
        if here and self.typed is not None:
            return self.remove("notes")
        if here:
            self.parts["notes"].error = None  # of the text that was refused
        return False

    def fill(self, place: Place, values: Mapping[str, float | None]) -> bool:
        """The numbers of a form; an empty form takes the part away."""
        part = self.parts[place.modality]
        if place != self.place(place.modality, "fields"):
            return False
        held = part.offer.fields if part.offer is not None else self.numbers(place.modality)
        if dict(values) == (held or dict.fromkeys(values)):
            return False
        if all(value is None for value in values.values()):
            with self._changing:
                part.value, part.offer, part.error, part.refused = None, None, None, ""
                self.revision += 1
            return True
        self._offer(place.modality, Offer(fields=dict(values)))
        return True

    def numbers(self, modality: Modality) -> dict[str, float | None]:
        """The numbers of a part as it is held, by field; {} where there is none."""
        value = self.parts[modality].value
        return {} if value is None else branch_of(modality).field_values(value)

    def show(self, place: Place, text: str) -> None:
        """A text box is drawn with a text: that it says so later is no act."""
        self._said.setdefault(place.key, text)

    @property
    def typed(self) -> str | None:
        """The note as it was typed, None where there is none or it came as a file."""
        part = self.parts["notes"]
        return part.typed if part.offer is None else part.offer.typed

    def pick(self, place: Place, frame: int) -> bool:
        """Another frame of the picture, from 0."""
        part = self.parts["image"]
        if place != self.place("image", "frame") or part.content is None:
            return False
        if part.offer is not None and part.offer.content is not part.content:
            return False  # another file has come since
        if frame == (part.frame if part.offer is None else part.offer.frame):
            return False
        self._offer("image", Offer(part.name, part.content, frame=frame), empties=False)
        return True

    def remove(self, modality: Modality) -> bool:
        """Take a part out of the case."""
        part = self.parts[modality]
        if not part.given:
            return False
        with self._changing:
            self.parts[modality] = Part(turn=part.turn + 1, box=part.box + 1, files=part.files)
            self.revision += 1
        return True

    def begin(self, files: Mapping[Modality, Offer] | None = None) -> None:
        """A new case, empty or with these files."""
        with self._changing:
            self.case += 1
            self.revision += 1
            self._said.clear()
            self.parts = {m: Part(offer=(files or {}).get(m)) for m in taken_here()}

    def choose(self, of_case: int) -> bool:
        """Whether what a list of samples says is a choice: each case's list chooses once."""
        new = of_case not in self._chosen
        self._chosen.add(of_case)
        return new

    def _offer(self, modality: Modality, offer: Offer, *, empties: bool = True) -> None:
        """Take an offer; a file empties the box that a note was typed in."""
        with self._changing:
            part = self.parts[modality]
            part.offer, part.error, part.refused, part.passed_over = offer, None, "", 0
            part.box += modality == "notes" and empties
            self.revision += 1
