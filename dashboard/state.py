"""The only user of ``st.session_state`` and of caches.

What patients' files hold lives in the session alone: ``st.cache_*`` is shared by all readers, so
nothing but the model is kept there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import streamlit as st

from dashboard.review import Review
from dashboard.text import LANGUAGES, Language, Texts, texts
from mmbm.card import read_facts
from mmbm.case import MODALITIES, Case, Modality, Notes, Picture, Sound
from mmbm.data.quality.report import DataReport
from mmbm.errors import MMBMError
from mmbm.explain.attribution import Over
from mmbm.explain.flips import Flip
from mmbm.io import read_notes, read_picture, read_sound, typed_notes, warm
from mmbm.model.checkpoint import assets_folder
from mmbm.predict import Predictor
from mmbm.trust.verdict import MapVerdict, Sanity, read_sanity

__all__ = [
    "LANGUAGE_KEY",
    "CloserKey",
    "Part",
    "case",
    "choose_sample",
    "clear",
    "forget",
    "keep",
    "keep_closer",
    "keep_data_report",
    "keep_flip",
    "keep_verdict",
    "kept_closer",
    "kept_data_report",
    "kept_flip",
    "kept_review",
    "kept_verdict",
    "other_predictor",
    "parts",
    "predictor",
    "read",
    "reset_whatif",
    "samples",
    "sanity",
    "say",
    "take_frame",
    "take_text",
    "take_upload",
    "thresholds",
    "typed_key",
    "was_flipped",
    "whatif_key",
    "widget_key",
]

LANGUAGE_KEY = "language"
CloserKey = tuple[Over, str, str, str]  # space, method, finding, baseline
SAMPLE_FILES: dict[Modality, str] = {
    "image": "image.dcm",
    "notes": "notes.txt",
    "audio": "sound.wav",
}


@dataclass(slots=True)
class Part:
    """One modality's place in the intake: what was handed in, and what became of it."""

    content: bytes | None = None
    name: str = ""
    typed: str | None = None
    frame: int = 0
    value: Picture | Notes | Sound | None = None
    error: str = ""
    pending: bool = False  # handed in, not read yet
    turn: int = 0  # in the widgets' keys; a new turn empties them

    def offer(self, content: bytes, name: str) -> None:
        self.content, self.name, self.typed, self.frame = content, name, None, 0
        self.value, self.error, self.pending = None, "", True

    @property
    def given(self) -> bool:
        return self.pending or self.value is not None or bool(self.error)

    def clear(self) -> None:
        self.content, self.typed, self.value = None, None, None
        self.name, self.error, self.frame, self.pending = "", "", 0, False
        self.turn += 1


@dataclass(slots=True)
class Session:
    """All that this page remembers of one reader."""

    parts: dict[Modality, Part] = field(default_factory=lambda: {m: Part() for m in MODALITIES})
    review: Review | None = None
    closer: dict[CloserKey, object] = field(default_factory=dict)
    verdicts: dict[CloserKey, MapVerdict] = field(default_factory=dict)
    flips: dict[tuple[str, str], Flip | None] = field(default_factory=dict)
    whatif_turn: int = 0  # in the keys of the what-if's widgets; a new turn empties them
    data_report: DataReport | None = None


def _session() -> Session:
    if "session" not in st.session_state:
        st.session_state["session"] = Session()
    return cast(Session, st.session_state["session"])


def say() -> Texts:
    """The strings of the language the reader chose."""
    chosen = st.session_state.get(LANGUAGE_KEY, "en")
    return texts(cast(Language, chosen if chosen in LANGUAGES else "en"))


@st.cache_resource(max_entries=2, show_spinner=False)
def _load(model: str, device: str) -> Predictor:
    warm()  # the decoder starts while the weights are read
    return Predictor.load(model, device)


def predictor() -> Predictor:
    """The model that ``MMBM_MODEL`` names, on ``MMBM_DEVICE``, loaded once for all readers.

    Raises ModelError.
    """
    return other_predictor(os.environ.get("MMBM_MODEL", "default"))


def other_predictor(model: str) -> Predictor:
    """Another model, by name or folder, on ``MMBM_DEVICE``; the two asked for last are kept.

    Raises ModelError.
    """
    return _load(model, os.environ.get("MMBM_DEVICE", "auto"))


def thresholds() -> dict[str, float]:
    """The operating point of each finding, as the model's card has it; empty without one."""
    return read_facts(predictor().folder).get("operating_point", {}).get("thresholds", {})


def parts() -> dict[Modality, Part]:
    """The three places of the intake."""
    return _session().parts


def case() -> Case:
    """The parts that could be read, as a case."""
    read: dict[str, Any] = {m: part.value for m, part in parts().items()}
    return Case(**read)


def widget_key(modality: Modality, widget: str) -> str:
    """A widget's key; it changes when the part is cleared, which empties the widget."""
    return f"{modality}-{widget}-{parts()[modality].turn}"


