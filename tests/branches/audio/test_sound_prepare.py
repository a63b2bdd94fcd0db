"""A recording is heard from its beginning, as long as the branch listens; the reader is told."""

from __future__ import annotations

from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.audio.prepare import prepare
from mmbm.case import SAMPLE_RATE
from tests.made_cases import sound


def test_a_long_recording_is_cut_with_a_word():
    prepared = prepare(sound(seconds=31.0), AudioConfig())
    assert prepared.seconds == 30.0 and prepared.tensors[0].shape == (1, 30 * SAMPLE_RATE)
    assert [w.split(":")[0] for w in prepared.warnings] == ["The lung sound is long"]
