"""What is cut out of a recording, and what takes its place where a method compares."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmbm.branches.audio.edits import cut
from mmbm.branches.audio.space import steady_noise
from mmbm.branches.parts import Span
from mmbm.case import SAMPLE_RATE, Sound
from mmbm.errors import NoSignal
from tests.made_cases import case


def test_seconds_are_cut_without_a_click():
    tone = np.sin(np.arange(4 * SAMPLE_RATE) / 30).astype(np.float32)
    short = cut(Sound(tone), Span(1.0, 2.0), Span(3.0, 4.0))
    assert short.seconds == pytest.approx(2.0, abs=0.011)
    assert np.abs(np.diff(short.waveform)).max() < 0.08
    assert np.array_equal(cut(Sound(tone), Span(0.0, 1.0)).waveform, tone[SAMPLE_RATE:])
    with pytest.raises(NoSignal, match=r"Less than 0\.5 seconds"):
        cut(Sound(tone), Span(0.2, 4.0))


def test_steady_noise_keeps_the_spectrum():
    waveform = torch.from_numpy(case().audio.waveform)[None]
    noise = steady_noise(waveform)
    before, after = torch.fft.rfft(waveform).abs(), torch.fft.rfft(noise).abs()
    assert torch.allclose(before[:, 1:-1], after[:, 1:-1], atol=1e-3, rtol=1e-3)
