"""A spoken note as text: faster-whisper on a local folder. Nothing is fetched, written or logged.

What is heard is a proposal: the reader corrects it before it counts as the note.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from mmbm.case import Sound
from mmbm.errors import Cancelled, ConfigError, ModelError, NoSignal
from mmbm.text import Language, sentence

__all__ = ["LANGUAGES", "Dictation", "check_dictation", "load_dictation"]

LANGUAGES: tuple[Language, ...] = ("en", "zh")
NEEDED = ("model.bin", "config.json", "tokenizer.json")  # without the last it would be fetched


class Dictation:
    """A Whisper that writes down what is said, one recording at a time."""

    def __init__(self, whisper: Any) -> None:
        self._whisper, self._turn = whisper, Lock()

    def language(self, sound: Sound) -> Language:
        """English or Chinese, whichever the recording is more likely in. Raises ModelError."""
        if not self._whisper.model.is_multilingual:
            return "en"
        try:
            with self._turn:
                _, _, found = self._whisper.detect_language(sound.waveform)
        except (RuntimeError, ValueError) as exc:
            raise ModelError(sentence("dictation.failed")) from exc
        likely = dict(found)
        return max(LANGUAGES, key=lambda language: likely.get(language, 0.0))

    def note(
        self,
        sound: Sound,
        language: Language,
        prompted: bool = True,
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> str:
        """What was said in a recording, in its language, as one text.

        ``prompted`` shows the model a line of clinical terms first, which it then spells.
        Parts in which nobody speaks are left out: a Whisper hears words in them that nobody said.
        ``progress`` is told how far it is, from 0 to 1; ``cancelled`` is asked between two parts.

        Raises
        ------
        ConfigError
            The model knows English alone, and something else is asked for.
        NoSignal
            Nobody speaks, or nothing was understood.
        ModelError
            The model does not run.
        Cancelled
            It was stopped.
        """
        if language != "en" and not self._whisper.model.is_multilingual:
            raise ConfigError(sentence("dictation.english_only"))
        prompt = sentence("dictation.prompt").into(language)
        said: list[str] = []
        try:
            with self._turn:
                segments, _ = self._whisper.transcribe(
                    sound.waveform,
                    language=language,
                    initial_prompt=prompt if prompted else None,
                    temperature=0.0,  # the same words for the same recording
                    condition_on_previous_text=False,
                    without_timestamps=True,
                    vad_filter=True,
                )
                for segment in segments:
                    if cancelled is not None and cancelled():
                        raise Cancelled(sentence("dictation.stopped"))
                    said.append(segment.text.strip())
                    if progress is not None:
                        progress(min(1.0, segment.end / sound.seconds))
        except (RuntimeError, ValueError) as exc:
            raise ModelError(sentence("dictation.failed")) from exc
        note = ("" if language == "zh" else " ").join(part for part in said if part)
        if not note:
            raise NoSignal(sentence("dictation.nothing"))
        return note


def check_dictation(folder: Path | None) -> Path:
    """The folder, if dictation can be tried with it: it looks like a model, the extra is there.

    Raises
    ------
    ConfigError
        No folder is named, it holds no such model, or the extra is not installed.
    """
    if folder is None:
        raise ConfigError(sentence("dictation.no_folder"))
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise ConfigError(sentence("dictation.folder", folder=folder.name, file=missing[0]))
    if find_spec("faster_whisper") is None:
        raise ConfigError(sentence("dictation.extra"))
    return folder


def load_dictation(folder: Path | None) -> Dictation:
    """The Whisper in a folder, in the form of CTranslate2, on the CPU.

    Raises
    ------
    ConfigError
        As :func:`check_dictation`, or the model cannot be read.
    """
    folder = check_dictation(folder)
    try:
        from faster_whisper import WhisperModel
    except ImportError as exc:
        raise ConfigError(sentence("dictation.extra")) from exc
    logging.getLogger("faster_whisper").setLevel(logging.ERROR)  # it logs what was said
    try:
        whisper = WhisperModel(
            str(folder), device="cpu", compute_type="float32", local_files_only=True
        )
    except Exception as exc:
        raise ConfigError(sentence("dictation.broken", folder=folder.name)) from exc
    return Dictation(whisper)
