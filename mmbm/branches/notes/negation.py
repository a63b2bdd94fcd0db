"""What a note denies, by its wording: where a phrase stands under "no", "denies", "无" or "否认".

Rules after NegEx (Chapman et al., J Biomed Inform 2001), in English and Chinese: a word of denial
reaches forward over its list, or back over the list before it, to the end of the sentence or to a
word that affirms. They read the note only for the eye; the model does not use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mmbm.branches.parts import Span

__all__ = ["negated"]

# Ends of a sentence, not inside 38.6; in Chinese notes a space is one too.
SENTENCES = re.compile(
    r"[.!?](?=\s|$)|[;|。；！？\n]|\s[-–]\s(?!(?:yes|no|none)\s*(?:[,.;|\n]|$))"
    r"|(?<=[\u4e00-\u9fff）)])\s+(?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
ITEMS = re.compile(r"[,，、/](?=\D|$)")

# Words that deny what follows.
FORWARD = re.compile(
    r"\b(?:no|not|denie[sd]|deny(?:ing)?|without|nil|never|neither|nor|none of|"
    r"negative(?: for|:)?|free from|free of|absence of|unaware of|cannot report|nothing like|"
    r"(?:is|was|has|had|have|do|does|did|are|were|can|could)n['’]t)\b|-ve(?=:| for)"
    r"|否认|不承认|未诉|没有|也没|未见|未闻及|未触及|未及|未出现|未发现|未感到|未发生|未曾|未觉|未再|未有|"
    r"不伴有?|不受|没(?=\S)|(?<![已可被])排除(?=\S)|不存在|不感到?|不曾有?|不为|不以|一直不|从未有?|可排除|毫无|查无|(?<!有)[并均既亦且尚现]?无|未(?=\S)|"
    r"不(?=发[热烧]|咳|喘|吐|痛)",
    re.IGNORECASE,
)
# Words that deny what stands before them in the same item, and those that deny the list before.
BACK = re.compile(
    r"(?:\b(?:is |are |was |were |all |seems? )?(?:denied|absent|ruled out|resolved)\b"
    r"|\bhas (?:settled|gone)\b|\b(?:is|are|was|were) not (?:there|present|a problem)\b"
    r"|\bnone of them\b|\bnone (?:now|left)\b|\bneg\b|\s-ve\s*$"
    r"|(?<=\w)\s+(?:no|nil)\s*$|[:=]\s*(?:none|negative|absent)\b|(?:[:=]|\s-)\s*(?:no|none|nil)\s*$"
    r"|[(（]\s*(?:-|无|否|否认)\s*[)）]"
    r"|[:：]\s*[无否]\s*$|(?<=\S)(?<!是)否\s*$|均否认\s*$|^\s*无\s*$|阴性|已消失|已排除|已缓解|全无|(?:都|均)没有\s*$|均无\s*$|都无\s*$"
    r"|均?不存在过?\s*$|(?:患者)?均?否认有\s*$)",
    re.IGNORECASE,
)
OF_LIST = re.compile(
    r"\ball absent|\bnone of them|\bruled out|[:=]\s*(?:none|no)\s*$"
    r"|^\s*无\s*$|均|都|[:：]\s*[无否]|排除",
    re.IGNORECASE,
)
# Words that affirm: what is denied before them ends there.
AFFIRM = re.compile(
    r"\b(?:but|however|although|except|rather|has|have|had|reports?|complains?|c/o|admits?|"
    r"positive|pos|present|presents|yes|confirmed|ongoing|continues|since|for \d+|x \d+|noticed|"
    r"heard|noted|found|signs? of|evidence of|because of|aware of|bothered by|symptoms are|"
    r"sure of|started with|also|again|mention|describe|there)\b|\+|\d"
    r"|(?:但|而|却)?有(?!无)|但|(?<!主)诉|承认|伴(?!有?无)|出现|可闻及|可见|可及|阳性|加重|明显|反复|间断|[：:]\s*是",
    re.IGNORECASE,
)
NOT_DENIED = re.compile(r"\bnot free from\b|\bcannot deny\b|\bno history taken\b", re.IGNORECASE)
LAST = re.compile(r"\b(?:n?or)\b", re.IGNORECASE)  # before the last of a list that is denied
ASKED = re.compile(r"\b(?:asked about|any)\b|问诊", re.IGNORECASE)
ANSWERED_NO = re.compile(
    r"\s*(?:no|none|nil|never|denied|negative|无|没有|否|否认)\s*(?:[,，]|$)", re.IGNORECASE
)
LONGEST = 6  # words of an item that goes on with a list


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a sentence between two commas."""

    start: int
    end: int
    text: str
    before: str  # the comma before it

    @property
    def asks(self) -> bool:
        """Whether it is a question, whose answer follows."""
        return ASKED.search(self.text) is not None

    @property
    def bare(self) -> bool:
        """Whether it says of itself neither yes nor no, and is short enough for a list."""
        longest = LONGEST * (2 if LAST.search(self.text) else 1)
        return not AFFIRM.search(self.text) and len(self.text.split()) <= longest


