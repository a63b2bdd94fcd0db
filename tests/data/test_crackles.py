"""Crackles drawn into recordings without: short, at their pitch, labelled, and of a known time."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from mmbm.case import SAMPLE_RATE
from mmbm.data.corpus import read_corpus, read_texts
from mmbm.data.crackles import draw_crackles
from mmbm.data.manifest import read_manifest
from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel, Positions
from mmbm.model.notes import train_tokenizer
from mmbm.train.loader import load
from mmbm.train.loss import place_loss
from tests.made_cases import TINY, TINY_TRAINING, write_manifest

SECONDS = 4
EVENTS = ("normal", "wheezing", "fine_crackles", "coarse_crackles")


def breathing(seed=0):
    torch.manual_seed(seed)
    return 0.1 * torch.randn(SECONDS * SAMPLE_RATE)


def centroid(added):
    """Hz, the middle of the added power."""
    power = torch.fft.rfft(added).abs().square()
    return float((power * torch.fft.rfftfreq(len(added), 1 / SAMPLE_RATE)).sum() / power.sum())


@pytest.mark.parametrize("kind", ["fine", "coarse"])
def test_crackles_are_heard_when_it_says_and_at_no_other_time(kind):
    calm = breathing()
    for seed in range(30):
        torch.manual_seed(seed)
        crackling, when = draw_crackles(calm, kind)
        assert crackling.shape == when.shape == calm.shape
        assert set(when.unique().tolist()) == {0.0, 1.0}
        added = (crackling - calm).abs()
        assert float(added.max()) > 0.02  # against breathing of 0.1
        tail = torch.nn.functional.max_pool1d(when[None, None], 801, 1, 400)[0, 0]  # 25 ms
        assert float(added[tail == 0].max() if (tail == 0).any() else 0.0) == 0.0


def test_fine_ones_are_higher_than_coarse_ones():
    calm = breathing()
    pitch = {}
    for kind in ("fine", "coarse"):
        torch.manual_seed(3)
        pitch[kind] = np.median([centroid(draw_crackles(calm, kind)[0] - calm) for _ in range(40)])
    assert 280 < pitch["fine"] < 1000
    assert 80 < pitch["coarse"] < 330


def test_the_same_seed_draws_the_same():
    torch.manual_seed(5)
    first = draw_crackles(breathing(), "fine")
    torch.manual_seed(5)
    again = draw_crackles(breathing(), "fine")
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def batches(folder, kind="fine_crackles", **settings):
    """Every second case has a recording of crackles, every other one of wheezing."""
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"] = "train"
    crackling = [n % 2 == 0 for n in range(len(rows))]
    for event in EVENTS:
        rows[f"sound:{event}"] = "0"
    rows["sound:wheezing"] = ["0" if c else "1" for c in crackling]
    if kind:
        rows[f"sound:{kind}"] = ["1" if c else "0" for c in crackling]
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    model = TINY.model_copy(update={"sound_events": settings.pop("events", EVENTS)})
    tokenizer = train_tokenizer(read_texts(manifest), 200)
    corpus = read_corpus(manifest, read_texts(manifest), model, tokenizer)
    change = {"model": model, "workers": 0, "epochs": 1, "balance": "none"} | settings
    config = TINY_TRAINING.model_copy(update=change)
    return corpus, list(load(corpus, config, first=0))


def test_another_recording_with_crackles_takes_the_place_of_one_that_has_them(tmp_path):
    corpus, plain = batches(tmp_path / "a")
    _, drawn = batches(tmp_path / "b", crackles=1.0)
    assert not any(batch.drawn for batch in plain)
    for before, batch in zip(plain, drawn, strict=True):
        crackling, heard = before.events[:, 2] == 1, before.inputs.present[:, 2]
        assert torch.equal(batch.labels.nan_to_num(-1), before.labels.nan_to_num(-1))
        assert torch.equal(batch.events[:, 2], before.events[:, 2])
        assert (batch.events[heard, 1] == 1).all()  # the host's own events stay
        assert (batch.events[heard, 0] == 0).all()
        waveform, when = batch.inputs.waveform, batch.drawn["audio"]
        assert waveform.shape == before.inputs.waveform.shape == when.shape
        assert torch.equal(when.any(1), crackling[heard])
        alike = (waveform == before.inputs.waveform).all(1)
        assert torch.equal(alike, ~crackling[heard])
    assert (corpus.sound_labels[::2, 1] == 0).all()  # the corpus stays as it was


def test_without_a_calm_recording_nothing_is_drawn(tmp_path):
    corpus, _ = batches(tmp_path / "a")
    every = corpus.sound_labels.clone()
    every[:, 2] = 1
    model = TINY.model_copy(update={"sound_events": EVENTS})
    change = {"model": model, "workers": 0, "epochs": 1, "crackles": 1.0}
    config = TINY_TRAINING.model_copy(update=change)
    object.__setattr__(corpus, "sound_labels", every)
    assert not any(b.drawn["audio"].any() for b in load(corpus, config, first=0))


def test_it_needs_the_events_of_crackles(tmp_path):
    with pytest.raises(ConfigError, match="fine_crackles and coarse_crackles"):
        batches(tmp_path, kind="", events=("normal", "wheezing"), crackles=0.5)


def test_the_time_of_crackles_is_what_evidence_is_drawn_to_in_whichever_band():
    """The loss is least where all that speaks for pneumonia is heard while they sound."""
    network = MultimodalBigModel(TINY.model_copy(update={"findings": ("no_finding", "pneumonia")}))
    network.requires_grad_(False)
    row = network.head.weight[1]
    drawn = torch.zeros(2, 40)
    drawn[0, 20:30] = 1  # the third of four moments; of the second recording nothing is known

    def loss(places):
        shares = torch.zeros(2, 3, 4)  # bands, times
        for band, time in places:
            shares[:, band, time] = 20.0
        vectors = (row / row.square().sum())[None, :, None] * shares.flatten(1)[:, None]
        return place_loss(network, Positions(vectors, (3, 4), torch.full((1, 12), 1 / 12)), drawn)

    assert float(loss([(0, 2)]).known) == 1
    for there in ([(0, 2)], [(2, 2)], [(0, 2), (1, 2), (2, 2)]):
        assert float(loss(there).total) == pytest.approx(0, abs=1e-3)
    assert float(loss([]).total) == pytest.approx(math.log(4), abs=1e-5)
    assert float(loss([(1, 3)]).total) > 10
