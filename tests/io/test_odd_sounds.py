"""Recordings that decoders misread: each is heard as it is, or refused with the true reason."""

import numpy as np
import pytest

from mmbm.errors import NoSignal, TooLarge
from mmbm.io import read_sound
from tests.made_files import sound, tone, wav
from tests.made_sounds import (
    big_endian_wav,
    breath,
    padded_wav,
    plain_wav,
    riff,
    room,
    tracks,
)

BREATH = breath()
DAMAGED = "The sound file is damaged or cut short; part of it is missing."


def read(content):
    return read_sound(content, "breath")


def alike(recording, samples):
    """Correlation and gain of what was heard against what was recorded."""
    count = min(len(recording.waveform), len(samples))
    heard, right = recording.waveform[:count], samples[:count]
    return np.corrcoef(heard, right)[0, 1], float(heard.std() / right.std())


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_silence_in_any_number_of_channels_is_refused(channels, offset):
    with pytest.raises(NoSignal, match="The sound file is silent"):
        read(wav(np.full((channels, 96_000), offset)))


@pytest.mark.parametrize("extensible", [True, False])
@pytest.mark.parametrize(("valid", "container"), [(24, 32), (20, 24), (20, 32), (12, 16), (14, 16)])
def test_integers_that_fill_a_part_of_their_bytes(valid, container, extensible):
    recording = read(padded_wav(BREATH, valid, container, extensible=extensible))
    assert alike(recording, BREATH) == pytest.approx((1, 1), abs=1e-3)
    assert recording.warnings == ()


def test_a_big_endian_wav():
    recording = read(big_endian_wav(BREATH))
    assert alike(recording, BREATH) == pytest.approx((1, 1), abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "G721_32"),
        ("AU", "G721_32"),
        ("AU", "G723_24"),
        ("AU", "G723_40"),
        ("WAV", "NMS_ADPCM_24"),
        ("WAV", "NMS_ADPCM_32"),
        ("WAV", "IMA_ADPCM"),
        ("WAV", "MS_ADPCM"),
        ("W64", "MS_ADPCM"),
        ("W64", "IMA_ADPCM"),
        ("CAF", "ALAC_16"),
        ("CAF", "ALAC_24"),
        ("CAF", "ALAC_32"),
        ("VOC", "PCM_16"),
        ("NIST", "PCM_16"),
        ("MAT5", "FLOAT"),
        ("IRCAM", "PCM_16"),
        ("PAF", "PCM_16"),
        ("SDS", "PCM_16"),
    ],
)
def test_formats_that_ffmpeg_misreads_or_does_not_know(kind, subtype):
    recording = read(sound(BREATH, kind=kind, subtype=subtype))
    correlation, gain = alike(recording, BREATH)
    assert correlation > 0.99
    assert gain == pytest.approx(1, abs=0.03)
    assert recording.seconds == pytest.approx(6, abs=0.07)
    assert recording.warnings == ()


@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
@pytest.mark.parametrize("kind", ["AIFF", "AU"])
def test_byte_orders(kind, endian):
    recording = read(sound(BREATH, kind=kind, subtype="PCM_24", endian=endian))
    assert alike(recording, BREATH) == pytest.approx((1, 1), abs=1e-3)
    assert recording.warnings == ()


@pytest.mark.parametrize("louder", [1, 3, 11, 30, 200])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_chest_beside_a_room_is_kept(louder, swapped):
    chest = breath(level=0.002)
    pair = [chest, room(level=0.002 * louder)]
    number = 2 if swapped else 1
    recording = read(sound(pair[::-1] if swapped else pair))
    assert alike(recording, chest)[0] > 0.99
    assert (
        f"The channels contain different sounds; channel {number} was used, "
        "whose sound is in the range of breath sounds."
    ) in recording.warnings


def test_two_places_of_a_chest_are_mixed():
    other = np.roll(BREATH, 40_000)
    recording = read(wav([BREATH, other]))
    assert alike(recording, (BREATH + other) / 2)[0] > 0.999
    assert recording.warnings == ("The channels contain different sounds; their mean was used.",)


