from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.ndimage import label

from mmbm.branches.image.evidence import share_inside
from mmbm.branches.image.lungs import SIDE, LungFinder, LungNet, Lungs, two_fields
from mmbm.branches.image.prepare import film as read_film
from mmbm.branches.image.prepare import find_lungs
from mmbm.errors import ManifestError, ModelError, ModelTampered
from mmbm.io import read_picture
from mmbm.storage import assets_folder
from mmbm.train.lungs import dice, train_lungs


def sample(name: str) -> torch.Tensor:
    path = next((assets_folder() / "samples" / name).glob("*.dcm"))
    return read_film(read_picture(path.read_bytes(), path.name), 224)


def test_finds_two_lung_fields_in_a_sample_film() -> None:
    lungs = find_lungs(sample("adult-clear"))
    assert lungs.found
    assert lungs.warnings == ()
    assert label(lungs.mask)[1] == 2
    columns = lungs.mask.any(0)
    assert not columns[:4].any()
    assert not columns[-4:].any()


def test_finds_none_in_noise_and_says_so() -> None:
    noise = torch.rand(1, 224, 224, generator=torch.Generator().manual_seed(0))
    lungs = find_lungs(noise)
    assert not lungs.found
    assert "No lung fields" in lungs.warnings[0]


def test_the_finder_takes_one_thread_and_leaves_the_caller_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    forward = LungNet.forward

    def counted(net: LungNet, film: torch.Tensor) -> torch.Tensor:
        threads.append(torch.get_num_threads())
        return forward(net, film)

    monkeypatch.setattr(LungNet, "forward", counted)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        find_lungs(torch.zeros(1, 32, 32))
        assert threads == [1]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_regions_that_touch_at_a_corner_are_two() -> None:
    mask = np.zeros((12, 12), dtype=bool)
    mask[:4, :4] = mask[4:8, 4:8] = mask[8:, 8:] = True  # of three alike the first two are kept
    kept = two_fields(mask)
    assert kept[:8, :8].sum() == kept.sum() == 2 * 16
    assert not two_fields(np.zeros((5, 5), dtype=bool)).any()


def test_a_speck_beside_the_lungs_is_dropped() -> None:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[30:90, 20:50] = mask[30:90, 70:100] = mask[5:8, 5:8] = True
    kept = two_fields(mask)
    assert kept.sum() == 2 * 60 * 30
    assert not kept[5:8, 5:8].any()


def test_share_inside_counts_positive_evidence_by_area() -> None:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[:, : SIDE // 2] = True
    evidence = np.array([[1.0, 2.0, 1.0, -9.0]] * 4)  # the lung is the left half
    assert share_inside(evidence, Lungs(mask)) == pytest.approx(0.75)
    assert share_inside(-np.ones((4, 4)), Lungs(mask)) is None
    wide = np.ones((3, 3))  # its middle cells straddle the border
    assert share_inside(wide, Lungs(mask)) == pytest.approx(0.5, abs=0.01)


def test_dice() -> None:
    a, b = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    assert dice(a, b) == 1.0
    a[0], b[:2] = True, True
    assert dice(a, b) == pytest.approx(2 * 4 / 12)


def made_table(folder: Path, patients: int) -> Path:
    rng = np.random.default_rng(0)
    rows = []
    for n in range(patients):
        field = np.zeros((96, 96), dtype=np.uint8)
        left = int(rng.integers(10, 20))
        field[20:80, left : left + 25] = field[20:80, 90 - left - 25 : 90 - left] = 255
        film = np.clip(190 - field * 0.6 + rng.normal(0, 8, field.shape), 0, 255).astype(np.uint8)
        Image.fromarray(film).save(folder / f"film{n}.png")
        Image.fromarray(field).save(folder / f"field{n}.png")
        names = {"image_path": f"film{n}.png", "lung_mask": f"field{n}.png"}
        rows.append({"patient_id": f"p{n}", **names})
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


@pytest.mark.slow
def test_learns_made_lungs_and_is_read_back(tmp_path: Path) -> None:
    figures = train_lungs(made_table(tmp_path, 10), tmp_path / "lungs", steps=40)
    assert (figures["patients"], figures["test_patients"]) == (10, 2)
    assert figures["test_dice_mean"] > 0.8
    film = torch.zeros(1, SIDE, SIDE)
    again = LungFinder.load(tmp_path / "lungs")
    assert again.find(film).mask.shape == (SIDE, SIDE)


def test_the_finder_reads_as_its_net_does() -> None:
    torch.manual_seed(0)
    net = LungNet()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    finder, film = LungFinder(net), torch.rand(1, SIDE, SIDE) * 2 - 1
    with torch.inference_mode():
        logits = net(film[None])
        torch.testing.assert_close(finder.leaner(film[None]), logits, atol=1e-5, rtol=1e-5)
    assert len(net.state_dict()) == len(LungNet().state_dict())
    expected = two_fields((logits[0, 0] > 0).numpy())
    assert (finder.find(film).mask != expected).mean() < 1e-3  # where a logit is 0 but for rounding


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="fewer than five patients"):
        train_lungs(made_table(tmp_path, 3), tmp_path / "lungs", steps=10)
    with pytest.raises(ManifestError, match="needs patient_id"):
        train_lungs(tmp_path / "none.csv", tmp_path / "lungs", steps=10)
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        LungFinder.load(tmp_path)
    LungFinder(LungNet()).save(tmp_path, {})
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(ModelTampered, match="not the file listed in checksums"):
        LungFinder.load(tmp_path)
