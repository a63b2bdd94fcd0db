import json
import struct

import numpy as np
import pytest

from dashboard.colours import LOWERS, RAISES, rgb
from dashboard.viewer import develop, pack, pack_overlay
from mmbm.case import Picture, Window


def picture(height=300, width=200, **kwargs):
    pixels = np.linspace(-1000, 3000, height * width, dtype=np.float32).reshape(height, width)
    return Picture(pixels, (pixels + 1000) / 4000, file_format="DICOM", **kwargs)


def unpack(payload):
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])
    size = header["width"] * header["height"]
    pixels = np.frombuffer(payload, "<u2", size, 4 + length)
    share = np.frombuffer(payload, "<f4", offset=4 + length + 2 * size)
    return header, pixels.reshape(header["height"], header["width"]), share


def packed(film, share, scale=1.0):
    names = tuple("w" for _ in film.windows)
    return unpack(pack(film, share, scale=scale, window_names=names, texts={"a": "中"}, alt="x"))


def test_values_survive_to_a_65535th_of_their_range():
    shown = picture()
    header, levels, _ = packed(develop(shown), None)
    values = header["low"] + levels / 65535 * (header["high"] - header["low"])
    assert np.abs(values - shown.pixels).max() <= 4000 / 65535
    assert header["map"] is None


def test_a_large_film_is_shrunk_and_its_scale_bar_with_it():
    film = develop(picture(3000, 1500, spacing_mm=(0.1, 0.1)))
    assert film.levels.shape == (1024, 512)
    assert film.spacing_mm == pytest.approx(0.1 * 3000 / 1024)


def test_the_file_s_window_comes_first_and_empty_windows_are_left_out():
    film = develop(picture(windows=(Window(40, 400, "NORMAL"), Window(1, 0))))
    assert [w.name for w in film.windows] == ["NORMAL", "auto", "full"]


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


def test_an_overlay_names_its_viewer_and_the_film_it_is_for():
    film, share = develop(picture()), np.array([[0.5, -0.25], [0.0, 0.125]])
    payload = pack_overlay(film, share, scale=0.5, alt="x", name="review")
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])
    assert (header["name"], header["picture_id"]) == ("review", film.identity)
    assert (header["map"]["rows"], header["map"]["cols"]) == (2, 2)
    assert np.frombuffer(payload, "<f4", offset=4 + length).tolist() == share.ravel().tolist()
