import json
import struct

import numpy as np
import pytest

from dashboard.listener import Chapter, EventSpans, Told, pack, script
from dashboard.listener.payload import clipped, identity, joined, silent, stretches
from mmbm.case import SAMPLE_RATE, Sound
from mmbm.text import sentence
from tests.made_sounds import breath


def sound(waveform, *warnings):
    return Sound(np.asarray(waveform, dtype=np.float32), warnings=warnings)


def unpack(payload):
    (length,) = struct.unpack_from("<I", payload)
    return json.loads(payload[4 : 4 + length]), np.frombuffer(payload, "<i2", offset=4 + length)


def test_samples_survive_to_a_bit_and_are_sent_once():
    given = sound(breath())
    payload = pack(given)
    header, samples = unpack(payload)
    assert header["rate"] == SAMPLE_RATE and header["recording_id"] == identity(given)
    assert np.abs(samples / 32767 - np.clip(given.waveform, -1, 1)).max() <= 0.51 / 32767
    assert len(payload) < 2 * len(given.waveform) + 500


def test_the_recording_carries_no_words():
    header, _ = unpack(pack(sound(breath())))
    assert set(header) == {"name", "recording_id", "rate", "clipped", "silent"}


def test_the_identity_follows_the_samples():
    one, other = breath(), breath(level=0.06)
    assert identity(sound(one)) == identity(sound(one)) != identity(sound(other))


def test_flat_tops_are_marked_where_the_reader_saw_clipping():
    waveform = 0.3 * np.sin(2 * np.pi * 100 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)
    waveform[8000:8400] = 0.9
    assert clipped(sound(waveform)) == []
    seen = sound(waveform, sentence("io.sound.clipped"))
    assert clipped(seen) == [(0.5, 0.525)]


def test_half_seconds_without_sound_are_marked():
    waveform = breath()
    waveform[SAMPLE_RATE : 2 * SAMPLE_RATE] = 0
    waveform[4 * SAMPLE_RATE : 4 * SAMPLE_RATE + 4800] = 0  # 0.3 s, a pause in breathing
    assert silent(sound(waveform)) == [(1.0, 2.0)]


def test_runs_of_marks_become_seconds():
    assert stretches(np.array([1, 1, 0, 0, 1], dtype=bool), 0.5) == [(0.0, 1.0), (2.0, 2.5)]
    assert stretches(np.zeros(3, dtype=bool), 0.5) == []
    assert joined([(0.0, 0.1), (0.12, 0.2), (0.5, 0.6)], 0.05) == [(0.0, 0.2), (0.5, 0.6)]


def test_what_is_told_is_json():
    told = Told(
        recording_id="a",
        heard=2.0,
        step=0.5,
        shares=(0.1, -0.2),
        scale=0.2,
        share_label="Share",
        heading="Moments",
        chapters=(Chapter(1.0, "1 s", "raises"),),
        events=(EventSpans("Wheezes 80 %", ((0.5, 1.0),)),),
        marked=(),
        notes=(),
        texts={"play": "Play"},
    )
    plain = json.loads(json.dumps(told.plain()))
    assert plain["chapters"] == [{"at": 1.0, "text": "1 s", "kind": "raises"}]
    assert plain["events"] == [{"text": "Wheezes 80 %", "spans": [[0.5, 1.0]]}]
    assert plain["name"] == unpack(pack(sound(breath())))[0]["name"]


@pytest.mark.parametrize("part", ["class Player", "function paintSpectrogram", "class Panel"])
def test_the_modules_are_one_script(part):
    assert script().count(part) == 1 and script().count("export default") == 1