def test_one_sound_among_many_silent_channels():
    recording = read(wav([0 * BREATH, BREATH, 1e-4 * BREATH, 0 * BREATH]))
    assert alike(recording, BREATH) == pytest.approx((1, 1), abs=1e-3)
    assert recording.warnings == ("Only one channel contains sound; it was used.",)


@pytest.mark.parametrize(
    "sizes",
    [(0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF024, 0x7FFFF000), (0x7FFFFFFF, 0x7FFFFFDB), (0, 0),
     (0x80000024, 0x80000000)],
)  # fmt: skip
def test_the_sizes_of_a_stream_are_no_damage(sizes):
    recording = read(plain_wav(BREATH, sizes=sizes))
    assert recording.warnings == ()
    assert recording.seconds == pytest.approx(6, abs=0.01)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "CAF"])
def test_what_is_cut_is_said(kind, share):
    content = sound(breath(20), kind=kind, subtype="PCM_16")
    assert DAMAGED in read(content[: int(share * len(content))]).warnings


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("adts", "aac", {}),
        ("mp3", "libmp3lame", {"write_xing": "0"}),
        ("mp3", "libmp3lame", {}),
        ("matroska", "libopus", {}),
        ("mp4", "aac", {}),
    ],
)
def test_a_length_that_is_guessed_is_no_damage(container, codec, options):
    quiet_first = np.concatenate([1e-2 * breath(8, 48_000), breath(4, 48_000)])
    content = tracks(quiet_first, container=container, codec=codec, rate=48_000, options=options)
    recording = read(content)
    assert recording.warnings == ()
    assert recording.seconds == pytest.approx(12, abs=0.15)


def test_an_mp3_that_counts_its_frames_and_is_cut_says_so():
    content = tracks(breath(12, 48_000), container="mp3", codec="libmp3lame", rate=48_000)
    assert DAMAGED in read(content[: len(content) // 2]).warnings


@pytest.mark.parametrize("noise", [0.0, 1e-5])
def test_a_silent_start_and_end_are_left_out_and_said(noise):
    samples = np.concatenate([room(40, level=noise), BREATH, room(12, level=noise)])
    recording = read(sound(samples, subtype="PCM_24"))
    assert recording.seconds == pytest.approx(6, abs=0.2)
    assert alike(recording, BREATH)[0] > 0.99
    assert [w for w in recording.warnings if "silent" in w] == [
        "The first 40.0 seconds are silent and were left out.",
        "The last 12.0 seconds are silent and were left out.",
    ]


def test_a_pause_that_is_longer_than_the_sound_is_said():
    samples = np.concatenate([breath(3), np.zeros(16_000 * 20), breath(3)])
    recording = read(wav(samples))
    assert "More than half of the remaining sound is silent." in recording.warnings


def test_a_click_in_silence_is_no_recording():
    samples = np.zeros(16_000 * 20)
    samples[160_000:164_000] = breath(0.25, level=0.2)
    with pytest.raises(NoSignal, match=r"Only 0\.\d seconds of the file contain sound"):
        read(wav(samples))


@pytest.mark.parametrize("container", ["matroska", "mov"])
def test_the_first_track_with_sound_is_used_and_said(container):
    recording = read(tracks(0 * BREATH, BREATH, container=container))
    assert alike(recording, BREATH) == pytest.approx((1, 1), abs=1e-3)
    assert recording.warnings == (
        "The file has 2 sound tracks; track 2 was used, the first that can be read and is not "
        "silent.",
    )
    recording = read(tracks(BREATH, 0 * BREATH, container=container))
    assert recording.warnings == ("The file has 2 sound tracks; the first was used.",)
    with pytest.raises(NoSignal, match="The sound file is silent"):
        read(tracks(0 * BREATH, 0 * BREATH, container=container))


def test_hours_in_many_channels_are_refused_before_they_are_decoded():
    content = sound(np.zeros((8, 48_000 * 300), np.int16), 48_000)
    with pytest.raises(TooLarge, match="more than 60 million samples in its 8 channels"):
        read(content)


def test_the_format_chunk_may_be_of_any_make():
    fmt = b"\x01\x00\x01\x00" + (16_000).to_bytes(4, "little") + (1).to_bytes(4, "little")
    content = riff(fmt + b"\x02\x00\x10\x00", (tone() * 32767).astype("<i2").tobytes())
    assert read(content).seconds == pytest.approx(6)
