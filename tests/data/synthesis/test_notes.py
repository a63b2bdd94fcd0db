import re
from collections import Counter

import numpy as np
import pytest

from mmbm.data.synthesis.notes import draw_signs, mask_disease_names, write_from_signs, write_note
from mmbm.data.synthesis.phrases_en import ENGLISH
from mmbm.data.synthesis.phrases_zh import CHINESE
from mmbm.data.synthesis.polarity import LISTS_EN, LISTS_ZH, ONE_EN, ONE_ZH
from mmbm.data.synthesis.signs import log_likelihood_ratio, read_evidence, sensitivity_specificity


def notes(seed: int, count: int, pneumonia: bool) -> list[str]:
    rng = np.random.default_rng(seed)
    return [
        write_note(
            rng,
            pneumonia=pneumonia,
            language="en" if i % 2 else "zh",
            child=i % 3 == 0,
            age=None if i % 3 == 0 else 20 + i % 60,
            sex=("M", "F", None)[i % 5 % 3],
        )
        for i in range(count)
    ]


def test_likelihood_ratios_give_back_the_rates():
    sensitivity, specificity = sensitivity_specificity(2.8, 0.47)  # Shah 2017: 64 %, 77 %
    assert sensitivity == pytest.approx(0.64, abs=0.01)
    assert specificity == pytest.approx(0.77, abs=0.01)
    assert sensitivity / (1 - specificity) == pytest.approx(2.8)
    assert (1 - sensitivity) / specificity == pytest.approx(0.47)


@pytest.mark.parametrize("child", [False, True])
@pytest.mark.parametrize("brief", [False, True])
def test_the_likelihood_ratio_of_drawn_signs_is_exact(child: bool, brief: bool):
    rng = np.random.default_rng(11)
    truth = rng.random(6000) < 0.5
    told = [draw_signs(rng, bool(t), child, brief=brief) for t in truth]
    odds = np.array([log_likelihood_ratio(s, "child" if child else "adult") for s in told])
    probability = 1 / (1 + np.exp(-odds))
    for part in np.array_split(np.argsort(probability), 6):
        error = np.sqrt(0.25 / len(part))
        assert truth[part].mean() == pytest.approx(probability[part].mean(), abs=3.5 * error)


def test_the_likelihood_ratio_by_hand():
    adult = read_evidence()["adult"]
    assert log_likelihood_ratio({"fever": True}, "adult") == pytest.approx(np.log(3.21), abs=0.01)
    assert log_likelihood_ratio({"fever": False, "wheeze": None}, "adult") == pytest.approx(
        np.log(0.70), abs=0.01
    )
    cough, phlegm = ([adult[n].rate(f) for f in (True, False)] for n in ("cough", "sputum"))
    both = log_likelihood_ratio({"cough": True, "sputum": True}, "adult")
    assert both == pytest.approx(np.log(phlegm[0] / phlegm[1]))  # phlegm needs a cough
    neither = log_likelihood_ratio({"cough": False, "sputum": False}, "adult")
    assert neither == pytest.approx(np.log((1 - cough[0]) / (1 - cough[1])))


def test_ratios_on_one_side_of_one_are_refused():
    with pytest.raises(ValueError, match=r"LR\+ 2\.0 and LR- 1\.5"):
        sensitivity_specificity(2.0, 1.5)


@pytest.mark.parametrize("child", [False, True])
@pytest.mark.parametrize("pneumonia", [False, True])
def test_signs_appear_at_the_published_rates(child: bool, pneumonia: bool):
    rng = np.random.default_rng(7)
    drawn = [draw_signs(rng, pneumonia, child) for _ in range(4000)]
    for name, sign in read_evidence()["child" if child else "adult"].items():
        told = [signs[name] for signs in drawn if signs[name] is not None]
        expected = sign.rate(pneumonia)
        error = np.sqrt(expected * (1 - expected) / len(told))
        assert abs(np.mean(told) - expected) < 4 * error, name


def test_whether_a_sign_is_mentioned_does_not_depend_on_the_finding():
    rng = np.random.default_rng(3)
    shares = []
    for pneumonia in (False, True):
        drawn = [draw_signs(rng, pneumonia, False) for _ in range(3000)]
        shares.append({n: np.mean([s[n] is not None for s in drawn]) for n in drawn[0]})
    for name, share in shares[0].items():
        assert share == pytest.approx(shares[1][name], abs=0.05), name


