"""The greys that the browser draws of made-up DICOM files, against pydicom's lookup tables."""

import io

import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from mmbm.io import read_picture
from tests.browser.pydicom_greys import by_pydicom, drawn_at_full_size
from tests.made_files import dicom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WINDOW = {"WindowCenter": 1800, "WindowWidth": 1500}


def table(entries, first=0, bits=16):
    """The one item of a lookup table sequence."""
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return [item]


def curved(count, top, power):
    return (top * np.linspace(0, 1, count) ** power).round()


FILES = {
    "MONOCHROME2 with a window": WINDOW,
    "MONOCHROME1 with a window": {"PhotometricInterpretation": "MONOCHROME1"} | WINDOW,
    "rescaled": {"RescaleSlope": "0.5", "RescaleIntercept": "-1024"}
    | {"WindowCenter": -200, "WindowWidth": 900},
    "a modality LUT": {"ModalityLUTSequence": table(curved(4096, 4000, 0.5))} | WINDOW,
    "a VOI LUT": {"VOILUTSequence": table(curved(4096, 65535, 2.0))},
    "a VOI LUT of 10 bits, from 500": {"VOILUTSequence": table(curved(2000, 1023, 0.6), 500, 10)},
    "a VOI LUT before a window": {"VOILUTSequence": table(curved(4096, 65535, 3.0))} | WINDOW,
    "MONOCHROME1 with a VOI LUT": {"PhotometricInterpretation": "MONOCHROME1"}
    | {"VOILUTSequence": table(curved(4096, 65535, 2.0))},
    "a VOI LUT that falls": {"VOILUTSequence": table(curved(4096, 65535, 2.0)[::-1])},
    "a sigmoid": {"VOILUTFunction": "SIGMOID"} | WINDOW,
    "MONOCHROME1 with a sigmoid": {"PhotometricInterpretation": "MONOCHROME1"}
    | {"VOILUTFunction": "SIGMOID"}
    | WINDOW,
    "LINEAR_EXACT": {"VOILUTFunction": "LINEAR_EXACT"} | WINDOW,
}


@pytest.fixture(scope="module")
def bare_page(chrome):
    made = chrome.new_page()
    yield made
    made.close()


@pytest.mark.parametrize("named", FILES)
def test_greys_are_pydicoms_by_any_lookup_table(bare_page, named):
    stored = np.arange(4096, dtype=np.uint16).reshape(64, 64).repeat(4, axis=0).repeat(4, axis=1)
    content = dicom(np.ascontiguousarray(stored), **FILES[named])
    shown = by_pydicom(pydicom.dcmread(io.BytesIO(content)))
    picture = read_picture(content, "film.dcm")
    drawn, free = drawn_at_full_size(bare_page, picture)
    assert shown.std() > 20
    assert np.abs(drawn - shown)[free].max() <= 1
