"""Every refusal and every warning of the readers of notes and sounds, with a file that causes it.

A row is a cause, a file that has it, and the whole sentence. The last test reads the readers'
source: a sentence that stands there and in no row is one that nobody has seen to be true.
"""

import base64
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

import mmbm.io
from mmbm.errors import InputError
from mmbm.io import read_notes, read_sound
from tests.attacks.bombs_of_notes import BOMBS, MB, page_of_imports
from tests.made_files import docx, pdf, sound, tone, wav
from tests.made_notes import (
    cda,
    fhir,
    form,
    mail,
    page_pdf,
    paragraph,
    raw_pdf,
    run,
    table,
    word,
    zipped,
)
from tests.made_sentences import calls, pattern
from tests.made_sounds import breath, plain_wav, room, tracks

FOLDER = Path(mmbm.io.__file__).parent
BREATH = breath()
WORDS = "BT /F1 12 Tf 50 700 Td (Cough) Tj ET"
IMAGE = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    b"/Length 1>>stream\n\x80\nendstream"
)
WHOLE_PAGE = "q 600 0 0 800 0 0 cm /I Do Q "
WITH_IMAGE = {"resources": "/XObject<</I 6 0 R>>", "more": [IMAGE]}
GLYPHS = "<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+A/Encoding/Identity-H/DescendantFonts[6 0 R]>>"
NO_NAMES = [
    "<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+A/CIDSystemInfo<</Registry(Adobe)"
    "/Ordering(Identity)/Supplement 0>>/DW 600/FontDescriptor 7 0 R>>",
    "<</Type/FontDescriptor/FontName/AAAAAA+A/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
    "/Ascent 880/Descent -120/StemV 93/CapHeight 880>>",
]
MIXED = page_pdf(
    "BT /F1 12 Tf 50 700 Td (Cough and fever) Tj /F2 12 Tf <0026> Tj ET",
    resources="",
    more=[*NO_NAMES, GLYPHS],
).replace(b"/Font<</F1 5 0 R>>", b"/Font<</F1 5 0 R/F2 8 0 R>>")


def wrapped(content, times):
    for _ in range(times):
        content = base64.b64encode(content)
    return content


def noted(kind, rest=""):
    return page_pdf(
        WORDS,
        page="/Annots[6 0 R]",
        more=[f"<</Type/Annot/Subtype/{kind}/Contents(ask)/Rect[40 690 300 720]/F 4{rest}>>"],
    )


