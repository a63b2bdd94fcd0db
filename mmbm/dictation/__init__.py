"""Dictation: a note spoken into a microphone as text, by a Whisper on this machine."""

from mmbm.dictation.whisper import LANGUAGES, Dictation, check_dictation, load_dictation

__all__ = ["LANGUAGES", "Dictation", "check_dictation", "load_dictation"]
