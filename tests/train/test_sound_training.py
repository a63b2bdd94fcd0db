"""A stretch of a recording is named by what sounds in it, alone or over another one."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from mmbm.branches.audio.config import POOR_QUALITY
from mmbm.branches.audio.encoder import hushed
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.data.augmentation.sounds import FRAMES, Listener
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from tests.made_cases import TINY, TINY_TRAINING, with_events, write_manifest

NAMES = ("normal", "wheezing", "crackles", "fine_crackles", POOR_QUALITY)
MODEL = with_events(TINY, NAMES)
FINE = {"normal": 0, "wheezing": 0, "crackles": 1, "fine_crackles": 1, POOR_QUALITY: 0}
WHEEZE = {"normal": 0, "wheezing": 1, "crackles": 0, "fine_crackles": 0, POOR_QUALITY: 0}
CALM = {"normal": 1, "wheezing": 0, "crackles": 0, "fine_crackles": 0, POOR_QUALITY: 0}
POOR = {POOR_QUALITY: 1}


def listener_of(folder, labels, events, **settings):
    """Of as many recordings as there are labels; the rest have none."""
    path = write_manifest(folder, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).assign(split="train")
    for name in NAMES:
        known = [str(row.get(name, "")) for row in labels]
        rows[f"sound:{name}"] = [*known, *[""] * (16 - len(known))]
    rows["events"] = [*events, *[""] * (16 - len(events))]
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    texts = read_texts(manifest)
    corpus = read_corpus(manifest, texts, MODEL, {"notes": train_tokenizer(texts, 200)})
    change = {"model": MODEL, "crop_seconds": 1.0} | settings
    return Listener(corpus, TINY_TRAINING.model_copy(update=change))


def test_a_stretch_without_its_crackles_is_a_recording_without(tmp_path):
    listen = listener_of(tmp_path, [FINE], ["0 1 normal|1 1.5 fine_crackles|1.5 9 normal"])
    torch.manual_seed(0)
    seen = set()
    for _ in range(60):
        heard = listen.hear(0)
        crackling = bool(heard.when[3].sum() >= 0.1 * FRAMES)
        known = heard.labels.tolist()
        assert heard.waveform.shape == (16000,) and heard.when.shape == (5, FRAMES)
        assert known == ([0, 0, 1, 1, 0] if crackling else [1, 0, 0, 0, 0])
        assert torch.equal(heard.when[2], heard.when[3])  # fine ones are crackles
        seen.add(crackling)
    assert seen == {True, False}


def test_without_times_a_stretch_keeps_the_names_of_its_recording(tmp_path):
    listen = listener_of(tmp_path, [FINE, POOR], ["", ""])
    assert listen.hear(0).labels.tolist() == [0, 0, 1, 1, 0]
    poor = listen.hear(1)
    assert poor.labels[:4].isnan().all() and poor.labels[4] == 1 and not poor.when.any()


def test_of_two_recordings_at_once_all_is_heard(tmp_path):
    """And normal breathing only where both breathe normally; a poor one is laid over none."""
    events = ["0 9 fine_crackles", "0 9 wheezing", "", ""]
    listen = listener_of(tmp_path, [FINE, WHEEZE, CALM, POOR], events, overlay=1.0)
    torch.manual_seed(1)
    pairs = {
        (0, 0, 1, 1, 0): [False, True],
        (0, 1, 1, 1, 0): [True, True],
    }
    seen = set()
    for _ in range(40):
        heard = listen.hear(0)
        named = tuple(int(v) for v in heard.labels)
        wheezing, crackling = bool(heard.when[1].any()), bool(heard.when[3].any())
        assert [wheezing, crackling] == pairs[named]
        seen.add(named)
        assert listen.hear(2).labels[0] in (0, 1)
    assert seen == set(pairs)
    assert all(listen.hear(3).labels[:4].isnan().all() for _ in range(10))


def test_events_stay_with_their_sound_where_a_silent_start_is_left_out(tmp_path):
    listen = listener_of(tmp_path, [FINE], ["0.2 1 normal|5 6 fine_crackles"])
    listen.corpus.sound_starts[int(listen.corpus.sound_of[0])] = 4.5
    assert [tuple(e) for e in listen.corpus.events(0)] == [(0.5, 1.5, "fine_crackles")]


def test_the_same_seed_hears_the_same(tmp_path):
    listen = listener_of(tmp_path, [FINE, WHEEZE], ["0 9 fine_crackles"], overlay=0.5)
    torch.manual_seed(3)
    one = listen.hear(0)
    torch.manual_seed(3)
    again = listen.hear(0)
    assert torch.equal(one.waveform, again.waveform) and torch.equal(one.when, again.when)


def test_strips_are_hushed_in_each_recording_by_itself():
    torch.manual_seed(0)
    made = hushed(torch.ones(64, 36, 200))
    gone = made == 0
    bands, moments = gone.all(2), gone.all(1)
    assert bands.sum(1).max() <= 2 * 5 and moments.sum(1).max() <= 2 * 11
    assert 0 < gone.float().mean() < 0.2
    assert torch.equal(gone, bands[:, :, None] | moments[:, None])
    assert len({tuple(row.tolist()) for row in bands}) > 30


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="overlay"):
        type(TINY_TRAINING).model_validate({"overlay": share})
