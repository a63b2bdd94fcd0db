"""A note by its words and clauses: their shares, and what is left without some of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mmbm.branches.notes.edits import drop_words
from mmbm.branches.notes.evidence import WordShare, clauses, words
from mmbm.branches.notes.prepare import Tokens
from mmbm.branches.parts import Span
from mmbm.case import Notes


def test_words_are_dropped_where_they_stand():
    note = Notes("Fever, cough; no pain.")
    assert drop_words(note, Span(7, 12), Span(0, 5)).text == ", ; no pain."


def test_pieces_of_a_word_are_added_up():
    tokens = Tokens([5, 6, 7], [(0, 3), (3, 5), (6, 9)], [0, 0, 1])
    merged, other = words(tokens, np.array([[0.5, -0.2, 1.0], [0.0, 0.0, 2.0]]))
    assert [(w.start, w.end) for w in merged] == [(0, 5), (6, 9)]
    assert [w.share for w in merged] == pytest.approx([0.3, 1.0])
    assert [w.share for w in other] == [0.0, 2.0]
    assert list(merged[1:]) == [merged[1]] and merged[-1] == merged[1]


def test_no_share_is_lost_to_a_token_before_the_first_word():
    tokens = Tokens([2, 5, 6, 3], [(0, 0), (0, 3), (3, 5), (0, 0)], [-1, 0, 0, -1])
    (merged,) = words(tokens, np.array([[0.5, 1.0, 2.0, 0.25]]))
    assert list(merged) == [(0, 0, 0.5), (0, 5, 3.0), (0, 0, 0.25)]
    assert words(Tokens([], [], []), np.zeros((2, 0))) == ((), ())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Fever 38.6 °C, denies pain; no cough.\nWell.",
            ["Fever 38.6 °C,", "denies pain;", "no cough.", "Well."],
        ),
        ("否认发热、咳嗽，有胸痛。", ["否认发热、咳嗽，", "有胸痛。"]),
        ("", []),
    ],
)
def test_a_note_is_added_up_by_clauses(text, parts):
    shares = [
        WordShare(m.start(), m.end(), float(k)) for k, m in enumerate(re.finditer(r"\S", text))
    ]
    found = clauses(text, [WordShare(0, 0, 9.0), *shares])
    assert [text[c.start : c.end] for c in found] == parts
    assert sum(c.share for c in found) == sum(w.share for w in shares)
