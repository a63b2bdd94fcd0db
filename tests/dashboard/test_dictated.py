"""A note by voice: heard, corrected and used; whatever becomes of a recording, nothing is lost."""

from __future__ import annotations

import sys
from threading import Event

import numpy as np
import pytest

from dashboard import dictated as room
from dashboard import jobs
from dashboard.dictated import RATE, Dictated, is_dictated
from dashboard.given import File
from dashboard.stored import case_of, files_of
from mmbm.dictation import Dictation
from mmbm.storage import assets_folder
from mmbm.store.cases import whole
from tests.dashboard.test_pages import clean, upload
from tests.made_dictation import Said
from tests.made_payloads import PAYLOADS
from tests.made_sounds import plain_wav, speech
from tests.made_sounds import room as noise

SPEECH = plain_wav(speech(2.0, rate=RATE), rate=RATE)
LUNGS = (assets_folder() / "samples" / "adult-opacity" / "sound.wav").read_bytes()


def recorded(identifier="one", content=SPEECH):
    """A recording, named as the page's recorders name theirs."""
    return File(identifier, "2026-05-04T10-11_audio.wav", content)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that looks like a model's."""
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.setenv("MMBM_DICTATION", str(tmp_path))
    return tmp_path


@pytest.fixture
def says(folder, monkeypatch):
    """Lets the model say words that are known."""

    def say(*texts, **more):
        said = Said(*texts, **more)
        monkeypatch.setattr(room, "model", lambda: Dictation(said))
        return said

    return say


def told(mine):
    return None if mine.error is None else mine.error.into("en")


def test_what_was_said_goes_on_from_what_was_corrected(says):
    mine, said = Dictated(language="en"), says("Feever.")
    mine.take(recorded())
    mine.take(recorded())  # the same one again
    assert mine.begun and mine.text is None
    assert mine.look() is None  # it is done
    assert mine.text == "Feever." and said.asked["language"] == "en"
    mine.correct(mine.turn, "Fever.")
    says("No cough.")
    mine.take(recorded("two"))
    mine.look()
    assert mine.text == "Fever.\nNo cough."
    mine.drop()
    assert not mine.begun and mine.look() is None
    mine.correct(mine.turn - 1, "of a box that is gone")
    assert mine.text is None


def test_another_language_hears_the_recording_again_unless_it_was_corrected(says):
    mine, said = Dictated(), says("发热。")
    mine.take(recorded())
    mine.look()
    assert mine.heard.language == said.asked["language"] == "zh"  # as it was detected
    mine.speak("zh")
    assert mine.look() is None and mine.version == 1
    says("Fever.")
    mine.speak("en")
    mine.look()
    assert (mine.text, mine.heard.language) == ("Fever.", "en")
    mine.correct(mine.turn, "Fever for a week.")
    mine.speak("zh")
    assert mine.look() is None and mine.text == "Fever for a week."


