"""What was handed in for the case at hand, and the callbacks that change it."""

from __future__ import annotations

from dashboard.dictated import is_dictated
from dashboard.given import File, Given, Offer, Part, Place, Widget
from dashboard.samples import sample_files, samples
from dashboard.server import forgetting
from dashboard.server.arrived import BEFORE, arrived, unclaimed
from dashboard.state.answers import drop_answers
from dashboard.state.session import begin_with, held, session
from mmbm.case import Case, Modality

__all__ = [
    "begin",
    "case",
    "choose_sample",
    "fields_place",
    "given",
    "new_case",
    "parts",
    "place",
    "remove",
    "take_fields",
    "take_files",
    "take_frame",
    "take_text",
    "take_unclaimed",
    "text_box",
    "unfold",
    "unfolded",
]


def given() -> Given:
    """What was handed in for the case at hand."""
    return session().given


def parts() -> dict[Modality, Part]:
    """The parts of the case."""
    return given().parts


def case() -> Case:
    """The parts that could be read, as a case."""
    return given().whole()


def place(modality: Modality, widget: Widget) -> Place:
    """Where a widget of the intake stands now; its key and what its callback is told."""
    return given().place(modality, widget)


def take_files(at: Place) -> None:
    """Callback of an uploader or recorder: hand in the files that are new, from now on ours."""
    value = held().get(at.key) or []
    uploads = [u for u in (value if isinstance(value, list) else [value]) if hasattr(u, "getvalue")]
    new = [u for u in uploads if given().is_new(u.file_id)]
    given().hand_in(at, [File(u.file_id, u.name, u.getvalue()) for u in new])
    for upload in new:
        forgetting.release(upload)


def take_unclaimed(page: str) -> None:
    """Hand in the files that no widget did, but those of the case before and of other pages.

    ``page`` is the one that is shown, by its address; "" is Review.

    A widget that stood until the case began has handed its file in; one that came just then was
    dropped on a page that was about to be drawn anew, for the new case. What was dictated is heard,
    and never is the lung sound.
    """
    session().page = page
    files = unclaimed(session().elsewhere, page)
    files = [file for file in files if file.identifier not in session().void]
    spoken = [file for file in files if is_dictated(file)]
    for file in spoken:
        session().dictated.take(file)
        session().unfolded = True
    given().hand_in(place("image", "upload"), [file for file in files if file not in spoken])


def take_text(at: Place) -> None:
    """Callback of the text box: the note as typed."""
    given().write(at, held().get(at.key) or "")


def text_box() -> Place:
    """The place of the text box; it shows what was typed, also after the page was left."""
    box, typed = place("notes", "typed"), given().typed
    if typed is not None and begin_with(box.key, typed):
        given().show(box, typed)
    return box


def take_fields(at: Place, names: tuple[str, ...]) -> None:
    """Callback of a form's number inputs: the numbers as they are now."""
    values = {name: held().get(f"{at.key}-{name}") for name in names}
    given().fill(at, {name: None if v is None else float(v) for name, v in values.items()})


def fields_place(modality: Modality) -> Place:
    """The place of a form; its inputs show the numbers held, also after the page was left."""
    at = place(modality, "fields")
    for name, value in given().numbers(modality).items():
        begin_with(f"{at.key}-{name}", value)
    return at


def take_frame(at: Place) -> None:
    """Callback of the frame picker; frames are shown from 1, kept from 0."""
    shown = held().get(at.key)
    if shown is not None:
        given().pick(at, int(shown) - 1)


def remove(modality: Modality) -> None:
    """Callback: drop one part, and what was computed with it."""
    given().remove(modality)
    if modality == "image":
        session().drawn = session().stepped = None
    forget()


def new_case() -> None:
    """Callback: drop all parts and everything computed from them."""
    begin({})


def begin(files: dict[Modality, Offer]) -> None:
    """Start a case with these files; everything of the last one goes."""
    given().begin(files)
    session().dictated.drop()
    session().unfolded = False
    session().drawn = session().stepped = None
    session().void = {file.identifier for file in arrived(BEFORE)}
    session().void |= {file.identifier for file in arrived() if is_dictated(file)}
    forget()


def forget() -> None:
    """Forget what was computed for the case so far, here and in the server around the page."""
    kept = session()
    kept.review = kept.film = kept.prior = kept.lettered = None
    kept.beside = ("", "")
    kept.drafts.clear()
    kept.listened = ""
    drop_answers()
    forgetting.drop_media()
    kept.sweep = "due"


def unfold() -> None:
    """Callback: open the intake over the case, or fold it again."""
    session().unfolded = not session().unfolded


def unfolded() -> bool:
    """Whether the intake is open: the reader opened it, or there is no case yet."""
    return session().unfolded or not any(part.given for part in parts().values())


def choose_sample(name: str, of_case: int) -> None:
    """Callback of a sample's card, once for each case: hand in the files of the sample case."""
    if name not in samples() or not given().choose(of_case):
        return
    files = sample_files(name)
    begin({m: Offer(f"{name}/{path.name}", path.read_bytes()) for m, path in files.items()})
