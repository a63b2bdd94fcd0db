import pytest

from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile
from mmbm.io import read_notes, typed_notes
from tests.made_files import docx, pdf

CHINESE = "患者咳嗽3天，发热38.5℃，胸痛。"
TRADITIONAL = "病人咳嗽三天，發熱，呼吸困難。"


def test_typed_notes_stay_verbatim():
    text = "Cough  for 3 days;\n\tT 38.5 °C – no wheeze."
    notes = typed_notes(text)
    assert notes.text == text
    assert (notes.file_format, notes.language, notes.warnings) == ("typed", "en", ())


def test_control_characters_go():
    assert typed_notes("co\x00ugh\x1b[31m\u202e and\r\nfever\x85").text == "cough[31m and\nfever"


@pytest.mark.parametrize("text", ["", " \n\t", "...", "\x00\x01"])
def test_no_words_are_no_notes(text):
    with pytest.raises(NoSignal, match="The notes are empty"):
        typed_notes(text)


def test_length_is_limited():
    with pytest.raises(TooLarge, match="have 24 characters; at most 10"):
        typed_notes("cough " * 4, limits=Limits(notes_characters=10))


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        (CHINESE, "gb18030"),
        ("咳嗽", "gb18030"),
        (TRADITIONAL, "big5"),
        ("咳嗽發熱", "big5"),
        ("Cough and fever", "utf-16-le"),
        ("Temp 38.5 °C, no cough, “dry”", "cp1252"),
        ("Пациент жалуется на кашель и боль в груди в течение трёх дней", "cp1251"),
    ],
)
def test_character_sets(text, charset):
    notes = read_notes(text.encode(charset), "notes.txt")
    assert notes.text == text


@pytest.mark.parametrize("name", ["notes.md", "notes.txt", "notes"])
def test_plain_text_kinds(name):
    notes = read_notes(b"# Cough", name)
    assert notes.file_format == ("md" if name.endswith("md") else "txt")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Patient denies fever. Cough for three days.", "en"),
        ("SOB, cough 3/7, T 38.5, SpO2 92% RA", "en"),
        ("Cough", "en"),
        ("72M COPD. Crackles R base. ?pneumonia", "en"),
        ("45 yo F with fever, de novo AF", "en"),
        ("38.5", "en"),
        ("Rule out TB. Pt c/o DOE x 2 wks, PND, no CP", "en"),
        ("febrile, a & o x3, no w/c/r", "en"),
        ("Sjögren syndrome", "en"),
        ("Dr. van der Berg reports fever in a de novo case", "en"),
        ("Tos seca, fiebre 39", "other"),
        ("Husten, Fieber 39, Atemnot", "other"),
        ("Ho khan và sốt ba ngày", "other"),
        (CHINESE, "zh"),
        (TRADITIONAL, "zh"),
        ("患者 CT 示 pneumonia，WBC 12.3，CRP 80 mg/L", "zh"),
        ("Paciente con tos y fiebre desde hace tres días", "other"),
        ("El paciente refiere dolor de pecho", "other"),
        ("Der Patient hat seit drei Tagen Husten und Fieber", "other"),
        ("Le patient tousse depuis trois jours, sans fièvre", "other"),
        ("患者は三日前から咳が続いています", "other"),
        ("환자는 기침을 합니다", "other"),
        ("Кашель и температура три дня", "other"),
        ("المريض يعاني من السعال", "other"),
    ],
)
def test_language(text, language):
    notes = typed_notes(text)
    assert notes.language == language
    assert bool(notes.warnings) == (language == "other")


def test_the_language_warning():
    (warning,) = typed_notes("Der Patient hat Husten und Fieber").warnings
    assert warning == (
        "The notes are in neither English nor Chinese, the two languages that the model was "
        "trained on. Translate them to one of them, or leave them out."
    )


def test_word_with_a_table():
    content = docx(["Cough for 3 days", CHINESE], [["Temp", "38.5"], ["Pulse", "110"]])
    notes = read_notes(content, "notes.docx")
    assert notes.text.splitlines() == [
        "Cough for 3 days",
        CHINESE,
        "Temp\t38.5",
        "Pulse\t110",
    ]
    assert notes.file_format == "docx"


def test_pdf():
    notes = read_notes(pdf("Cough for 3 days", "No fever"), "notes.pdf")
    assert notes.text == "Cough for 3 days\n\nNo fever"
    assert (notes.file_format, notes.pages) == ("pdf", 2)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (docx([""]), NoSignal, "The notes are empty"),
        (b"\xff\xfea", NoSignal, "The notes are empty"),
        (bytes(range(32)) * 9, UnreadableFile, "This file is not text"),
        (b"cough " * 40_000, TooLarge, "have 240,000 characters; at most 200,000"),
    ],
)
def test_refusals(content, error, message):
    with pytest.raises(error, match=message):
        read_notes(content, "notes.txt")
