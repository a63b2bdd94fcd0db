"""The note that is being dictated, and the callbacks that change it."""

from __future__ import annotations

from typing import Literal

from dashboard.dictated import Dictated
from dashboard.given import File, Place
from dashboard.server import forgetting
from dashboard.state.intake import given
from dashboard.state.session import begin_with, held, session
from mmbm.text import Language

__all__ = [
    "SPOKEN",
    "SPOKEN_KEY",
    "correct_dictated",
    "dictated",
    "dictated_box",
    "dictation_place",
    "discard_dictated",
    "spoken_language",
    "take_recording",
    "take_spoken",
    "use_dictated",
]

SPOKEN_KEY = "dictate-language"
SPOKEN: dict[str, Language | None] = {"detected": None, "en": "en", "zh": "zh"}


def dictated() -> Dictated:
    """What is being dictated."""
    return session().dictated


def dictation_place() -> Place:
    """Where the recorder of notes stands now."""
    return Place("notes", "dictated", given().case, dictated().turn)


def take_recording(at: Place) -> None:
    """Callback of the recorder of notes: what was said is heard when the page is drawn."""
    upload = held().get(at.key)
    if upload is None or not hasattr(upload, "getvalue") or not dictated().is_new(upload.file_id):
        return
    if at.case == given().case:
        dictated().take(File(upload.file_id, upload.name, upload.getvalue()))
        session().unfolded = True
    forgetting.release(upload)


def spoken_language() -> str:
    """What the control of the language shows: "detected", or the language that was chosen."""
    return dictated().language or "detected"


def take_spoken() -> None:
    """Callback of the language's control."""
    chosen = held().get(SPOKEN_KEY)
    if chosen in SPOKEN:
        dictated().speak(SPOKEN[chosen])


def dictated_box() -> str:
    """The key of the box that the text is corrected in; it shows the text so far."""
    key = box_of(dictation_place())
    begin_with(key, dictated().text)
    return key


def box_of(at: Place) -> str:
    return f"{at.key}-text-{dictated().version}"


def correct_dictated(at: Place) -> None:
    """Callback of that box."""
    text = held().get(box_of(at))
    if text is not None:
        dictated().correct(at.turn, text)


def use_dictated(at: Place, how: Literal["replace", "add"]) -> None:
    """Callback: the text becomes the note, or goes on from it; one that is refused stays here."""
    correct_dictated(at)
    mine, kept = dictated(), given()
    text = mine.text or ""
    if at != dictation_place() or not text.strip():
        return
    kept.read("notes")  # a file may have come just before
    note = kept.parts["notes"].value if how == "add" else None
    kept.write(at, text if note is None else f"{note.text.rstrip()}\n{text}")
    kept.read("notes")
    if kept.parts["notes"].error is None:
        mine.drop()
        session().unfolded = False


def discard_dictated(at: Place) -> None:
    """Callback: drop the text and its recordings."""
    if at == dictation_place():
        dictated().drop()
