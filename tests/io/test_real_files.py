"""Every public DICOM and odd sound file ends in a case part or in one MMBMError."""

import csv

import numpy as np
import pytest

from mmbm.case import Picture, Sound
from mmbm.errors import InputError
from mmbm.io import read_picture, read_sound

pytestmark = pytest.mark.real


def rows(index):
    with index.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read(reader, path):
    """A case part, or the error; anything else fails the test."""
    try:
        return reader(path.read_bytes(), path.name)
    except InputError as exc:
        return exc


def is_sound(film):
    return (
        isinstance(film, Picture)
        and film.pixels.shape == film.shown.shape
        and np.isfinite(film.pixels).all()
        and film.shown.min() >= 0
        and film.shown.max() <= 1
        and np.ptp(film.shown) > 0
    )


FIRST_FRAME_IS_WHOLE = "emri_small_jpeg_2k_lossless_too_short.dcm"  # a later frame is cut short


@pytest.mark.slow
def test_all_dicom_files(real_data):
    folder = real_data / "dicom"
    wrong = []
    for row in rows(folder / "index.csv"):
        path = folder / row["file"]
        end, expected = read(read_picture, path), row["expected"]
        refused = isinstance(end, InputError)
        if not (
            (refused or is_sound(end))
            and (
                refused
                if expected == "reject_no_pixels" and path.name != FIRST_FRAME_IS_WHOLE
                else True
            )
            and (is_sound(end) if expected == "accept_chest_radiograph" else True)
            and (not refused and end.warnings if expected.startswith("warn_") else True)
        ):
            wrong.append((row["file"], expected, repr(end) if refused else end.warnings))
    assert wrong == []


def test_the_two_senses_of_a_real_film(real_data):
    folder = real_data / "dicom" / "torchxrayvision" / "tests"
    negative = read_picture((folder / "Fake_MONOHR1.dcm").read_bytes(), "film.dcm")
    (path,) = (p for p in folder.iterdir() if p.name.startswith("1.2.276"))
    film = read_picture(path.read_bytes(), "film.dcm")
    np.testing.assert_allclose(negative.pixels, 255 - film.pixels, atol=1e-4)
    np.testing.assert_allclose(negative.shown, 1 - film.shown, atol=1e-6)


def test_lossy_and_lossless_encodings_of_one_film_agree(real_data):
    folder = real_data / "dicom" / "dicom-test-files" / "WG04"
    films = [
        read_picture((folder / kind / f"RG2_{kind}").read_bytes(), "film.dcm")
        for kind in ("RLE", "JLSL", "JPLL", "J2KI", "JLSN", "JPLY")
    ]
    lossless, lossy = films[:3], films[3:]
    for film in lossless[1:]:
        np.testing.assert_array_equal(film.pixels, lossless[0].pixels)
    for film in lossy:
        assert np.abs(film.shown - lossless[0].shown).mean() < 0.01
        assert "The image was compressed with loss; fine detail may be missing." in film.warnings


def test_all_odd_sounds(real_data):
    folder = real_data / "audio_odd"
    wrong = []
    for row in rows(folder / "index.csv"):
        end, expect = read(read_sound, folder / row["file"]), row["expect"]
        refused = isinstance(end, InputError)
        if not (
            (refused or (isinstance(end, Sound) and np.abs(end.waveform).max() <= 1))
            and (refused if expect.startswith("refuse") and " or " not in expect else True)
            and (not refused if expect.startswith("ok") and " or " not in expect else True)
            and (not refused and end.warnings if expect.startswith("ok with warning (") else True)
        ):
            wrong.append((row["file"], expect, repr(end)))
    assert wrong == []


def test_polarity_does_not_change_the_sound(real_data):
    folder = real_data / "audio_odd" / "files"
    one, other = (
        read_sound((folder / name).read_bytes(), name) for name in ("enc_s16.wav", "inverted.wav")
    )
    assert np.corrcoef(one.waveform, other.waveform)[0, 1] < -0.999  # the gains differ


def test_no_tag_of_a_sound_gets_through(real_data):
    content = (real_data / "audio_odd" / "files" / "mp3_vbr_id3_phi.mp3").read_bytes()
    recording = read_sound(content, "breath.mp3")
    assert (recording.codec, recording.container, recording.warnings) == ("mp3float", "mp3", ())
