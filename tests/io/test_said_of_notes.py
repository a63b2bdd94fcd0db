"""Every refusal and every warning of the readers of notes and sounds, with a file that causes it.

A row is a cause, a file that has it, and the whole sentence. The last test reads the readers'
source: a sentence that stands there and in no row is one that nobody has seen to be true.
"""

import ast
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
from tests.made_sounds import breath, plain_wav, room, tracks

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


SAVE = "please save it as .docx, .pdf or plain text."
PICTURE = "This file is a picture; please give it as the image, or type the notes."
SOUND = "This file is a sound or a video; please give it as the recording."
ARCHIVE = "This file is a compressed archive; please unpack it and give the note."
STRUCK = "Text that is struck through was left out."
LIMITED = "please keep what matters now."
FOREIGN = {
    b"{\\rtf1": f"This file is a rich text document (.rtf); {SAVE}",
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
    b"x\x9f>\x22": "This file is an Outlook attachment (winmail.dat); please save the mail's text.",
    b"bplist00": f"This file is a Safari web archive or another property list; {SAVE}",
    b"%!PS": f"This file is a PostScript document; {SAVE}",
    b"%FDF-": "This file is the form data of a PDF without its form; "
    "please print the filled form to a PDF.",
    b"=ybegin line=128": f"This file is encoded data (yEnc); {SAVE}",
    b"<~87cURD]i~>": f"This file is encoded data (Ascii85); {SAVE}",
    b"MSH|^~": "This file is an HL7 version 2 message; please export the report as text or PDF.",
    b"BHS|^~": "This file is an HL7 version 2 batch; please export the report as text or PDF.",
    b"-----BEGIN PGP MESSAGE": "This file is encrypted or signed (PGP); "
    "please save its text alone.",
    b"-----BEGIN PKCS7-----": "This file is encrypted or signed (S/MIME); "
    "please save its text alone.",
    b"BEGIN:VCARD": "This file is a contact or calendar file; please give the note.",
    b"SQLite format 3\0": "This file is a database; please export the note.",
    b"begin 644 note.txt\n": f"This file is encoded data (uuencode); {SAVE}",
    bytes(128) + b"DICM": "This file is a DICOM file; please give it as the image.",
    ole("WordDocument"): f"This file is an old Word document (.doc); {SAVE}",
    ole("EncryptedPackage"): "This file is an Office document with a password; "
    "please save it without one.",
    ole("__properties_version1.0"): "This file is an Outlook message (.msg); "
    "please save it as text or .eml.",
    ole("Workbook"): "This file is an Excel workbook; please save the note as text.",
    ole("PowerPoint Document"): f"This file is a PowerPoint presentation; {SAVE}",
    ole(""): f"This file is an old Office document; {SAVE}",
    zipped({"mimetype": "application/vnd.oasis.opendocument.text"}, 0): "This file is an "
    f"OpenDocument text (.odt); {SAVE}",
    zipped({"mimetype": "application/epub+zip"}, 0): f"This file is an e-book (EPUB); {SAVE}",
    zipped({"xl/workbook.xml": "x"}): "This file is an Excel workbook; "
    "please give txt, md, pdf or docx notes.",
    zipped({"ppt/presentation.xml": "x"}): "This file is a PowerPoint presentation; "
    "please give txt, md, pdf or docx notes.",
    zipped({"a.txt": "x"}): "This file is an archive, not a Word document; "
    "please give txt, md, pdf or docx notes.",
    b"<?xml version='1.0'?><w:wordDocument xmlns:w='x'/>": "This file is a Word 2003 XML "
    "document; please save it as .docx.",
    b"<?xml version='1.0'?><p:package xmlns:p='x'/>": "This file is a Word document in one XML "
    "file; please save it as .docx.",
    b"<?xml version='1.0'?><plist/>": "This file is a web archive or another property list; "
    "please save its text alone.",
    b"<?xml version='1.0'?><svg/>": "This file is a drawing (SVG); please give the notes as text.",
    b"<?xml version='1.0'?><xdp:xdp xmlns:xdp='x'/>": "This file is an XFA form; "
    "please print the filled form to a PDF.",
    b"<?xml version='1.0'?><other/>": "This file is XML data of a kind that is not read; "
    "please export the note as text.",
}
NOTES = {
    "no words": (b"...", "The notes are empty: there is not one word in them."),
    "too many characters": (
        b"cough " * 40_000,
        "The notes have 240,000 characters; at most 200,000 are read. "
        "Please keep what matters now.",
    ),
    "far too many characters": (
        b"cough " * 10**6,
        f"The notes have more than 200,000 characters; {LIMITED}",
    ),
    "German": (
        b"Der Patient hat seit drei Tagen Husten und Fieber",
        "The notes are not in English or Chinese: the model was not trained on this language.",
    ),
    "noise": (
        bytes(range(32)) * 9,
        "This file is not text; please give txt, md, pdf or docx notes.",
    ),
    "no known character set": (
        np.random.default_rng(3).bytes(4000),
        "The notes are not readable as text in any known character set; please save them as UTF-8.",
    ),
    "a bad byte": (
        "患者咳嗽发热".encode().replace(b"\x97", b"\xff"),
        "One character could not be read; \ufffd stands in the place of each.",
    ),
    "two bad bytes": (
        "T 38.7 °C, cough".encode() + b"\xff for 3 days\xff and fever",
        "2 characters could not be read; \ufffd stands in the place of each.",
    ),
    "cut within a character": (
        "患者咳嗽".encode()[:-1],
        "The text ends within a character: its end may be missing.",
    ),
    "layers of base64": (
        wrapped(b"Cough and fever, T 38.7 " * 3, 5),
        "The note is wrapped too often; please save its text alone.",
    ),
    "much base64": (
        base64.b64encode(np.random.default_rng(1).bytes(15 * MB)),
        "The file is 20 MB of encoded data; at most 16 MB are decoded. "
        "Please give the document itself.",
    ),
    "base64 among words": (
        b"Report:\n" + base64.b64encode(bytes(range(256)) * 2),
        "The notes hold encoded data (base64) among their words; please save the text alone.",
    ),
    "a page of a script": (
        b"<html><script>x()</script></html>",
        "The web page shows no text of its own; please open it and save its text alone.",
    ),
    "a page of 20 MB": (
        b"<p>" + b"x " * (10 * MB),
        "The file has 20 MB of markup; at most 16 MB are read. Please save its text alone.",
    ),
    "a page of many words": (
        b"<p>" + b"cough " * 40_000,
        f"The page has more than 200,000 characters; {LIMITED}",
    ),
    "a page of many tags": (
        b"<p>" + b"<b>x</b>" * 300_000,
        "The web page has more than 400,000 tags; please save its text alone.",
    ),
    "a deep page": (
        b"<div>" * 2000 + b"x",
        "The web page is nested too deeply; please save its text alone.",
    ),
    "a struck word": (b"<p>Cough<del>no</del>", STRUCK),
    "a picture in a page": (b"<p>Cough<img src=a>", "1 picture in the page: not read."),
    "a frame in a page": (b"<p>Cough<iframe></iframe>", "1 embedded object in the page: not read."),
    "a mail": (mail("Cough"), "Of the e-mail, its subject was not read."),
    "a mail with a file": (
        mail("Cough", attached=[(b"x", "application/pdf", "a")]),
        "Of the e-mail, its subject and 1 attachment were not read.",
    ),
    "a mail of files": (
        mail(attached=[(b"x", "application/pdf", "a")]),
        "The e-mail has no text of its own, only 1 attachment; please give the attachment.",
    ),
    "an encrypted mail": (
        b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime\n\nx",
        "The e-mail is encrypted or signed (S/MIME); please save its text alone.",
    ),
    "a mailbox": (
        b"From a@b Mon Jan  1 00:00:00 2024\nMIME-Version: 1.0\nTo: c\n\nCough\n\n" * 2,
        "This file holds several e-mails; please give the one that matters.",
    ),
    "mails in mails": (
        b"MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" * 12 + b"x",
        "The e-mail holds mails within mails; please save its text.",
    ),
    "a mail of many parts": (
        BOMBS["mail of many parts"][1]()[: 2 * MB],
        "The e-mail has too many parts or lines; please save its text alone.",
    ),
    "JSON": (
        b'{"note": "cough"}',
        "This file is JSON data that is not FHIR; please export the note as plain text.",
    ),
    "cut JSON": (
        b'{"note": "cou',
        "This file begins as JSON data but is damaged; please export the note as plain text.",
    ),
    "JSON of many values": (
        b'{"a":[' + b"1," * 600_000,
        "The JSON data has too many values; please export the note as text.",
    ),
    "JSON of 40 MB": (
        b'{"a":"' + b"x" * (40 * MB) + b'"}',
        "The JSON data has 40 MB; at most 32 MB are read. Please give the document itself.",
    ),
    "a FHIR patient": (
        fhir("Patient"),
        "This FHIR resource holds no written text; please give a note.",
    ),
    "a FHIR link": (
        fhir(presentedForm=[{"url": "x"}]),
        "This FHIR resource only links to its document; please give the document itself.",
    ),
    "a FHIR link beside words": (
        fhir(conclusion="Cough", presentedForm=[{"url": "x"}]),
        "A document that the FHIR resource only links to was not read.",
    ),
    "FHIR in error": (
        b"["
        + fhir(conclusion="Cough")
        + b","
        + json.dumps({"resourceType": "Observation", "status": "entered-in-error"}).encode()
        + b"]",
        "A FHIR resource that is marked as entered in error was left out.",
    ),
    "FHIR with RTF": (
        fhir(conclusion="Cough", presentedForm=[form(b"{\\rtf1")]),
        "A document within the FHIR resource could not be read and was left out.",
    ),
    "FHIR of bad base64": (
        fhir(presentedForm=[{"data": "%%%"}]),
        "The document within the FHIR resource is not valid base64; please export it again.",
    ),
    "FHIR of bad XML": (
        b'<Patient xmlns="http://hl7.org/fhir"><a></Patient>',
        "The FHIR resource is not valid XML; please export it again.",
    ),
    "an empty CDA": (
        cda(),
        "This clinical document (CDA) has no narrative text; please give a note.",
    ),
    "CDA of bad base64": (
        cda(body="<nonXMLBody><text representation='B64'>%%%</text></nonXMLBody>"),
        "The document within the clinical document (CDA) is not valid base64; "
        "please export it again.",
    ),
    "a cut CDA": (
        cda(("History", "Cough"))[:-9],
        "The clinical document (CDA) is damaged: it is not valid XML.",
    ),
    "CDA with entities": (
        cda(("History", "Cough <!-- <!DOCTYPE --> ")),
        "The clinical document (CDA) declares a document type, which it must not; "
        "please export it again.",
    ),
    "a cut Word document": (
        docx(["Cough"])[:-40],
        "The Word document is damaged; please save it again, or as text.",
    ),
    "Word of bad XML": (word("<w:p>"), "The Word document is damaged: it is not valid XML."),
    "Word of many parts": (
        zipped({f"{n}": b"" for n in range(2500)}),
        "The document has more than 2000 parts; please save its text alone.",
    ),
    "Word of 60 MB": (
        zipped({"word/document.xml": b"0" * (60 * MB)}),
        "The document would unpack to more than 32 MB of text; please save its text alone.",
    ),
    "Word of many imports": (
        page_of_imports(),
        "The parts imported into the document have more than 4 MB; please save its text alone.",
    ),
    "Word of many words": (
        word(paragraph(run("cough " * 40_000))),
        f"The Word document has more than 200,000 characters; {LIMITED}",
    ),
    "Word with a password": (
        encrypted_zip(),
        "The document is packed with a password or in an unusual way; "
        "please save it again without one.",
    ),
    "Word packed unusually": (
        unknown_method(),
        "The document is packed with a password or in an unusual way; "
        "please save it again without one.",
    ),
    "hidden text": (
        word(paragraph("Cough", run("x", "<w:vanish/>"))),
        "Hidden text in the document was left out.",
    ),
    "struck text": (word(paragraph("Cough", run("x", "<w:strike/>"))), STRUCK),
    "comments": (
        word(paragraph("Cough", "<w:r><w:commentReference w:id='1'/></w:r>")),
        "The comments in the document were not read.",
    ),
    "a picture in Word": (
        word(paragraph("Cough", "<w:r><w:drawing><pic:pic/></w:drawing></w:r>")),
        "Pictures and embedded objects in the document were not read.",
    ),
    "a link in Word": (
        word(paragraph("Cough") + "<w:subDoc r:id='x'/>"),
        "A document that this one only links to was not read.",
    ),
    "an unknown symbol": (
        word(paragraph("Cough", "<w:r><w:sym w:font='Wingdings' w:char='F021'/></w:r>")),
        "A symbol is not known; \ufffd stands in its place.",
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
        "Fields of the form that are not filled in were left out.",
    ),
    "an imported RTF": (
        word(
            paragraph("Cough") + "<w:altChunk r:id='r'/>",
            parts=[("r", "aFChunk", "a.rtf", b"{\\rtf1")],
        ),
        f"An imported part of the document was left out. This file is a rich text document (.rtf); "
        f"{SAVE}",
    ),
    "a hidden row": (
        word(
            paragraph("Cough")
            + table([paragraph("x")], properties="<w:trPr><w:hidden/></w:trPr>")
        ),
        "Hidden text in the document was left out.",
    ),
    "a cut PDF": (
        pdf("Cough")[:100],
        "The PDF is damaged; please save it again, or as text.",
    ),
    "a PDF with a password": (
        pdf("Cough", password="x"),
        "The PDF has a password; please save it without one.",
    ),
    "a PDF encrypted by other means": (
        raw_pdf(
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[]/Count 0>>",
            trailer="/Encrypt<</Filter/Other/V 1>>/ID[(a)(b)]",
        ),
        "The PDF is encrypted in a way that is not read; please save it without encryption.",
    ),
    "many pages": (
        pdf(*["a"] * 201),
        "The PDF has 201 pages; at most 200 are read.",
    ),
    "many objects": (
        BOMBS["PDF: many objects"][1](),
        "The PDF has more than 200,000 objects; please print it to a new PDF.",
    ),
    "many words": (
        page_pdf("BT /F1 12 Tf " + "(cough cough cough ) Tj " * 12_000 + "ET"),
        f"The PDF holds more than 200,000 characters; {LIMITED}",
    ),
    "an XFA form": (
        page_pdf(
            WORDS.replace("Cough", "Please wait..."),
            catalogue="/AcroForm<</Fields[]/XFA(x)>>/NeedsRendering true",
        ),
        "The PDF is an XFA form that only Adobe's own reader shows; "
        "please print the filled form to a new PDF.",
    ),
    "a portfolio": (
        page_pdf(WORDS.replace("Cough", "For the best experience, open this PDF portfolio in X")),
        "The PDF is a portfolio of other files; please give the file that matters.",
    ),
    "a page that is no page": (
        two_pages("(x)"),
        "Page 2 could not be read: it is damaged.",
    ),
    "a page of a picture": (
        page_pdf(WHOLE_PAGE, **WITH_IMAGE),
        "The PDF holds no text, only pictures of its pages. "
        "Please type the notes, or run text recognition on it first.",
    ),
    "a page of lines": (
        page_pdf("0 0 m 9 9 l S"),
        "The PDF holds no text, only drawn lines; please type the notes.",
    ),
    "a blank page": (pdf(""), "The PDF holds no text: its pages are blank."),
    "letters without names": (
        page_pdf("BT /F1 12 Tf <00260052> Tj ET", font=GLYPHS, more=NO_NAMES),
        "The PDF's letters cannot be read: its fonts do not say which letters they draw. "
        "Please give the note as text or Word.",
    ),
    "a letter without a name": (
        MIXED,
        "1 character of the PDF could not be read: the font does not say which; "
        "\ufffd stands in the place of each.",
    ),
    "a large picture": (
        page_pdf(WHOLE_PAGE + WORDS, **WITH_IMAGE),
        "Page 1 holds a large picture that was not read.",
    ),
    "text recognition": (
        page_pdf(WHOLE_PAGE + WORDS.replace("BT", "BT 3 Tr"), **WITH_IMAGE),
        "Page 1 is a picture with words from text recognition: they may be wrong.",
    ),
    "a page of lines beside words": (
        two_pages("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 7 0 R>>").replace(
            b"xref", b"7 0 obj<</Length 13>>stream\n0 0 m 9 9 l S\nendstream endobj\nxref", 1
        ),
        "Page 2 holds only drawn lines: nothing on it was read.",
    ),
    "a page of letters without names": (
        MIXED.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 9 0 R]/Count 2").replace(
            b"xref",
            b"9 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 10 0 R/Resources"
            b"<</Font<</F1 8 0 R>>>>>>endobj\n10 0 obj<</Length 36>>stream\n"
            b"BT /F1 12 Tf 50 700 Td <00260052> Tj ET\nendstream endobj\nxref",
            1,
        ),
        "Page 2 could not be read: its font does not say which letters it draws.",
    ),
    "a stamp": (noted("Stamp"), "Page 1 carries a stamp that was not read."),
    "a strike-out": (
        noted("StrikeOut", "/QuadPoints[40 720 300 720 40 690 300 690]").replace(
            b"(Cough) Tj", b"(Cough) Tj 0 -90 Td (fever) Tj"
        ).replace(b"/Length 36", b"/Length 57"),
        "Page 1 holds struck-out text, which was left out.",
    ),
    "a comment": (noted("Text"), "The comments in the PDF were not read."),
    "an attached file": (attached(), "The PDF carries 1 attached file that was not read."),
}  # fmt: skip
SOUNDS = {
    "no recording": (
        b"cough",
        "The sound could not be decoded: the file is damaged, is no recording, or is of a kind "
        "that is not read. Please give a WAV, FLAC, MP3, M4A, OGG or WebM file.",
    ),
    "a silent film": (video(), "This file has no sound track; please give a sound recording."),
    "a slow rate": (
        wav(tone(rate=500, hertz=100), 500),
        "The recording has 500 samples a second; 1000 to 768000 are read.",
    ),
    "40 channels": (
        wav(np.zeros((40, 16_000))),
        "The recording has 40 channels; 1 to 32 are read.",
    ),
    "hours": (
        sound(np.zeros(8000 * 700), 8000),
        "The recording is longer than 600 seconds; please cut out the part that matters.",
    ),
    "many samples": (
        BOMBS["sound: 8 channels"][1](),
        "The recording has more than 60 million samples in its 8 channels; "
        "please save it in mono, or cut out the part that matters.",
    ),
    "empty pages": (
        BOMBS["sound: empty pages"][1](),
        "The recording has too many pages (Ogg); please save it as WAV or FLAC.",
    ),
    "half a second": (wav(tone(0.5)), "The recording lasts 0.50 seconds; at least 1 is needed."),
    "silence": (
        wav(np.zeros(96_000)),
        "The recording is silent; please check the microphone and record again.",
    ),
    "a click": (
        wav(np.concatenate([np.zeros(96_000), tone(0.5), np.zeros(96_000)])),
        "Only 0.5 seconds of the recording hold sound; at least 1 is needed.",
    ),
    "a silent start": (
        wav(np.concatenate([np.zeros(96_000), BREATH])),
        "The first 6.0 seconds of the recording are silent and were left out.",
    ),
    "a silent end": (
        wav(np.concatenate([BREATH, np.zeros(96_000)])),
        "The last 6.0 seconds of the recording are silent and were left out.",
    ),
    "a long pause": (
        wav(np.concatenate([breath(3), np.zeros(160_000), breath(3)])),
        "More than half of what is left of the recording is silent.",
    ),
    "two tracks": (
        tracks(BREATH, BREATH),
        "The file has 2 sound tracks; only the first was used.",
    ),
    "a silent track": (
        tracks(0 * BREATH, BREATH),
        "The file has 2 sound tracks; track 2 was used, the first that can be read and is not "
        "silent.",
    ),
    "two recordings in one": (
        chained(),
        "The recording changes its sample rate or its channels on the way; what differs from its "
        "beginning was left out.",
    ),
    "two recordings in one Ogg": (
        sound(BREATH, kind="OGG") + sound(breath(6, 48_000), 48_000, kind="OGG"),
        "The recording changes its sample rate or its channels on the way; what differs from its "
        "beginning was left out.",
    ),
    "clipping": (
        wav(np.clip(5 * tone(), -1, 1)),
        "The recording is clipped: it was too loud for the microphone.",
    ),
    "a quiet sound": (
        wav(tone(level=1e-3)),
        "The recording is very quiet; soft sounds may be lost in its noise.",
    ),
    "three seconds": (
        wav(breath(3)),
        "There are only 3.0 seconds of sound; a few breaths are better.",
    ),
    "2000 samples a second": (
        wav(tone(rate=2000), 2000),
        "Sounds above 1000 Hz are missing from this recording.",
    ),
    "opposite channels": (
        wav([BREATH, -0.9 * BREATH]),
        "The channels cancel each other out; the loudest one was used.",
    ),
    "different channels": (
        wav([BREATH, np.roll(BREATH, 40_000)]),
        "The channels carry different sounds; their mean was used.",
    ),
    "a room beside a chest": (
        wav([BREATH, room()]),
        "The channels carry different sounds; only channel 1 was used: "
        "its sound lies where breath sounds lie.",
    ),
    "a silent channel": (
        wav([BREATH, 0 * BREATH]),
        "Only one channel carries sound; it alone was used.",
    ),
    "no numbers": (not_numbers(), "Some samples are not numbers; they were set to silence."),
    "a cut file": (
        plain_wav(BREATH)[:-9000],
        "The recording is damaged or cut short: part of it is missing.",
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
# Seen in no file: what only a library's own fault would cause.
UNSEEN = ("The e-mail is damaged", " holds only a picture: nothing")


def sentences_in(module):
    """Every sentence in a reader's source, as a pattern."""
    tree = ast.parse((Path(mmbm.io.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    inner = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if id(node) in docstrings | inner:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.replace("{}", "\0")
        elif isinstance(node, ast.JoinedStr):
            parts = (v.value if isinstance(v, ast.Constant) else "\0" for v in node.values)
            text = "".join(parts)
        else:
            continue
        if len(text) > 30 and text.endswith("."):
            yield re.escape(text).replace("\0", ".+")


def test_no_sentence_stands_in_the_readers_that_no_file_has_caused():
    known = [*FOREIGN.values(), *(s for _, s in [*NOTES.values(), *SOUNDS.values()])]
    untold = [
        pattern
        for module in READERS
        for pattern in sentences_in(module)
        if not any(re.search(pattern, sentence) for sentence in known)
        and not any(re.escape(part) in pattern for part in UNSEEN)
    ]
    assert untold == []
