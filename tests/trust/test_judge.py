from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from mmbm.branches.image.lungs import SIDE, Lungs
from mmbm.case import Case, Notes
from mmbm.errors import ConfigError, ModelError
from mmbm.model.facts import Calibrated
from mmbm.model.tables import TrustTables
from mmbm.predict import Predictor
from mmbm.text import sentence
from mmbm.trust.judge import (
    Answer,
    Disagreement,
    Judgement,
    answer_sentence,
    judge,
    warnings_of,
)
from mmbm.trust.prevalence import Prevalences
from mmbm.trust.shift import Shift
from tests.made_cases import case


@pytest.fixture(scope="module")
def predictor(tiny_model_dir):
    return Predictor.load(tiny_model_dir, "cpu", threads=1)


def judged(predictor, given, level=0.9):
    prediction = predictor.predict(given)
    return judge(given, prediction, predictor.config, level)


def test_every_part_has_a_shift_and_every_finding_an_answer(predictor):
    judgement = judged(predictor, case())
    assert judgement.assessed and judgement.level == 0.9
    assert [s.modality for s in judgement.shifts] == ["image", "notes", "audio"]
    assert [a.finding for a in judgement.answers] == ["pneumonia", "no_finding"]


def test_a_note_in_an_unknown_language_alone_is_never_sure(predictor):
    judgement = judged(predictor, Case(notes=Notes("Пациент жалуется на кашель.", "other")))
    assert [s.cue for s in judgement.flagged] == ["language"]
    assert {a.verdict for a in judgement.answers} == {"not sure"}
    said = answer_sentence(judgement.answers[0], 0.9)
    assert said.startswith("The inputs differ from the training data")
    assert any("a language the model was not trained on" in w for w in warnings_of(judgement))
    assert warnings_of(judgement, [sentence("io.notes.language")]) == ()


def test_a_level_that_was_not_fitted_is_refused(predictor):
    with pytest.raises(ConfigError, match=r"Level 0\.99 was not fitted\. Choose 0\.8, 0\.9, 0\.95"):
        judged(predictor, case(), level=0.99)


def test_without_tables_nothing_is_assessed(predictor):
    prediction = dataclasses.replace(predictor.predict(case()), trust=None)
    judgement = judge(case(), prediction, predictor.config)
    assert not judgement.assessed and judgement.shifts == ()
    assert {a.verdict for a in judgement.answers} == {"not assessed"}
    assert "was not assessed" in warnings_of(judgement)[0]


@pytest.mark.parametrize(
    ("labels", "strange", "verdict", "sentence"),
    [
        ({"yes"}, False, "yes", "Yes, at 90 % confidence"),
        ({"no"}, False, "no", "No, at 90 % confidence"),
        ({"yes", "no"}, False, "not sure", "Not sure at 90 %; rely on your own reading"),
        (set(), False, "not sure", "the score fits neither yes nor no"),
        (None, False, "not assessed", "Answer not assessed: too few held-out cases"),
        ({"yes"}, True, "not sure", "The inputs differ from the training data"),
    ],
)
def test_verdict_and_sentence(labels, strange, verdict, sentence):
    answer = Answer("pneumonia", None if labels is None else frozenset(labels), strange)
    assert answer.verdict == verdict
    assert sentence in answer_sentence(answer, 0.9)


def test_warnings_name_the_strange_part_and_the_disagreement():
    apart = Disagreement("pneumonia", ("image",), ("notes", "audio"))
    shifts = (Shift("image", "features", 1.2, 99.9), Shift("audio", "features", 0.5, 50.0))
    said = warnings_of(Judgement(0.9, True, (), shifts, (apart,)))
    assert len(said) == 2 and said[0].startswith("The chest X-ray differs from the training data")
    assert (
        "“Pneumonia” (raised strongly by Chest X-ray, lowered strongly by Notes and Lung sound)"
        in said[1]
    )


