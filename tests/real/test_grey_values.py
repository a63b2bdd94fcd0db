"""The grey values of films in every transfer syntax, against GDCM (by SimpleITK) and pydicom."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_windowing

from mmbm.errors import InputError
from mmbm.io import read_picture

pytestmark = [pytest.mark.real, pytest.mark.slow]

N_FILMS = 40
LOSSY = {  # by how many stored values two decoders may round apart
    "JPEG Baseline (Process 1)": 1,
    "JPEG Extended (Process 2 and 4)": 1,
    "JPEG 2000 Image Compression": 1,
}
# GDCM reads these otherwise, for the reason given.
GDCM_DIFFERS = {
    "RG3_JPLY": "8 pixels that the lossy JPEG lifts past 10 bits: GDCM masks 1024 to 0, here 1023",
    "liver_expb_1frame.dcm": "1 bit a value: ITK gives 0 and 255 for 0 and 1; pydicom agrees here",
}


def films(folder):
    """One-frame grey pictures that are read: of each transfer syntax in turn, 40 in all."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["photometric"].startswith("MONOCHROME")]
    by_syntax = {}
    for row in rows:
        if row["transfer_syntax"] and (row["frames"] or "1") in ("1", ""):
            by_syntax.setdefault(row["transfer_syntax"], []).append(row["file"])
    found = []
    while any(by_syntax.values()):
        for syntax, names in by_syntax.items():
            if names:
                found.append((syntax, names.pop(0)))
    return found


@pytest.fixture(scope="module")
def read(real_data):
    """(syntax, path, picture) of the first 40 that are read."""
    found = []
    for syntax, name in films(real_data / "dicom"):
        path = real_data / "dicom" / name
        try:
            found.append((syntax, path, read_picture(path.read_bytes(), path.name)))
        except InputError:
            continue
        if len(found) == N_FILMS:
            break
    return found


@pytest.fixture(scope="module")
def by_gdcm(read, tmp_path_factory):
    if importlib.util.find_spec("SimpleITK") is None:
        pytest.skip("SimpleITK is not installed")
    out = tmp_path_factory.mktemp("itk")
    script = Path(__file__).with_name("by_itk.py")
    subprocess.run([sys.executable, script, out, *(path for _, path, _ in read)], check=True)
    return {int(file.stem): np.load(file) for file in out.glob("*.npy")}


def as_stored(film):
    """The pixels in the way the file stores them."""
    pixels = film.pixels
    if "upside down" in film.turned:
        pixels = pixels[::-1]
    if "mirrored" in film.turned:
        pixels = pixels[:, ::-1]
    return pixels.T if "transposed" in film.turned else pixels


def padded(dataset, stored):
    """Which pixels are padding: mmbm gives them the darkest value."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return np.zeros(stored.shape, bool)
    last = dataset.get("PixelPaddingRangeLimit", first)
    return (stored >= min(first, last)) & (stored <= max(first, last))


def test_every_syntax_is_among_them(read):
    assert len(read) == N_FILMS
    assert len({syntax for syntax, _, _ in read}) >= 11


def test_agreement_with_gdcm(read, by_gdcm):
    wrong, compared = [], 0
    for place, (syntax, path, film) in enumerate(read):
        theirs = by_gdcm.get(place)
        if theirs is None or path.name in GDCM_DIFFERS:
            continue
        compared += 1
        theirs, ours = theirs.astype(np.float64), as_stored(film).astype(np.float64)
        if film.photometric == "MONOCHROME1":  # ITK turns it round about another middle
            theirs = theirs + ours.flat[0] - theirs.flat[0]
        dataset = pydicom.dcmread(path, force=True)
        slope = abs(float(dataset.get("RescaleSlope", None) or 1))
        used = ~padded(dataset, (theirs - float(dataset.get("RescaleIntercept", 0) or 0)) / slope)
        difference = np.abs(theirs - ours)[used].max() if theirs.shape == ours.shape else np.inf
        if difference > slope * LOSSY.get(syntax, 0) + 1e-4 * np.abs(ours).max():
            wrong.append((path.name, syntax, float(difference)))
    assert not wrong, wrong
    assert compared >= 30


def test_agreement_with_pydicom(read):
    wrong, compared = [], 0
    for syntax, path, film in read:
        dataset = pydicom.dcmread(path, force=True)
        try:
            stored = dataset.pixel_array
        except Exception:  # noqa: BLE001  it has no decoder for it, or the header is odd
            continue
        if "VOILUTSequence" in dataset or stored.shape != as_stored(film).shape:
            continue
        compared += 1
        values = np.asarray(apply_modality_lut(stored, dataset), np.float64)
        ours = as_stored(film).astype(np.float64)
        used = ~padded(dataset, stored)
        if film.photometric == "MONOCHROME1":
            values = ours[used][0] + values[used][0] - values
        slope = abs(float(dataset.get("RescaleSlope", None) or 1))
        difference = np.abs(values - ours)[used].max()
        if difference > slope * LOSSY.get(syntax, 0) + 1e-4 * np.abs(ours).max():
            wrong.append((path.name, syntax, float(difference)))
        if film.windows[0].name in ("auto", "VOI LUT") or film.photometric == "MONOCHROME1":
            continue
        low, high = apply_windowing(np.array([-1e6, 1e6]), dataset)
        greys = (apply_windowing(values, dataset) - low) / (high - low)
        shown = as_stored(type(film)(film.shown, film.shown, turned=film.turned))
        if np.abs(greys - shown)[used].max() > 0.01:
            wrong.append((path.name, syntax, "shown", float(np.abs(greys - shown)[used].max())))
    assert not wrong, wrong
    assert compared >= 20
