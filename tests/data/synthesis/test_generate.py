import hashlib
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mmbm.data.masking import DISEASE_NAMES
from mmbm.data.synthesis.generate import SAMPLES, Sample, write_samples
from mmbm.data.synthesis.lung_sounds import RATE, TWO_CYCLES, synthesise
from mmbm.data.synthesis.phantom import Build, Patch, draw_film

SMALL = [replace(sample, pixels=256) for sample in SAMPLES]  # the same cases, sooner drawn
SHIPPED = Path(__file__).parents[3] / "assets" / "samples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("samples")
    write_samples(into, SMALL)
    return into


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "README.md")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_bytes_each_time(folder: Path, tmp_path: Path):
    written = write_samples(tmp_path, SMALL)
    assert [p.name for p in written] == ["image.dcm", "notes.txt", "sound.wav"] * 3
    assert digests(folder) == digests(tmp_path)


def test_the_shipped_samples_are_complete_and_small():
    assert set(digests(SHIPPED)) == {
        f"{s.name}/{file}" for s in SAMPLES for file in ("image.dcm", "notes.txt", "sound.wav")
    }
    sizes = [p.stat().st_size for p in SHIPPED.rglob("*") if p.is_file()]
    assert max(sizes) < 1_000_000 and sum(sizes) < 3_000_000


@pytest.mark.parametrize("sample", SMALL, ids=lambda s: s.name)
def test_film_is_a_readable_dx_object(folder: Path, sample: Sample):
    ds = pydicom.dcmread(folder / sample.name / "image.dcm")
    assert (ds.Modality, ds.BodyPartExamined, ds.ViewPosition) == ("DX", "CHEST", "PA")
    assert ds.PatientIdentityRemoved == "YES"
    assert str(ds.PatientName).startswith("SYNTHETIC^")
    assert ds.StudyDescription == "Synthetic phantom, not a patient"
    assert ds.PhotometricInterpretation == f"MONOCHROME{1 if sample.inverted else 2}"
    pixels = ds.pixel_array
    assert pixels.shape == (sample.pixels, sample.pixels) and pixels.max() <= 4095
    bright = 4095 - pixels if sample.inverted else pixels
    size = sample.pixels
    spine = bright[size // 2 : size * 2 // 3, size * 12 // 25 : size * 13 // 25].mean()
    lung = bright[size // 3 : size * 2 // 5, size // 4 : size // 3].mean()
    assert spine > 2.5 * lung  # bone bright, air dark, whichever way it is stored
    assert float(ds.PixelSpacing[0]) * size == pytest.approx(400 * sample.build.scale, rel=0.01)


@pytest.mark.slow
def test_the_shipped_films_are_the_ones_this_code_draws(tmp_path: Path):
    write_samples(tmp_path)
    for sample in SAMPLES:
        drawn, shipped = (
            pydicom.dcmread(root / sample.name / "image.dcm").pixel_array.astype(float)
            for root in (tmp_path, SHIPPED)
        )
        assert np.abs(drawn - shipped).max() <= 2  # greys of 4096; equal on one machine
        for name in ("notes.txt", "sound.wav"):
            sizes = {(root / sample.name / name).stat().st_size for root in (tmp_path, SHIPPED)}
            assert len(sizes) == 1


def test_a_film_of_odd_size_is_refused():
    with pytest.raises(ValueError, match="it must be a multiple of 4"):
        draw_film(Build(), 255, np.random.default_rng(0))


def test_uids_differ_between_cases(folder: Path):
    films = [pydicom.dcmread(folder / s.name / "image.dcm") for s in SAMPLES]
    uids = [str(ds[k].value) for ds in films for k in ("StudyInstanceUID", "SOPInstanceUID")]
    assert len(set(uids)) == len(uids)


def test_a_patch_brightens_its_own_place_only():
    clear, patched = (
        draw_film(Build(patches=p), 256, np.random.default_rng(1)).astype(float)
        for p in ((), (Patch(-9.0, 22.0, 3.0, 3.0),))
    )
    change = patched - clear
    y, x = int(22.0 / 40 * 256), int(11.0 / 40 * 256)
    assert change[y - 8 : y + 8, x - 8 : x + 8].mean() > 500
    assert abs(change[y - 8 : y + 8, 180:200].mean()) < 60


@pytest.mark.parametrize("sample", SMALL, ids=lambda s: s.name)
def test_sound_is_heard_and_not_clipped(folder: Path, sample: Sample):
    with wave.open(str(folder / sample.name / "sound.wav")) as clip:
        assert (clip.getnchannels(), clip.getsampwidth(), clip.getframerate()) == (1, 2, RATE)
        frames = np.frombuffer(clip.readframes(clip.getnframes()), "<i2") / 32768
    assert 12 <= len(frames) / RATE <= 15
    assert frames.std() > 0.02 and np.abs(frames).max() < 0.99


def test_crackles_are_sudden_and_breath_is_not():
    def peakedness(kind: str) -> float:
        sound = synthesise(
            np.random.default_rng(2),
            seconds=12.0,
            breaths_per_minute=20,
            beats_per_minute=80,
            crackles=kind,  # type: ignore[arg-type]
        )
        steps = np.abs(np.diff(sound.astype(np.float64)))
        return float(steps.max() / np.median(steps))

    assert peakedness("fine") > 2 * peakedness("none")
    assert TWO_CYCLES["fine"] < 0.010 <= TWO_CYCLES["coarse"]


def test_notes_name_no_disease_and_one_is_chinese(folder: Path):
    notes = [(folder / s.name / "notes.txt").read_text(encoding="utf-8") for s in SAMPLES]
    assert not any(DISEASE_NAMES.search(note) for note in notes)
    assert "发热" in notes[2] and "Denies cough" in notes[1]