def test_all_that_disagrees_is_one_warning():
    apart = (
        Disagreement("pneumonia", ("notes",), ("image", "audio")),
        Disagreement("no_finding", ("audio",), ("notes",)),
    )
    (said,) = warnings_of(Judgement(0.9, True, (), (), apart))
    assert "“Pneumonia” (raised strongly by Notes, lowered strongly by Chest X-ray and" in said
    assert "“No opacity seen” (raised strongly by Lung sound, lowered strongly by Notes)" in said
    assert "“肺炎”（病历使其显著升高，胸片和肺音使其显著降低）" in said.into("zh")
    assert warnings_of(Judgement(0.9, True, (), (), ())) == ()


def test_tables_survive_the_file_and_damage_is_refused(predictor):
    tables = predictor.trust
    again = TrustTables.from_bytes(tables.to_bytes(), predictor.config, "it")
    assert again.to_bytes() == tables.to_bytes()
    assert again.sources == tables.sources and again.modalities == predictor.config.modalities
    with pytest.raises(ModelError, match="it is damaged: it is not a complete safetensors file"):
        TrustTables.from_bytes(b"nothing of the kind", predictor.config, "it")


def test_at_another_prevalence_an_answer_never_says_what_is_probably_not_so(predictor):
    prediction = predictor.predict(case())
    finding = prediction.findings[0]
    here = judge(case(), prediction, predictor.config)
    likely = int(finding.probability >= 0.5)
    sure = predictor.trust.thresholds.clone()
    sure[..., 0, :] = 0.0  # every case's answer holds the likelier label, and it alone
    sure[..., 0, likely] = 1.0
    tables = dataclasses.replace(predictor.trust, thresholds=sure)
    prediction = dataclasses.replace(prediction, trust=tables)
    verdicts = []
    for wanted in ((0.001, 0.999), (0.999, 0.001))[likely]:
        common = Prevalences({finding.name: Calibrated(0.5, {})}, {finding.name: wanted})
        judgement = judge(case(), prediction, predictor.config, prevalences=common)
        verdicts.append(judgement.answers[0].verdict)
        assert judgement.answers[1] == here.answers[1]  # of the other finding, which was not set
    assert verdicts == [("no", "yes")[likely], "not sure"]


@pytest.mark.parametrize(("language", "sure"), [("en", True), ("other", False)])
def test_no_answer_hangs_on_a_part_unlike_what_the_model_learned_from(
    predictor, monkeypatch, language, sure
):
    lungs = Lungs(np.ones((SIDE, SIDE), dtype=bool))  # so that the film is none of them
    monkeypatch.setattr("mmbm.branches.image.prepare.find_lungs", lambda *_: lungs)
    given = Case(image=case().image, notes=Notes(case().notes.text, language))
    prediction = predictor.predict(given)
    likelier = torch.full_like(predictor.trust.thresholds, 0.5)
    clouds = {m: dataclasses.replace(c, limit=1e6) for m, c in predictor.trust.clouds.items()}
    moved = prediction.readout.contributions(prediction.features.means.double())[0]
    film = float(prediction.readout.base()[0] + moved[0])
    loud = prediction.readout.scale.clone()
    loud[0, 1] *= -(film + 10 * (1 if film > 0 else -1)) / float(moved[1])  # the note overrules it
    prediction = dataclasses.replace(
        prediction,
        readout=dataclasses.replace(prediction.readout, scale=loud),
        trust=dataclasses.replace(predictor.trust, thresholds=likelier, clouds=clouds),
    )
    logit = float(prediction.readout.logits(prediction.features.means)[0])
    assert (logit > 0) != (film > 0)
    finding = dataclasses.replace(
        prediction.findings[0], logit=logit, probability=1 / (1 + math.exp(-logit))
    )
    prediction = dataclasses.replace(prediction, findings=(finding, *prediction.findings[1:]))
    judgement = judge(given, prediction, predictor.config)
    assert [s.modality for s in judgement.flagged] == ([] if sure else ["notes"])
    verdict = judgement.answers[0].verdict
    assert verdict == (("no", "yes")[logit > 0] if sure else "not sure")
