from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from mmbm.case import MODALITIES, Case
from mmbm.device import probe_device
from mmbm.errors import ModelError, NoSignal
from mmbm.predict import Predictor
from tests.made_cases import case


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


def test_the_same_case_gives_the_same_bits_twice(tiny_model_dir, predictor):
    first = predictor.predict(case())
    for again in (predictor, Predictor.load(tiny_model_dir, "cpu", threads=1)):
        second = again.predict(case())
        assert first.findings == second.findings
        assert first.events == second.events
        assert torch.equal(first.features.means, second.features.means)


def test_several_callers_get_their_own_answers(predictor):
    alone = [predictor.predict(case(i)).findings for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: predictor.predict(case(i)).findings, range(4)))
    assert alone == together


def test_a_prediction_says_what_it_was_made_from(predictor):
    whole = case()
    prediction = predictor.predict(Case(image=whole.image, audio=whole.audio))
    assert prediction.identity.name == "tiny" and len(prediction.identity.sha256) == 64
    assert prediction.present == ("image", "audio")
    assert prediction.device == "cpu"
    assert sum(prediction.fusion_weights.values()) == pytest.approx(1.0)
    assert set(prediction.fusion_weights) == set(MODALITIES)
    assert set(prediction.seconds) == {"prepare", *MODALITIES, "head"}


def test_no_sound_no_events(predictor):
    assert predictor.predict(Case(notes=case().notes)).events == {}
    told = predictor.predict(case()).events
    assert told.keys() == {"audio"} and len(told["audio"]) == 6


def test_an_empty_case_is_refused(predictor):
    with pytest.raises(NoSignal, match="The case is empty"):
        predictor.predict(Case())


def test_an_unknown_device_is_refused():
    with pytest.raises(ModelError, match="'abacus' is not available"):
        probe_device("abacus")


def test_auto_takes_what_works():
    assert probe_device("auto").type in {"cuda", "mps", "cpu"}


def test_the_picture_is_read_beside_the_notes(tiny_model_dir, monkeypatch):
    both = threading.Barrier(2, timeout=60)  # broken where one waits for the other
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    encode = predictor.network.encode

    def meeting(modality, *inputs):
        if modality in ("image", "notes"):
            both.wait()
        return encode(modality, *inputs)

    before = predictor.predict(case())
    monkeypatch.setattr(predictor.network, "encode", meeting)
    assert predictor.predict(case()).findings == before.findings


@pytest.mark.cuda
def test_cuda_agrees_with_the_cpu(tiny_model_dir, predictor):
    on_gpu = Predictor.load(tiny_model_dir, "cuda").predict(case())
    on_cpu = predictor.predict(case())
    cosine = torch.cosine_similarity(on_gpu.features.means, on_cpu.features.means, dim=1)
    assert float(cosine.min()) >= 0.999


def test_work_that_is_on_the_worker_goes_on_at_once(tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    inside = predictor.alone(lambda: predictor.alone(threading.current_thread))
    assert inside is not threading.current_thread()
    assert inside.name.startswith("mmbm-predict")
    assert predictor.alone(lambda: predictor.predict(case()).findings) == (
        predictor.predict(case()).findings
    )