def negated(text: str) -> tuple[Span, ...]:
    """The stretches of a note that it denies, in characters, in order, without overlap."""
    found: list[Span] = []
    question: Span | None = None
    for start, end in _between(text, SENTENCES, 0, len(text)):
        if question is not None and ANSWERED_NO.match(text, start, end):
            found.append(question)
        question = Span(start, end) if text[end : end + 1] in ("?", "？") else None
        items = [
            Item(a, b, text[a:b], text[a - 1 : a]) for a, b in _between(text, ITEMS, start, end)
        ]
        found += _of_sentence(items)
    return tuple(_joined(sorted(found, key=lambda span: span.start)))


def _of_sentence(items: list[Item]) -> Iterator[Span]:
    """What one sentence denies."""
    open_ = listed = False  # whether a denial before reaches into the item at hand; by a "、"
    bare: list[Item] = []  # items before that a denial behind them may reach back over
    for item in items:
        back = _last(BACK, item.text)
        if back and not item.text[: back.start()].strip() and item.text[back.end() :].strip():
            back = None  # "Denied fever"
        forward = None if NOT_DENIED.search(item.text) else _first_of(FORWARD, item.text, back)
        if open_ and forward is not None and LAST.search(item.text):
            yield Span(item.start, item.end)
            open_ = False
        elif back is not None and forward is None:
            if OF_LIST.search(back.group()):
                yield from (Span(before.start, before.end) for before in bare)
            cut = _cut(item.text[: back.start()])
            yield Span(item.start + cut, item.start + back.end())
            open_, bare = False, []
        elif forward is not None:
            after = item.text[forward.end() :]
            stop = _stop(after)
            yield Span(item.start + forward.start(), item.start + forward.end() + stop)
            open_, listed, bare = stop == len(after), False, []
        elif open_ and item.bare and (item.before != "，" or listed):
            yield Span(item.start, item.end)
            open_ = item.before != "，"  # in a Chinese list only the last comma may be one
            listed = listed or item.before == "、"
        else:
            open_ = False
            bare = [*bare, item] if item.bare or item.asks else []


def _first_of(
    pattern: re.Pattern[str], text: str, back: re.Match[str] | None
) -> re.Match[str] | None:
    """The first denial of what follows, unless it is that of what stands before."""
    found = pattern.search(text)
    if found is None or back is None:
        return found
    return found if found.end() <= back.start() else None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(reversed(list(pattern.finditer(text))), None)


def _stop(after: str) -> int:
    """Where what a denial reaches ends."""
    stop = re.search(
        r"\b(?:but|however|although|except|rather|yet|though)\b|但|而|却|，?有(?!无)", after, re.I
    )
    return len(after) if stop is None else stop.start()


def _cut(before: str) -> int:
    """Where what stands before a denial begins: after the last word that affirms something else."""
    last = _last(re.compile(r"\b(?:but|however|although)\b|但|而", re.IGNORECASE), before)
    return 0 if last is None else last.end()


def _between(text: str, ends: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of ``text[start:end]`` between these ends."""
    at = start
    for found in ends.finditer(text, start, end):
        if found.start() > at:
            yield at, found.start()
        at = found.end()
    if end > at:
        yield at, end


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Spans that touch or overlap as one."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
