import json
import struct
import zlib

import numpy as np
import pytest

from dashboard.colours import LOWERS, RAISES, rgb
from dashboard.viewer import develop, pack, pack_overlay
from dashboard.viewer import film as film_module
from mmbm.case import Picture, Window


def picture(height=300, width=200, **kwargs):
    pixels = np.linspace(-1000, 3000, height * width, dtype=np.float32).reshape(height, width)
    return Picture(pixels, (pixels + 1000) / 4000, file_format="DICOM", **kwargs)


def unfolded(content, height, width):
    planes = np.frombuffer(zlib.decompress(content), np.uint8).reshape(2, height, width)
    folded = planes[0].astype(np.int64) + 256 * planes[1].astype(np.int64)
    differences = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
    return (np.cumsum(differences, axis=0) % 65536).astype(np.uint16)


def unpack(payload):
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])
    at = 4 + length + header["film_bytes"]
    content = payload[4 + length : at]
    share = np.frombuffer(payload, "<f4", offset=at + header["curve_bytes"])
    levels = unfolded(content, header["height"], header["width"]) if content else None
    return header, levels, share


def packed(film, share, scale=1.0):
    names = tuple("w" for _ in film.windows)
    return unpack(pack(film, share, scale=scale, window_names=names, texts={"a": "中"}, alt="x"))


def test_values_survive_to_a_65535th_of_their_range():
    shown = picture()
    header, levels, _ = packed(develop(shown), None)
    values = header["low"] + levels / 65535 * (header["high"] - header["low"])
    assert np.abs(values - shown.pixels).max() <= 4000 / 65535
    assert header["map"] is None


def test_whole_numbers_keep_their_steps():
    pixels = np.random.default_rng(0).integers(-1000, 4096, (40, 30)).astype(np.float32)
    film = develop(Picture(pixels, pixels, file_format="DICOM"))
    header, levels, _ = packed(film, None)
    assert (levels + header["low"] == pixels).all()
    assert (header["top"], header["high"]) == (pixels.max(), pixels.min() + 65535)


def test_steps_of_any_size_are_unfolded():
    levels = np.array([[0, 65535, 32768], [65535, 0, 32767], [1, 2, 65534]], dtype=np.uint16)
    assert (unfolded(film_module.packed(levels), 3, 3) == levels).all()


def test_a_film_keeps_its_size_up_to_the_texture_limit(monkeypatch):
    shown = picture(3000, 1500, spacing_mm=(0.1, 0.2))
    whole = develop(shown)
    assert (whole.height, whole.width, whole.reduction) == (3000, 1500, 1)
    assert whole.spacing_mm == (0.1, 0.2)
    monkeypatch.setattr(film_module, "LONGEST_SIDE", 1000)
    header, levels, _ = packed(develop(shown), None)
    assert levels.shape == (1000, 500)
    assert header["spacing_mm"] == pytest.approx([0.3, 0.6])


def test_a_borrowed_film_is_not_sent():
    film = develop(picture())
    payload = pack(film, window_names=("a", "b"), texts={}, alt="x", borrowed=True)
    header, levels, _ = unpack(payload)
    assert levels is None and header["picture_id"] == film.identity
    assert len(payload) < 1000


def test_a_curve_is_sent_where_the_window_is_no_line():
    pixels = np.arange(4096, dtype=np.float32).reshape(64, 64)
    window = Window(2048, 1024, "SOFT")
    line = np.clip((pixels - 2047.5) / 1023 + 0.5, 0, 1)
    sigmoid = (1 / (1 + np.exp(-4 * (pixels - 2048) / 1024))).astype(np.float32)
    films = [
        develop(Picture(pixels, shown, windows=(window,), file_format="DICOM"))
        for shown in (line, sigmoid)
    ]
    assert films[0].curve == b""
    curve = np.frombuffer(films[1].curve, np.uint8)
    assert (curve == np.rint(sigmoid.ravel() * 255)).all()
    assert films[0].identity != films[1].identity


def test_orientation_and_view_are_passed_on():
    header, *_ = packed(develop(picture(orientation=("L", "F"), view="PA", at_detector=True)), None)
    assert (header["orientation"], header["view"]) == (["L", "F"], "PA")
    assert header["at_detector"] is True


def test_the_file_s_window_comes_first_and_empty_windows_are_left_out():
    film = develop(picture(windows=(Window(40, 400, "NORMAL"), Window(1, 0))))
    assert [w.name for w in film.windows] == ["NORMAL", "auto", "full"]


def test_without_a_window_of_the_file_it_is_shown_as_to_the_model():
    full, auto = Window(128, 256, "full"), Window(300, 90, "auto")
    for windows, names in (((full,), ["full", "auto"]), ((auto,), ["auto", "full"])):
        for kind in ("DICOM", "PNG"):
            shown = picture().pixels
            film = develop(Picture(shown, shown, windows=windows, file_format=kind))
            assert film.windows[0] == windows[0]
            assert [w.name for w in film.windows] == names


@pytest.mark.parametrize(
    ("part", "of_file", "first"),
    [
        ("", (), "auto"),
        ("HEAD", (), "auto"),
        ("ABDOMEN", (), "auto"),
        ("CHEST", (), "ct_lung"),
        ("HEAD", (Window(40, 80, "BRAIN"),), "BRAIN"),
    ],
)
def test_a_ct_without_a_window_begins_with_the_range_of_its_pixels(part, of_file, first):
    film = develop(picture(windows=of_file, dicom_modality="CT", body_part=part))
    names = [window.name for window in film.windows]
    assert names[0] == first
    assert {"auto", "full", "ct_lung", "ct_soft", "ct_bone"} <= set(names)


def test_a_film_of_one_grey_can_be_shown():
    grey = np.full((8, 8), 7.0, dtype=np.float32)
    film = develop(Picture(grey, grey * 0, file_format="PNG"))
    assert film.high > film.low
    assert all(w.width > 0 for w in film.windows)


def test_the_map_travels_with_one_scale_for_both_signs():
    share = np.array([[0.5, -0.25], [0.0, 0.125]])
    header, _, sent = packed(develop(picture()), share, scale=0.5)
    assert sent.tolist() == share.ravel().tolist()
    assert header["map"]["scale"] == 0.5
    assert header["map"]["raises"] == list(rgb(RAISES))
    assert header["map"]["lowers"] == list(rgb(LOWERS))


def test_the_identity_follows_the_pixels():
    first, again, other = develop(picture()), develop(picture()), develop(picture(301))
    assert first.identity == again.identity != other.identity
    assert first.identity != develop(picture(windows=(Window(40, 400, "NORMAL"),))).identity


def test_an_overlay_names_its_viewer_and_the_film_it_is_for():
    film, share = develop(picture()), np.array([[0.5, -0.25], [0.0, 0.125]])
    payload = pack_overlay(film, share, scale=0.5, alt="x", name="review")
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])
    assert (header["name"], header["picture_id"]) == ("review", film.identity)
    assert (header["map"]["rows"], header["map"]["cols"]) == (2, 2)
    assert np.frombuffer(payload, "<f4", offset=4 + length).tolist() == share.ravel().tolist()
