from __future__ import annotations

import numpy as np
import torch

from mmbm.case import MODALITIES
from mmbm.train.fit.pushes import fit_pushes
from mmbm.trust.judge import Disagreement, disagreements


def test_strong_is_what_half_of_a_labels_own_cases_show():
    rng = np.random.default_rng(0)
    labels = (np.arange(200) % 2).astype(float)[:, None]
    shown = torch.from_numpy(rng.normal(size=(200, 1, 3)))
    shown[:, 0, 0] += torch.from_numpy(np.where(labels[:, 0] == 1, 3.0, -2.0))
    pushes = fit_pushes(shown, torch.ones(200, 3, dtype=torch.bool), labels)
    assert pushes.shape == (1, 3, 2)
    yes = shown[labels[:, 0] == 1, 0, 0]
    assert abs(float(pushes[0, 0, 1]) - float(np.median(yes))) < 1e-6
    assert float(pushes[0, 0, 0]) < -1.5
    told = pushes.nan_to_num()
    assert (told[..., 0] <= 0).all() and (told[..., 1] >= 0).all()


def test_a_part_that_half_of_a_labels_cases_do_not_follow_is_never_strong():
    labels = (np.arange(100) % 2).astype(float)[:, None]
    shown = torch.full((100, 1, 3), 0.4)  # raises whoever has the finding and whoever has not
    shown[:, 0, 1] = torch.from_numpy(np.where(labels[:, 0] == 1, 1.0, -1.0))
    pushes = fit_pushes(shown, torch.ones(100, 3, dtype=torch.bool), labels)
    assert pushes[0, 0].isnan().tolist() == [True, False]
    assert pushes[0, 1].tolist() == [-1.0, 1.0]
    case = torch.tensor([[-0.1, 1.0, -0.1]])
    assert disagreements(("a",), MODALITIES, case, pushes) == ()


def test_too_few_cases_of_a_label_leave_no_table():
    labels = np.zeros((50, 1))
    labels[:5] = 1
    shown = torch.full((50, 1, 3), -1.0)
    pushes = fit_pushes(shown, torch.ones(50, 3, dtype=torch.bool), labels)
    assert pushes[0, :, 1].isnan().all() and not pushes[0, :, 0].isnan().any()


def test_parts_disagree_only_where_both_are_strong():
    pushes = torch.tensor([[[-1.0, 1.0]] * 3, [[torch.nan, torch.nan]] * 3])
    strong = torch.tensor([[2.0, -1.5, 0.2], [5.0, -5.0, 0.0]])
    found = disagreements(("a", "b"), MODALITIES, strong, pushes)
    assert found == (Disagreement("a", ("image",), ("notes",)),)
    weak = torch.tensor([[2.0, -0.5, 0.2], [0.0, 0.0, 0.0]])
    assert disagreements(("a", "b"), MODALITIES, weak, pushes) == ()