def two_pages(second):
    """A PDF whose second page is another object than a page should be."""
    return raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R/Resources<</Font<</F1 "
        "6 0 R>>>>>>",
        second,
        b"<</Length 36>>stream\nBT /F1 12 Tf 50 700 Td (Cough) Tj ET\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def attached():
    import io

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Cough"))))
    writer.add_attachment("more.txt", b"fever")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def encrypted_zip():
    content = bytearray(docx(["Cough"]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


def unknown_method():
    content = bytearray(docx(["Cough"]))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset : at + offset + 2] = struct.pack("<H", 97)
            at = content.find(mark, at + 4)
    return bytes(content)


def ole(name):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + name.encode("utf-16-le")


def video():
    import io

    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return buffer.getvalue()


def not_numbers():
    samples = BREATH.copy()
    samples[100:200] = np.nan
    return sound(samples, kind="WAV", subtype="FLOAT")


def chained():
    pieces = ((rate, breath(6, rate)) for rate in (16_000, 48_000))
    return b"".join(tracks(b, container="adts", codec="aac", rate=rate) for rate, b in pieces)


PICTURE = "This file is an image. Give it as the chest X-ray, or type the notes."
SOUND = "This file is a sound or a video. Give it as the lung sound."
ARCHIVE = "This file is a compressed archive. Unpack it and give the notes."
STRUCK = "Struck-through text was left out."
FOREIGN = {
    b"{\\rtf1": "This file is a rich text document (RTF). Save it as DOCX, PDF or plain text.",
    b"\x89PNG\r\n": PICTURE,
    b"GIF89a": PICTURE,
    b"II*\0": PICTURE,
    b"BM\x46\0\0\0\0\0\0\0": PICTURE,
    b"RIFF\0\0\0\0WEBP": PICTURE,
    b"OggS": SOUND,
    b"RIFF\0\0\0\0WAVE": SOUND,
    b"\0\0\0\x20ftypM4A ": SOUND,
    b"\xff\xfb\x90": SOUND,
    b"\x1f\x8b\x08": ARCHIVE,
    b"Rar!": ARCHIVE,
    b"x\x9f>\x22": "This file is an Outlook attachment (winmail.dat). Save the text of the e-mail.",
    b"bplist00": "This file is a Safari web archive or another property list. Save it as "
    "DOCX, PDF or plain text.",
    b"%!PS": "This file is a PostScript document. Save it as DOCX, PDF or plain text.",
    b"%FDF-": "This file is PDF form data without its form (FDF). Print the filled form to a PDF.",
    b"=ybegin line=128": "This file is encoded data (yEnc). Save it as DOCX, PDF or plain text.",
    b"<~87cURD]i~>": "This file is encoded data (Ascii85). Save it as DOCX, PDF or plain text.",
    b"MSH|^~": "This file is an HL7 version 2 message or batch. Export the report as text or PDF.",
    b"BHS|^~": "This file is an HL7 version 2 message or batch. Export the report as text or PDF.",
    b"-----BEGIN PGP MESSAGE": "This file is encrypted or signed (PGP). Save its text alone.",
    b"-----BEGIN PKCS7-----": "This file is encrypted or signed (S/MIME). Save its text alone.",
    b"BEGIN:VCARD": "This file is a contact or calendar file. Give the notes.",
    b"SQLite format 3\0": "This file is a database. Export the notes.",
    b"begin 644 note.txt\n": "This file is encoded data (uuencode). Save it as DOCX, PDF or "
    "plain text.",
    bytes(128) + b"DICM": "This file is a DICOM file. Give it as the chest X-ray.",
    ole("WordDocument"): "This file is an old Word document (DOC). Save it as DOCX, PDF or "
    "plain text.",
    ole("EncryptedPackage"): "This file is an Office document with a password. Save it "
    "without the password.",
    ole("__properties_version1.0"): "This file is an Outlook message (MSG). Save it as text "
    "or EML.",
    ole("Workbook"): "This file is an Excel workbook. Save the notes as text.",
    ole("PowerPoint Document"): "This file is a PowerPoint presentation. Save it as DOCX, "
    "PDF or plain text.",
    ole(""): "This file is an old Office document. Save it as DOCX, PDF or plain text.",
    zipped({"mimetype": "application/vnd.oasis.opendocument.text"}, 0): "This file is an "
    "OpenDocument text "
    "(ODT). Save it as "
    "DOCX, PDF or plain "
    "text.",
    zipped({"mimetype": "application/epub+zip"}, 0): "This file is an e-book (EPUB). Save it "
    "as DOCX, PDF or plain text.",
    zipped({"xl/workbook.xml": "x"}): "This file is an Excel workbook. Give the notes as "
    "TXT, MD, PDF or DOCX.",
    zipped({"ppt/presentation.xml": "x"}): "This file is a PowerPoint presentation. Give the "
    "notes as TXT, MD, PDF or DOCX.",
    zipped({"a.txt": "x"}): "This file is an archive, not a Word document. Give the notes as "
    "TXT, MD, PDF or DOCX.",
    b"<?xml version='1.0'?><w:wordDocument xmlns:w='x'/>": "This file is a Word 2003 XML "
    "document. Save it as DOCX.",
    b"<?xml version='1.0'?><p:package xmlns:p='x'/>": "This file is a Word document in one "
    "XML file. Save it as DOCX.",
    b"<?xml version='1.0'?><plist/>": "This file is a web archive or another property list. "
    "Save its text alone.",
    b"<?xml version='1.0'?><svg/>": "This file is a drawing (SVG). Give the notes as text.",
    b"<?xml version='1.0'?><xdp:xdp xmlns:xdp='x'/>": "This file is an XFA form. Print the "
    "filled form to a PDF.",
    b"<?xml version='1.0'?><other/>": "This file is XML data of a kind that is not read. "
    "Export the notes as text.",
}
NOTES = {
    "no words": (b"...", "The notes are empty: they contain no word. Type the notes or "
                         "choose another file."),
    "too many characters": (
        b"cough " * 40_000,
        "The notes have 240,000 characters; at most 200,000 are read. Keep what matters now.",
    ),
    "far too many characters": (
        b"cough " * 10**6,
        "The notes have more than 200,000 characters, the most that are read. Keep what "
        "matters now.",
    ),
    "German": (
        b"Der Patient hat seit drei Tagen Husten und Fieber",
        "The notes are in neither English nor Chinese, the two languages that the model was "
        "trained on. Translate them to one of them, or leave them out.",
    ),
    "noise": (
        bytes(range(32)) * 9,
        "This file is not text. Give the notes as TXT, MD, PDF or DOCX.",
    ),
    "no known character set": (
        np.random.default_rng(3).bytes(4000),
        "The notes are not readable in any known character set. Save them as UTF-8.",
    ),
    "a bad byte": (
        "患者咳嗽发热".encode().replace(b"\x97", b"\xff"),
        "Unreadable characters, each replaced by �: 1.",
    ),
    "two bad bytes": (
        "T 38.7 °C, cough".encode() + b"\xff for 3 days\xff and fever",
        "Unreadable characters, each replaced by �: 2.",
    ),
    "cut within a character": (
        "患者咳嗽".encode()[:-1],
        "The text ends in the middle of a character; its end may be missing.",
    ),
    "layers of base64": (
        wrapped(b"Cough and fever, T 38.7 " * 3, 5),
        "The notes are nested in too many files. Save their text alone.",
    ),
    "much base64": (
        base64.b64encode(np.random.default_rng(1).bytes(15 * MB)),
        "The file is 20 MB of encoded data; at most 16 MB are decoded. Give the document itself.",
    ),
    "base64 among words": (
        b"Report:\n" + base64.b64encode(bytes(range(256)) * 2),
        "The notes contain encoded data (base64) among their words. Save the text alone.",
    ),
    "a page of a script": (
        b"<html><script>x()</script></html>",
        "The web page shows no text of its own. Open it and save its text.",
    ),
    "a page of 20 MB": (
        b"<p>" + b"x " * (10 * MB),
        "The file has 20 MB of markup; at most 16 MB are read. Save its text alone.",
    ),
    "a page of many words": (
        b"<p>" + b"cough " * 40_000,
        "The web page has more than 200,000 characters. Keep what matters now.",
    ),
    "a page of many tags": (
        b"<p>" + b"<b>x</b>" * 300_000,
        "The web page has more than 400,000 tags. Save its text alone.",
    ),
    "a deep page": (
        b"<div>" * 2000 + b"x",
        "The web page is nested too deeply. Save its text alone.",
    ),
    "a struck word": (b"<p>Cough<del>no</del>", STRUCK),
    "a picture in a page": (b"<p>Cough<img src=a>", "Images in the page that were not read: 1."),
    "a frame in a page": (b"<p>Cough<iframe></iframe>", "Embedded objects in the page that "
                                                        "were not read: 1."),
    "a mail": (mail("Cough"), "The subject of the e-mail was not read."),
    "a mail with a file": (
        mail("Cough", attached=[(b"x", "application/pdf", "a")]),
        "Attachments of the e-mail that were not read: 1.",
    ),
    "a mail of files": (
        mail(attached=[(b"x", "application/pdf", "a")]),
        "The e-mail has no text of its own. Give its attachment.",
    ),
    "an encrypted mail": (
        b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime\n\nx",
        "The e-mail is encrypted or signed (S/MIME). Save its text alone.",
    ),
    "a mailbox": (
        b"From a@b Mon Jan  1 00:00:00 2024\nMIME-Version: 1.0\nTo: c\n\nCough\n\n" * 2,
        "This file contains several e-mails. Give the one that matters.",
    ),
    "mails in mails": (
        b"MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" * 12 + b"x",
        "The e-mail contains e-mails within e-mails. Save its text alone.",
    ),
    "a mail of many parts": (
        BOMBS["mail of many parts"][1]()[: 2 * MB],
        "The e-mail has too many parts or lines. Save its text alone.",
    ),
    "JSON": (
        b'{"note": "cough"}',
        "This file is JSON data other than FHIR. Export the notes as text.",
    ),
    "cut JSON": (
        b'{"note": "cou',
        "This file starts as JSON data but is damaged. Export the notes as text.",
    ),
    "JSON of many values": (
        b'{"a":[' + b"1," * 600_000,
        "The JSON data has too many values. Export the notes as text.",
    ),
    "JSON of 40 MB": (
        b'{"a":"' + b"x" * (40 * MB) + b'"}',
        "The JSON data is 40 MB; at most 32 MB are read. Give the document itself.",
    ),
    "a FHIR patient": (
        fhir("Patient"),
        "This FHIR resource contains no written text. Give the notes as text or PDF.",
    ),
    "a FHIR link": (
        fhir(presentedForm=[{"url": "x"}]),
        "This FHIR resource only links to its document. Give the document itself.",
    ),
    "a FHIR link beside words": (
        fhir(conclusion="Cough", presentedForm=[{"url": "x"}]),
        "A document that the FHIR resource links to was not read.",
    ),
    "FHIR in error": (
        b"["
        + fhir(conclusion="Cough")
        + b","
        + json.dumps({"resourceType": "Observation", "status": "entered-in-error"}).encode()
        + b"]",
        "A FHIR resource marked as entered in error was left out.",
    ),
    "FHIR with RTF": (
        fhir(conclusion="Cough", presentedForm=[form(b"{\\rtf1")]),
        "A document in the FHIR resource could not be read and was left out.",
    ),
    "FHIR of bad base64": (
        fhir(presentedForm=[{"data": "%%%"}]),
        "The document embedded in the FHIR resource is not valid base64. Export it again.",
    ),
    "FHIR of bad XML": (
        b'<Patient xmlns="http://hl7.org/fhir"><a></Patient>',
        "The FHIR resource is damaged: it is not valid XML. Export it again.",
    ),
    "an empty CDA": (
        cda(),
        "This clinical document (CDA) has no narrative text. Give the notes as text or PDF.",
    ),
    "CDA of bad base64": (
        cda(body="<nonXMLBody><text representation='B64'>%%%</text></nonXMLBody>"),
        "The document embedded in the clinical document (CDA) is not valid base64. Export it "
        "again.",
    ),
    "a cut CDA": (
        cda(("History", "Cough"))[:-9],
        "The clinical document (CDA) is damaged: it is not valid XML. Export it again.",
    ),
    "CDA with entities": (
        cda(("History", "Cough <!-- <!DOCTYPE --> ")),
        "The clinical document (CDA) declares a document type, which is not allowed. Export "
        "it again.",
    ),
    "a cut Word document": (
        docx(["Cough"])[:-40],
        "The Word document is damaged. Save it again, or as text.",
    ),
    "Word of bad XML": (word("<w:p>"), "The Word document is damaged: it is not valid XML. "
                                       "Export it again."),
    "Word of many parts": (
        zipped({f"{n}": b"" for n in range(2500)}),
        "The Word document has more than 2000 parts. Save its text alone.",
    ),
    "Word of 60 MB": (
        zipped({"word/document.xml": b"0" * (60 * MB)}),
        "The Word document would unpack to more than 32 MB of text. Save its text alone.",
    ),
    "Word of many imports": (
        page_of_imports(),
        "The parts imported into the Word document have more than 4 MB. Save its text alone.",
    ),
    "Word of many words": (
        word(paragraph(run("cough " * 40_000))),
        "The Word document has more than 200,000 characters. Keep what matters now.",
    ),
    "Word with a password": (
        encrypted_zip(),
        "The Word document has a password or is packed in an unusual way. Save it again "
        "without a password.",
    ),
    "Word packed unusually": (
        unknown_method(),
        "The Word document has a password or is packed in an unusual way. Save it again "
        "without a password.",
    ),
    "hidden text": (
        word(paragraph("Cough", run("x", "<w:vanish/>"))),
        "Hidden text in the Word document was left out.",
    ),
    "struck text": (
        word(paragraph("Cough", run("x", "<w:strike/>"))),
        "Struck-through text in the Word document was left out.",
    ),
    "comments": (
        word(paragraph("Cough", "<w:r><w:commentReference w:id='1'/></w:r>")),
        "The comments in the Word document were not read.",
    ),
    "a picture in Word": (
        word(paragraph("Cough", "<w:r><w:drawing><pic:pic/></w:drawing></w:r>")),
        "Images and embedded objects in the Word document were not read.",
    ),
    "a link in Word": (
        word(paragraph("Cough") + "<w:subDoc r:id='x'/>"),
        "A document that the Word document links to was not read.",
    ),
    "an unknown symbol": (
        word(paragraph("Cough", "<w:r><w:sym w:font='Wingdings' w:char='F021'/></w:r>")),
        "Unknown symbols were replaced by �.",
    ),
    "an unfilled field": (
        word(
            paragraph(
                "Cough",
                "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>",
                run("Enter"),
                "</w:sdtContent></w:sdt>",
            )
        ),
        "Empty form fields were left out.",
    ),
    "an imported RTF": (
        word(
            paragraph("Cough") + "<w:altChunk r:id='r'/>",
            parts=[("r", "aFChunk", "a.rtf", b"{\\rtf1")],
        ),
        "An imported part of the Word document was left out. This file is a rich text "
        "document (RTF). Save it as DOCX, PDF or plain text.",
    ),
    "a hidden row": (
        word(
            paragraph("Cough")
            + table([paragraph("x")], properties="<w:trPr><w:hidden/></w:trPr>")
        ),
        "Hidden text in the Word document was left out.",
    ),
    "a cut PDF": (
        pdf("Cough")[:100],
        "The PDF is damaged. Save it again, or as text.",
    ),
    "a PDF with a password": (
        pdf("Cough", password="x"),
        "The PDF has a password. Save it without one.",
    ),
    "a PDF encrypted by other means": (
        raw_pdf(
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[]/Count 0>>",
            trailer="/Encrypt<</Filter/Other/V 1>>/ID[(a)(b)]",
        ),
        "The PDF is encrypted in a way that is not read. Save it without encryption.",
    ),
    "many pages": (
        pdf(*["a"] * 201),
        "The PDF has 201 pages; at most 200 are read. Save the pages that matter.",
    ),
    "many objects": (
        BOMBS["PDF: many objects"][1](),
        "The PDF has more than 200,000 objects. Print it to a new PDF.",
    ),
    "many words": (
        page_pdf("BT /F1 12 Tf " + "(cough cough cough ) Tj " * 12_000 + "ET"),
        "The PDF has more than 200,000 characters. Keep what matters now.",
    ),
    "an XFA form": (
        page_pdf(
            WORDS.replace("Cough", "Please wait..."),
            catalogue="/AcroForm<</Fields[]/XFA(x)>>/NeedsRendering true",
        ),
        "The PDF is an XFA form that only Adobe Reader shows. Print the filled form to a new PDF.",
    ),
    "a portfolio": (
        page_pdf(WORDS.replace("Cough", "For the best experience, open this PDF portfolio in X")),
        "The PDF is a portfolio of other files. Give the file that matters.",
    ),
    "a page that is no page": (
        two_pages("(x)"),
        "Pages that could not be read because they are damaged: 2.",
    ),
    "a page of a picture": (
        page_pdf(WHOLE_PAGE, **WITH_IMAGE),
        "The PDF contains no text, only images of its pages. Type the notes, or run text "
        "recognition first.",
    ),
    "a page of lines": (
        page_pdf("0 0 m 9 9 l S"),
        "The PDF contains no text, only drawn lines. Type the notes.",
    ),
    "a blank page": (pdf(""), "The PDF contains no text: its pages are blank. Choose another "
                              "file."),
    "letters without names": (
        page_pdf("BT /F1 12 Tf <00260052> Tj ET", font=GLYPHS, more=NO_NAMES),
        "The PDF cannot be read: its fonts do not identify their characters. Give the notes "
        "as text or DOCX.",
    ),
    "a letter without a name": (
        MIXED,
        "Characters of the PDF that its font does not identify, each replaced by �: 1.",
    ),
    "a large picture": (
        page_pdf(WHOLE_PAGE + WORDS, **WITH_IMAGE),
        "Pages with a large image that was not read: 1.",
    ),
    "text recognition": (
        page_pdf(WHOLE_PAGE + WORDS.replace("BT", "BT 3 Tr"), **WITH_IMAGE),
        "Pages whose words come from text recognition and may be wrong: 1.",
    ),
    "a page of lines beside words": (
        two_pages("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 7 0 R>>").replace(
            b"xref", b"7 0 obj<</Length 13>>stream\n0 0 m 9 9 l S\nendstream endobj\nxref", 1
        ),
        "Pages that contain only drawn lines and were not read: 2.",
    ),
    "a page of letters without names": (
        MIXED.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 9 0 R]/Count 2").replace(
            b"xref",
            b"9 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 10 0 R/Resources"
            b"<</Font<</F1 8 0 R>>>>>>endobj\n10 0 obj<</Length 36>>stream\n"
            b"BT /F1 12 Tf 50 700 Td <00260052> Tj ET\nendstream endobj\nxref",
            1,
        ),
        "Pages that could not be read because their font does not identify the characters: 2.",
    ),
    "a stamp": (noted("Stamp"), "Pages with a stamp that was not read: 1."),
    "a strike-out": (
        noted("StrikeOut", "/QuadPoints[40 720 300 720 40 690 300 690]").replace(
            b"(Cough) Tj", b"(Cough) Tj 0 -90 Td (fever) Tj"
        ).replace(b"/Length 36", b"/Length 57"),
        "Pages whose struck-through text was left out: 1.",
    ),
    "a comment": (noted("Text"), "The comments in the PDF were not read."),
    "an attached file": (attached(), "Files attached to the PDF that were not read: 1."),
}  # fmt: skip
SOUNDS = {
    "no recording": (
        b"cough",
        "The sound could not be decoded: the file is damaged, is not a sound file, or is of "
        "a kind that is not read. Give a WAV, FLAC, MP3, M4A, OGG or WebM file.",
    ),
    "a silent film": (video(), "This file has no sound track. Give a lung sound."),
    "a slow rate": (
        wav(tone(rate=500, hertz=100), 500),
        "The sound file has 500 samples per second; 1000 to 768000 are read. Save it again.",
    ),
    "40 channels": (
        wav(np.zeros((40, 16_000))),
        "The sound file has 40 channels; 1 to 32 are read. Save it in mono.",
    ),
    "hours": (
        sound(np.zeros(8000 * 700), 8000),
        "The sound file is longer than 600 seconds. Cut out the part that matters.",
    ),
    "many samples": (
        BOMBS["sound: 8 channels"][1](),
        "The sound file has more than 60 million samples in its 8 channels. Save it in mono, "
        "or cut out the part that matters.",
    ),
    "empty pages": (
        BOMBS["sound: empty pages"][1](),
        "The sound file has too many pages (Ogg). Save it as WAV or FLAC.",
    ),
    "half a second": (
        wav(tone(0.5)),
        "The sound lasts 0.50 seconds; at least 1 second is needed. Record again.",
    ),
    "silence": (
        wav(np.zeros(96_000)),
        "The sound file is silent. Check the microphone and record again.",
    ),
    "a click": (
        wav(np.concatenate([np.zeros(96_000), tone(0.5), np.zeros(96_000)])),
        "Only 0.5 seconds of the file contain sound; at least 1 second is needed. Record again.",
    ),
    "a silent start": (
        wav(np.concatenate([np.zeros(96_000), BREATH])),
        "The first 6.0 seconds are silent and were left out.",
    ),
    "a silent end": (
        wav(np.concatenate([BREATH, np.zeros(96_000)])),
        "The last 6.0 seconds are silent and were left out.",
    ),
    "a long pause": (
        wav(np.concatenate([breath(3), np.zeros(160_000), breath(3)])),
        "More than half of the remaining sound is silent.",
    ),
    "two tracks": (
        tracks(BREATH, BREATH),
        "The file has 2 sound tracks; the first was used.",
    ),
    "a silent track": (
        tracks(0 * BREATH, BREATH),
        "The file has 2 sound tracks; track 2 was used, the first that can be read and is not "
        "silent.",
    ),
    "two recordings in one": (
        chained(),
        "The sound file changes its sample rate or its channels; what differs from its start "
        "was left out.",
    ),
    "two recordings in one Ogg": (
        sound(BREATH, kind="OGG") + sound(breath(6, 48_000), 48_000, kind="OGG"),
        "The sound file changes its sample rate or its channels; what differs from its start "
        "was left out.",
    ),
    "clipping": (
        wav(np.clip(5 * tone(), -1, 1)),
        "The sound is clipped: it was too loud for the microphone.",
    ),
    "a quiet sound": (
        wav(tone(level=1e-3)),
        "The sound is very quiet; soft sounds may be lost in noise.",
    ),
    "three seconds": (
        wav(breath(3)),
        "Only 3.0 seconds of sound; several breaths are better.",
    ),
    "2000 samples a second": (
        wav(tone(rate=2000), 2000),
        "The sample rate leaves out sounds above 1000 Hz.",
    ),
    "opposite channels": (
        wav([BREATH, -0.9 * BREATH]),
        "The channels cancel each other out; the loudest was used.",
    ),
    "different channels": (
        wav([BREATH, np.roll(BREATH, 40_000)]),
        "The channels contain different sounds; their mean was used.",
    ),
    "a room beside a chest": (
        wav([BREATH, room()]),
        "The channels contain different sounds; channel 1 was used, whose sound is in the "
        "range of breath sounds.",
    ),
    "a silent channel": (
        wav([BREATH, 0 * BREATH]),
        "Only one channel contains sound; it was used.",
    ),
    "no numbers": (not_numbers(), "Samples that are not numbers were set to silence."),
    "a cut file": (
        plain_wav(BREATH)[:-9000],
        "The sound file is damaged or cut short; part of it is missing.",
    ),
}


