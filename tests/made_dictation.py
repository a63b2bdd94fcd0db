"""Speech, and a Whisper whose words are known."""

from __future__ import annotations

import numpy as np

from mmbm.case import Sound
from tests.made_sounds import speech


def spoken(seconds: float = 3.0) -> Sound:
    """A voice that says nothing."""
    return Sound(waveform=speech(seconds).astype(np.float32))


class Said:
    """A Whisper whose words are known; it notes what it was asked."""

    def __init__(self, *texts, multilingual=True):
        self.texts, self.asked = texts, {}
        self.model = type("Model", (), {"is_multilingual": multilingual})()

    def transcribe(self, waveform, **asked):
        self.asked = asked | {"samples": len(waveform)}
        if self.texts == ("broken",):
            raise RuntimeError("out of memory")
        self.parts = 0
        return self.segments(), None

    def segments(self):
        for number, text in enumerate(self.texts, start=1):
            self.parts = number
            yield type("Segment", (), {"text": text, "end": float(number)})()

    def detect_language(self, waveform):
        return "ja", 0.5, [("ja", 0.5), ("zh", 0.3), ("en", 0.2)]
