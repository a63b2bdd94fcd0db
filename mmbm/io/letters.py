"""How likely the characters beyond ASCII are where they stand, in clinical English or Chinese.

A byte above 127 means another character in every character set. A degree sign is likely behind
a digit and an accented letter between letters; the reading whose characters fit best is right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

__all__ = ["COMMON_HAN", "fitness"]

COMMON_HAN = frozenset(  # of Chinese clinical notes, simplified and traditional
    "的一是不了在有人我他这為为來来上个個中大到者和患病史主诉訴现現天日月年小时時前后後左右"
    "发發热熱烧燒咳嗽痰胸痛闷悶气氣促急喘呼吸困难難乏力无無未见見肺炎音湿濕啰囉性双雙侧側部"
    "体體温溫度血压壓心率次分钟鐘检檢查阳陽阴陰正常既往否认認伴加重入院门門诊診男女岁歲"
    "高低白细細胞支持续續服药藥治疗療感染咽寒战戰头頭晕暈恶噁吐腹泻瀉"
)
_WESTERN = frozenset("àáâäãåæçèéêëìíîïñòóôöõøœùúûüÿ")
_CHINESE_MARKS = frozenset("，。；：、！？（）【】《》〈〉「」『』℃％～－—…·“”‘’＋／×≥≤→①②③④⑤")
_MOST = 4000  # characters that are judged; a longer text is not told better by more
_LIKELY, _FAIR, _ODD, _WRONG = 1.0, 0.5, -0.7, -2.0


def fitness(text: str) -> float:
    """The mean over characters beyond ASCII: about 1 where all fit, below 0 where few do.

    The replacement character does not count; a text of ASCII alone has 0.
    """
    total, count = 0.0, 0
    padded = f" {text} "
    for at, char in enumerate(text):
        if char < "\x80" or char == "\ufffd":
            continue
        total += _weight(padded[at], char, padded[at + 2])
        count += 1
        if count == _MOST:
            break
    return total / count if count else 0.0


def _weight(before: str, char: str, after: str) -> float:
    if "\u3400" <= char <= "\u9fff":
        return _han(char)
    if char in _PLACES:
        return _LIKELY if _PLACES[char](before, after) else _ODD
    if char in _CHINESE_MARKS or "\uff01" <= char <= "\uff5e":
        return _LIKELY
    if char < "\xa0" or "\ue000" <= char <= "\uf8ff":  # C1 controls, private use
        return _WRONG
    if "\uff61" <= char <= "\uff9f":  # half-width kana
        return _WRONG
    if char.isalpha():
        return _letter(before, char, after)
    if before.isalpha() and after.isalpha():  # a sign within a word
        return _WRONG
    return 0.0 if char in "\xa0©®™§\u3000" else _ODD


@lru_cache(maxsize=8192)
def _han(char: str) -> float:
    if char in COMMON_HAN:
        return 2 * _LIKELY
    for codec, low, high in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):  # the frequent planes
        code = char.encode(codec, "ignore")
        if code and low <= code[0] <= high:
            return _FAIR
    return _ODD


def _letter(before: str, char: str, after: str) -> float:
    """A letter beyond ASCII belongs into a word, beside letters that everyone has."""
    if before.isdigit() or after.isdigit():
        return _ODD
    if "\u0370" <= char <= "\u03ff":  # Greek stands alone in clinical text: β-lactam, Δ
        return 0.3 if char in "αβγδ" or not before.isalpha() else _ODD
    if char > "\u024f":  # another alphabet: its letters stand together
        return 0.3 if _beyond(before) or _beyond(after) else _ODD
    if char in "þðýÞÐÝ" or (char.isupper() and before.islower()):
        return _ODD
    if not (_plain(before) or _plain(after)):
        return _ODD
    return 0.8 if char.lower() in _WESTERN else 0.3


def _plain(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _beyond(char: str) -> bool:
    return char > "\u024f" and char.isalpha()


def _outside_words(before: str, after: str) -> bool:
    return not (before.isalpha() and after.isalpha())


_PLACES: dict[str, Callable[[str, str], bool]] = {
    "°": lambda before, after: before.isdigit() or (before == " " and after in "CFcf"),
    "º": lambda before, after: before.isdigit() and after in "CFcf ",
    "½": lambda before, after: not before.isalpha(),
    "¼": lambda before, after: not before.isalpha(),
    "¾": lambda before, after: not before.isalpha(),
    "±": lambda before, after: not before.isalpha() and (after != " " or before == " "),
    "ß": lambda before, after: before.isalpha() or after == "-",  # written for beta too
    "µ": lambda before, after: after in "glmLMsVU",
    "μ": lambda before, after: after in "glmLMsVU",
    "²": lambda before, after: before.isalnum() and not after.isalnum(),
    "³": lambda before, after: before.isalnum() and not after.isalnum(),
    "≤": lambda before, after: after.isdigit() or (after == " " and not before.isalpha()),
    "≥": lambda before, after: after.isdigit() or (after == " " and not before.isalpha()),
    "×": lambda before, after: _outside_words(before, after),
    "÷": lambda before, after: before in " 0123456789" and after in " 0123456789",
    "£": lambda before, after: after.isdigit() or after == " ",
    "€": lambda before, after: after.isdigit() or before in " 0123456789",
    "“": lambda before, after: not before.isalnum() and not after.isspace(),
    "”": lambda before, after: not before.isspace() and not after.isalnum(),
    "‘": lambda before, after: not before.isalnum() and not after.isspace(),
    "’": lambda before, after: before.isalnum() or before in ".,!?",
    "«": lambda before, after: not before.isalnum(),
    "»": lambda before, after: not after.isalnum(),
    "–": lambda before, after: before == after == " " or (before.isalnum() and after.isalnum()),
    "—": lambda before, after: before.isspace() == after.isspace(),
    "…": lambda before, after: not after.isalpha(),
    "•": lambda before, after: not before.isalnum(),
    "·": lambda before, after: before == after == " " or (before > "\x7f" and after > "\x7f"),
    "→": lambda before, after: True,
}
