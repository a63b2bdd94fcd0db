"""What the viewer shows of real films at full size, against pydicom's modality and VOI LUT."""

from __future__ import annotations

import csv

import numpy as np
import pydicom
import pytest
from playwright.sync_api import sync_playwright
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from mmbm.errors import InputError
from mmbm.io import read_picture
from tests.browser.test_review import CHROMIUM_ARGS, chromium
from tests.browser.viewer_page import greys, mount, open_viewer, payload
from tests.real.test_grey_values import as_stored, padded

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.slow]

N_FILMS = 20
RADIOGRAPHS = ("CR", "DX", "DR", "RG", "MG", "PX", "XA")


def by_pydicom(dataset):
    """(height, width) greys 0 to 255, dark is 0; and which pixels count."""
    stored = dataset.pixel_array
    values = apply_modality_lut(stored, dataset)
    shown = np.asarray(apply_voi_lut(values, dataset), np.float64)
    if "VOILUTSequence" in dataset:
        top = float(np.asarray(dataset.VOILUTSequence[0].LUTData).max())
        low, high = 0.0, top
    else:
        function = str(dataset.get("VOILUTFunction", "") or "LINEAR")
        assert function in ("LINEAR", "LINEAR_EXACT", "SIGMOID")
        low, high = (float(v) for v in apply_voi_lut(np.array([-1e7, 1e7]), dataset))
    shown = 255 * np.clip((shown - low) / (high - low), 0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 255 - shown
    return shown, ~padded(dataset, stored)


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
            shown, used = by_pydicom(dataset)
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
            height, width = picture.pixels.shape
            page.set_viewport_size({"width": width, "height": height})
            open_viewer(page, width, height)
            page.add_style_tag(content=".bar, .foot { display: none !important }")
            mount(page, payload(picture))
            # what is written on the film: a scale bar, letters at the edges
            drawn = greys(page)
            free = np.ones(drawn.shape, bool)
            free[-40:, :] = free[:40, width // 2 - 12 : width // 2 + 12] = False
            free[-60:, width // 2 - 12 : width // 2 + 12] = False
            free[height // 2 - 24 : height // 2 + 12, [*range(26), *range(-26, 0)]] = False
            free &= turned(picture, used)
            apart = np.abs(drawn - turned(picture, shown))[free]
            compared.append((name, height, width, round(float(apart.max()), 2)))
            if apart.max() > 1:
                wrong.append(compared[-1])
            if len(compared) == N_FILMS:
                break
        browser.close()
    print(*compared, sep="\n")
    assert not wrong, wrong
    assert len(compared) == N_FILMS
