"""Word documents: all text that is seen, in reading order; hidden text never."""

import pytest

from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_notes
from tests.made_files import docx
from tests.made_notes import (
    STRICT,
    mail,
    paragraph,
    run,
    story,
    table,
    word,
    zipped,
)

FEVER = run("fever")
BOX = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"


def text(body, **more):
    return read_notes(word(body, **more), "note.docx").text


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (paragraph("Denies ", f"<w:ins w:id='1'>{FEVER}</w:ins>"), "Denies fever"),
        (paragraph("Denies ", f"<w:moveTo w:id='1'>{FEVER}</w:moveTo>"), "Denies fever"),
        (paragraph("Cough", f"<w:moveFrom w:id='1'>{FEVER}</w:moveFrom>"), "Cough"),
        (paragraph("Cough", f"<w:del w:id='1'>{FEVER}</w:del>"), "Cough"),
        (
            paragraph("Cough", f"<w:ins w:id='1'><w:del w:id='2'>{FEVER}</w:del></w:ins>"),
            "Cough",
        ),
        (
            paragraph("No ", properties="<w:rPr><w:del w:id='1'/></w:rPr>") + paragraph("fever"),
            "No fever",
        ),
        (
            paragraph(
                "Cough",
                run(" fever", "<w:rPrChange w:id='1'><w:rPr><w:vanish/></w:rPr></w:rPrChange>"),
            ),
            "Cough fever",
        ),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Cough')}</w:sdtContent></w:sdt>", "Cough"),
        (
            paragraph("T ", f"<w:sdt><w:sdtPr/><w:sdtContent>{run('38.7')}</w:sdtContent></w:sdt>"),
            "T 38.7",
        ),
        (
            paragraph("<w:smartTag>", run("Cough"), "</w:smartTag>", "<w:customXml>", run(" and"))
            .replace("</w:p>", "</w:customXml></w:p>"),
            "Cough and",
        ),
        (paragraph("T ", f"<w:fldSimple w:instr='DATE'>{run('38.7')}</w:fldSimple>"), "T 38.7"),
        (
            paragraph(
                "T ",
                "<w:r><w:fldChar w:fldCharType='begin'/></w:r>",
                "<w:r><w:instrText>MERGEFIELD T</w:instrText></w:r>",
                run("never shown"),
                "<w:r><w:fldChar w:fldCharType='separate'/></w:r>",
                run("38.7"),
                "<w:r><w:fldChar w:fldCharType='end'/></w:r>",
                run(" C"),
            ),
            "T 38.7 C",
        ),
        (paragraph("T ", "<w:r><w:fldChar w:fldCharType='begin'/></w:r>", "x") + paragraph("C"),
         "T \nC"),
        (paragraph("<w:hyperlink r:id='x'>", run("Cough"), "</w:hyperlink>"), "Cough"),
        (paragraph(f"<w:r><w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict></w:r>",
                   " after the anchor"), " after the anchor\nIn a box"),
        (
            paragraph(
                "<w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
                f"{BOX}</mc:Choice><mc:Fallback>{BOX}</mc:Fallback></mc:AlternateContent></w:r>",
                "Anchor",
            ),
            "Anchor\nIn a box",
        ),
        (paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>"
                   "<w:noBreakHyphen/><w:softHyphen/><w:t>d</w:t></w:r>"), "a\tb\nc-d"),
        (paragraph("SpO2 ", "<w:r><w:sym w:font='Symbol' w:char='F0B3'/></w:r>", "94"),
         "SpO2 ≥94"),
        (paragraph("<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>", " cough ",
                   "<w:r><w:sym w:font='Wingdings' w:char='F0A8'/></w:r>", " fever"),
         "☑ cough ☐ fever"),
        (paragraph("T 38", run("\uf0b0", "<w:rFonts w:ascii='Symbol'/>"), "C"), "T 38°C"),
        (paragraph("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2"
                   "</m:t></m:r></m:den></m:f></m:oMath>", " pack"), "1/2 pack"),
        (paragraph("<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox><w:default "
                   "w:val='0'/><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>",
                   "<w:r><w:fldChar w:fldCharType='end'/></w:r>", " cough"), "☒ cough"),
        (paragraph("<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:ddList><w:result "
                   "w:val='1'/><w:listEntry w:val='mild'/><w:listEntry w:val='severe'/></w:ddList>"
                   "</w:ffData></w:fldChar></w:r>",
                   "<w:r><w:fldChar w:fldCharType='end'/></w:r>", " cough"), "severe cough"),
        (table([paragraph("Temp"), paragraph("") + paragraph("38.7")], [paragraph("HR"),
                paragraph("90")]), "Temp\t38.7\nHR\t90"),
        (table([paragraph("a"), f"<w:tcPr><w:vMerge/></w:tcPr>{paragraph('lost')}"]), "a"),
        (table([paragraph("a"), table([paragraph("b"), paragraph("c")])]), "a\tb\tc"),
        (table([paragraph("kept")]) + table([paragraph("gone")],
               properties="<w:trPr><w:del w:id='1'/></w:trPr>"), "kept"),
        (paragraph("<w:ruby><w:rt>", run("ke"), "</w:rt><w:rubyBase>", run("咳"),
                   "</w:rubyBase></w:ruby>"), "咳"),
    ],
)  # fmt: skip
def test_what_is_seen(body, right):
    assert text(body) == right


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        (paragraph("Cough", run(" not", "<w:vanish/>")), {}, "Hidden text"),
        (paragraph("Cough", run(" not", "<w:rStyle w:val='Secret'/>")), {}, "Hidden text"),
        (
            paragraph("Cough") + paragraph("not", properties="<w:pStyle w:val='Heir'/>"),
            {},
            "Hidden text",
        ),
        (paragraph("Cough", run(" not", "<w:strike/>")), {}, "Struck-through"),
        (paragraph("Cough", "<w:r><w:commentReference w:id='1'/></w:r>"), {}, "comments"),
        (paragraph("Cough", "<w:r><w:drawing><pic:pic/></w:drawing></w:r>"), {}, "Images"),
        (paragraph("Cough", "<w:r><w:object><v:imagedata/></w:object></w:r>"), {}, "Images"),
        (paragraph("Cough") + "<w:altChunk r:id='nowhere'/>", {}, "document links to"),
        (paragraph("Cough") + "<w:subDoc r:id='x'/>", {}, "document links to"),
        (
            paragraph("Cough", "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>",
                      run("Enter text"), "</w:sdtContent></w:sdt>"),
            {},
            "Empty form fields",
        ),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(body, more, said):
    styles = (
        "<w:style w:styleId='Secret'><w:rPr><w:vanish/></w:rPr></w:style>"
        "<w:style w:styleId='Heir'><w:basedOn w:val='Secret'/></w:style>"
    )
    parts = [("rS", "styles", "styles.xml", story("styles", styles))]
    notes = read_notes(word(body, parts=parts), "note.docx")
    assert notes.text.strip() == "Cough"
    assert len(notes.warnings) == 1
    assert said in notes.warnings[0]


