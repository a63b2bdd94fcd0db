import importlib.util
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from mmbm.branches.notes import sign_names
from mmbm.branches.notes.negation import negated
from mmbm.data.synthesis.notes import draw_signs, write_from_signs

PATH = Path(__file__).parents[3] / "benchmarks" / "negation.py"
SPEC = importlib.util.spec_from_file_location("wordings", PATH)
assert SPEC.loader is not None
wordings = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = wordings
SPEC.loader.exec_module(wordings)
NAMES = {
    "en": (sign_names.ENGLISH, sign_names.ENGLISH_CHILD),
    "zh": (sign_names.CHINESE, sign_names.CHINESE_CHILD),
}
ENGLISH_SENTENCES = {
    "Denies fever, cough or chest pain. Short of breath.": ("fever", "cough", "chest pain"),
    "Cough for 3 days but no fever.": ("fever",),
    "No fever, T 38.6 noted at home; night sweats denied.": ("fever", "night sweats"),
    "He is not short of breath, has a dry cough.": ("short of breath",),
    "Crackles: none. Wheeze -ve. Rigors (-).": ("Crackles", "Wheeze", "Rigors"),
    "Fever? No. Cough? Yes. Denied rigors; seen at home.": ("Fever", "rigors"),
    "Rigors no / productive cough yes": ("Rigors",),
    "Not free from pain.": (),
    "Fever and productive cough since Monday.": (),
}
CHINESE_SENTENCES = {
    "发热3天，无胸痛、咯血，有咳嗽。": ("胸痛", "咯血"),
    "否认盗汗；咳黄痰。": ("盗汗",),
    "湿啰音（-），哮鸣音阴性。": ("湿啰音", "哮鸣音"),
    "未诉气促，伴寒战。": ("气促",),
    "有无胸痛？无。有无寒战？有。": ("胸痛",),
    "胸痛(无)，盗汗否；孩子没气促。": ("胸痛", "盗汗", "气促"),
    "排除咯血，不受盗汗困扰。": ("咯血", "盗汗"),
    "咳嗽、咳痰3天。": (),
}


@pytest.mark.parametrize("text", [*ENGLISH_SENTENCES, *CHINESE_SENTENCES])
def test_what_is_denied_is_marked_and_nothing_else(text):
    denied = (ENGLISH_SENTENCES | CHINESE_SENTENCES)[text]
    marked = " ".join(text[int(s.start) : int(s.end)] for s in negated(text))
    for phrase in denied:
        assert phrase in marked
    for other in ("Short of breath", "dry cough", "38.6", "3天", "黄痰", "寒战", "productive"):
        if other in text and other not in denied:
            assert other not in marked


def test_spans_are_in_order_without_overlap():
    text = "No fever, no cough, denies pain. 无发热、咳嗽。"
    spans = negated(text)
    assert all(a.end < b.start for a, b in itertools.pairwise(spans))
    assert negated("") == () and negated("Fever.") == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_wordings_that_the_generator_does_not_have(language):
    """Of the two signs of 100 pairs of notes, marked where denied and not where affirmed."""
    counts = {True: [], False: []}
    for pair in (pair for pair in wordings.pairs() if pair.language == language):
        names = {name for both in wordings.SIGNS[language] for name in both}
        for denied, text in ((True, pair.denied), (False, pair.affirmed)):
            spans = negated(text)
            for name in names:
                place = text.lower().rfind(name)
                if place >= 0:
                    end = place + len(name)
                    counts[denied].append(any(s.start <= place and end <= s.end for s in spans))
    assert len(counts[True]) >= 200
    assert np.mean(counts[True]) >= 0.95 and np.mean(counts[False]) <= 0.02


def marked_shares(language):
    """Of the signs that 200 notes deny, how many are marked; and of those that they affirm."""
    counts = {True: [0, 0], False: [0, 0]}
    for seed in range(200):
        rng, child = np.random.default_rng(seed), bool(seed % 2)
        signs = draw_signs(rng, bool(seed // 2 % 2), child)
        text = write_from_signs(rng, signs, language=language, child=child, age=30, sex="M")
        for place, end, present in mentions(text, signs, language):
            counts[present][0] += any(s.start <= place and end <= s.end for s in negated(text))
            counts[present][1] += 1
    return counts[False][0] / counts[False][1], counts[True][0] / counts[True][1]


def mentions(text, signs, language):
    """Where a note names a sign, the longest names first; and whether the sign is there."""
    found = []
    for name, present in signs.items():
        for noun in {n for table in NAMES[language] for n in table.get(name, ())}:
            edge = r"\b" if language == "en" else ""
            pattern = f"{edge}{re.escape(noun)}{edge}"
            if present is not None:
                found += [(*m.span(), present) for m in re.finditer(pattern, text, re.IGNORECASE)]
    inside = [
        one
        for one in found
        if any(o[0] <= one[0] and one[1] <= o[1] and o[1] - o[0] > one[1] - one[0] for o in found)
    ]
    return [one for one in found if one not in inside]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_generated_notes(language):
    """Nouns of relatives and of past illnesses count as misses, so it does better than this."""
    denied, affirmed = marked_shares(language)
    assert denied >= 0.95
    assert affirmed <= 0.05
