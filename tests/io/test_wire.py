import io
import json
import struct
from datetime import date

import numpy as np
import pytest

from mmbm.case import Notes, Picture, Sound, Study, Window
from mmbm.io import wire
from mmbm.text import sentence

AGES = sentence("patient.age_differs", notes=sentence("patient.years", count=58), header="?")
LONG = sentence("io.dicom.damaged_elements", attributes=("Rows", "Columns"))


def through(part):
    fields, arrays = wire.take_apart(part)
    pipe = io.BytesIO()
    wire.send(pipe, {"kind": type(part).__name__, "fields": fields}, [a.data for a in arrays])
    pipe.seek(0)
    header, body = wire.receive(pipe, 2**20)
    return wire.rebuild(header["kind"], header["fields"], body)


def test_a_picture_survives_the_way():
    film = Picture(
        pixels=np.arange(6, dtype=np.float32).reshape(2, 3),
        shown=np.ones((2, 3), np.float32),
        windows=(Window(40, 400, "LUNG"), Window(1.5, 2)),
        spacing_mm=(0.1, 0.2),
        frame=1,
        frames=2,
        file_format="DICOM",
        dicom_modality="CR",
        body_part="CHEST",
        view="PA",
        photometric="MONOCHROME1",
        transfer_syntax="RLE Lossless",
        bits_stored=12,
        study=Study("1.2.3", "1.2.4", "1.2.5", "1.2.6", "A 17", date(2026, 3, 3)),
        warnings=(sentence("io.dicom.lossy"), AGES),
    )
    again = through(film)
    for name in film.__dataclass_fields__:
        one, other = getattr(film, name), getattr(again, name)
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other) if name in ("pixels", "shown") else None
        assert name in ("pixels", "shown") or one == other
    assert [w.into("zh") for w in again.warnings] == [w.into("zh") for w in film.warnings]


def test_notes_and_sound_survive_the_way():
    notes = Notes("咳嗽 \ud7ff", "zh", "pdf", 3, "gb18030", (AGES,))
    assert through(notes) == notes
    sound = Sound(np.linspace(-1, 1, 50, dtype=np.float32), 4000, 2, "flac", "ogg", (LONG,))
    again = through(sound)
    np.testing.assert_array_equal(again.waveform, sound.waveform)
    assert (again.original_rate, again.channels, again.warnings) == (4000, 2, (LONG,))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"short",
        struct.pack("<QQ", 10, 0) + b"{}",
        struct.pack("<QQ", 2**63, 0),
        struct.pack("<QQ", 2, 2**62) + b"{}",
        struct.pack("<QQ", 2, 0) + b"[]",
        struct.pack("<QQ", 2, 0) + b"\xff\xff",
        struct.pack("<QQ", 2, 5) + b"{}" + b"abc",
    ],
)
def test_messages_that_break_the_format(message):
    with pytest.raises(wire.Broken):
        wire.receive(io.BytesIO(message), 1000)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("Picture", {"shape": [3, 3]}),
        ("Picture", {"shape": [2]}),
        ("Picture", {"windows": [[1, 2]]}),
        ("Picture", {"bits_stored": "many"}),
        ("Picture", {"frames": 1e400}),
        ("Picture", {"warnings": ["a text"]}),
        ("Picture", {"warnings": {"code": "io.dicom.lossy", "values": {}}}),
        ("Picture", {"warnings": [{"code": "io.dicom.lossy", "values": {}}] * 1001}),
        ("Sound", {}),
        ("Recipe", {}),
        ("Notes", {}),
    ],
)
def test_parts_that_do_not_fit(kind, changed):
    film = Picture(np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    fields, arrays = wire.take_apart(film)
    fields = json.loads(json.dumps(fields)) | changed
    body = bytearray(b"".join(array.tobytes() for array in arrays))
    with pytest.raises(wire.Broken, match=f"not a {kind}"):
        wire.rebuild(kind, fields, body)


SIZE = {"megabytes": 9.0, "limit": 8.0}


@pytest.mark.parametrize(
    "found",
    [
        None,
        "The file is empty.",
        {},
        {"code": "io.file.empty"},
        {"code": "io.file.no_such", "values": {}},
        {"code": ["io.file.empty"], "values": {}},
        {"code": "io.file.empty", "values": None},
        {"code": "io.file.empty", "values": {"name": "Jane Doe"}},
        {"code": "io.file.too_large", "values": {"megabytes": 9.0}},
        {"code": "io.file.too_large", "values": SIZE | {"limit": "8"}},
        {"code": "io.file.too_large", "values": SIZE | {"limit": None}},
        {"code": "io.dicom.body_part", "values": {"body_part": "x" * 1001}},
        {"code": "io.dicom.body_part", "values": {"body_part": []}},
        {"code": "io.dicom.body_part", "values": {"body_part": {"code": 1, "values": {}}}},
    ],
)
def test_what_is_none_of_this_program_s_sentences_is_not_believed(found):
    with pytest.raises(wire.Broken, match="not a sentence"):
        wire.said(found)


def test_sentences_within_sentences_have_an_end():
    deep = {"code": "io.file.empty", "values": {}}
    for _ in range(9):
        deep = {"code": "io.dicom.body_part", "values": {"body_part": deep}}
    with pytest.raises(wire.Broken):
        wire.said(deep)
