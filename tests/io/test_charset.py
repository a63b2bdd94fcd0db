"""Character sets of plain notes: likely letters, and one mark for one bad byte."""

import pytest

from mmbm.errors import UnreadableFile
from mmbm.io.charset import text_of

ENGLISH = (
    "T 38.7 °C, SpO2 93% on air, ±rigors, ½ pack a day.",
    "T 38.7°C, cough 4 days",
    "38.5°C",
    "Cost £20. Cough and fever for 3 days, RR 24.",
    "café au lait spots, naïve; Sjögren, Ménière’s disease",
    "no cough, “dry” – patient’s wife",
    "SpO2 ≥93%, CRP ≤5",
    "5 µg/L, BMI 23 kg/m²",
    "•fever\n•cough",
    "wt 70½ kg, 3¼ lb",
    "Größe 180 cm, Übelkeit",
    "ß-blocker, 200 mg × 3/day, Na 140 ± 2",
)
CHINESE = (
    "患者咳嗽3天，发热38.5℃，胸痛。",
    "咳嗽",
    "血压120/80mmHg",
    "肺部听诊可闻及哮鸣音，双肺呼吸音粗",
    "胸片未见异常",
)
TRADITIONAL = ("病人咳嗽三天，發熱，呼吸困難。", "胸痛")
REPLACED = "Unreadable characters, each replaced by �: 1."
CUT = "The text ends in the middle of a character; its end may be missing."


def encodable(texts, charsets):
    for text in texts:
        for charset in charsets:
            try:
                yield pytest.param(text.encode(charset), text, id=f"{charset} {text[:12]}")
            except UnicodeEncodeError:
                continue


@pytest.mark.parametrize(
    ("content", "text"),
    [
        *encodable(
            ENGLISH,
            ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "mac_roman"],
        ),
        *encodable(ENGLISH, ["cp850", "cp437", "utf-32", "utf-32-be"]),
        *encodable(CHINESE, ["utf-8", "gb18030", "gbk", "utf-16-le", "utf-16-be", "utf-32-le"]),
        *encodable(TRADITIONAL, ["big5", "utf-16-le"]),
    ],
)
def test_each_set_is_read(content, text):
    assert text_of(content)[::2] == (text, ())


NOTE = CHINESE[0] + "既往体健，否认药物过敏。查体：双肺可闻及湿啰音。" + CHINESE[4]


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5"])
@pytest.mark.parametrize("bad", [b"\xff", b"\x80", b"?"])
def test_one_bad_byte_costs_one_character(charset, bad):
    note = "病人咳嗽三天，發熱，呼吸困難，胸痛，查體正常。" if charset == "big5" else NOTE
    code = note.encode(charset)
    size = 3 if charset == "utf-8" else 2
    wrong = 0
    for at in range(size * 3, size * 12, size):
        text, found, says = text_of(code[: at + 1] + bad + code[at + 2 :])
        assert found.startswith(charset[:4])
        kept = sum(char in text for char in note)
        if bad == b"\xff":
            assert says == (REPLACED,)
        wrong = max(wrong, len(note) - kept)
    assert wrong <= 2


@pytest.mark.parametrize("bad", [b"\xbd", b"\xff", b"\x81", b"\xe6"])
def test_one_bad_byte_in_english_is_no_other_alphabet(bad):
    code = "T 38.7 °C, cough for 4 days and fever".encode()
    text, charset, says = text_of(code + b" 2" + bad + b" days")
    assert (text, charset) == ("T 38.7 °C, cough for 4 days and fever 2\ufffd days", "utf-8")
    assert says == (REPLACED,)


@pytest.mark.parametrize("byte", range(0x80, 0x100))
def test_no_single_byte_makes_another_alphabet(byte):
    text = text_of(b"Cough for 3 days" + bytes([byte]) + b" and fever")[0]
    strange = [char for char in text if char > "\u024f" and char.isalpha()]
    assert strange == []
    assert text.startswith("Cough for 3 days")
    assert text.endswith(" and fever")


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5", "utf-16-le"])
def test_a_text_that_is_cut_within_a_character(charset):
    note = TRADITIONAL[0] if charset == "big5" else CHINESE[0]
    assert text_of(note.encode(charset)[:-1])[::2] == (note[:-1], (CUT,))


def test_several_bad_bytes_are_counted():
    code = NOTE.encode()
    says = text_of(code[:9] + b"\xff" + code[9:30] + b"\xff" + code[30:])[2]
    assert says == ("Unreadable characters, each replaced by �: 2.",)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Пациент жалуется на кашель и боль в груди в течение трёх дней", "cp1251"),
        ("患者は三日前から咳が続いています。熱は38度", "cp932"),
        ("환자는 기침을 합니다", "cp949"),
        ("El niño tiene tos y fiebre; ¿dolor? Sí", "cp1252"),
    ],
)
def test_other_languages_are_told_by_statistics(text, charset):
    assert text_of(text.encode(charset))[0] == text


def test_noise_is_no_text():
    import numpy as np

    with pytest.raises(UnreadableFile):
        text_of(np.random.default_rng(3).bytes(4000))
