"""Which character set a text file is in: its mark first, then UTF-8, then what fits best."""

from __future__ import annotations

import codecs
import re

from mmbm.errors import UnreadableFile
from mmbm.io.letters import COMMON_HAN, fitness
from mmbm.text import Sentence, sentence

__all__ = ["has_chinese", "text_of"]

_MARKS = (  # UTF-32 before UTF-16: the one begins like the other
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_MARK = (  # of two that fit alike the first is taken
    "cp1252",
    "gb18030",
    "big5hkscs",
    "utf-16-le",
    "utf-16-be",
    "mac_roman",
    "cp850",
    "cp437",
)
_SINGLE = frozenset(("cp1252", "mac_roman", "cp850", "cp437"))  # one byte a character
_STRANGE = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")  # no text has many of these
_BINARY, _FEW_BYTES = 0.1, 2048  # share of them that a longer text does not reach, even in UTF-16
_HEAD_BYTES = 2**14  # that tell the character set
_FITS = 0.3  # mean fitness that wrong readings do not reach
_MOST_DAMAGED = 100  # places that are mended one by one
_AHEAD = 64  # bytes that tell where the next character begins behind a bad byte
_ORPHANED = re.compile(rb"(?<=[\x00-\x7f])[\x81-\xfe]{3,}")  # perhaps without its first byte
_REPLACED = "\ufffd"
Reading = tuple[str, str, tuple[Sentence, ...]]


def text_of(content: bytes) -> Reading:
    """The text, the name of its character set and what could not be read, as sentences.

    Raises: UnreadableFile for what is no text.
    """
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _told(*_read(content[len(mark) :], codec))
    if content.count(0) > len(content) // 5:  # every other byte of English in UTF-16
        return _told(*_read(content, _wide(content)))
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return _best(content)
    return _told(*_read(content, "gb18030" if _is_chance(content, text) else "utf-8"))


def _is_chance(content: bytes, text: str) -> bool:
    """Whether a few Chinese words in GB18030 only pass for UTF-8."""
    if text.isascii() or fitness(text) >= 0.5:
        return False
    return _score(_forgiving(content[:_HEAD_BYTES], "gb18030")[0], "gb18030") > 1


def has_chinese(text: str) -> bool:
    """Whether the Han characters are those of a Chinese note, and not those of a wrong reading."""
    han = [char for char in text if "\u3400" <= char <= "\u9fff"]
    return len(han) > 1 and sum(char in COMMON_HAN for char in han) >= 0.2 * len(han)


def _wide(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by where its zeros stand."""
    zeros = [content[place::4].count(0) for place in range(4)]
    many = 0.9 * len(content) / 4
    if min(zeros[2:]) > many or min(zeros[:2]) > many:
        return "utf-32-le" if zeros[0] < zeros[3] else "utf-32-be"
    return "utf-16-be" if zeros[0] + zeros[2] > zeros[1] + zeros[3] else "utf-16-le"


def _best(content: bytes) -> Reading:
    """Not quite UTF-8: or one of the older sets, whichever makes likely characters."""
    head = content[:_HEAD_BYTES]
    strange = len(_STRANGE.findall(head.decode("latin-1")))
    if len(head) > _FEW_BYTES and strange > _BINARY * len(head):
        raise UnreadableFile(sentence("io.notes.not_text"))
    text = _forgiving(head, "utf-8")[0]
    wrong = text.count(_REPLACED)
    right = sum(char > "\x7f" for char in text) - wrong
    if right >= wrong and fitness(text) >= 0:  # chance makes no sequences of UTF-8
        return _told(*_read(content, "utf-8"))
    scores: dict[str, float] = {}
    for codec in _WITHOUT_MARK:
        scores[codec] = _score(_forgiving(head, codec)[0], codec)
    best = max(_WITHOUT_MARK, key=scores.__getitem__)
    if scores[best] >= _FITS:
        return _told(*_read(content, best))
    return _detected(content)


def _read(content: bytes, codec: str) -> tuple[str, str, bool]:
    text, cut = _forgiving(content, codec)
    return text, codec, cut


def _score(text: str, codec: str) -> float:
    """The reading's fitness, less what it could not read; Chinese must look like Chinese."""
    if codec not in _SINGLE and not has_chinese(text):
        return -1.0
    return fitness(text) - _unread(text)


def _unread(text: str) -> float:
    return 4.0 * text.count(_REPLACED) / max(1, sum(char > "\x7f" for char in text))


def _detected(content: bytes) -> Reading:
    """Other languages, by statistics; a few odd bytes are not enough for another alphabet."""
    from charset_normalizer import from_bytes

    if sum(byte > 127 for byte in content) <= max(4, len(content) // 20):
        return _told(*_read(content, "utf-8"))
    best = from_bytes(content[:_HEAD_BYTES]).best()
    if best is None:
        raise UnreadableFile(sentence("io.notes.charset"))
    return _told(*_read(content, best.encoding))


def _forgiving(content: bytes, codec: str) -> tuple[str, bool]:
    """The text, one replacement for each damaged place, and whether its last character is cut."""
    if codec == "gb18030":
        content = _ORPHANED.sub(_marked, content)
    pieces: list[str] = []
    at = 0
    while at < len(content):
        rest = content[at:]
        if len(pieces) > 2 * _MOST_DAMAGED:
            return "".join(pieces) + rest.decode(codec, "replace"), False
        try:
            return "".join(pieces) + rest.decode(codec), False
        except UnicodeDecodeError as exc:
            pieces.append(rest[: exc.start].decode(codec))
            if exc.end == len(rest) and re.search("incomplete|truncated|end of data", exc.reason):
                return "".join(pieces), True
            at += exc.start + _skip(rest[exc.start : exc.start + _AHEAD], codec)
            pieces.append(_REPLACED)
    return "".join(pieces), False


def _marked(run: re.Match[bytes]) -> bytes:
    """The first byte of a run is marked as bad where the others fit better without it."""
    code = run[0]
    without, with_it = (_after(code[n : n + _AHEAD], "gb18030") for n in (1, 0))
    return b"\xff" + code[1:] if without > with_it + 0.5 else code


def _skip(ahead: bytes, codec: str) -> int:
    """How many bytes to leave out so that what follows reads best."""
    if codec.startswith("utf-32"):
        return 4
    if codec.startswith("utf-16"):
        return 2
    if codec in _SINGLE:
        return 1
    return max((1, 2, 3, 4), key=lambda n: _after(ahead[n:], codec) - n / 10)


def _after(ahead: bytes, codec: str) -> float:
    text = ahead.decode(codec, "replace")[:-2]
    return fitness(text) - _unread(text)


def _told(text: str, codec: str, cut: bool) -> Reading:
    """The reading with what it could not read, said. Raises UnreadableFile for no text."""
    strange = len(text) - len(_STRANGE.sub("", text))
    wrong = text.count(_REPLACED)
    if strange > max(2, len(text) // 50) or wrong > max(4, len(text) // 10):
        raise UnreadableFile(sentence("io.notes.not_text"))
    says: list[Sentence] = []
    if wrong:
        says.append(sentence("io.notes.unreadable", count=wrong))
    if cut:
        says.append(sentence("io.notes.cut_character"))
    return text, codec, tuple(says)
