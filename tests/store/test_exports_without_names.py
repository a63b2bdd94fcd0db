"""Exports of a store: without names unless they are asked for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from mmbm.data.manifest import read_manifest
from mmbm.io import read_picture, read_sound
from mmbm.reading import Decision, Reading
from mmbm.store import Given
from mmbm.store.export import export_decided
from tests.made_planted import film, marks_in, recording

NOTE = "Patient: Anna Kowalski-Smith, MRN 4471902. Seen by Dr. Okonkwo. Fever; case ZQJOHN90."


@pytest.fixture
def planted(store):
    """A decided case whose film, sound, note and their names lead to a patient."""
    numbers = iter(range(80))
    parts = {
        "image": Given(name="ZQJOHN91.dcm", content=film(numbers)),
        "notes": Given(name="ZQJOHN92.txt", content=NOTE.encode()),
        "audio": Given(name="ZQJOHN93.wav", content=recording(numbers)),
    }
    case_id = store.add_case(parts, patient="ZQJOHN90", age=97.0, sex="F")
    decision = Decision(finding="pneumonia", final="yes", reason="ZQJOHN94")
    reading = Reading(reader="ZQJOHN95", decisions=(decision,), comment="ZQJOHN96")
    store.save_reading(case_id, reading)
    return parts


def written(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_that_was_planted_leaves(store, planted, tmp_path):
    made = export_decided(store, tmp_path / "out", "Dr Wu")
    assert (made.cases, made.left_out, made.unclean) == (1, 0, 0)
    for path in written(tmp_path / "out"):
        assert not marks_in(path.name, path.read_bytes()), path.suffix
        assert not [n for n in (b"Kowalski", b"4471902", b"Okonkwo") if n in path.read_bytes()]
    (row,) = read_manifest(made.manifest).rows.to_dict("records")
    assert row["notes_text"].endswith("Fever; case [number].") and float(row["age"]) == 90
    assert store.audit()[-1].act == "export decided de-identified"
    assert store.audit()[-1].who == "Dr Wu"


def test_what_the_model_reads_is_the_same(store, planted, tmp_path):
    export_decided(store, tmp_path / "out")
    (image,) = (tmp_path / "out").rglob("*-image.dcm")
    (sound,) = (tmp_path / "out").rglob("*-audio.wav")
    before, after = read_picture(planted["image"].content, ""), read_picture(image.read_bytes(), "")
    assert np.array_equal(before.pixels, after.pixels)
    assert np.array_equal(before.shown, after.shown) and before.view == after.view
    heard = read_sound(planted["audio"].content, "").waveform
    assert np.abs(heard - read_sound(sound.read_bytes(), "").waveform).max() < 1e-6


def test_names_go_along_where_they_are_asked_for(store, planted, tmp_path):
    made = export_decided(store, tmp_path / "out", identified=True)
    for modality, given in planted.items():
        (path,) = (tmp_path / "out" / "files").glob(f"*-{modality}.*")
        assert path.read_bytes() == given.content
    assert "ZQJOHN90" not in made.manifest.read_text()  # patients are numbers in any case
    assert store.audit()[-1].act == "export decided identified"


def test_a_png_loses_its_texts_and_keeps_its_greys(store, tmp_path):
    from io import BytesIO

    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    greys = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16
    texts, buffer = PngInfo(), BytesIO()
    texts.add_text("Author", "ZQJOHN97")
    Image.fromarray(greys).save(buffer, "PNG", pnginfo=texts)
    assert marks_in(buffer.getvalue())
    case_id = store.add_case({"image": Given(name="a.png", content=buffer.getvalue())})
    decision = Decision(finding="pneumonia", final="no")
    store.save_reading(case_id, Reading(reader="r", decisions=(decision,)))
    export_decided(store, tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("*.png")
    assert not marks_in(path.read_bytes())
    assert np.array_equal(read_picture(path.read_bytes(), "").pixels, greys)


def test_a_case_that_cannot_be_read_is_left_out_and_counted(store, planted, tmp_path):
    broken = {"image": Given(name="a.dcm", content=planted["image"].content[:900])}
    case_id = store.add_case(broken)
    decision = Decision(finding="pneumonia", final="no")
    store.save_reading(case_id, Reading(reader="r", decisions=(decision,)))
    made = export_decided(store, tmp_path / "out")
    assert (made.cases, made.unclean) == (1, 1)
    assert not any(case_id in path.name for path in written(tmp_path / "out"))


def test_a_reading_says_when_to_see_the_patient_again(store, given):
    case_id = store.add_case(given())
    day = date(2026, 6, 1)
    store.save_reading(case_id, Reading(reader="Dr A", follow_up=day))
    assert store.case(case_id).follow_up == day
    store.save_reading(case_id, Reading(reader="Dr B"))  # says nothing of it
    assert [due.case_id for due in store.due(day)] == [case_id]
    store.save_reading(case_id, Reading(reader="Dr A", follow_up=None))
    assert store.case(case_id).follow_up is None
