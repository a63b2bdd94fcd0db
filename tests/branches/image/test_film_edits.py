"""What is taken out of a film leaves its surroundings, and nothing of itself."""

from __future__ import annotations

import numpy as np
import pytest

from mmbm.branches.image.edits import erase, fill, keep
from mmbm.branches.parts import Box
from mmbm.errors import NoSignal
from tests.made_cases import picture

REGION = Box(0.2, 0.6, 0.1, 0.5)


def test_what_is_erased_meets_its_surroundings_and_the_rest_stays():
    y, x = np.mgrid[0:1:90j, 0:1:120j]
    slope = (0.2 + 0.5 * x + 0.2 * y).astype(np.float32)  # harmonic, so it is to come back
    missing = np.zeros(slope.shape, dtype=bool)
    missing[20:60, 30:90] = True
    filled = fill(np.where(missing, 1.0, slope).astype(np.float32), missing)
    assert np.array_equal(filled[~missing], slope[~missing])
    assert np.abs(filled - slope).max() < 0.02
    assert filled.dtype == np.float32


def test_a_region_is_erased_or_alone_kept():
    film = picture(size=100)
    inside = np.zeros((100, 100), dtype=bool)
    inside[20:60, 10:50] = True
    gone, alone = erase(film, REGION).shown, keep(film, REGION).shown
    assert np.array_equal(gone[~inside], film.shown[~inside])
    assert np.array_equal(alone[inside], film.shown[inside])
    assert not np.array_equal(gone[inside], film.shown[inside])
    with pytest.raises(NoSignal, match="Nothing of the image would be left"):
        erase(film, Box(0.0, 1.0, 0.0, 1.0))
