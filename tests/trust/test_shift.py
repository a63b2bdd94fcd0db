from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mmbm.branches.image.lungs import LEAST, lung_cue
from mmbm.branches.notes.cues import cues_of_note, words_known
from mmbm.branches.notes.prepare import Tokens
from mmbm.case import MODALITIES
from mmbm.model.tables import LEVELS, TrustTables
from mmbm.train.fit.clouds import cloud_of
from mmbm.train.fit.tables import limit_of
from mmbm.trust.shift import Shift, distances, shift_of

SIZE = (len(LEVELS), 7, 1, 1, 2)


def tables(clouds=None, strangeness=None) -> TrustTables:
    none = torch.full((3, 101), torch.nan)
    table = none if strangeness is None else strangeness
    empty = torch.zeros(SIZE), torch.zeros(1, 3, 2)
    return TrustTables(MODALITIES, (), clouds or {}, table, *empty)


def blobs(rng: np.random.Generator, n: int = 4000) -> tuple[torch.Tensor, np.ndarray]:
    """Two groups around (0, 0) and (10, 0), narrow along one axis."""
    groups = np.arange(n) % 2
    points = rng.normal(size=(n, 2)) * [1.0, 0.1] + np.c_[10.0 * groups, np.zeros(n)]
    return torch.from_numpy(points), groups


def test_distance_is_to_each_groups_centre_in_units_of_their_spread():
    points, groups = blobs(np.random.default_rng(0))
    cloud = cloud_of(points, groups)
    torch.testing.assert_close(cloud.centres, torch.tensor([[0.0, 0], [10, 0]]), atol=0.1, rtol=0)
    far = distances(cloud, torch.tensor([[3.0, 0.0], [0.0, 0.5], [10.0, 0.0]]))
    assert far[0, 0] == pytest.approx(3.0, abs=0.15)
    assert far[1, 0] == pytest.approx(5.0, abs=0.4)  # half a unit, but of a tenth
    assert far[2, 1] == pytest.approx(0.0, abs=0.3) and far[2, 0] > 9


def test_distance_agrees_with_scipy():
    from scipy.spatial.distance import mahalanobis

    points, groups = blobs(np.random.default_rng(1), 200)
    cloud = cloud_of(points, groups)
    found = distances(cloud, points[:5])
    for i in range(5):
        for k in range(2):
            centre, precision = cloud.centres[k].double(), cloud.precision.double()
            assert found[i, k] == pytest.approx(mahalanobis(points[i], centre, precision))


def test_the_strangest_cue_counts():
    points, groups = blobs(np.random.default_rng(2))
    held = {"image": cloud_of(points, groups)}
    here, there = torch.zeros(2), torch.tensor([5.0, 5.0])
    near = shift_of(tables(held), "image", here, lung_cue(0.3))
    assert not near.flagged
    off = shift_of(tables(held), "image", there, lung_cue(0.3))
    assert off.flagged and off.cue == "features"
    bare = shift_of(tables(held), "image", here, lung_cue(LEAST / 4))
    assert bare.flagged and bare.cue == "lungs" and bare.strangeness == pytest.approx(2.0)


def test_a_foreign_note_is_flagged_by_its_language_or_its_words():
    known = Tokens([5, 6, 7], [(0, 1), (2, 3), (4, 5)], [0, 1, 2])
    pieces = Tokens([5, 6, 7, 1], [(0, 1), (1, 2), (2, 3), (4, 5)], [0, 0, 0, 1])
    assert words_known(known, unknown=1) == 1.0
    assert words_known(pieces, unknown=1) == 0.0  # one in pieces, one unknown
    nowhere = torch.zeros(2)

    def cues(tokens, *, foreign=False):
        return cues_of_note(tokens, "", 1, foreign=foreign)

    usual = shift_of(tables(), "notes", nowhere, cues(known))
    assert not usual.flagged and usual.strangeness == 0.0
    words = shift_of(tables(), "notes", nowhere, cues(pieces))
    assert words.flagged and words.cue == "words"
    other = shift_of(tables(), "notes", nowhere, cues(pieces, foreign=True))
    assert other.flagged and other.cue == "language"


def test_percentile_is_among_held_out_parts():
    table = torch.full((3, 101), torch.nan)
    table[0] = torch.linspace(0.0, 2.0, 101)
    held = tables(strangeness=table)
    assert shift_of(held, "image", torch.zeros(2), lung_cue(LEAST * 2)).percentile == 25.0
    assert math.isnan(shift_of(held, "audio", torch.zeros(2), {}).percentile)


def test_the_limit_itself_is_not_flagged():
    assert not Shift("image", "features", 1.0, 99.0).flagged
    assert Shift("image", "features", 1.001, 99.0).flagged


@pytest.mark.parametrize(("parts", "beyond"), [(5, 0), (9, 0), (43, 3), (99, 3), (1000, 10)])
def test_a_limit_never_hangs_on_the_strangest_of_dozens(parts, beyond):
    far = np.random.default_rng(0).permutation(np.arange(1.0, parts + 1))
    limit = limit_of(far, np.ones(parts))
    assert (far > limit).sum() == pytest.approx(beyond, abs=1)
    far[far.argmax()] = 1e6  # one outlier
    assert limit_of(far, np.ones(parts)) == limit or parts < 10
