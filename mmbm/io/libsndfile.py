"""Recordings through libsndfile: what FFmpeg cannot read, and what it reads wrongly."""

from __future__ import annotations

import io

from mmbm.config import Limits
from mmbm.errors import MMBMError
from mmbm.io.recording import Recording, check_length, check_shape, not_a_sound

__all__ = ["prefers_libsndfile", "read_with_libsndfile"]

_STARTS = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"caff", b".snd", b"dns.")
_SAME_IN_BOTH = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW", "MPEG", "VORBIS", "OPUS")


def prefers_libsndfile(content: bytes) -> bool:
    """Whether FFmpeg is known to be wrong here.

    It confuses the variants of G.721, G.723 and NMS ADPCM, loses the last packet of ALAC in CAF,
    misjudges the length of ADPCM and GSM in some containers, and reads a big-endian WAV in the
    wrong order.
    """
    import soundfile

    if not content.startswith(_STARTS):
        return False
    if content.startswith(b"RIFX"):
        return True
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            return not file.subtype.startswith(_SAME_IN_BOTH)
    except (soundfile.LibsndfileError, ValueError, OSError):
        return False


def read_with_libsndfile(content: bytes, limits: Limits) -> Recording:
    """Read a whole recording. Raises UnreadableFile, UnsupportedFile, TooLarge."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            check_shape(file.samplerate, file.channels)
            check_length(file.frames / file.samplerate, file.samplerate, file.channels, limits)
            samples = file.read(file.frames, dtype="float32", always_2d=True).T
            return Recording(
                samples,
                file.samplerate,
                file.subtype.lower(),
                file.format.lower(),
                damaged=samples.shape[1] < file.frames,
            )
    except (MMBMError, MemoryError):
        raise
    except Exception as exc:
        raise not_a_sound() from exc
