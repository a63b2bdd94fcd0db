"""Where memory runs out: a smaller batch, then the CPU, then one sentence; the next case is right.

``MMBM_FULL=1 python -m pytest tests/test_memory.py`` makes 200 shortages in all that can run out of
memory, which takes minutes; else there are 30, in what is quick.
"""

from __future__ import annotations

import os
import random
from functools import partial

import numpy as np
import pytest
import torch

from mmbm.branches.registry import spaces
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.device import first_that_fits, halving, on_cpu
from mmbm.errors import OutOfMemory
from mmbm.evaluate import extract
from mmbm.explain.attribution import attribute
from mmbm.explain.attribution.judged import evidence
from mmbm.explain.flips import flip
from mmbm.explain.maps import finer_maps
from mmbm.model import checkpoint
from mmbm.predict import Predictor
from tests.made_cases import case
from tests.made_shortage import ERRORS, OnCard, shortage

FULL = bool(os.environ.get("MMBM_FULL"))
ROUNDS = 200 if FULL else 30
QUICK = (
    *("predict", "extract", "finer maps", "pixels DeepLIFT", "pixels Occlusion", "words DeepLIFT"),
    *("words Word occlusion", "bands DeepLIFT", "judged words", "flip notes"),
)
KINDS = ["once", "card", "everywhere"]


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return OnCard.load(tiny_model_dir, "cpu", threads=1)


@pytest.fixture(scope="module")
def works(predictor, tiny_run):
    """What can run out of memory, each giving numbers."""
    seen, given = predictor.predict(case(1)), case(1)
    manifest = read_manifest(tiny_run / "cases" / "manifest.csv")
    test = manifest.take((manifest.rows["split"] == "test").to_numpy())
    corpus = read_corpus(test, read_texts(test), predictor.config, predictor.tools)

    def judged(over):
        made = evidence(predictor, seen, over, "pneumonia", repeats=1)
        return np.r_[made.shares, made.erase(np.eye(len(made.shares), dtype=bool)[:4])]

    def mapped(over, method):
        values = attribute(predictor, seen, over, "pneumonia", method=method).values
        return np.ravel([w.share for w in values] if over == "words" else values)

    def flipped(modality):
        found = flip(predictor, given, seen, modality, "pneumonia", threshold=0.5)
        return np.array([found.after] if found else [])

    every = {
        "predict": lambda: logits(predictor, 3),
        "extract": lambda: extract(predictor.network, corpus, torch.device("cpu")).features,
        "finer maps": lambda: np.stack([m.values("image") for m in finer_maps(predictor, seen)]),
        **{f"{o} {m}": partial(mapped, o, m) for o, (_, s) in spaces().items() for m in s.methods},
        **{f"judged {over}": partial(judged, over) for over in spaces()},
        **{f"flip {modality}": partial(flipped, modality) for modality in ("image", "notes")},
    }
    return every if FULL else {name: every[name] for name in QUICK}


def logits(predictor, seed):
    return np.array([f.logit for f in predictor.predict(case(seed)).findings])


@pytest.mark.slow
def test_the_next_case_is_right_after_every_shortage(predictor, works):
    """Random work, random layer, random error: what is answered is true, and the next case too."""
    draw = random.Random(0)
    expected = {}
    for name, work in works.items():
        work()  # what is kept from the first time on is not made again
        with shortage() as counted:
            expected[name] = (np.asarray(work()), counted.calls)
    next_case, right, raised = logits(predictor, 8), 0, 0
    asked = list(works)
    for turn in range(ROUNDS):
        name, kind = asked[turn % len(asked)], draw.choice(KINDS)
        answer, calls = expected[name]
        how = {
            "first": draw.randrange(calls),
            "error": draw.choice(ERRORS),
            "once": kind == "once",
            "within": predictor.network if kind == "card" else None,
        }
        with shortage(**how) as short:
            try:
                found = np.asarray(works[name]())
                assert kind != "everywhere", f"{name} did without memory"
                np.testing.assert_allclose(found, answer, rtol=1e-3, atol=1e-4, err_msg=name)
            except OutOfMemory as refusal:
                assert kind == "everywhere" and str(refusal).count(".") == 1, (name, kind)
        raised += short.raised > 0
        left = [m for m in predictor.network.modules() if m._forward_hooks or m._forward_pre_hooks]
        right += bool(np.array_equal(logits(predictor, 8), next_case)) and not left
    assert raised >= 0.9 * ROUNDS
    assert right == ROUNDS


def test_other_errors_are_not_taken_for_it(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    with (
        shortage(first=0, error=lambda: RuntimeError("sizes do not match")),
        pytest.raises(RuntimeError, match="sizes do not match"),
    ):
        predictor.predict(case())


def test_batches_halve_down_to_one():
    tried = []

    def task(rows):
        tried.append(rows)
        if rows > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return rows

    assert halving(task, 16) == 2 and tried == [16, 8, 4, 2]
    with pytest.raises(OutOfMemory, match=r"^There is not enough memory: close other"):
        first_that_fits([lambda: halving(lambda _: task(3), 4)])


def test_a_copy_on_the_cpu_says_the_same_and_leaves_the_network_alone(tiny_model_dir):
    network = checkpoint.read(tiny_model_dir).network
    other = on_cpu(network)
    assert type(other) is type(network) and other is not network
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), other.buffers(), strict=True))
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, other.state_dict()[name]), name


@pytest.mark.cuda
def test_a_full_card_falls_back_to_the_cpu_for_that_case_alone(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cuda", threads=1)
    free = predictor.predict(case(1))
    with shortage(first=0, once=False, within=predictor.network) as short:
        fallen = predictor.predict(case(1))
    assert short.raised and fallen.device == "cpu" and free.device.startswith("cuda")
    assert [f.logit for f in fallen.findings] == pytest.approx(
        [f.logit for f in free.findings], abs=1e-3
    )
    again = predictor.predict(case(1))
    assert again.device == free.device and again.findings == free.findings


@pytest.mark.cuda
def test_a_card_that_is_really_full(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cuda", threads=1)
    free = predictor.predict(case(1))
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-5)
    try:
        fallen = predictor.predict(case(1))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert fallen.device == "cpu"
    assert predictor.predict(case(1)).findings == free.findings
