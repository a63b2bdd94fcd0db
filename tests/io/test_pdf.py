"""PDF notes: words, filled fields, and a true sentence for each page that cannot be read."""

import io

import pytest

from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_notes
from tests.made_files import pdf
from tests.made_notes import HELVETICA, page_pdf, raw_pdf, stream

WORDS = "BT /F1 12 Tf 50 700 Td (Complaint:) Tj 0 -40 Td (Temperature:) Tj ET"
IMAGE = "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
PICTURE = f"{IMAGE}/Length 1>>stream\n\x80\nendstream"


def read(content, **more):
    return read_notes(content, "note.pdf", **more)


def widget(value, rect, about="/FT/Tx", flags=4):
    return (
        f"<</Type/Annot/Subtype/Widget{about}/T(field{rect[1]})/V({value})/F {flags}"
        f"/Rect[{' '.join(map(str, rect))}]/DA(/F1 12 Tf)>>"
    )


def with_fields(*widgets, content=WORDS):
    numbers = " ".join(f"{6 + n} 0 R" for n in range(len(widgets)))
    return page_pdf(
        content,
        catalogue=f"/AcroForm<</Fields[{numbers}]>>",
        page=f"/Annots[{numbers}]",
        more=widgets,
    )


def test_filled_fields_stand_behind_their_labels():
    content = with_fields(
        widget("38.7 C", (160, 655, 300, 675)), widget("Cough", (160, 695, 300, 715))
    )
    assert read(content).text.split() == ["Complaint:", "Cough", "Temperature:", "38.7", "C"]


def test_a_form_without_labels_is_read():
    assert read(with_fields(widget("Cough, T 38.7", (9, 9, 90, 30)), content="")).text == (
        "Cough, T 38.7"
    )


def test_ticks_and_choices():
    ticked = widget("x", (20, 695, 40, 715), "/FT/Btn/AS/On/AP<</N<</On 4 0 R/Off 4 0 R>>>>")
    ticked = ticked.replace("/V(x)", "/V/On")
    chosen = widget("severe", (160, 655, 300, 675), "/FT/Ch/Ff 131072/Opt[(mild)(severe)]")
    text = read(with_fields(ticked, chosen)).text
    assert text.split() == ["[x]", "Complaint:", "Temperature:", "severe"]


def test_hidden_fields_are_left_out():
    assert "secret" not in read(with_fields(widget("secret", (160, 655, 300, 675), flags=2))).text


def test_free_text_is_read_and_comments_are_named():
    notes = read(
        page_pdf(
            WORDS,
            page="/Annots[6 0 R 7 0 R]",
            more=[
                "<</Type/Annot/Subtype/FreeText/Contents(Cough)/Rect[160 695 300 715]/F 4"
                "/DA(/F1 12 Tf)>>",
                "<</Type/Annot/Subtype/Text/Contents(ask again)/Rect[160 655 300 675]/F 4>>",
            ],
        )
    )
    assert notes.text.split() == ["Complaint:", "Cough", "Temperature:"]
    assert notes.warnings == ("The comments in the PDF were not read.",)


@pytest.mark.parametrize(
    "content", [WORDS.replace("Complaint:", "Please wait..."), "BT /F1 9 Tf (Please wait) Tj ET"]
)
def test_a_form_that_only_adobe_shows_is_refused(content):
    xfa = "/AcroForm<</Fields[]/XFA 6 0 R>>/NeedsRendering true"
    with pytest.raises(UnsupportedFile, match="an XFA form that only Adobe Reader shows"):
        read(page_pdf(content, catalogue=xfa, more=[stream("<xdp/>")]))


def test_pages_that_are_pictures_are_named():
    pages = [
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R/Resources<</Font<</F1 7 "
        "0 R>>>>>>",
        *["<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 6 0 R/Resources<</XObject<<"
          "/I 8 0 R>>>>>>"] * 1,
    ]  # fmt: skip
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        *pages,
        stream("BT /F1 12 Tf 50 700 Td (Cough) Tj ET"),
        stream("600 0 0 800 0 0 cm /I Do"),
        HELVETICA,
        PICTURE.encode("latin-1"),
    ]
    notes = read(raw_pdf(*objects))
    assert notes.text.strip() == "Cough"
    assert notes.warnings == ("Pages that contain only an image and were not read: 2.",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("600 0 0 800 0 0 cm /I Do", "only images of its pages"),
        ("0 0 m 90 90 l S", "only drawn lines"),
        ("", "its pages are blank"),
    ],
)
def test_a_pdf_without_words(content, said):
    made = page_pdf(content, resources="/XObject<</I 6 0 R>>", more=[PICTURE.encode("latin-1")])
    with pytest.raises(NoSignal, match=said):
        read(made)


def test_a_large_picture_beside_words_is_named():
    content = "BT /F1 12 Tf 50 700 Td (Cough) Tj ET q 600 0 0 500 0 0 cm /I Do Q"
    made = page_pdf(content, resources="/XObject<</I 6 0 R>>", more=[PICTURE.encode("latin-1")])
    assert read(made).warnings == ("Pages with a large image that was not read: 1.",)


def test_words_of_text_recognition_are_read_and_said():
    content = "q 600 0 0 800 0 0 cm /I Do Q BT 3 Tr /F1 12 Tf 50 700 Td (Cough) Tj ET"
    made = page_pdf(content, resources="/XObject<</I 6 0 R>>", more=[PICTURE.encode("latin-1")])
    notes = read(made)
    assert notes.text.strip() == "Cough"
    assert "text recognition" in notes.warnings[0]


