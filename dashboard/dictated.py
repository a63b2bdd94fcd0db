"""A note that is dictated: recorded, heard and corrected, and no note until its reader uses it.

Knows nothing of Streamlit. Recordings are held in memory alone, until the text is used or discarded
or another case begins. They are recorded at a sample rate of their own: a file that arrives without
its widget, as one does whose page was left meanwhile, is told by it from a lung sound.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import cast

from dashboard import jobs
from dashboard.given import File
from dashboard.jobs import Job
from mmbm.case import Sound
from mmbm.dictation import Dictation, check_dictation, load_dictation
from mmbm.errors import MMBMError
from mmbm.io import read_sound
from mmbm.text import Language, Sentence

__all__ = ["RATE", "Dictated", "Heard", "is_dictated", "is_on", "refusal"]

FOLDER = "MMBM_DICTATION"  # the environment variable that names the folder of the model
RATE = 24_000  # Hz, of what is dictated and of nothing else that the page records
RECORDED = "_audio.wav"  # how the names of what the page records end

_loading = Lock()


def folder() -> Path | None:
    """The folder of the model, None where none is named."""
    named = os.environ.get(FOLDER, "").strip()
    return Path(named) if named else None


def is_on() -> bool:
    """Whether notes can be dictated at all."""
    return folder() is not None


def refusal() -> Sentence | None:
    """Why no note can be dictated although a folder is named; known before one is spoken."""
    try:
        check_dictation(folder())
    except MMBMError as refused:
        return refused.sentence
    return None


def is_dictated(file: File) -> bool:
    """Whether a file was recorded as a note, not as a lung sound: by its WAV header."""
    head = file.content[:28]
    rate = int.from_bytes(head[24:28], "little")
    return is_on() and file.name.endswith(RECORDED) and head[:4] == b"RIFF" and rate == RATE


@lru_cache(maxsize=1)
def _loaded(of: Path | None) -> Dictation:
    return load_dictation(of)


def model() -> Dictation:
    """The model, loaded once for all readers. Raises ConfigError."""
    with _loading:
        return _loaded(folder())


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What waits to be heard; ``after`` is the text that it goes on from, None: the one by then."""

    sound: bytes | Sound
    language: Language | None
    after: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was understood of the last recording."""

    sound: Sound
    language: Language
    after: str  # the text that it goes on from
    text: str  # with it


def hear(recording: Recording, job: Job) -> tuple[Sound, Language, str]:
    """Write a recording down. Raises MMBMError."""
    said = recording.sound
    sound = said if isinstance(said, Sound) else read_sound(said, "")
    whisper = model()
    language = recording.language or whisper.language(sound)
    note = whisper.note(sound, language, progress=job.say, cancelled=job.cancelled)
    return sound, language, note


@dataclass(slots=True)
class Dictated:
    """What one reader is dictating. It counts for nothing until it is used."""

    language: Language | None = None  # that is spoken; None: English or Chinese, as is heard
    turn: int = 0  # in the keys of its widgets: a new turn empties them
    text: str | None = None  # as heard and corrected so far
    version: int = 0  # of the text, raised where a recording changes it
    heard: Heard | None = None
    error: Sentence | None = None  # why the last recording is not in the text
    job: Job | None = None
    _waiting: deque[Recording] = field(default_factory=deque)  # the first is what the job hears
    _taken: set[str] = field(default_factory=set)  # identifiers of recordings

    @property
    def begun(self) -> bool:
        """Whether there is anything of a note."""
        return self.text is not None or self.error is not None or bool(self._waiting)

    def is_new(self, identifier: str) -> bool:
        """Whether this recording did not come yet."""
        return identifier not in self._taken

    def take(self, file: File) -> None:
        """A recording; what is said goes on from the text so far."""
        if self.is_new(file.identifier):
            self._taken.add(file.identifier)
            self._waiting.append(Recording(file.content, self.language))

    def speak(self, language: Language | None) -> None:
        """Which language is spoken. The last recording is heard anew, unless it was corrected."""
        self.language, last = language, self.heard
        if language is None or last is None or language == last.language:
            return
        if self.text == last.text and not self._waiting:
            self._waiting.append(Recording(last.sound, language, after=last.after))

    def correct(self, turn: int, text: str) -> None:
        """The text as its reader has corrected it."""
        if turn == self.turn and self.text is not None:
            self.text = text

    def drop(self) -> None:
        """Forget text and recordings; the language stays."""
        if self.job is not None:
            self.job.stop()
        self.turn += 1
        self.text = self.heard = self.error = self.job = None
        self._waiting.clear()

    def look(self) -> Job | None:
        """What is being heard now; the outcome of what was is taken, and the next is begun."""
        if self.job is not None and not self.job.running():
            self._finish(self.job)
        while self.job is None and self._waiting:
            self.job = Job(partial(hear, self._waiting[0]))
            if self.job.running(jobs.UNASKED):
                break
            self._finish(self.job)
        return self.job

    def _finish(self, job: Job) -> None:
        self.job = None
        if job.stopped and not job.stopping:
            return  # nobody looked at it for long: it is heard when somebody does
        recording = self._waiting.popleft()
        self.error = None
        if job.stopped:
            return
        try:
            sound, language, said = cast(tuple[Sound, Language, str], job.answer())
        except MMBMError as refused:
            self.error = refused.sentence
            return
        before = recording.after if recording.after is not None else self.text or ""
        self.text = f"{before.rstrip()}\n{said}" if before.strip() else said
        self.heard = Heard(sound, language, before, self.text)
        self.version += 1
