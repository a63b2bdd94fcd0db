"""Which character set a text file is in: its mark first, then UTF-8, then what fits best."""

from __future__ import annotations

import codecs

from mmbm.errors import UnreadableFile

__all__ = ["text_of"]

_MARKS = (  # UTF-32 before UTF-16: the one begins like the other
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
_COMMON = frozenset(  # frequent characters of Chinese clinical notes, simplified and traditional
    "的一是不了在有人我他这為为來来上个個中大到者和患病史主诉訴现現天日月年小时時前后後左右"
    "发發热熱烧燒咳嗽痰胸痛闷悶气氣促急喘呼吸困难難乏力无無未见見肺炎音湿濕啰囉性双雙侧側部"
    "体體温溫度血压壓心率次分钟鐘检檢查阳陽阴陰正常既往否认認伴加重入院门門诊診男女岁歲"
    "高低白细細胞支持续續服药藥治疗療感染咽寒战戰头頭晕暈恶噁吐腹泻瀉"
)
_ENOUGH = 0.2  # share of common characters that wrong decodings do not reach


def text_of(content: bytes) -> tuple[str, str]:
    """The text and the name of its character set. Raises UnreadableFile for what is no text."""
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _strictly(content, codec), name
    if content.count(0) > len(content) // 5:  # every other byte of English in UTF-16
        even = content[::2].count(0)
        codec = "utf-16-be" if even > content[1::2].count(0) else "utf-16-le"
        return _checked(_strictly(content, codec)), codec
    text = _try(content, "utf-8")
    if text is not None:
        return _checked(text), "utf-8"
    return _chinese(content) or _detected(content)


def _chinese(content: bytes) -> tuple[str, str] | None:
    """GB18030 or Big5: short notes are too short for statistics, so ask for common characters."""
    found: list[tuple[float, str, str]] = []
    for codec in ("gb18030", "big5", "utf-16-le", "utf-16-be"):
        text = _try(content, codec)
        if text is None:
            continue
        han = [char for char in text if "\u4e00" <= char <= "\u9fff"]
        if han:
            found.append((sum(char in _COMMON for char in han) / len(han), text, codec))
    best = max(found, default=(0.0, "", ""))
    return (_checked(best[1]), best[2]) if best[0] >= _ENOUGH else None


def _detected(content: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    if best is None:
        raise UnreadableFile(
            "The notes are not readable as text in any known character set; "
            "please save them as UTF-8."
        )
    return _checked(str(best)), best.encoding


def _try(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def _strictly(content: bytes, codec: str) -> str:
    text = _try(content, codec)
    if text is None:
        raise UnreadableFile(f"The notes begin like {codec.upper()} text but are damaged.")
    return text


def _checked(text: str) -> str:
    """Raises UnreadableFile where too many control characters say that this is no text."""
    strange = sum(ord(char) < 32 and char not in "\t\n\r\f\v" for char in text)
    if strange > max(2, len(text) // 50):
        raise UnreadableFile("This file is not text; please give txt, md, pdf or docx notes.")
    return text