def take_upload(modality: Modality, key: str) -> None:
    """Callback of an uploader or recorder: hand its file in, or clear the part."""
    upload = st.session_state[key]
    part = parts()[modality]
    if upload is None:
        part.clear()
    else:
        part.offer(upload.getvalue(), upload.name)
        typed = widget_key(modality, "typed")
        if typed in st.session_state:
            st.session_state[typed] = ""


def take_text(key: str) -> None:
    """Callback of the text box: the note as typed, or none."""
    part = parts()["notes"]
    text = st.session_state[key]
    if not text.strip():
        part.clear()
        return
    part.content, part.typed = None, text
    part.value, part.error, part.pending = None, "", True


def typed_key() -> str:
    """The text box's key; the box starts with what was typed before the page was left."""
    key, typed = widget_key("notes", "typed"), parts()["notes"].typed
    if typed is not None and key not in st.session_state:
        st.session_state[key] = typed
    return key


def take_frame(key: str) -> None:
    """Callback of the frame picker; frames are shown from 1, kept from 0."""
    part = parts()["image"]
    part.frame = int(st.session_state[key]) - 1
    part.error, part.pending = "", True


def read(modality: Modality) -> None:
    """Decode what was handed in; a refusal becomes the part's error, the other parts stay."""
    part = parts()[modality]
    part.pending = False
    try:
        part.value = _decoded(modality, part)
    except MMBMError as refusal:
        part.value, part.error = None, str(refusal)
    if not (isinstance(part.value, Picture) and part.value.frames > 1):
        part.content = None  # only a file with more frames is read again


def _decoded(modality: Modality, part: Part) -> Picture | Notes | Sound:
    if part.typed is not None:
        return typed_notes(part.typed)
    content = part.content or b""
    if modality == "image":
        return read_picture(content, part.name, frame=part.frame)
    if modality == "notes":
        return read_notes(content, part.name)
    return read_sound(content, part.name)


def clear(modality: Modality) -> None:
    """Drop one part."""
    parts()[modality].clear()


def forget() -> None:
    """New case: drop all parts and everything computed from them."""
    for part in parts().values():
        part.clear()
    session = _session()
    session.review = None
    drop_answers(session)


def samples() -> tuple[str, ...]:
    """The names of the sample cases that came with the program."""
    shelf = assets_folder() / "samples"
    return tuple(sorted(f.name for f in shelf.glob("*") if f.is_dir()))


def choose_sample(key: str) -> None:
    """Callback of the sample list: hand in the files of the sample case."""
    name = st.session_state[key]
    st.session_state[key] = None
    if name not in samples():
        return
    forget()
    folder = assets_folder() / "samples" / name
    for modality, file in SAMPLE_FILES.items():
        path: Path = folder / file
        if path.is_file():
            parts()[modality].offer(path.read_bytes(), f"{name}/{file}")


def kept_review(of: Case) -> Review | None:
    """The review of exactly these parts, if it was made already."""
    kept = _session().review
    same = kept is not None and all(getattr(kept.case, m) is getattr(of, m) for m in MODALITIES)
    return kept if same else None


def keep(made: Review) -> None:
    """Remember the review of the current case; what was computed for the last one goes."""
    session = _session()
    session.review = made
    drop_answers(session)


def drop_answers(session: Session) -> None:
    """Forget what was computed for the last case, and what was asked of it."""
    session.closer.clear()
    session.verdicts.clear()
    session.flips.clear()
    session.whatif_turn += 1


def kept_closer(key: CloserKey) -> object | None:
    """An attribution of the current case, if it was computed already."""
    return _session().closer.get(key)


def keep_closer(key: CloserKey, attribution: object) -> None:
    """Remember an attribution until the case changes."""
    _session().closer[key] = attribution


def kept_verdict(key: CloserKey) -> MapVerdict | None:
    """What was found of that attribution, if it was judged already."""
    return _session().verdicts.get(key)


def keep_verdict(key: CloserKey, judged: MapVerdict) -> None:
    """Remember a verdict until the case changes."""
    _session().verdicts[key] = judged


def sanity() -> tuple[Sanity, ...]:
    """The sanity checks stored with the model; none where they were not made. Raises ModelError."""
    model = predictor()
    return read_sanity(model.folder, model.identity.sha256)


def whatif_key(widget: str) -> str:
    """A what-if widget's key; it changes with the case and on a reset, which empties it."""
    return f"whatif-{widget}-{_session().whatif_turn}"


def reset_whatif() -> None:
    """Callback: undo what was asked of this case."""
    _session().whatif_turn += 1


def was_flipped(modality: Modality, finding: str) -> bool:
    """Whether this case was searched for what flips the finding."""
    return (modality, finding) in _session().flips


def kept_flip(modality: Modality, finding: str) -> Flip | None:
    """What flips the finding, None where nothing was found."""
    return _session().flips[modality, finding]


def keep_flip(modality: Modality, finding: str, found: Flip | None) -> None:
    """Remember it until the case changes."""
    _session().flips[modality, finding] = found


def kept_data_report() -> DataReport | None:
    """The last check of a manifest in this session."""
    return _session().data_report


def keep_data_report(report: DataReport | None) -> None:
    """Remember the check of a manifest, or that the last one was refused."""
    _session().data_report = report
