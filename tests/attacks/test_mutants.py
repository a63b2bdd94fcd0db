"""Thousands of damaged files: each is read or refused, quickly, and nothing is kept of it.

``python benchmarks/mutants.py --count 50000`` runs as many as are asked for.
"""

import os
import sys

import pytest

from tests.attacks.mutants import held_mb, run

NAMED = [("sound", 11617)]  # that ended without their true sentence once

pytestmark = [
    pytest.mark.attack,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told on Linux"),
]
COUNTS = {"dicom": 2000, "picture": 500}
COUNTS |= {"sound": 1000, "pdf": 400, "word": 100, "story": 200, "text": 300}


@pytest.mark.parametrize("kind", COUNTS)
def test_mutants(kind):
    count = int(os.environ.get("MMBM_MUTANTS", COUNTS[kind]))
    outcomes = list(run(kind, range(20)))
    before = held_mb()
    outcomes += run(kind, range(20, count))
    assert held_mb() - before < 50
    slow = [(o.number, round(o.seconds, 1), o.sentence) for o in outcomes if o.seconds > 5]
    assert slow == []
    assert len(outcomes) == count
    assert 0.01 < sum(o.read for o in outcomes) / count < 0.9  # the damage is neither all nor none
    vague = [o.number for o in outcomes if o.sentence.startswith("The file is damaged and")]
    assert vague == []  # a reader let through what it should have named


@pytest.mark.parametrize(("kind", "number"), NAMED)
def test_a_mutant_is_refused_by_its_damage(kind, number):
    (outcome,) = run(kind, range(number, number + 1))
    assert "damaged" in outcome.sentence
