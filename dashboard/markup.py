"""Small pieces of HTML as pure functions; every word from outside is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.colours import LOWERS, RAISES, signed_colour
from dashboard.foreign import escape
from dashboard.text import Texts
from mmbm.branches.notes.evidence import WordShare, clauses
from mmbm.branches.parts import Span
from mmbm.explain.ledger import Ledger
from mmbm.predict import Prediction

__all__ = [
    "Reading",
    "clauses_table",
    "facts_table",
    "folded_table",
    "meters",
    "percent",
    "signed",
    "strongest_clauses",
    "weights_table",
    "words",
]

LONGEST = 60  # characters of a clause in a list


@dataclass(frozen=True, slots=True)
class Reading:
    """How a note was read: what it denies, which words nobody taught, and where reading ended."""

    denied: tuple[Span, ...] = ()  # characters
    unknown: frozenset[int] = frozenset()  # where such words begin
    end: int = 0

    def marks(self, word: WordShare) -> str:
        """The classes of a word, each with a space before it."""
        denied = any(s.start <= word.start and word.end <= s.end for s in self.denied)
        return " denied" * denied + " unknown" * (word.start in self.unknown)


def percent(probability: float) -> str:
    """A probability as a reader says it; never 0 % or 100 %, which no model knows."""
    if probability < 0.01:
        return "< 1 %"
    if probability > 0.99:
        return "> 99 %"
    return f"{100 * probability:.0f} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a true minus, and no "-0.00"."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else "−") + text


def meters(rows: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars of (name, probability)."""
    parts = []
    for name, probability in rows:
        parts.append(
            f'<div class="meter"><span class="meter-name">{escape(name)}</span>'
            f'<span class="meter-track" role="meter" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{100 * probability:.0f}" aria-label="{escape(name)}">'
            f'<span class="meter-fill" style="width:{100 * probability:.1f}%"></span></span>'
            f'<span class="meter-number">{percent(probability)}</span></div>'
        )
    return f'<div class="meters">{"".join(parts)}</div>'


def words(
    text: str,
    shares: Sequence[WordShare],
    *,
    scale: float,
    anchor: str = "",
    reading: Reading | None = None,
) -> str:
    """The note verbatim, each word on the colour of its share; its number in the tooltip.

    With an ``anchor`` each word can be jumped to from :func:`strongest_clauses`. ``reading`` says
    which words are denied, unknown or not read, and they are marked.
    """
    parts: list[str] = []
    at, end = 0, len(text) if reading is None else reading.end
    for word in sorted(shares, key=lambda w: w.start):
        if word.end <= word.start or word.start < at:
            continue
        parts.append(escape(text[at : word.start]))
        place = f' id="{anchor}-{word.start}"' if anchor else ""
        marks = "" if reading is None else reading.marks(word)
        parts.append(
            f'<span class="word{marks}"{place} '
            f'style="background:{signed_colour(word.share, scale)}" '
            f'title="{signed(word.share, 4)}">{escape(text[word.start : word.end])}</span>'
        )
        at = word.end
    parts.append(escape(text[at : max(at, end)]))
    rest = text[max(at, end) :]
    parts.append(f'<span class="unread">{escape(rest)}</span>' if rest.strip() else escape(rest))
    return f'<div class="note" tabindex="0">{"".join(parts)}</div>'


def strongest_clauses(
    text: str, shares: Sequence[WordShare], say: Texts, *, most: int = 3, anchor: str = ""
) -> str:
    """The clauses that raise and lower most, with their numbers; also for who cannot hover."""
    spoken = [w for w in clauses(text, shares) if any(c.isalnum() for c in text[w.start : w.end])]
    ordered = sorted(spoken, key=lambda w: w.share)
    lines = []
    for key, picked, colour in (
        ("words.raising", [w for w in reversed(ordered) if w.share > 0][:most], RAISES),
        ("words.lowering", [w for w in ordered if w.share < 0][:most], LOWERS),
    ):
        named = " · ".join(
            f"{jump(escape(shortened(text[w.start : w.end])), w, anchor)}"
            f" <b>{signed(w.share, 3)}</b>"
            for w in picked
        )
        lines.append(
            f'<span class="swatch" style="background:{colour}"></span>{escape(say(key))}: '
            f"{named or escape(say('words.none'))}"
        )
    return f'<div class="small">{"<br>".join(lines)}</div>'


def clauses_table(text: str, shares: Sequence[WordShare], say: Texts) -> str:
    """Every clause with its share, in the note's order."""
    rows = [(shortened(text[c.start : c.end]), signed(c.share, 3)) for c in clauses(text, shares)]
    return facts_table(rows, head=[say("words.clause"), say("other.share")])


def shortened(clause: str) -> str:
    """A clause in one line, its middle left out where it is long."""
    flat = " ".join(clause.split()).rstrip(".,;|。，；")
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST // 2]} … {flat[-LONGEST // 2 :]}"


def jump(words: str, at: WordShare, anchor: str) -> str:
    """Escaped words as a link to its place in the note."""
    return f'<a class="jump" href="#{anchor}-{at.start}">{words}</a>' if anchor else words


def weights_table(account: Ledger, prediction: Prediction, say: Texts) -> str:
    """Weight, contribution and slope of each modality, for one finding; "–" without weights."""
    heads = ("weights.part", "weights.weight", "weights.contribution", "weights.slope")
    weights = prediction.fusion_weights
    rows = []
    for modality in prediction.modalities:
        given = modality in prediction.present
        contribution, slope = say("weights.absent"), "–"
        if given:
            contribution = signed(account.contributions[modality], 3)
            if modality in account.intervals:
                low, high = account.intervals[modality]
                contribution += f" ± {(high - low) / 2:.2f}"
        if given and account.slopes:
            change = signed(0.1 * account.slopes[modality], 3)
            slope = say("weights.slope_cell", change=change)
        rows.append(
            (
                say.name("modality", modality),
                f"{weights[modality]:.3f}" if weights else "–",
                contribution,
                slope,
            )
        )
    return facts_table(rows, head=[say(key) for key in heads])


def folded_table(table: str, say: Texts) -> str:
    """The numbers of a figure as a table that opens on a click, for readers who cannot see it."""
    summary = escape(say("figure.as_table"))
    return f'<details class="small"><summary>{summary}</summary>{table}</details>'


def facts_table(rows: Sequence[Sequence[str]], *, head: Sequence[str] = ()) -> str:
    """A plain table; the first column names the row."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return f'<table class="plain">{f"<thead><tr>{top}</tr></thead>" if head else ""}{body}</table>'
