"""Characters of the symbol fonts that Word writes with, as Unicode.

Source: Unicode's mapping tables for Adobe Symbol and for Wingdings; here those of clinical text.
"""

from __future__ import annotations

__all__ = ["plain_symbols"]

_SYMBOL = dict(
    zip(
        range(0x41, 0x5B),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
        strict=True,
    )
)
_SYMBOL |= dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True))
_SYMBOL |= dict(zip(range(0xA1, 0xB0), "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓", strict=True))
_SYMBOL |= dict(zip(range(0xB0, 0xC0), "°±″≥×∝∂•÷≠≡≈…⏐⎯↵", strict=True))
_SYMBOL |= dict(zip(range(0xC4, 0xDA), "⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧", strict=True))
_SYMBOL |= {0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥"}
_SYMBOL |= {0x7E: "∼", 0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫"}
_WINGDINGS = {
    0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "❑", 0x72: "❒", 0x75: "◆",
    0x76: "❖", 0x9F: "•", 0xA0: "·", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←",
    0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "→", 0xEF: "⇦", 0xF0: "⇨", 0xF3: "⬄", 0xF8: "↵",
    0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑", 0x4A: "☺", 0x4C: "☹",
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗",
    0x50: "✓",
    0x51: "☒",
    0x52: "☑",
    0x53: "☒",
    0x54: "☒",
    0x99: "●",
    0xA3: "☐",
}
_WINGDINGS_3 = {0x66: "←", 0x67: "→", 0x68: "↑", 0x69: "↓", 0xC8: "↵"}
_WEBDINGS = {0x61: "✓", 0x63: "☐", 0x67: "■", 0x72: "✗"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
}
_SAME = frozenset("0123456789 !#%&()+,./:;<=>?[]_{|}")  # Symbol keeps these


def plain_symbols(text: str, font: str) -> str:
    """Text in ``font``, "Symbol" or another, as Unicode; U+FFFD for a symbol that is not known."""
    table = _FONTS.get(font.lower())
    if table is None and not any("\uf000" <= char <= "\uf0ff" for char in text):
        return text
    return "".join(_plain(char, table, font.lower()) for char in text)


def _plain(char: str, table: dict[int, str] | None, font: str) -> str:
    code = ord(char)
    private = 0xF000 <= code <= 0xF0FF
    if not private and (table is None or code > 0xFF or char.isspace()):
        return char
    code &= 0xFF
    if font == "symbol" and chr(code) in _SAME:
        return chr(code)
    if table is not None:
        return table.get(code, "\ufffd")
    return _SYMBOL.get(code, "\ufffd")  # Word's own choice for such a code without a font