def test_words_that_are_not_painted_are_left_out():
    content = "BT /F1 12 Tf 50 700 Td (Cough) Tj 3 Tr 0 -40 Td (not) Tj ET"
    assert read(page_pdf(content)).text.strip() == "Cough"


def test_words_beside_the_page_are_left_out():
    content = "BT /F1 12 Tf 50 700 Td (Cough) Tj 0 300 Td (not) Tj -900 -300 Td (not) Tj ET"
    assert read(page_pdf(content)).text.strip() == "Cough"
    assert read(page_pdf(content, page="/CropBox[0 690 600 800]")).text.strip() == "Cough"


def test_a_page_that_stands_in_for_another_is_refused():
    waiting = "Please wait... If this message is not eventually replaced by the contents"
    with pytest.raises(UnsupportedFile, match="an XFA form"):
        read(page_pdf(WORDS.replace("Complaint:", waiting)))
    cover = "For the best experience, open this PDF portfolio in Acrobat 9"
    with pytest.raises(UnsupportedFile, match="a portfolio of other files"):
        read(page_pdf(WORDS.replace("Complaint:", cover)))


def test_signs_alone_are_no_words():
    dingbats = "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>"
    with pytest.raises(NoSignal, match="they contain no word"):
        read(page_pdf("BT /F1 12 Tf 50 700 Td (4) Tj ET", font=dingbats))


@pytest.mark.parametrize("names", ["/g38/g52/g99", "/a0/a1/a2"])
def test_glyphs_with_names_of_no_letters_are_refused(names):
    font = (
        "<</Type/Font/Subtype/Type1/BaseFont/AAAAAA+X/FirstChar 65/LastChar 67"
        f"/Widths[500 500 500]/Encoding<</Differences[65{names}]>>>>"
    )
    with pytest.raises(UnsupportedFile, match="its fonts do not identify"):
        read(page_pdf("BT /F1 12 Tf 50 700 Td (ABC) Tj ET", font=font))


GLYPHS = "<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+A/Encoding/Identity-H/DescendantFonts[6 0 R]>>"
DESCENDANT = (
    "<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+A/CIDSystemInfo<</Registry(Adobe)"
    "/Ordering(Identity)/Supplement 0>>/DW 600/FontDescriptor 7 0 R>>"
)
DESCRIPTOR = (
    "<</Type/FontDescriptor/FontName/AAAAAA+A/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
    "/Ascent 880/Descent -120/StemV 93/CapHeight 880>>"
)


def test_letters_that_no_font_names_are_refused():
    content = "BT /F1 12 Tf 50 700 Td <002600520058004A004B> Tj ET"
    with pytest.raises(UnsupportedFile, match="its fonts do not identify their characters"):
        read(page_pdf(content, font=GLYPHS, more=[DESCENDANT, DESCRIPTOR]))


def test_a_few_letters_that_no_font_names_are_replaced_and_said():
    content = "BT /F1 12 Tf 50 700 Td (Cough and fever for days) Tj /F2 12 Tf <0026> Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font"
        "<</F1 5 0 R/F2 8 0 R>>>>>>",
        stream(content),
        HELVETICA,
        DESCENDANT,
        DESCRIPTOR,
        GLYPHS,
    ]
    notes = read(raw_pdf(*objects))
    assert notes.text.strip() == "Cough and fever for days\ufffd"
    assert (
        "Characters of the PDF that its font does not identify, each replaced by �: 1"
        in notes.warnings[0]
    )


@pytest.mark.parametrize("encoding", ["GBK-EUC-H", "GBKp-EUC-H", "GB-EUC-H", "GBK2K-H"])
def test_chinese_without_embedded_fonts(encoding):
    words = "患者咳嗽发热".encode("gb18030").hex()
    font = (
        f"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/{encoding}/DescendantFonts[<</Type"
        "/Font/Subtype/CIDFontType2/BaseFont/SimSun/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)"
        "/Supplement 2>>/DW 1000/FontDescriptor<</Type/FontDescriptor/FontName/SimSun/Flags 4"
        "/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 880/Descent -120/StemV 93>>>>]>>"
    )
    content = f"BT /F1 12 Tf 50 700 Td <{words}> Tj ET"
    assert read(page_pdf(content, font=font)).text.strip() == "患者咳嗽发热"


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_encryption_with_an_empty_password_is_opened(algorithm):
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Cough for 3 days"))))
    writer.encrypt("", "owner", algorithm=algorithm)
    buffer = io.BytesIO()
    writer.write(buffer)
    assert read(buffer.getvalue()).text.strip() == "Cough for 3 days"


def test_attached_files_are_named():
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Cough"))))
    writer.add_attachment("more.txt", b"fever")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert read(buffer.getvalue()).warnings == ("Files attached to the PDF that were not read: 1.",)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (pdf("Cough", password="secret"), UnsupportedFile, "The PDF has a password"),
        (b"%PDF-1.7 nothing", UnreadableFile, "The PDF is damaged"),
        (pdf("Cough")[:100], UnreadableFile, "The PDF is damaged"),
    ],
)
def test_refusals(content, error, message):
    with pytest.raises(error, match=message):
        read(content)


def test_pages_and_characters_are_limited():
    with pytest.raises(TooLarge, match="The PDF has 3 pages; at most 2"):
        read(pdf("a", "b", "c"), limits=Limits(pages=2))
    with pytest.raises(TooLarge, match="more than 10 characters"):
        read(pdf("Cough for 3 days"), limits=Limits(notes_characters=10))
    with pytest.raises(TooLarge, match="more than 10 characters"):
        read(pdf("Cough", "for 3", "days"), limits=Limits(notes_characters=10))
