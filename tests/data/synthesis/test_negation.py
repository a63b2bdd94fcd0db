"""The wordings of benchmarks/negation.py: fairly chosen, and apart from the generator's."""

import importlib.util
import sys
from pathlib import Path

import pytest

from mmbm.data.synthesis.phrases_en import ENGLISH
from mmbm.data.synthesis.phrases_zh import CHINESE

PATH = Path(__file__).parents[3] / "benchmarks" / "negation.py"
SPEC = importlib.util.spec_from_file_location("negation", PATH)
assert SPEC is not None and SPEC.loader is not None
negation = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = negation
SPEC.loader.exec_module(negation)


def bare(wording: str) -> str:
    return wording.strip("。. ").lower()


def test_there_are_a_hundred_pairs_of_each_language():
    made = list(negation.pairs())
    assert len({(p.affirmed, p.denied) for p in made}) == 200
    assert [sum(p.language == code for p in made) for code in ("en", "zh")] == [100, 100]
    assert all(p.affirmed != p.denied for p in made)


@pytest.mark.parametrize(("code", "phrases"), [("en", ENGLISH), ("zh", CHINESE)])
def test_no_wording_is_one_of_the_generators(code: str, phrases):
    comma, joiners = (", ", phrases.joiners) if code == "en" else ("，", phrases.joiners)
    known = set(phrases.contrast)
    for sides in ((phrases.symptom_has, phrases.list_has), (phrases.symptom_not, phrases.list_not)):
        single, several = sides
        known |= {
            a.format(n="{x}", d=3, w="now") + comma + a.format(n="{y}", d=3, w="now")
            for a in single
        }
        lists = ["{x}" + join + "{y}" for side in joiners for join in side]
        known |= {t.format(list=both, d=3, w="now") for t in several for both in lists}
    told = {bare(text) for twins in negation.WORDINGS[code] for text in twins}
    assert not told & {bare(text) for text in known}