def said(read, content):
    try:
        return read(content, "file").warnings
    except InputError as exc:
        return (str(exc),)


@pytest.mark.parametrize(("content", "sentence"), FOREIGN.items(), ids=lambda row: str(row)[:30])
def test_a_foreign_file_is_named(content, sentence):
    assert said(read_notes, content) == (sentence,)


@pytest.mark.parametrize("cause", NOTES)
def test_a_note_and_its_sentence(cause):
    content, sentence = NOTES[cause]
    assert sentence in said(read_notes, content)


@pytest.mark.parametrize("cause", SOUNDS)
def test_a_recording_and_its_sentence(cause):
    content, sentence = SOUNDS[cause]
    assert sentence in said(read_sound, content)


READERS = (
    *("audio", "cda", "charset", "encoded", "ffmpeg", "fhir", "foreign", "loudness", "mail"),
    *("markup", "notes", "pdf", "recording", "word", "word_left_out", "word_story", "xml_events"),
)
# Seen in no file: what only a library's own fault would cause, and what other tests cause.
UNSEEN = {"io.mail.damaged"}


def test_every_sentence_of_the_readers_was_caused_by_a_file():
    seen = [*FOREIGN.values(), *(s for _, s in [*NOTES.values(), *SOUNDS.values()])]
    made = [call for name in READERS for call in calls(FOLDER / f"{name}.py")]
    assert made
    unseen = {
        call.code.replace("\\", "")
        for call in made
        if not any(re.search(pattern(code), s) for code in call.codes for s in seen)
    }
    assert unseen == UNSEEN
