import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association as uncorrected
from sklearn.metrics import mutual_info_score

from mmbm.data.check.association import associate, cramers_v, theils_u


def test_both_are_one_where_the_group_gives_the_label():
    cells = np.array([[40, 0], [0, 60]])
    assert cramers_v(cells) == pytest.approx(1.0)
    assert theils_u(cells) == pytest.approx(1.0)


def test_both_are_zero_where_the_group_says_nothing():
    cells = np.array([[10, 30], [20, 60], [5, 15]])
    assert cramers_v(cells) == 0.0
    assert theils_u(cells) == pytest.approx(0.0, abs=1e-12)


def test_by_hand():
    cells = np.array([[30, 10], [10, 30]])  # chi2 = 4 * 10**2 / 20 = 20, phi2 = 1/4
    less = 2 - 1 / 79
    assert cramers_v(cells) == pytest.approx(np.sqrt((0.25 - 1 / 79) / (less - 1)))
    assert theils_u(cells) == pytest.approx(1 - 0.811278, abs=1e-6)  # bits of a 1:3 coin


def test_many_cases_agree_with_scipy_and_scikit_learn():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 4, 20_000)
    label = (rng.random(20_000) < 0.2 + 0.15 * groups).astype(int)
    cells = pd.crosstab(groups, label).to_numpy()
    assert cramers_v(cells) == pytest.approx(uncorrected(cells, method="cramer"), abs=1e-3)
    entropy = mutual_info_score(label, label)
    assert theils_u(cells) == pytest.approx(mutual_info_score(label, groups) / entropy)


def test_chance_in_few_cases_is_taken_off():
    rng = np.random.default_rng(1)
    plain, corrected = [], []
    for _ in range(200):
        cells = rng.multinomial(40, [0.1] * 10).reshape(5, 2) + 1
        plain.append(uncorrected(cells, method="cramer"))
        corrected.append(cramers_v(cells))
    assert np.mean(plain) > 0.2 and np.mean(corrected) < 0.1


def test_blank_labels_and_groups_are_left_out():
    values = np.array([1, 0] * 15 + [np.nan] * 5, dtype=np.float32)
    groups = ["a", "b"] * 14 + ["", ""] + ["c"] * 5
    found = associate("pneumonia", values, "view", groups)
    assert found is not None and found.cases == 28
    assert found.groups == ("a", "b")
    assert found.negative == (0, 14) and found.positive == (14, 0)
    assert found.cramers_v == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("values", "groups"),
    [([1, 0] * 9, ["a", "b"] * 9), ([1] * 30, ["a", "b"] * 15), ([1, 0] * 15, ["a"] * 30)],
)
def test_nothing_is_said_of_too_few_or_of_one_kind(values, groups):
    assert associate("x", np.array(values, dtype=np.float32), "view", groups) is None


def test_a_group_with_hardly_any_of_one_side_is_one_sided():
    label = np.array([1] * 100 + [0] * 4 + [1, 0] * 50 + [1] * 5, dtype=np.float32)
    groups = ["reports"] * 104 + ["hospital"] * 100 + ["few"] * 5
    found = associate("pneumonia", label, "source", groups)
    assert found is not None and found.one_sided == ("reports",)
