"""What a source of cases is, in plain words."""

from __future__ import annotations

from dashboard.text import Texts
from mmbm.record import Record

__all__ = ["about_source", "source_name", "unseen_name"]


def source_name(source: str, say: Texts) -> str:
    """ "SIIM"; a source that has no other name keeps its own."""
    return say.strings.get(f"source.{source}", source)


def unseen_name(source: str, say: Texts) -> str:
    """What figures of a model that was trained without a source are called."""
    return say("model.unseen", source=source_name(source, say))


def about_source(source: str, record: Record, say: Texts) -> str:
    """Who the patients are and who gave the labels; "" for a source that nobody described."""
    people = say.strings.get(f"source.people.{source}", "")
    labels = say.strings.get(f"source.labels.{source}", "")
    if source in record.mined:
        labels = say("source.mined")
    return say("source.about", people=people, labels=labels) if people and labels else people
