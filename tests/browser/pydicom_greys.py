"""The greys of a film by pydicom's modality and VOI LUT, and those that the browser draws of it."""

import numpy as np
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from tests.browser.viewer_page import greys, mount, open_viewer, payload


def by_pydicom(dataset):
    """(height, width) greys 0 to 255 as the file stores them; dark is 0."""
    values = apply_modality_lut(dataset.pixel_array, dataset)
    shown = np.asarray(apply_voi_lut(values, dataset), np.float64)
    if "VOILUTSequence" in dataset:
        low, high = 0.0, float(np.asarray(dataset.VOILUTSequence[0].LUTData).max())
    else:
        with np.errstate(over="ignore"):  # of a sigmoid
            low, high = (float(v) for v in apply_voi_lut(np.array([-1e7, 1e7]), dataset))
    shown = 255 * np.clip((shown - low) / (high - low), 0, 1)
    return 255 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


def drawn_at_full_size(page, picture):
    """(height, width) greys, one pixel on one, and where nothing else is written on the film."""
    height, width = picture.pixels.shape
    page.set_viewport_size({"width": width, "height": height})
    open_viewer(page, width, height)
    page.add_style_tag(content=".bar, .foot { display: none !important }")
    mount(page, payload(picture))
    drawn = greys(page)
    free = np.ones(drawn.shape, bool)
    free[-40:, :] = free[:40, width // 2 - 12 : width // 2 + 12] = False  # the scale bar
    free[-60:, width // 2 - 12 : width // 2 + 12] = False  # letters at the edges
    free[height // 2 - 24 : height // 2 + 12, [*range(26), *range(-26, 0)]] = False
    return drawn, free
