"""Notes and recordings that cost far more to read than to send, each built by a rule.

A bomb is (reader, maker). All are refused in under a second and 300 MB, or read.
"""

import base64
import io
import struct
import zipfile
import zlib

import numpy as np

from mmbm.io import read_notes, read_sound
from tests.made_files import sound
from tests.made_notes import (
    cda,
    fhir,
    form,
    page_pdf,
    paragraph,
    raw_pdf,
    run,
    story,
    stream,
    table,
    word,
    zipped,
)

MB = 2**20
LIMIT = 60 * MB  # below the 64 MB that an upload may have


def repeated(piece, size=LIMIT):
    return piece * (size // len(piece))


def lying_zip():
    content = bytearray(zipped({"word/document.xml": b"0" * (200 * MB)}))
    at = content.rfind(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 1000)
    return bytes(content)


def overlapping_zip():
    """Many entries that share the data of one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (30 * MB))
        first = archive.filelist[0]
        for number in range(1900):
            info = zipfile.ZipInfo(f"word/header{number}.xml")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(info, name, getattr(first, name))
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
    return buffer.getvalue()


def imported(content, times=1):
    body = "<w:altChunk r:id='rA'/>" * times
    return word(body, parts=[("rA", "aFChunk", "chunk.dat", content)])


def page_of_imports():
    """One imported part of 5 MB."""
    return imported(b"<p>" + b"x<br>" * MB)


def documents_within(depth):
    content = word(paragraph("Cough"))
    for _ in range(depth):
        content = imported(content, 3)
    return content


def sections(count):
    body = "<w:sectPr><w:headerReference w:type='default' r:id='rH'/></w:sectPr>" * count
    header = story("hdr", paragraph("x " * 50_000))
    return word(body + paragraph("Cough"), parts=[("rH", "header", "h.xml", header)])


def deflated(content, times=1):
    for _ in range(times):
        content = zlib.compress(content, 6)
    names = "/FlateDecode" * times
    return stream(content, f"/Filter[{names}]")


def flate_pdf(size, times=1, operator=b"q Q "):
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>"
    return raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        deflated(operator * (size // len(operator)), times),
    )


def drawings_within_drawings(depth=10, times=10):
    """Each form paints the next one ten times."""
    forms = []
    for level in range(depth):
        inner = f"/F {7 + level} 0 R"
        forms.append(
            stream(
                "/F Do " * times if level < depth - 1 else "BT /F1 9 Tf (x) Tj ET",
                f"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<{inner}>>"
                "/Font<</F1 5 0 R>>>>",
            )
        )
    return page_pdf("/F Do", resources="/XObject<</F 6 0 R>>", more=forms)


def many_objects(count=2_000_000):
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    body += b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    return (
        body
        + b"".join(b"%d 0 obj 0 endobj\n" % n for n in range(3, count))
        + b"trailer<</Root 1 0 R>>"
    )


def many_pages(count):
    kids = " ".join(f"{n + 3} 0 R" for n in range(count))
    pages = ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * count
    return raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {count}>>", *pages
    )


def many_fields(count=100_000):
    field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(cough)/F 4/Rect[0 0 9 9]>>"
    return page_pdf(
        "BT /F1 9 Tf (x) Tj ET",
        catalogue=f"/AcroForm<</Fields[{'6 0 R ' * count}]>>",
        page=f"/Annots[{'6 0 R ' * count}]",
        more=[field],
    )


def many_parts(count, depth=False):
    head = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    if depth:
        return b"".join(
            b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(count)
        )
    return head + b"--b\nContent-Type: text/plain\n\nx\n" * count + b"--b--\n"


def channels(count, seconds, rate, *, undeclared=False):
    content = bytearray(sound(np.zeros((count, int(seconds * rate)), np.int16), rate))
    if undeclared:
        content[21] &= 0xF0
        content[22:26] = bytes(4)
    return bytes(content)


def wav_claiming(rate, count, bits=16):
    block = count * bits // 8 % 2**16
    fmt = struct.pack("<HHIIHH", 1, count, rate, rate * block, block, bits)
    return b"RIFF\x24\xff\xff\x7fWAVEfmt \x10\0\0\0" + fmt + b"data\0\xff\xff\x7f" + bytes(20 * MB)


def rows(piece, count):
    return table([paragraph("Cough")]).replace("</w:tr>", "</w:tr>" + piece * count)


CELL = (
    "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='1000000000'/><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>"
)
BOMBS = {
    "text of one line": (read_notes, lambda: repeated(b"cough ")),
    "text without spaces": (read_notes, lambda: repeated(b"a")),
    "text of capitals and digits": (read_notes, lambda: repeated(b"Ab0")),
    "text of line ends": (read_notes, lambda: repeated(b"\n")),
    "text of zeros": (read_notes, lambda: bytes(LIMIT)),
    "text in GB18030": (read_notes, lambda: repeated("咳嗽".encode("gb18030"))),
    "text of bad bytes": (read_notes, lambda: repeated(b"a\xff", 790_000)),
    "text of ligatures": (read_notes, lambda: "\ufdfa".encode() * 199_000),
    "text of escapes": (read_notes, lambda: repeated(b"%E6%82%A3", 790_000)),
    "text of backslashes": (read_notes, lambda: repeated(b"\\u60a3", 790_000)),
    "text of entities": (read_notes, lambda: repeated(b"&#24739;", 790_000)),
    "text of plus signs": (read_notes, lambda: repeated(b"+YKM-", 790_000)),
    "base64 of a long text": (read_notes, lambda: base64.b64encode(repeated(b"cough9 ", 40 * MB))),
    "base64 within base64": (
        read_notes,
        lambda: base64.b64encode(base64.b64encode(base64.b64encode(repeated(b"cough9 ", 18 * MB)))),
    ),
    "quoted-printable": (read_notes, lambda: repeated(b"=E6=82=A3=\n")),
    "page of many tags": (read_notes, lambda: b"<p>" + repeated(b"<b>x</b>")),
    "page of open tags": (read_notes, lambda: b"<p>" + repeated(b"<div>", 1_900_000)),
    "page of one attribute": (read_notes, lambda: b"<p a='" + repeated(b"x ", 15 * MB) + b"'>"),
    "page of attributes": (read_notes, lambda: b"<p " + repeated(b"a=1 ", 15 * MB) + b">"),
    "page of comments": (read_notes, lambda: b"<p>" + repeated(b"<!--", 15 * MB)),
    "page of instructions": (read_notes, lambda: b"<p>" + repeated(b"<?a", 15 * MB)),
    "page of selectors": (
        read_notes,
        lambda: b"<style>" + repeated(b"a{display:none}", 4 * MB) + b"</style><p>x",
    ),
    "page without end": (read_notes, lambda: b"<html>" + repeated(b"cough ")),
    "XML with entities": (
        read_notes,
        lambda: (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "'
            + b"x" * 10**6
            + b'">]><ClinicalDocument xmlns="urn:hl7-org:v3">'
            + b"&b;" * 10**6
            + b"</ClinicalDocument>"
        ),
    ),
    "CDA of many cells": (read_notes, lambda: cda(("a", "<td/>" * 3_000_000))),
    "FHIR of deep sections": (
        read_notes,
        lambda: b'{"resourceType":"Composition",' + b'"section":[{' * 200_000,
    ),
    "JSON of many lists": (read_notes, lambda: b'{"a":' + repeated(b"[")),
    "JSON of many values": (read_notes, lambda: b'{"a":[' + repeated(b"1,") + b"1]}"),
    "JSON of one string": (read_notes, lambda: b'{"a":"' + repeated(b"x") + b'"}'),
    "FHIR of many documents": (
        read_notes,
        lambda: fhir("Bundle", entry=[{"resource": {"presentedForm": [form(b"x" * 40)]}}] * 9000),
    ),
    "mail of many parts": (read_notes, lambda: many_parts(1_000_000)),
    "mail of deep parts": (read_notes, lambda: many_parts(400, depth=True)),
    "mail of many headers": (
        read_notes,
        lambda: b"MIME-Version: 1.0\n" + repeated(b"X-A: b\n") + b"\ncough",
    ),
    "mail of short lines": (
        read_notes,
        lambda: b"MIME-Version: 1.0\n\n" + repeated(b"a\n"),
    ),
    "Word: merged cells": (read_notes, lambda: word(rows(CELL, 150_000))),
    "Word: one merged cell": (read_notes, lambda: word(rows(CELL, 1))),
    "Word: empty paragraphs": (read_notes, lambda: word("<w:p/>" * 5_000_000)),
    "Word: empty runs": (read_notes, lambda: word(paragraph("<w:r/>" * 5_000_000))),
    "Word: tables in tables": (
        read_notes,
        lambda: word("<w:tbl><w:tr><w:tc>" * 600 + "</w:tc></w:tr></w:tbl>" * 600),
    ),
    "Word: one long run": (read_notes, lambda: word(paragraph(run("cough " * 5 * MB)))),
    "Word: a zip bomb": (read_notes, lambda: zipped({"word/document.xml": b"0" * (200 * MB)})),
    "Word: a size that lies": (read_notes, lying_zip),
    "Word: entries that overlap": (read_notes, overlapping_zip),
    "Word: many entries": (
        read_notes,
        lambda: zipped({f"word/{n}.xml": b"" for n in range(60_000)}, zipfile.ZIP_STORED),
    ),
    "Word: documents in documents": (read_notes, lambda: documents_within(6)),
    "Word: one part many times": (
        read_notes,
        lambda: imported(b"<p>" + b"<b></b>" * 100_000 + b"x", 1000),
    ),
    "Word: many sections": (read_notes, lambda: sections(20_000)),
    "Word: many styles": (
        read_notes,
        lambda: word(
            paragraph("Cough"),
            parts=[("rS", "styles", "styles.xml", story("styles", "<w:style/>" * 1_500_000))],
        ),
    ),
    "PDF: a stream that inflates": (read_notes, lambda: flate_pdf(200 * MB)),
    "PDF: a stream that inflates twice": (read_notes, lambda: flate_pdf(300 * MB, 2)),
    "PDF: words without end": (read_notes, lambda: flate_pdf(100 * MB, 1, b"BT (cough) Tj ET ")),
    "PDF: drawings in drawings": (read_notes, drawings_within_drawings),
    "PDF: many objects": (read_notes, many_objects),
    "PDF: many pages": (read_notes, lambda: many_pages(100_000)),
    "PDF: a count of pages that lies": (
        read_notes,
        lambda: raw_pdf(
            "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 999999999>>"
        ),
    ),
    "PDF: many fields": (read_notes, many_fields),
    "PDF: nested lists": (
        read_notes,
        lambda: raw_pdf("<</Type/Catalog/Pages " + "[" * 2_000_000 + ">>"),
    ),
    "sound: 8 channels": (read_sound, lambda: channels(8, 300, 48_000)),
    "sound: 8 channels, no length": (
        read_sound,
        lambda: channels(8, 300, 48_000, undeclared=True),
    ),
    "sound: hours of silence": (read_sound, lambda: channels(1, 3600 * 3, 8000)),
    "sound: hours, no length": (
        read_sound,
        lambda: channels(1, 3600 * 3, 8000, undeclared=True),
    ),
    "sound: all channels and rates": (read_sound, lambda: wav_claiming(768_000, 32)),
    "sound: channels that lie": (read_sound, lambda: wav_claiming(8000, 65_535)),
    "sound: short frames": (
        read_sound,
        lambda: repeated(b"\xff\xf3\x18\xc4" + bytes(20), 20 * MB),
    ),
    "sound: noise with a name": (
        read_sound,
        lambda: b"OggS" + np.random.default_rng(1).bytes(20 * MB),
    ),
    "sound: empty pages": (
        read_sound,
        lambda: repeated(b"OggS\0\2" + bytes(20) + b"\1\0", 20 * MB),
    ),
}
