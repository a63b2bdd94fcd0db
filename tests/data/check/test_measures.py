"""Films and recordings spoilt on purpose, and what is said of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import soxr
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from mmbm.data.check.alike import NEAR, film_fingerprint, near_pairs, sound_fingerprint
from mmbm.data.check.film import (
    ENOUGH,
    faults_of_film,
    measure_film,
    unlike_the_others,
)
from mmbm.data.check.sound import faults_of_sound, measure_sound
from mmbm.data.check.tables import fourths
from mmbm.data.manifest import read_manifest
from mmbm.io import read_picture, read_sound
from tests.made_cases import sound, write_manifest
from tests.made_files import picture as picture_file
from tests.made_files import tone, wav


@pytest.fixture(scope="module")
def film():
    """A made-up chest film of 512 pixels, as 8-bit grey."""
    from mmbm.data.synthesis.generate import SAMPLES
    from mmbm.data.synthesis.phantom import draw_film

    drawn = draw_film(SAMPLES[0].build, 512, np.random.default_rng(0))
    return Image.fromarray((drawn / 16).astype(np.uint8))


def measured(image):
    return measure_film(read_picture(picture_file(image), "film.png"))


def test_nothing_is_said_of_a_good_film(film):
    facts = measured(film)
    assert (facts.height, facts.width) == (512, 512)
    assert faults_of_film(facts) == []


def test_words_on_a_film_are_seen_a_side_marker_is_not(film):
    marked, worded = film.copy(), film.copy()
    ImageDraw.Draw(marked).text((20, 20), "L", fill=255, font_size=18)
    ImageDraw.Draw(worded).text((20, 20), "PORTABLE", fill=255, font_size=18)
    ImageDraw.Draw(worded).text((20, 45), "12.04", fill=255, font_size=18)
    ground = np.asarray(film)[:70, :160]
    assert ground.max() < 200  # the corner is dark enough to read on
    assert "film_print" not in faults_of_film(measured(marked))
    assert "film_print" in faults_of_film(measured(worded))


def test_a_small_film_a_pale_one_and_one_within_a_wide_border(film):
    assert faults_of_film(measured(film.resize((200, 300)))) == ["film_small"]
    pale = Image.fromarray((100 + np.asarray(film) * 0.15).astype(np.uint8))
    assert faults_of_film(measured(pale)) == ["film_low_contrast"]
    framed = Image.new("L", (760, 760))
    framed.paste(film, (124, 124))
    assert faults_of_film(measured(framed)) == ["film_blank"]


def test_a_negative_and_another_picture_stand_out_from_many_films(film):
    rng = np.random.default_rng(0)
    grey = np.asarray(film).astype(np.float32)
    films = []
    for _ in range(ENOUGH):
        spoilt = np.roll(grey, rng.integers(-12, 12, 2), (0, 1)) * rng.uniform(0.7, 1)
        films.append(measured(Image.fromarray(spoilt.astype(np.uint8))))
    assert unlike_the_others(films) == {"film_inverted": [], "film_unlike": []}
    films.append(measured(Image.fromarray(255 - np.asarray(film))))
    films.append(measured(Image.fromarray(rng.integers(0, 255, (512, 512)).astype(np.uint8))))
    found = unlike_the_others(films)
    assert found == {"film_inverted": [ENOUGH], "film_unlike": [ENOUGH + 1]}
    assert unlike_the_others(films[-3:]) == {"film_inverted": [], "film_unlike": []}  # too few


def recompressed(image):
    small = image.resize((int(image.width * 0.6), int(image.height * 0.6)))
    bright = ImageEnhance.Contrast(ImageEnhance.Brightness(small).enhance(1.1)).enhance(0.85)
    return read_picture(picture_file(bright, "JPEG", quality=60), "film.jpg").shown


def test_a_copy_resized_brightened_and_recompressed_is_near_and_so_is_its_negative(film):
    from mmbm.data.synthesis.generate import SAMPLES
    from mmbm.data.synthesis.phantom import draw_film

    other = draw_film(SAMPLES[1].build, 512, np.random.default_rng(1)).astype(np.float32) / 4095
    shown = np.asarray(film).astype(np.float32) / 255
    prints = np.stack([film_fingerprint(p) for p in (shown, other, recompressed(film), 1 - shown)])
    pairs = {(i, j): likeness for i, j, likeness in near_pairs(prints)}
    assert set(pairs) == {(0, 2), (0, 3), (2, 3)}
    assert pairs[0, 2] >= NEAR and pairs[0, 3] <= -NEAR


def test_pairs_in_different_blocks_are_found(monkeypatch):
    monkeypatch.setattr("mmbm.data.check.alike.BLOCK", 3)
    prints = np.eye(11, 16, dtype=np.float32)
    prints[10] = prints[1]
    assert list(near_pairs(prints)) == [(1, 10, 1.0)]


def test_a_flat_film_is_near_nothing():
    flat = film_fingerprint(np.full((64, 64), 0.5, np.float32))
    assert not list(near_pairs(np.stack([flat, flat])))


def test_a_recording_stored_anew_is_near():
    first, other = sound(0, seconds=8.0), sound(1, seconds=8.0)
    buffer = io.BytesIO()
    slower = soxr.resample(first.waveform, 16_000, 8000) * 0.6
    soundfile.write(buffer, slower, 8000, format="OGG", subtype="VORBIS")
    again = read_sound(buffer.getvalue(), "copy.ogg")
    prints = np.stack([sound_fingerprint(s) for s in (first, other, again)])
    assert [pair[:2] for pair in near_pairs(prints)] == [(0, 2)]


def heard(samples, rate=16_000):
    return faults_of_sound(measure_sound(read_sound(wav(samples, rate), "sound.wav")))


def test_what_is_said_of_recordings():
    assert heard(tone()) == []
    assert heard(tone(3.0)) == ["sound_short"]
    assert heard(np.clip(4 * tone(), -0.9, 0.9)) == ["sound_clipped"]
    assert heard(tone(level=0.0015)) == ["sound_quiet"]
    pause = np.concatenate([tone(2.0), np.zeros(6 * 16_000), tone(2.0)])
    assert heard(pause) == ["sound_silent"]
    ended = np.concatenate([tone(3.0), np.zeros(6 * 16_000)])
    assert heard(ended) == ["sound_short"], "a silent end is left out when it is read"
    assert heard(tone(rate=2000), rate=2000) == ["sound_slow"]


def test_length_rate_and_level_are_as_recorded():
    facts = measure_sound(read_sound(wav(tone(rate=8000), 8000), "sound.wav"))
    assert facts.seconds == pytest.approx(6.0) and facts.rate == 8000
    assert facts.level == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.05)


def test_a_softened_film_measures_softer():
    rng = np.random.default_rng(0)
    sharp = Image.fromarray(rng.integers(0, 255, (160, 160), dtype=np.uint8))
    soft = sharp.filter(ImageFilter.GaussianBlur(1.5))
    assert measured(soft).sharpness < measured(sharp).sharpness - 3


def test_fourths_are_within_a_source_and_view(tmp_path):
    path = write_manifest(tmp_path, 16)
    manifest = read_manifest(path)
    figures = dict(enumerate(range(15)))  # the last row has none
    placed = fourths(manifest, figures)
    assert placed[15] == "" and set(placed[:15]) == {"1", "2", "3", "4"}
    for source in set(manifest.rows["source"]):
        mine = [int(placed[i]) for i in range(15) if manifest.rows["source"][i] == source]
        assert mine == sorted(mine) and mine[0] == 1 and mine[-1] == 4