def test_every_sign_has_phrases_in_both_languages():
    for phrases in (ENGLISH, CHINESE):
        for signs in read_evidence().values():
            assert set(signs) <= set(phrases.nouns)
        assert set(phrases.alone_has) == set(phrases.alone_not)


def test_no_note_names_the_disease():
    for note in notes(0, 1000, True) + notes(1, 1000, False):
        assert mask_disease_names(note) == note
        assert not re.search(r"pneumon|consolidat|infiltrat|opaci|肺炎|实变|\{", note)
        assert len(note) > 2


def test_denials_stand_in_both_classes():
    for pneumonia in (False, True):
        written = notes(5, 600, pneumonia)
        assert sum(bool(re.search(r"\b(no|denie[sd]|without)\b", n, re.I)) for n in written) > 150
        assert sum("无" in n or "否认" in n for n in written) > 150


def test_words_of_a_sign_are_the_same_affirmed_and_denied():
    rng = np.random.default_rng(0)
    blank = dict.fromkeys(read_evidence()["adult"])

    def words(present: bool) -> Counter[str]:
        signs = blank | {"chest_pain": present}
        counted: Counter[str] = Counter()
        for _ in range(400):
            text = write_from_signs(rng, signs, language="en", child=False, age=50, sex="F")
            counted.update(set(re.findall(r"pleuritic|sharp|chest pain", text.lower())))
        return counted

    affirmed, denied = words(True), words(False)
    for word in ("pleuritic", "sharp", "chest pain"):
        assert affirmed[word] == pytest.approx(denied[word], abs=60)


def test_a_brief_note_tells_three_signs_or_fewer():
    rng = np.random.default_rng(2)
    about = {"language": "en", "child": False, "age": 50, "sex": "F"}
    drawn = {b: [draw_signs(rng, True, False, brief=b) for _ in range(300)] for b in (True, False)}
    assert {sum(s is not None for s in signs.values()) for signs in drawn[True]} == {1, 2, 3}
    brief, full = (
        [write_from_signs(rng, signs, brief=b, **about) for signs in drawn[b]] for b in drawn
    )
    assert np.median([len(n) for n in brief]) < np.median([len(n) for n in full]) / 2
    assert max(len(n) for n in brief) < 300
    assert sum("50" not in n for n in brief) > 100  # half have no opening


@pytest.mark.parametrize("twins", [ONE_EN, LISTS_EN, ONE_ZH, LISTS_ZH])
def test_each_denial_has_its_own_affirmed_twin(twins: tuple[tuple[str, str], ...]):
    affirmed, denied = zip(*twins, strict=True)
    assert not set(affirmed) & set(denied)
    assert len(set(affirmed)) == len(set(denied)) == len(twins)
    for yes, no in twins:
        assert set(re.findall(r"{\w+}", yes)) == set(re.findall(r"{\w+}", no)) or "{w}" in yes + no


def test_notes_are_varied_and_the_same_for_a_seed():
    assert notes(11, 300, True) == notes(11, 300, True)
    assert len(set(notes(11, 300, True))) == 300


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Likely COVID-19 pneumonia.", "Likely […] […]."),
        ("SARS-CoV-2 positive; coronavirus disease 2019", "[…] positive; […]"),
        ("Pneumocystis jirovecii; Streptococcus, Legionella", "[…]; […], […]"),
        ("bilateral ground-glass opacities, ARDS", "bilateral […] […], […]"),
        ("The lungs are clear.", "The […]."),
        ("Lungs clear to auscultation, no crackles", "Lungs clear to auscultation, no crackles"),
        ("recapped the cap; capillary refill 2 s", "recapped the cap; capillary refill 2 s"),
        ("考虑支原体肺炎，右下肺实变影", "考虑[…]，右下肺[…]"),
        ("新型冠状病毒感染；双肺磨玻璃影", "[…]；双肺[…]"),
        ("咳嗽3天，双肺呼吸音清", "咳嗽3天，双肺呼吸音清"),
    ],
)
def test_masking_hides_names_and_conclusions(text: str, masked: str):
    assert mask_disease_names(text) == masked
