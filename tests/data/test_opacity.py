"""Opacities drawn into healthy films: inside the lungs, brighter, and labelled."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from mmbm.config import ImageConfig
from mmbm.data.corpus import read_corpus, read_texts
from mmbm.data.manifest import read_manifest
from mmbm.data.opacity import draw_opacity
from mmbm.errors import ConfigError
from mmbm.model.notes import train_tokenizer
from mmbm.train.loader import load
from tests.made_cases import TINY, TINY_TRAINING, write_manifest

SIZE = 96


def film():
    """Dark lungs in bright tissue, with a lung plane that fits."""
    lungs = torch.zeros(1, SIZE, SIZE)
    lungs[:, 15:80, 10:42] = lungs[:, 15:80, 54:86] = 1
    torch.manual_seed(0)
    greys = 0.8 - 0.6 * lungs + 0.02 * torch.randn(1, SIZE, SIZE)
    return torch.cat([greys.clamp(0, 1), lungs])


def test_it_brightens_lungs_and_nothing_else():
    clear = film()
    for seed in range(20):
        torch.manual_seed(seed)
        drawn = draw_opacity(clear)
        assert drawn is not None and drawn.shape == clear.shape
        assert float(drawn.min()) >= 0 and float(drawn.max()) <= 1
        assert torch.equal(drawn[1], clear[1])
        lifted = drawn[0] - clear[0]
        inside = clear[1] > 0.5
        assert float(lifted[inside].mean()) > 0.01 and float(lifted[inside].max()) > 0.1
        assert float(lifted[:, 45:51].abs().max()) < 0.05  # between the lungs
        assert float(lifted[:5].abs().max()) == 0.0


def test_none_where_no_lungs_are_seen_or_nothing_could_show():
    blank, bright = film(), film()
    blank[1] = 0
    bright[0] = 0.8
    assert draw_opacity(blank) is None
    assert draw_opacity(bright) is None


def batches(folder, lungs, **settings):
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"] = "train"
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    model = TINY.model_copy(update={"image": ImageConfig(size=64, lungs=lungs)})
    tokenizer = train_tokenizer(read_texts(manifest), 200)
    corpus = read_corpus(manifest, read_texts(manifest), model, tokenizer)
    if lungs:  # where the finder sees none, everything is lung
        corpus.films[:, 1] = 0
        corpus.films[:, 1, 10:50, 5:28] = corpus.films[:, 1, 10:50, 36:59] = 1
        corpus.films[:, 0] = 0.8 - 0.6 * corpus.films[:, 1]
    change = {"model": model, "workers": 0, "epochs": 1, "balance": "none"} | settings
    config = TINY_TRAINING.model_copy(update=change)
    return corpus, list(load(corpus, config, first=0))


def test_a_drawn_opacity_counts_as_pneumonia(tmp_path):
    corpus, plain = batches(tmp_path / "a", True)
    _, drawn = batches(tmp_path / "b", True, opacities=1.0)
    sick = corpus.labels[:, 0].mean()
    assert torch.cat([b.labels[:, 0] for b in plain]).mean() == pytest.approx(float(sick))
    for batch in drawn:
        assert bool(
            (batch.labels[:, 0] == 1).all() and (batch.labels[:, 1].nan_to_num(0) == 0).all()
        )
    assert float(corpus.labels[:, 0].mean()) == float(sick)  # the corpus stays as it was


def test_it_needs_the_lungs(tmp_path):
    with pytest.raises(ConfigError, match="set lungs = true"):
        batches(tmp_path, False, opacities=0.5)
