"""What the viewer shows of real films at full size, against pydicom's modality and VOI LUT."""

from __future__ import annotations

import csv

import numpy as np
import pydicom
import pytest
from playwright.sync_api import sync_playwright

from mmbm.errors import InputError
from mmbm.io import read_picture
from tests.browser.pydicom_greys import by_pydicom, drawn_at_full_size
from tests.browser.test_review import CHROMIUM_ARGS, chromium
from tests.real.test_grey_values import as_stored, padded

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.slow]

N_FILMS = 20
RADIOGRAPHS = ("CR", "DX", "DR", "RG", "MG", "PX", "XA")


def films(folder):
    """(name, dataset, picture, greys, which count): radiographs first, windowed by the file."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["photometric"].startswith("MONOCHROME")]
    rows.sort(key=lambda row: row["modality"] not in RADIOGRAPHS)
    seen = set()
    for row in rows:
        path = folder / row["file"]
        if row["frames"] not in ("", "1") or path.name in seen:
            continue
        seen.add(path.name)
        try:
            picture = read_picture(path.read_bytes(), path.name)
            dataset = pydicom.dcmread(path, force=True)
            shown, used = by_pydicom(dataset), ~padded(dataset, dataset.pixel_array)
        except InputError:
            continue
        except Exception:  # noqa: BLE001  pydicom has no decoder for it, or the header is odd
            continue
        if min(picture.pixels.shape) < 128:
            continue
        own = picture.windows[0].of_file and "VOI LUT" not in str(picture.warnings)
        if own and shown.shape == as_stored(picture).shape:
            yield path.name, picture, shown, used


def turned(picture, stored):
    """A film as it is stored, turned as the picture was."""
    film = stored.T if "transposed" in picture.turned else stored
    film = film[:, ::-1] if "mirrored" in picture.turned else film
    return film[::-1] if "upside down" in picture.turned else film


def test_greys_are_pydicoms(real_data):
    wrong, compared = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        for name, picture, shown, used in films(real_data / "dicom"):
            drawn, free = drawn_at_full_size(page, picture)
            free &= turned(picture, used)
            apart = np.abs(drawn - turned(picture, shown))[free]
            compared.append((name, *drawn.shape, round(float(apart.max()), 2)))
            if apart.max() > 1:
                wrong.append(compared[-1])
            if len(compared) == N_FILMS:
                break
        browser.close()
    print(*compared, sep="\n")
    assert not wrong, wrong
    assert len(compared) == N_FILMS


def test_greys_are_those_that_the_model_is_given(real_data):
    """Also in odd files, and where the file has no window; a CT is shown by windows for a CT."""
    paths = [*(real_data / "odd_inputs" / "img").iterdir(), *(real_data / "dicom").rglob("*.dcm")]
    wrong, compared = [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        for path in sorted(paths):
            try:
                picture = read_picture(path.read_bytes(), path.name)
            except InputError:
                continue
            if min(picture.pixels.shape) < 128 or max(picture.pixels.shape) > 4096:
                continue
            if picture.dicom_modality == "CT" and not picture.windows[0].of_file:
                continue
            drawn, free = drawn_at_full_size(page, picture)
            apart = np.abs(drawn - 255 * picture.shown)[free].max()
            compared += 1
            if apart > 1:
                wrong.append((path.name, float(apart)))
        browser.close()
    assert not wrong, wrong
    assert compared >= 60
