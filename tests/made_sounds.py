"""Recordings in unusual dress, built from samples."""

import io
import struct

import av
import numpy as np
from scipy.signal import lfilter

PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")


def breath(seconds=6.0, rate=16_000, level=0.05):
    """(n_samples,) noise below 600 Hz that swells and fades as breathing does."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.standard_normal(int(seconds * rate)))
    hertz = np.fft.rfftfreq(int(seconds * rate), 1 / rate)
    noise = np.fft.irfft(spectrum * ((hertz > 100) & (hertz < 600)), int(seconds * rate))
    swell = 0.2 + np.sin(np.pi * np.arange(len(noise)) / rate / 1.5) ** 2
    return level * noise / noise.std() * swell


def speech(seconds=3.0, rate=16_000, level=0.25):
    """(n_samples,) vowels one after another, as of a voice that says nothing."""
    rng = np.random.default_rng(7)
    time = np.arange(int(seconds * rate)) / rate
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * time)  # Hz
    pulses = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0)
    source = pulses + 0.02 * rng.standard_normal(len(time))
    vowels = [(700, 1200, 2600), (300, 2300, 3000), (500, 900, 2400), (400, 2000, 2600)]
    syllable, voice = int(0.18 * rate), np.zeros(len(time))
    for number, start in enumerate(range(0, len(time), syllable)):
        said = source[start : start + syllable]
        for formant in vowels[number % len(vowels)]:
            near = np.exp(-np.pi * 80 / rate)  # a pole for a band of 80 Hz
            turn = 2 * near * np.cos(2 * np.pi * formant / rate)
            said = lfilter([1 - near], [1, -turn, near**2], said)
        voice[start : start + syllable] = said / abs(said).max() * np.hanning(len(said)) ** 0.5
    return level * voice


def room(seconds=6.0, rate=16_000, level=0.05):
    """(n_samples,) white noise."""
    return level * np.random.default_rng(6).standard_normal(int(seconds * rate))


def riff(fmt, data, *, kind=b"RIFF", sizes=None):
    """A WAV of a format chunk and its samples; ``sizes`` overrules those of file and data."""
    order = ">" if kind == b"RIFX" else "<"
    whole, inner = sizes or (len(fmt) + len(data) + 20, len(data))
    return (
        kind
        + struct.pack(f"{order}I", whole)
        + b"WAVEfmt "
        + struct.pack(f"{order}I", len(fmt))
        + fmt
        + b"data"
        + struct.pack(f"{order}I", inner)
        + data
    )


def padded_wav(samples, valid, container, *, extensible=True, rate=16_000):
    """Integers of ``valid`` bits, left-aligned in ``container`` bits."""
    size = container // 8
    values = (samples * (2 ** (valid - 1) - 1)).round().astype(np.int64) << (container - valid)
    data = b"".join(int(value).to_bytes(size, "little", signed=True) for value in values)
    bits = container if extensible else valid
    tag = 0xFFFE if extensible else 1
    fmt = struct.pack("<HHIIHH", tag, 1, rate, rate * size, size, bits)
    if extensible:
        fmt += struct.pack("<HHI", 22, valid, 4) + PCM_GUID
    return riff(fmt, data)


def plain_wav(samples, rate=16_000, **more):
    fmt = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return riff(fmt, (samples * 32767).round().astype("<i2").tobytes(), **more)


def big_endian_wav(samples, rate=16_000):
    fmt = struct.pack(">HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return riff(fmt, (samples * 32767).round().astype(">i2").tobytes(), kind=b"RIFX")


def tracks(*recordings, container="matroska", codec="pcm_s16le", rate=16_000, options=None):
    """A file with one track for each (n_samples,)."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options or {}) as out:
        streams = [out.add_stream(codec, rate=rate, layout="mono") for _ in recordings]
        for stream, samples in zip(streams, recordings, strict=True):
            planar = np.asarray(samples)[None].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(planar, "fltp", "mono")
            frame.sample_rate = rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                out.mux(packet)
    return buffer.getvalue()