@pytest.mark.parametrize(
    ("content", "texts", "sentence"),
    [
        (b"RIFF0000WAVEno sound at all", ("a",), "sound"),
        (b"", ("a",), "empty"),
        (plain_wav(np.zeros(3 * RATE), rate=RATE), ("a",), "silent"),
        (plain_wav(speech(0.5, rate=RATE), rate=RATE), ("a",), "at least 1 second"),
        (plain_wav(noise(601.0, rate=1000), rate=1000), ("a",), "longer than 600 seconds"),
        (SPEECH, ("  ",), "No words were heard"),
        (SPEECH, ("broken",), "does not run"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence_and_the_text_so_far_stays(says, content, texts, sentence):
    mine = Dictated(language="en")
    says("Fever.")
    mine.take(recorded())
    mine.look()
    says(*texts)
    mine.take(recorded("two", content))
    assert mine.look() is None
    assert sentence in told(mine)
    assert mine.text == "Fever."
    says("No cough.")
    mine.take(recorded("three"))
    mine.look()
    assert told(mine) is None and mine.text == "Fever.\nNo cough."


def test_a_model_that_cannot_be_read_is_said_once_a_note_was_spoken(folder):
    mine = Dictated()
    assert room.refusal() is None
    mine.take(recorded())
    mine.look()
    assert "no Whisper that can be read" in told(mine) and mine.text is None


def test_what_is_known_to_be_missing_is_said_before_a_note_is_spoken(folder, monkeypatch):
    (folder / "tokenizer.json").unlink()
    assert "lacks tokenizer.json" in room.refusal().into("en")
    (folder / "tokenizer.json").write_bytes(b"{}")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    assert 'pip install "mmbm[dictation]"' in room.refusal().into("en")


@pytest.fixture
def slow(says, monkeypatch):
    """The model waits in the middle of a note until it is let go."""
    go, said = Event(), says("one", "two")
    plain = said.segments

    def segments():
        for segment in plain():
            yield segment
            go.wait(60)

    said.segments = segments
    monkeypatch.setattr(jobs, "UNASKED", 0.0)
    return go


def ended(job):
    assert not job.running(60.0)


def test_a_job_that_is_stopped_takes_its_recording_with_it_and_no_text(slow):
    mine = Dictated(language="en", text="Fever.")
    mine.take(recorded())
    job = mine.look()
    job.stop()
    slow.set()
    ended(job)
    assert mine.look() is None
    assert mine.text == "Fever." and mine.error is None


def test_one_that_nobody_looked_at_for_long_is_heard_when_somebody_does(slow, monkeypatch):
    mine = Dictated(language="en")
    mine.take(recorded())
    left = mine.look()
    monkeypatch.setattr(jobs, "UNSEEN", -1.0)
    slow.set()
    while not left._answer.done():
        pass
    monkeypatch.undo()
    monkeypatch.setattr(room, "model", lambda: Dictation(Said("one", "two")))
    again = mine.look()
    assert again is not left
    if again is not None:
        ended(again)
        mine.look()
    assert mine.text == "one two"


def test_what_was_dropped_while_it_was_heard_does_not_come_back(slow):
    mine = Dictated(language="en")
    mine.take(recorded())
    job = mine.look()
    mine.drop()
    slow.set()
    ended(job)
    assert mine.look() is None and mine.text is None


def test_a_recording_is_of_a_note_by_its_sample_rate(folder, monkeypatch):
    assert is_dictated(recorded())
    assert not is_dictated(recorded(content=plain_wav(speech(1.0))))  # at 16 kHz, as a lung sound
    assert not is_dictated(File("one", "recording.wav", SPEECH))
    assert not is_dictated(recorded(content=b""))
    monkeypatch.delenv("MMBM_DICTATION")
    assert not is_dictated(recorded())


# On the page


def session(app):
    return app.session_state["session"]


def box(app):
    return next((b for b in app.text_area if b.key.startswith("notes-dictated")), None)


def dictate(app, identifier="one"):
    session(app).dictated.take(recorded(identifier))
    return clean(app.run())


def recorders(app):
    return {r.proto.label: r.proto.sample_rate for r in app.get("audio_input")}


def test_the_two_recorders_can_be_told_apart(app, says):
    says("Fever.")
    rates = recorders(app.run())
    assert rates == {
        "Record with this computer's microphone": 16_000,
        "Dictate the notes with this computer's microphone": RATE,
    }


def test_without_a_model_nothing_of_it_is_there_but_a_hint(app, monkeypatch):
    monkeypatch.delenv("MMBM_DICTATION", raising=False)
    clean(app.run())
    assert list(recorders(app).values()) == [16_000]
    assert "Dictate" not in [tab.label for tab in app.tabs]
    (typed,) = app.text_area
    assert "MMBM_DICTATION" in typed.help


def test_a_folder_without_a_model_is_said_in_place_of_the_recorder(app, folder):
    (folder / "model.bin").unlink()
    clean(app.run())
    assert ["lacks model.bin" in error.value for error in app.error] == [True]
    assert list(recorders(app).values()) == [16_000]


def test_a_note_counts_only_once_it_is_used(app, says):
    says("Feever for three days.")
    dictate(app.run())
    assert box(app).value == "Feever for three days." and box(app).label.startswith("Heard in")
    assert session(app).given.whole().notes is None
    box(app).set_value("Fever for three days.").run()
    assert session(app).given.whole().notes is None
    app.button(key="dictate-replace").click().run()
    assert session(app).given.whole().notes.text == "Fever for three days."
    assert session(app).given.whole().present == ("notes",)
    assert box(clean(app)) is None and not session(app).unfolded


def test_a_dictated_note_is_told_as_dictated_until_another_takes_its_place(app, says):
    says("Fever and a dry cough.")
    dictate(app.run())
    app.button(key="dictate-replace").click().run()
    kept = session(app).given
    assert kept.whole().notes.file_format == "dictated"
    assert any("dictated · 22 characters" in shown.value for shown in app.get("html"))
    kept.write(kept.place("notes", "typed"), "Fever and cough.")  # a correction
    kept.read("notes")
    assert kept.whole().notes.file_format == "dictated"
    stored = files_of(kept.parts)
    assert stored["notes"].kind == "dictated"
    for case in (case_of(stored), whole(stored)):
        assert (case.notes.text, case.notes.file_format) == ("Fever and cough.", "dictated")
    kept.remove("notes")
    kept.write(kept.place("notes", "typed"), "Chest pain.")
    kept.read("notes")
    assert kept.whole().notes.file_format == "typed"


@pytest.mark.parametrize(
    ("how", "text"), [("add", "Cough.\nFever."), ("replace", "Fever."), ("discard", "Cough.")]
)
def test_a_note_that_is_there_is_added_to_or_replaced_as_its_reader_says(app, says, how, text):
    says("Fever.")
    app.run()
    upload(app, "notes", "note.txt", b"Cough.\n")
    dictate(app)
    assert session(app).given.whole().notes.text.rstrip() == "Cough."
    app.button(key=f"dictate-{how}").click().run()
    assert session(app).given.whole().notes.text.rstrip() == text
    assert box(clean(app)) is None


def test_a_text_that_is_refused_as_a_note_stays_for_correction(app, says, monkeypatch):
    says("Fever.")
    app.run()
    upload(app, "notes", "note.txt", b"a" * 199_999)
    dictate(app)
    app.button(key="dictate-add").click().run()
    assert "could not be read" in app.error[0].value
    assert box(clean(app)).value == "Fever."
    assert session(app).given.whole().notes.text == "a" * 199_999


def test_the_text_survives_another_page_and_another_language(app, says):
    says("Fever.")
    dictate(app.run())
    box(app).set_value("Fever, no cough.").run()
    app.switch_page("screens/about.py").run()
    app.switch_page("screens/review.py").run()
    assert box(app).value == "Fever, no cough."
    next(c for c in app.segmented_control if c.key == "language").set_value("zh").run()
    assert box(app).value == "Fever, no cough."
    assert "识别为" in box(app).label
    assert not app.exception


def test_a_new_case_takes_it_away(app, says):
    says("Fever.")
    app.run()
    upload(app, "notes", "note.txt", b"Cough.")
    dictate(app)
    app.button(key="new-case").click().run()
    assert box(clean(app)) is None and not session(app).dictated.begun
    dictate(app)  # the same recording, which comes late
    assert box(app) is None


def test_a_recording_that_waits_while_a_new_case_begins_is_not_of_it(app, says, monkeypatch):
    says("Fever.")
    app.run()
    upload(app, "notes", "note.txt", b"Cough.")
    both = [recorded(), recorded("lungs", LUNGS)]
    monkeypatch.setattr("dashboard.state.intake.arrived", lambda since=0.0: [] if since else both)
    app.button(key="new-case").click().run()
    assert session(app).void == {"one"}
    monkeypatch.setattr("dashboard.state.intake.unclaimed", lambda elsewhere, page: both)
    assert box(clean(app.run())) is None
    assert session(app).given.whole().present == ("audio",)


def test_a_recording_whose_widget_cannot_hand_it_in_is_heard_and_never_a_lung_sound(
    app, says, monkeypatch
):
    says("Fever.")
    waiting = [[recorded()], [recorded("lungs", LUNGS)]]
    monkeypatch.setattr(
        "dashboard.state.intake.unclaimed",
        lambda elsewhere, page: waiting.pop(0) if waiting else [],
    )
    clean(app.run())
    assert box(app).value == "Fever."
    assert session(app).given.whole().present == ()
    clean(app.run())  # one that is no note still is a lung sound
    assert session(app).given.whole().present == ("audio",)


@pytest.mark.parametrize("payload", PAYLOADS[:3])
def test_words_that_look_like_markup_are_text(app, says, payload):
    says(payload)
    dictate(app.run())
    assert box(app).value == payload.strip()


def test_the_way_from_recording_to_text_with_a_model(whisper, monkeypatch):
    monkeypatch.setenv("MMBM_DICTATION", str(whisper))
    mine = Dictated()
    mine.take(recorded())
    while (job := mine.look()) is not None:
        job.running(1.0)
    assert mine.error is None and set(mine.text) == {"a"}
    assert mine.heard.language in ("en", "zh")
