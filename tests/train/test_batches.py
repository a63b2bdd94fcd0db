"""A seed's batches are what they have been: the numbers were taken before the loader was parted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import torch

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.case import MODALITIES
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.train.loader import load
from tests.made_cases import TINY, TINY_TRAINING, with_events, write_manifest

EVENTS = ("normal", "wheezing", "crackles")
BOXES = ["0.25 0.25 0.5 0.5", "", "0 0 0.5 1|0.6 0.1 0.9 0.4", ""] * 4
HEARD = ["0 1 wheezing|1 2 fine_crackles", "", "0.2 0.9 normal", ""] * 4

# whether boxes and events are marked, whether lungs are drawn, settings, and what each figure is
RUNS: dict[str, tuple[bool, bool, dict[str, Any], list[float]]] = {
    "plain": (False, False, {}, [0.7713458, 35.69261, 0.04933564, 0.7291667, 0.7495471, 0.0, 0.0]),
    "blended": (
        False,
        False,
        {"mixup": 0.5, "balance": "source+label+view", "batch": 4},
        [0.7531533, 40.69573, 0.05687061, 0.75, 0.749053, 0.0, 0.0],
    ),
    "located": (
        True,
        False,
        {"localise": 0.5, "mixup": 0.4, "overlay": 0.5},
        [0.7245973, 35.69261, 0.06694015, 0.7291667, 0.8564312, 0.165316, 0.1707122],
    ),
    "named": (
        True,
        False,
        {"overlay": 1.0},
        [0.7713458, 35.69261, 0.08271091, 0.7291667, 0.9139493, 0.0, 0.0],
    ),
    "drawn": (
        False,
        True,
        {"opacities": 0.7, "mixup": 0.5},
        [0.6869268, 35.69261, 0.04933564, 0.74375, 0.7495471, 0.006182123, 0.0],
    ),
    "drawn and located": (
        True,
        True,
        {"opacities": 0.5, "localise": 0.3},
        [0.7050507, 35.69261, 0.04933564, 0.7229167, 0.7866848, 0.1290172, 0.1520031],
    ),
}


def corpus_of(folder, *, marked, lungs):
    """Sixteen cases, one without a film, one without a note, three without a recording."""
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).assign(split="train")
    for place, event in enumerate(EVENTS):
        rows[f"sound:{event}"] = [("1", "0", "")[(row + place) % 3] for row in range(16)]
    rows.loc[3, "image"] = rows.loc[5, "notes_text"] = ""
    if marked:
        rows["boxes"], rows["events"] = BOXES, HEARD
        rows.loc[rows["audio"] == "", "events"] = ""
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    image = ImageConfig(backbone="test_efficientnet", feature_level=2, size=64, lungs=lungs)
    findings = ("pneumonia", "no_finding")
    model = with_events(TINY, EVENTS).model_copy(update={"findings": findings, "image": image})
    tools = {"notes": train_tokenizer(read_texts(manifest), 200)}
    corpus = read_corpus(manifest, read_texts(manifest), model, tools)
    if lungs:
        corpus.films[:, 1] = 0
        corpus.films[:, 1, 10:50, 5:28] = corpus.films[:, 1, 10:50, 36:59] = 1
        corpus.films[:, 0] = 0.8 - 0.6 * corpus.films[:, 1]
    return corpus, model


def figures(batches):
    """One number for each tensor of the batches, that a permutation of its places changes."""
    found = []
    for batch in batches:
        parts = batch.inputs.parts
        tensors = (
            *(parts[m][0] if m in parts else None for m in MODALITIES),
            batch.labels.nan_to_num(0.5),
            batch.events.nan_to_num(0.5),
            batch.where.get("image"),
            batch.where.get("audio"),
        )
        flat = [torch.zeros(1) if t is None else t.flatten().double().abs() for t in tensors]
        found.append([float((f * torch.linspace(1, 2, len(f)).double()).mean()) for f in flat])
    return torch.tensor(found).mean(0).tolist()


@pytest.mark.parametrize("name", list(RUNS))
def test_the_same_seed_gives_the_batches_that_it_has_always_given(tmp_path, name):
    marked, lungs, settings, expected = RUNS[name]
    corpus, model = corpus_of(tmp_path, marked=marked, lungs=lungs)
    config = TINY_TRAINING.model_copy(
        update={"model": model, "epochs": 1, "balance": "none"} | settings
    )
    given = corpus.labels.clone(), corpus.sound_labels.clone(), corpus.films.clone()
    torch.manual_seed(5)
    drawn = torch.rand(())
    torch.manual_seed(5)
    assert figures(load(corpus, config, first=0)) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert torch.rand(()) == drawn  # nothing outside the loader is drawn otherwise
    for before, after in zip(
        given, (corpus.labels, corpus.sound_labels, corpus.films), strict=True
    ):
        assert torch.equal(before.nan_to_num(9), after.nan_to_num(9))
