"""English, Chinese or another language, by script and by the little words."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

__all__ = ["language_of"]

# Frequent little words and complaints that English does not have. Single letters do not count:
# English notes are full of them ("c/o", "x 3", "R base").
_OTHERS = {
    "es": "el la los las de del que en un una con por para sin desde hace fue se al tos fiebre",
    "fr": "le la les des du de et un une est dans avec pour sans depuis sur pas au toux fièvre",
    "de": "der die das und ist nicht ein eine mit von zu den dem seit kein keine husten fieber",
    "it": "il lo la gli le di del della una con per senza da nel che non si sono tosse febbre",
    "pt": "os de do da dos um uma com por para sem em na que não há tosse febre dor",
    "nl": "de het een en van met voor zonder niet bij sinds geen te die aan door hoest koorts",
    "pl": "na nie do się od jest bez oraz przez po dni pacjent kaszel gorączka",
    "tr": "ve bir ile için yok var olan hasta gün bu da öksürük ateş",
    "sv": "och att det en ett med utan är inte som på för av till sedan hosta feber",
    "no": "og det en et med uten er ikke som på av til siden hoste feber tre dager",
    "vi": "và của là có không bệnh nhân trong ngày với ho sốt",
    "id": "dan yang di dengan tidak pasien sejak hari dari untuk pada ada batuk demam",
}
_ENGLISH = (
    "the of and to in a is with for on was no not without at by from since has had he she his her "
    "patient year old days day ago cough fever pain chest denies shortness breath history left "
    "right bilateral normal mild severe lungs clear crackles wheeze sputum pulse temp"
)
_LITTLE = frozenset(_ENGLISH.split())
_FOREIGN = {name: frozenset(words.split()) - _LITTLE for name, words in _OTHERS.items()}
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> Literal["en", "zh", "other"]:
    """The language of clinical notes; text with hardly any words counts as English.

    Short notes without a single little word ("Cough 3/7, SOB, T 38.5") are English unless they
    carry letters that English does not use.
    """
    counts = _scripts(text)
    letters = sum(counts.values())
    if letters == 0:
        return "en"
    if counts["other"] > 0.3 * letters or counts["kana"] > 0.05 * (counts["han"] + counts["kana"]):
        return "other"
    if counts["han"] > 0.08 * letters:  # one of them says as much as a whole word
        return "zh"
    return "en" if _reads_as_english(text) else "other"


def _scripts(text: str) -> dict[str, int]:
    counts = {"latin": 0, "han": 0, "kana": 0, "other": 0}
    for char in text:
        if "a" <= char.lower() <= "z":
            counts["latin"] += 1
        elif "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003134f":
            counts["han"] += 1
        elif "\u3041" <= char <= "\u30ff":
            counts["kana"] += 1
        elif char.isalpha():
            counts["latin" if unicodedata.name(char, "").startswith("LATIN") else "other"] += 1
    return counts


def _reads_as_english(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    english = sum(word in _LITTLE for word in words)
    accented = sum(not word.isascii() for word in words)
    foreign = max(sum(word in little for word in words) for little in _FOREIGN.values())
    return foreign + accented <= max(english, 0.1 * len(words), 1)