def test_vanish_that_is_switched_off_is_seen():
    assert text(paragraph("Cough", run(" and fever", "<w:vanish w:val='0'/>"))) == "Cough and fever"


def test_headers_notes_and_footers_stand_around_the_body():
    parts = [
        ("rH", "header", "header1.xml", story("hdr", paragraph("Chest clinic"))),
        ("rF", "footer", "footer1.xml", story("ftr", paragraph("Page 1"))),
        ("rX", "header", "header2.xml", story("hdr", paragraph("On even pages only"))),
        (
            "rN",
            "footnotes",
            "footnotes.xml",
            story(
                "footnotes",
                "<w:footnote w:type='separator' w:id='0'><w:p/></w:footnote>"
                f"<w:footnote w:id='2'>{paragraph('Since May')}</w:footnote>",
            ),
        ),
        (
            "rE",
            "endnotes",
            "endnotes.xml",
            story("endnotes", f"<w:endnote w:id='3'>{paragraph('By phone')}</w:endnote>"),
        ),
    ]
    first = "<w:sectPr><w:headerReference w:type='first' r:id='rX'/></w:sectPr>"
    body = paragraph("On top", properties=first) + (
        paragraph("Cough", "<w:r><w:footnoteReference w:id='2'/></w:r>",
                  "<w:r><w:endnoteReference w:id='3'/></w:r>")
        + "<w:sectPr><w:headerReference w:type='default' r:id='rH'/>"
        "<w:headerReference w:type='even' r:id='rX'/>"
        "<w:footerReference w:type='default' r:id='rF'/></w:sectPr>"
    )  # fmt: skip
    assert text(body, parts=parts).splitlines() == [
        "Chest clinic", "On top", "Cough", "Since May", "By phone", "Page 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body><p>Imported <b>words</b></p></body></html>",
        "Imported words".encode("utf-16"),
        mail("Imported words", subject=""),
        docx(["Imported words"]),
    ],
    ids=["web page", "text", "mail", "Word"],
)
def test_imported_parts_are_read_in_their_place(content):
    body = paragraph("Before") + "<w:altChunk r:id='rA'/>" + paragraph("After")
    parts = [("rA", "aFChunk", "chunk.dat", content)]
    assert text(body, parts=parts).split() == ["Before", "Imported", "words", "After"]


def test_an_imported_part_that_cannot_be_read_is_named():
    parts = [("rA", "aFChunk", "chunk.rtf", b"{\\rtf1 fever}")]
    notes = read_notes(word(paragraph("Cough") + "<w:altChunk r:id='rA'/>", parts=parts), "n.docx")
    assert notes.text.strip() == "Cough"
    assert "imported part" in notes.warnings[0]
    assert "rich text" in notes.warnings[0]


def test_strict_documents_and_other_names_of_the_main_part():
    body = paragraph("Cough")
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    assert text(body, namespace=STRICT, relations=strict) == "Cough"
    assert text(body, main="word/document2.xml") == "Cough"


@pytest.mark.parametrize("attribute", ["word/vbaProject.bin", "word/glossary/document.xml"])
def test_macros_and_templates_do_not_matter(attribute):
    assert text(paragraph("Cough"), extra={attribute: b"\0\1"}) == "Cough"


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (word(""), NoSignal, "The notes are empty"),
        (word("<w:p>"), UnreadableFile, "not valid XML"),
        (word(paragraph("Cough"))[:-40], UnreadableFile, "The Word document is damaged"),
        (zipped({"xl/workbook.xml": "x"}), UnsupportedFile, "an Excel workbook"),
        (zipped({"ppt/presentation.xml": "x"}), UnsupportedFile, "a PowerPoint presentation"),
        (zipped({"a.txt": "cough"}), UnsupportedFile, "an archive, not a Word document"),
        (
            zipped({"mimetype": "application/vnd.oasis.opendocument.text"}, 0),
            UnsupportedFile,
            "an OpenDocument text",
        ),
        (
            zipped({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
            UnreadableFile,
            "declares a document type",
        ),
    ],
)
def test_refusals(content, error, message):
    with pytest.raises(error, match=message):
        read_notes(content, "note.docx")


def test_characters_of_a_document_are_limited():
    with pytest.raises(TooLarge, match="more than 10 characters"):
        read_notes(word(paragraph("Cough for days")), "n", limits=Limits(notes_characters=10))
