"""The lung sound: its panel, what is said in it, and the same as tables."""

from __future__ import annotations

import streamlit as st

from dashboard import listener, markup, state
from dashboard.figures import sound as figures
from dashboard.foreign import escape
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.audio.prepare import SoundEvidence
from mmbm.case import Sound
from mmbm.explain.maps import EvidenceMaps
from mmbm.predict import Event

__all__ = ["sound", "sound_carried", "sound_told"]

PANEL_TEXTS = (
    "panel", "position", "play", "pause", "loop", "speed", "filter", "unfiltered", "lung", "heart",
    "gain", "waveform", "spectrogram", "zoom", "whole", "clear",
)  # fmt: skip
LIKELY = 0.5  # an event at least this probable has a moment of its own
LEAD = 0.25  # seconds that are heard before an event
LISTED = 4  # stretches that are told one by one


def sound(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """The panel, the shares of each second as a table, and the sound events."""
    heard = maps.parts.get("audio")
    if not seen.recording or not isinstance(heard, SoundEvidence):
        return
    listener.show(seen.recording_id, key="listener")
    times, sums, _ = figures.time_sums(heard.values, heard.seconds)
    table = markup.facts_table(figures.by_second(times, sums, say))
    events = seen.analysis.prediction.events.get("audio", ())
    rows = [(say.name("event", e.name), e.probability) for e in events]
    st.html(
        f"{markup.folded_table(table, say)}"
        f'<div class="small">{escape(say("sound.no_verdict"))}</div>'
        f'<div class="small"><b>{escape(say("sound.events"))}.</b> '
        f"{escape(say('sound.events_caption'))}</div>{markup.meters(rows)}"
    )


def sound_carried(seen: Review, opened: bool) -> None:
    """Send the recording once its panel was opened, and keep it on the page while the case stays.

    A panel that is closed and opened again, or drawn in another language, is sent nothing.
    """
    if opened:
        state.listen_to(seen.recording_id)
    if seen.recording and state.listened_to(seen.recording_id):
        listener.carry(seen.recording, key="recording")


def sound_told(seen: Review, maps: EvidenceMaps, say: Texts) -> None:
    """Send the panel the shares of a finding and all words; stays as long as the case does."""
    audio, heard = seen.analysis.case.audio, maps.parts.get("audio")
    if audio is None or not isinstance(heard, SoundEvidence):
        return
    _, sums, step = figures.time_sums(heard.values, heard.seconds)
    scale = seen.moment_scale or 1e-6
    told = listener.Told(
        recording_id=seen.recording_id,
        heard=heard.seconds,
        step=step,
        shares=tuple(round(float(share), 6) for share in sums),
        scale=scale,
        share_label=f"{say('sound.share')} ±{scale:.2g}",
        heading=say("sound.moments", finding=say.name("finding", maps.finding)),
        chapters=(*moments(heard, say), *event_moments(seen, say)),
        events=tuple(
            listener.EventSpans(named(event, say), tuple(in_recording(of)))
            for event, of in likely(seen)
        ),
        marked=marked(seen, say),
        notes=notes(audio, heard, say),
        texts={name: say(f"sound.{name}") for name in PANEL_TEXTS},
    )
    listener.tell(told, key="sound-told")


def moments(heard: SoundEvidence, say: Texts) -> list[listener.Chapter]:
    """The seconds that moved the finding most, the strongest first."""
    chapters: list[listener.Chapter] = []
    for second, share in figures.strongest_seconds(heard.values, heard.seconds):
        key = "sound.moment" if chapters else "sound.strongest"
        text = f"{say(key, second=second)} {markup.signed(share, 3)}"
        chapters.append(listener.Chapter(second, text, "raises" if share > 0 else "lowers"))
    return chapters


def likely(seen: Review) -> list[tuple[Event, SoundEvidence]]:
    """The events that were told, with when each was."""
    told = {event.name: event for event in seen.analysis.prediction.events.get("audio", ())}
    return [
        (told[name], of)
        for name, of in seen.sound_events.items()
        if name in told and told[name].probability >= LIKELY and name != "normal"
    ]


def named(event: Event, say: Texts) -> str:
    """An event with its probability."""
    return f"{say.name('event', event.name)} {markup.percent(event.probability)}"


def in_recording(of: SoundEvidence) -> list[listener.Stretch]:
    """The stretches of an event, in seconds of the recording as it is played."""
    return [
        (round(span.start - of.start, 2), round(span.end - of.start, 2)) for span in of.heard_at
    ]


def event_moments(seen: Review, say: Texts) -> list[listener.Chapter]:
    """The stretch in which each event that is likely was heard most."""
    chapters = []
    for event, of in likely(seen):
        most = of.strongest - of.start
        for start, end in in_recording(of):
            if start <= most <= end:
                text = say(
                    "sound.event_moment",
                    event=named(event, say),
                    start=f"{start:.1f}",
                    end=f"{end:.1f}",
                )
                chapters.append(listener.Chapter(max(0.0, start - LEAD), text, "event"))
    return chapters


def marked(seen: Review, say: Texts) -> tuple[str, ...]:
    """Where the recording is clipped and where it is silent."""
    return tuple(
        say(key, places=say.listed(f"{start:.1f}–{end:.1f} s" for start, end in found[:LISTED]))
        if len(found) <= LISTED
        else say(f"{key}_many", count=len(found), seconds=f"{sum(b - a for a, b in found):.1f}")
        for key, found in (("sound.clipped", seen.clipped), ("sound.silent", seen.silent))
        if found
    )


def notes(audio: Sound, heard: SoundEvidence, say: Texts) -> tuple[str, ...]:
    """How the panel is worked, and what to know of it."""
    lines = [say("sound.hint"), say("sound.pitch")]
    if audio.seconds > heard.seconds + 0.05:
        lines.insert(0, say("sound.unheard", seconds=f"{heard.seconds:g}"))
    return tuple(lines)
