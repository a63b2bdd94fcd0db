"""Turns the clauses of a note into a page: telegram, headings, narrative, triage, letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from mmbm.data.synthesis.phrases import Phrases

__all__ = ["Clauses", "choose", "lay_out"]


@dataclass(frozen=True, slots=True)
class Clauses:
    """What a note says, before it is laid out."""

    opening: str
    history: list[str]
    vitals: list[str]
    exam: list[str]
    background: list[str]
    plan: list[str]


def choose(rng: Generator, words: Sequence[str]) -> str:
    """Draw one of ``words``."""
    return words[int(rng.integers(len(words)))]


def lay_out(rng: Generator, clauses: Clauses, phrases: Phrases, *, english: bool) -> str:
    """Write the clauses in one of five styles, then vary case and punctuation."""
    style = rng.random()
    if style < 0.3:
        text = _telegram(rng, clauses, english)
    elif style < 0.55:
        text = _headed(rng, clauses, phrases, english)
    elif style < 0.75:
        text = _narrative(rng, clauses, english)
    elif style < 0.9:
        text = _triage(rng, clauses, english)
    else:
        body = _narrative(rng, clauses, english)
        text = f"{choose(rng, phrases.letter_open)}\n{body}\n{choose(rng, phrases.letter_close)}"
    if english:
        text = _vary(rng, text)
    return text


def _telegram(rng: Generator, clauses: Clauses, english: bool) -> str:
    stop = choose(rng, (", ", "; ", ". ", " - ") if english else ("，", "；", "。", " "))
    parts = [clauses.history, clauses.vitals, clauses.exam, clauses.background]
    if rng.random() < 0.4:
        parts = [parts[i] for i in rng.permutation(len(parts))]
    flat = [clauses.opening, *(c for part in parts for c in part), *clauses.plan]
    return stop.join(c for c in flat if c)


def _headed(rng: Generator, clauses: Clauses, phrases: Phrases, english: bool) -> str:
    colon = choose(rng, (": ", " - ", ":\n") if english else ("：", "："))
    comma = choose(rng, (", ", "; ", ". ") if english else ("，", "；", "。"))
    sections = [
        ("history", clauses.history),
        ("background", clauses.background),
        ("vitals", clauses.vitals),
        ("exam", clauses.exam),
        ("plan", clauses.plan),
    ]
    if rng.random() < 0.3:
        sections[0], sections[1] = sections[1], sections[0]
    lines = [clauses.opening] if clauses.opening else []
    for name, section in sections:
        if section:
            lines.append(choose(rng, phrases.headings[name]) + colon + comma.join(section))
    return "\n".join(lines)


def _narrative(rng: Generator, clauses: Clauses, english: bool) -> str:
    parts = [clauses.history, clauses.background, clauses.vitals, clauses.exam]
    if rng.random() < 0.3:
        parts[0], parts[1] = parts[1], parts[0]
    flat = [c for part in (*parts, clauses.plan) for c in part]
    sentences, comma = [clauses.opening], ", " if english else "，"
    while flat:  # two or three clauses a sentence
        count = int(rng.integers(1, 4))
        sentences.append(comma.join(flat[:count]))
        flat = flat[count:]
    if not english:
        return "。".join(s for s in sentences if s) + "。"
    return ". ".join(s[:1].upper() + s[1:] for s in sentences if s) + "."


def _triage(rng: Generator, clauses: Clauses, english: bool) -> str:
    head = choose(
        rng, ("TRIAGE:", "Triage note", "ED triage -") if english else ("分诊：", "急诊分诊")
    )
    slash = choose(rng, (" / ", " | ", "; ") if english else ("；", " | "))
    lines = [
        f"{head} {clauses.opening}".strip(),
        slash.join(clauses.vitals),
        slash.join(clauses.history),
        slash.join([*clauses.exam, *clauses.background]),
        slash.join(clauses.plan),
    ]
    return choose(rng, ("\n", ". ") if english else ("\n", "。")).join(x for x in lines if x)


def _vary(rng: Generator, text: str) -> str:
    """Upper case, lower case, or a few slips of the keyboard; figures are left alone."""
    case = rng.random()
    if case < 0.06:
        text = text.upper()
    elif case < 0.2:
        text = text.lower()
    if rng.random() >= 0.15:
        return text
    words = text.split(" ")
    for _ in range(1 + len(words) // 25):
        i = int(rng.integers(len(words)))
        if len(words[i]) > 5 and words[i].isalpha():
            at = int(rng.integers(1, len(words[i]) - 2))
            word = words[i]
            swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            words[i] = swapped if rng.random() < 0.6 else word[:at] + word[at + 1 :]
    return " ".join(words)
