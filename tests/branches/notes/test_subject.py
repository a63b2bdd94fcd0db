from __future__ import annotations

import numpy as np
import pytest

from mmbm.branches.notes.cues import MOST_WORDS, words_per_sign
from mmbm.data.synthesis.notes import write_note

KNEE = "The patient was seen for the right knee, which is swollen after a fall on the stairs. "


def test_words_and_signs_by_hand():
    assert words_per_sign("Fever and cough.") == 3 / 3
    assert words_per_sign("发热，咳嗽3天") == 6 / 3  # five characters and a number
    assert words_per_sign("Preop knee surgery") == 3.0
    assert words_per_sign("") == 0.0


def test_a_sign_counts_denied_too_but_not_inside_another_word():
    assert words_per_sign("No fever.") == 2 / 2
    assert words_per_sign("Feverfew tea.") == 2.0


def test_a_long_note_of_a_knee_is_about_something_else():
    assert words_per_sign(4 * KNEE) > MOST_WORDS
    assert words_per_sign(4 * KNEE + "Fever, cough, chills.") < MOST_WORDS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_note_that_the_branch_learns_from_is(language):
    rng = np.random.default_rng(0)
    texts = [
        write_note(rng, pneumonia=i % 2 == 0, language=language, child=i % 3 == 0, age=50, sex="F")
        for i in range(60)
    ]
    assert max(words_per_sign(text) for text in texts) < MOST_WORDS / 2
