"""The page: one A4 sheet, whatever is on it, with its fonts embedded and nothing lost untold."""

import json
from contextlib import closing

import pypdfium2
import pytest

from mmbm.errors import ConfigError
from mmbm.reading import Decision, Reading
from mmbm.report import to_pdf
from mmbm.report.pdf import fonts
from mmbm.report.pdf.flow import shared
from mmbm.report.pdf.sheet import Sheet
from tests.made_reports import READING, WHEN

LONG = "The opacity is ill-defined; compare with the earlier film of March. " * 29
LONG_ZH = "右下肺野见片状模糊影，边界不清，请与旧片对照；" * 80
LOUD = Reading(
    reader="Жук مريم हिन्दी 😀 \x00\u202e",
    decisions=(Decision(finding="pneumonia", final="no", act="override", reason=LONG[:2000]),),
    comment=LONG_ZH[:2000],
)

chinese = pytest.mark.skipif(fonts.chinese_face() is None, reason="no font with Chinese here")


def text_of(content):
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    page = document[0]
    assert tuple(round(side) for side in page.get_size()) == (595, 842)  # A4 in points
    letters = page.get_textpage()
    text = letters.get_text_bounded()
    places = [letters.get_charbox(i) for i in range(letters.count_chars())]
    document.close()
    return " ".join(text.split()), places


PAGES = [
    ("en", None, False),
    ("en", LOUD, True),
    pytest.param("zh", READING, False, marks=chinese),
    pytest.param("zh", LOUD, True, marks=chinese),
]


@pytest.mark.parametrize(("language", "reading", "identified"), PAGES)
def test_one_page_holds_all_that_is_on_it(named, language, reading, identified):
    content = to_pdf(named, reading, language=language, identified=identified, made=WHEN)
    text, places = text_of(content)
    for left, bottom, right, top in places:
        assert left >= 30 and right <= 565 and bottom >= 15 and top <= 815
    assert named.prediction.identity.sha256 in text
    notice = {"en": "Research use, not a medical device.", "zh": "仅供研究，不是医疗器械。"}
    assert text.count(notice[language]) == 2


def test_a_page_says_what_the_analysis_and_the_reader_say(named):
    text, _ = text_of(to_pdf(named, READING, identified=True, made=WHEN))
    finding = named.prediction.findings[0]
    for said in (
        f"{finding.probability:.1%}",
        "Pat-17a",
        "Acc-99",
        "2026-03-04 05:06",
        "before the model was seen: no",
        "changed to the model's answer",
        "Compare with the earlier film.",
        "Marks drawn on the X-ray: 5.",
        "To be seen again on 2026-04-05.",
    ):
        assert said in text, said


def test_a_deidentified_page_names_nobody(named):
    text, _ = text_of(to_pdf(named, READING, made=WHEN))
    assert "De-identified" in text and "changed to the model's answer" in text
    for said in ("Pat-17a", "Acc-99", "2026", "Zhang", "Compare", "opacity?", "Mustermann"):
        assert said not in text, said


def test_what_is_missing_is_named(told_only):
    text, _ = text_of(to_pdf(told_only))
    assert text.count("missing: its contribution is exactly 0") == 2
    assert "No reader has decided yet." in text


@chinese
def test_what_does_not_fit_is_counted(named):
    text, _ = text_of(to_pdf(named, LOUD, identified=True, made=WHEN))
    assert "more lines; the JSON export has all." in text
    assert "No reader has decided" not in text and "At a new hospital" in text


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=chinese)])
def test_every_font_is_embedded(named, language):
    from io import BytesIO

    from pypdf import PdfReader

    content = to_pdf(named, READING, language=language, identified=True, made=WHEN)
    held = PdfReader(BytesIO(content)).pages[0]["/Resources"]["/Font"]
    assert held
    for name in held:
        (inner,) = held[name]["/DescendantFonts"]
        described = inner.get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(described), name


def test_the_same_case_makes_the_same_file(named):
    again = [to_pdf(named, READING, identified=True, made=WHEN) for _ in range(2)]
    assert again[0] == again[1]


def test_a_page_in_chinese_without_a_font_is_refused(named, monkeypatch):
    monkeypatch.setattr(fonts, "PLACES", ())
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="No font with Chinese is installed"):
        to_pdf(named, language="zh")
    text, _ = text_of(to_pdf(named, READING, identified=True, made=WHEN))  # English goes on
    assert "Dr. Zhang □□" in text


def test_a_file_that_is_no_chinese_font_is_refused(named, monkeypatch, tmp_path):
    (tmp_path / "font.ttf").write_bytes(b"no font")
    for chosen in (tmp_path / "font.ttf", tmp_path / "gone.ttc", fonts.latin_face().regular):
        monkeypatch.setenv(fonts.VARIABLE, str(chosen))
        with pytest.raises(ConfigError, match="names no font file with Chinese"):
            to_pdf(named, language="zh")


def test_lines_are_no_wider_than_asked_and_lose_nothing():
    text = "One two  three. 肺炎，两侧（肺野）。 " + "x" * 200 + " end"
    with closing(Sheet("en", None)) as sheet:
        for width in (12.0, 40.0, 90.0):
            lines = sheet.lines(text, width, 8)
            assert all(sheet.width(line, 8) <= width for line in lines)
            assert "".join("".join(lines).split()) == "".join(sheet.shown(text).split())


def test_a_number_and_its_sign_or_unit_stand_on_one_line():
    kept = ("(90 %)", "12.5 s", "1,024 × 768 pixels", "0.14 mm,", "16 kHz", "< 1 %", "95 %;")
    with closing(Sheet("en", None)) as sheet:
        for word in kept:
            for before in ("Answer ", "Answer, or more ", "at a level of "):
                text, whole = f"{before}{word} of all", word.removesuffix(" pixels")
                for width in range(int(sheet.width(whole, 8)) + 2, 40):
                    lines = sheet.lines(text, width, 8)
                    assert any(whole in line for line in lines), lines
                    assert "\u00a0" not in "".join(lines)
        assert "3 of" not in sheet.lines("the first 3 of", sheet.width("the first 3", 8), 8)


def test_room_is_shared_so_that_short_blocks_keep_all():
    assert shared([3, 100, 5], 40) == [3, 32, 5]
    assert shared([100, 100], 40) == [20, 20]
    assert shared([1, 2], 40) == [1, 2]


def test_a_reader_of_json_knows_the_cut_text(named):
    from mmbm.report import to_json

    kept = json.loads(to_json(named, LOUD, identified=True))["reading"]
    assert kept["comment"] == LOUD.comment


def test_one_very_long_word_is_broken_in_one_pass():
    with closing(Sheet("en", None)) as sheet:
        looked_up, width = [], sheet._width
        sheet._width = lambda *of: looked_up.append(of) or width(*of)
        word = "ab" * 20_000
        lines = sheet.lines(word, 60, 9)
        assert "".join(lines) == word and len(looked_up) < 2 * len(word)
        assert all(sheet.width(line, 9) <= 60 for line in lines)
