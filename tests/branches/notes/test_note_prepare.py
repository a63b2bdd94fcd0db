"""A note is read from its beginning, as far as the branch reads, and the reader is told."""

from __future__ import annotations

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.prepare import prepare, tokenise, train_tokenizer
from mmbm.case import Notes


def test_a_long_note_is_cut_with_a_word():
    tokenizer = train_tokenizer(["fever"], 50)
    prepared = prepare(Notes("fever " * 200), NotesConfig(max_tokens=64), tokenizer)
    assert len(prepared.tokens.ids) == int(prepared.tensors[1]) == 64
    assert [w.split(":")[0] for w in prepared.warnings] == ["The notes are long"]


def test_a_note_is_cut_before_it_is_tokenised():
    whole = train_tokenizer(["cough and fever, T 38.7 for 3 days", "患者咳嗽发热"], 200)
    asked = []

    class Watched:
        def encode(self, text):
            asked.append(len(text))
            return whole.encode(text)

    notes = {
        "words": "cough and fever for 3 days, " * 700,
        "Chinese": "患者咳嗽发热，" * 3000,
        "spaces": "cough" + " \n" * 9000 + "fever " * 600,
        "short": "cough and fever",
        "ligatures": "\ufdfa" * 199_000,
    }
    for name, note in notes.items():
        asked.clear()
        tokens = tokenise(Watched(), note, 64)
        if name != "ligatures":
            encoding = whole.encode(note)
            assert tokens.ids == encoding.ids[:64]
            assert tokens.spans == encoding.offsets[:64]
        assert max(asked) <= (4 * 64 * 8 if name != "spaces" else len(note))
