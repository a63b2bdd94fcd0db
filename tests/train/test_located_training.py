"""Boxes and events of a manifest teach where and when evidence lies."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel, Positions
from mmbm.train.loader import load
from mmbm.train.loop import train
from mmbm.train.loss import moment_loss
from mmbm.train.processes import Processes
from tests.made_cases import TINY, TINY_TRAINING, with_events, write_manifest

EVENTS = ("normal", "wheezing", "crackles")
EVIDENCE = TINY.model_copy(update={"findings": ("pneumonia", "no_finding")})


def corpus_of(folder, boxes=(), events=(), image=EVIDENCE.image):
    """Sixteen cases, the first few with these cells."""
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).assign(split="train")
    for event in EVENTS:
        rows[f"sound:{event}"] = ""
    for column, cells in (("boxes", boxes), ("events", events)):
        rows[column] = [*cells, *[""] * (len(rows) - len(cells))]
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    model = with_events(EVIDENCE, EVENTS).model_copy(update={"image": image})
    tools = {"notes": train_tokenizer(read_texts(manifest), 200)}
    return read_corpus(manifest, read_texts(manifest), model, tools), model


def settings_of(model, **settings):
    change = {"model": model, "epochs": 1, "balance": "none", "localise": 0.5} | settings
    return TINY_TRAINING.model_copy(update=change)


def test_a_box_moves_with_its_film(tmp_path):
    """The mirrored, turned and stretched film keeps its box where the bright spot is."""
    read, model = corpus_of(tmp_path, ["0.25 0.25 0.5 0.5"] * 16)
    spot = torch.zeros_like(read.films)
    spot[:, :, 16:32, 16:32] = 1
    object.__setattr__(read, "films", 0.2 * spot + 0.1 * torch.rand_like(spot))
    hits = []
    for batch in load(read, settings_of(model, batch=8), first=0):
        (planes,) = batch.inputs.parts["image"]
        films, where = planes[:, 0], batch.where["image"]
        assert films.shape == where.shape and planes.shape[1] == 1
        assert float(where.max()) <= 1.001
        for film, box in zip(films, where > 0.5, strict=True):
            hits.append(float(film[box].mean() - film[~box].mean()))
    assert np.mean(hits) > 0.5 and np.mean(np.array(hits) > 0) > 0.9


def test_films_without_boxes_have_no_known_place(tmp_path):
    read, model = corpus_of(tmp_path, ["0 0 1 1", ""])
    batches = list(load(read, settings_of(model, batch=16), first=0))
    assert sum(bool(where.any()) for where in batches[0].where["image"]) == 1
    assert "audio" not in batches[0].where


def test_boxes_lie_where_they_were_once_a_border_is_cut_off(tmp_path):
    image = ImageConfig(backbone="test_efficientnet", feature_level=2, size=64, greys="stored")
    write_manifest(tmp_path, 16)
    grain = np.random.default_rng(0)
    film = (120 + 60 * np.sin(np.arange(80) / 5)[None] + grain.normal(0, 20, (80, 80))).clip(1, 255)
    bordered = np.pad(film, ((20, 0), (0, 20))).astype(np.uint8)  # 100 x 100
    for row in range(16):
        Image.fromarray(bordered).save(tmp_path / f"film{row}.png")
    path = tmp_path / "manifest.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["boxes"] = "0.2 0.4 0.4 0.6|0 0 0.4 0.6"
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    model = TINY.model_copy(update={"image": image})
    texts = read_texts(manifest)
    tools = {"notes": train_tokenizer(texts, 200)}
    read = read_corpus(manifest, texts, model, tools, cache=tmp_path / "kept")
    again = read_corpus(manifest, texts, model, tools, cache=tmp_path / "kept")
    assert read.boxes(0) == again.boxes(0)
    first, second = read.boxes(0)
    assert first == pytest.approx((0.25, 0.25, 0.5, 0.5), abs=1e-6)
    assert second == pytest.approx((0, 0, 0.5, 0.5), abs=1e-6)  # what lay on the border is gone


def test_events_are_cropped_with_their_recording(tmp_path):
    read, model = corpus_of(tmp_path, events=["0 1 wheezing|1 2 fine_crackles"] * 4 + [""] * 12)
    for epoch in range(3):
        config = settings_of(model, epochs=epoch + 1, batch=16)
        batch = next(iter(load(read, config, first=epoch)))
        sounding = batch.where["audio"]
        assert batch.inputs.parts["audio"][0].shape[1] == 16000 and sounding.shape[1:] == (3, 50)
        known = sounding.flatten(1).any(1)
        assert int(known.sum()) == 4  # all four have a recording
        assert torch.allclose(sounding[known][:, 1] + sounding[known][:, 2], torch.ones(4, 50))
        assert not sounding[:, 0].any()
    assert "image" not in batch.where


def test_what_sounds_is_what_evidence_of_an_event_is_drawn_to():
    network = MultimodalBigModel(with_events(TINY, EVENTS))
    network.requires_grad_(False)
    row = network.event_heads["audio"].weight[1]
    sounding = torch.zeros(2, 3, 40)
    sounding[0, 1, 20:30] = 1  # wheezing in the third of four moments of the first recording

    def loss(moment, strength=60.0):
        shares = torch.zeros(2, 3, 4)  # bands, times
        shares[:, 0, moment] = strength
        vectors = (row / row.square().sum())[None, :, None] * shares.flatten(1)[:, None]
        seen = Positions(vectors, (3, 4), torch.full((1, 12), 1 / 12))
        return moment_loss(network, "audio", seen, sounding)

    there, elsewhere, nowhere = loss(2), loss(1), loss(0, 0.0)
    assert float(there.known) == 1
    assert float(there.total) < 1e-3 < float(nowhere.total) < float(elsewhere.total)
    assert float(nowhere.total) == pytest.approx(math.log(4), abs=1e-5)


def test_a_run_with_boxes_and_events_learns_where_they_are(tmp_path):
    """The loss of the place falls below that of a net that says it anywhere."""
    boxes = ["0 0 0.5 0.5", ""] * 8
    read, model = corpus_of(tmp_path / "cases", boxes, ["0 1 wheezing"] * 4)
    config = settings_of(model, epochs=12, batch=8, localise=2.0, learning_rate=5e-3)
    losses: list[float] = []
    train(
        read,
        config,
        tmp_path / "run",
        team=Processes(torch.device("cpu")),
        progress=lambda step: losses.append(step.loss),
    )
    assert losses[-1] < 0.8 * losses[0]


def test_localise_says_what_it_needs(tmp_path):
    read, model = corpus_of(tmp_path / "a")
    with pytest.raises(ConfigError, match="events in the manifest, or synthesised opacities"):
        next(iter(load(read, settings_of(model), first=0)))
    read, model = corpus_of(tmp_path / "b", ["0 0 1 1"])
    other = model.model_copy(update={"findings": ("no_finding",)})
    with pytest.raises(ConfigError, match="needs the finding pneumonia"):
        next(iter(load(read, settings_of(other), first=0)))
