import io

import av
import numpy as np
import pytest
import soundfile

from mmbm.case import SAMPLE_RATE
from mmbm.config import Limits
from mmbm.data.synthesis.lung_sounds import RATE, synthesise
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_sound
from tests.made_files import sound, tone, wav


def encoded(samples, container, codec, rate=48_000):
    """What FFmpeg writes for (n_samples,)."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return buffer.getvalue()


def loudest_hertz(waveform):
    return np.abs(np.fft.rfft(waveform)).argmax() / len(waveform) * SAMPLE_RATE


def test_wav_at_16_khz_is_kept_as_it_is():
    recording = read_sound(wav(tone()), "breath.wav")
    np.testing.assert_allclose(recording.waveform, tone(), atol=5e-5)
    assert recording.waveform.dtype == np.float32
    assert (recording.original_rate, recording.channels) == (16_000, 1)
    assert (recording.codec, recording.container) == ("pcm_s16le", "wav")
    assert recording.warnings == ()


@pytest.mark.parametrize("rate", [4000, 8000, 11_025, 44_100, 48_000, 96_000])
def test_every_rate_becomes_16_khz(rate):
    recording = read_sound(wav(tone(rate=rate), rate), "breath.wav")
    middle = slice(SAMPLE_RATE, 5 * SAMPLE_RATE)
    np.testing.assert_allclose(recording.waveform[middle], tone()[middle], atol=2e-3)
    assert recording.seconds == pytest.approx(6, abs=0.01)
    assert recording.original_rate == rate


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAV", "ULAW"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("AIFF", "PCM_16"),
        ("CAF", "PCM_16"),
        ("W64", "PCM_16"),
    ],
)
def test_formats_of_libsndfile(kind, subtype):
    recording = read_sound(sound(tone(), kind=kind, subtype=subtype), "breath")
    assert recording.seconds == pytest.approx(6, abs=0.05)
    assert np.abs(recording.waveform - tone()).max() < 0.03


@pytest.mark.parametrize(
    ("container", "codec"),
    [("webm", "libopus"), ("ogg", "libopus"), ("mp3", "libmp3lame"), ("mp4", "aac")],
)
def test_formats_of_ffmpeg(container, codec):
    recording = read_sound(encoded(tone(rate=48_000), container, codec), "breath")
    assert recording.seconds == pytest.approx(6, abs=0.1)
    assert loudest_hertz(recording.waveform) == pytest.approx(300, abs=1)


def test_channels_are_mixed():
    recording = read_sound(wav([tone(), 0.5 * tone()]), "breath.wav")
    np.testing.assert_allclose(recording.waveform, 0.75 * tone(), atol=1e-4)
    assert (recording.channels, recording.warnings) == (2, ())


@pytest.mark.parametrize(
    ("channels", "kept", "sentence"),
    [
        ([tone(), -0.9 * tone()], tone(), "The channels cancel each other out"),
        ([0 * tone(), tone()], tone(), "Only one channel contains sound"),
        (
            [tone(), tone(hertz=200)],
            (tone() + tone(hertz=200)) / 2,
            "The channels contain different sounds",
        ),
    ],
)
def test_channels_that_differ(channels, kept, sentence):
    recording = read_sound(wav(channels), "breath.wav")
    np.testing.assert_allclose(recording.waveform, kept, atol=1e-4)
    assert sentence in recording.warnings[0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (wav(np.clip(5 * tone(), -1, 1)), "The sound is clipped"),
        (wav(tone(level=0.001)), "The sound is very quiet"),
        (wav(tone(3)), "Only 3.0 seconds of sound"),
        (wav(tone(rate=2000), 2000), "leaves out sounds above 1000 Hz"),
        (wav(tone())[:150_000], "The sound file is damaged or cut short"),
    ],
    ids=["clipped", "quiet", "short", "slow", "cut"],
)
def test_cautions(content, sentence):
    assert any(sentence in warning for warning in read_sound(content, "breath.wav").warnings)


def test_values_that_are_no_numbers_are_silence():
    samples = tone()
    samples[100:200], samples[300] = np.nan, np.inf
    recording = read_sound(sound(samples, kind="WAV", subtype="FLOAT"), "breath.wav")
    assert np.isfinite(recording.waveform).all()
    assert (recording.waveform[100:200] == 0).all()
    assert recording.warnings == ("Samples that are not numbers were set to silence.",)


def test_floats_past_full_scale_are_scaled_back():
    content = sound(tone(level=20.0), kind="WAV", subtype="FLOAT")
    recording = read_sound(content, "breath.wav")
    assert np.abs(recording.waveform).max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (wav(np.zeros(96_000)), NoSignal, "The sound file is silent"),
        (wav(np.full(96_000, 0.5)), NoSignal, "The sound file is silent"),
        (wav(tone(0.5)), NoSignal, "lasts 0.50 seconds; at least 1 second is needed"),
        (wav(tone(rate=500, hertz=100), 500), UnsupportedFile, "500 samples per second; 1000 to"),
        (b"<html>not found</html>", UnreadableFile, "the file is damaged, is not a sound file"),
        (wav(tone())[:30], UnreadableFile, "the file is damaged, is not a sound file"),
        (
            b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n",
            UnreadableFile,
            "is not a sound file, or is of a kind",
        ),
        (
            b"ffconcat version 1.0\nfile /etc/passwd\n",
            UnreadableFile,
            "is not a sound file, or is of a kind",
        ),
    ],
)
def test_refusals(content, error, message):
    with pytest.raises(error, match=message):
        read_sound(content, "breath.wav")


def test_a_video_without_sound_is_refused():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    with pytest.raises(NoSignal, match="This file has no sound track"):
        read_sound(buffer.getvalue(), "film.mp4")


def test_duration_is_limited():
    with pytest.raises(TooLarge, match=r"longer than 5 seconds\. Cut out"):
        read_sound(wav(tone(6)), "breath.wav", limits=Limits(audio_seconds=5))


@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_a_last_packet_that_is_cut_short_does_not_make_a_file_long(seconds):
    """FFmpeg gives such a packet a negative duration, as 32 bits without a sign."""
    breath = synthesise(
        np.random.default_rng(0),
        seconds=seconds,
        breaths_per_minute=18,
        beats_per_minute=80,
        crackles="coarse",
    )
    packed = io.BytesIO()
    soundfile.write(packed, breath, RATE, format="OGG", subtype="VORBIS")
    assert read_sound(packed.getvalue(), "breath.ogg").seconds == pytest.approx(seconds, abs=0.05)
