"""Small valid notes and recordings of every kind that is read, for damage to be done to."""

import base64
import gzip

from tests.made_files import docx, pdf, sound, tone, wav
from tests.made_notes import (
    HELVETICA,
    cda,
    fhir,
    form,
    mail,
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
from tests.made_sounds import big_endian_wav, padded_wav, tracks

ENGLISH = "58-year-old man. Cough for 4 days, T 38.7 °C ±0.2, SpO2 < 94%."
CHINESE = "患者咳嗽3天，发热38.5℃，胸痛。既往体健，否认药物过敏。"
SHORT = tone(1.5, 8000)


def sounds():
    kinds = [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
    kinds += [("WAV", "IMA_ADPCM"), ("WAV", "G721_32"), ("AIFF", "PCM_24"), ("CAF", "ALAC_16")]
    kinds += [("AU", "FLOAT"), ("W64", "PCM_16"), ("WAV", "GSM610"), ("VOC", "PCM_16")]
    found = {f"{kind} {sub}": sound(SHORT, 8000, kind, subtype=sub) for kind, sub in kinds}
    return found | {
        "wav": wav(SHORT, 8000),
        "stereo": wav([SHORT, 0.5 * SHORT], 8000),
        "padded": padded_wav(SHORT, 24, 32, rate=8000),
        "big endian": big_endian_wav(SHORT, 8000),
        "two tracks": tracks(0 * SHORT, SHORT, rate=8000),
        "m4a": tracks(tone(1.5, 16_000), container="mp4", codec="aac"),
        "webm": tracks(tone(1.5, 48_000), container="webm", codec="libopus", rate=48_000),
        "adts": tracks(tone(1.5, 16_000), container="adts", codec="aac"),
    }


def pdfs():
    widget = (
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(38.7 C)/F 4/Rect[160 655 300 675]"
        "/DA(/F1 12 Tf)>>"
    )
    words = "BT /F1 12 Tf 50 700 Td (Complaint:) Tj 0 -40 Td (Temperature:) Tj ET"
    image = (
        "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray"
        "/BitsPerComponent 8/Length 1>>stream\n\x80\nendstream"
    )
    return {
        "lines": pdf("Cough for 3 days", "No fever"),
        "form": page_pdf(
            words, catalogue="/AcroForm<</Fields[6 0 R]>>", page="/Annots[6 0 R]", more=[widget]
        ),
        "picture": page_pdf(
            words + " q 600 0 0 500 0 0 cm /I Do Q",
            resources="/XObject<</I 6 0 R>>",
            more=[image.encode("latin-1")],
        ),
        "encrypted": pdf("Cough", password=""),
        "bare": raw_pdf(
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]/Contents 4 0 R/Resources<</Font<</F1 5 "
            "0 R>>>>>>",
            stream("BT /F1 9 Tf 9 9 Td <436F756768> Tj ET"),
            HELVETICA,
        ),
    }


_BODY = (
    paragraph("Denies ", f"<w:ins w:id='1'>{run('fever')}</w:ins>", run(" x", "<w:vanish/>"))
    + table([paragraph("Temp"), paragraph("38.7")])
    + paragraph("<w:r><w:sym w:font='Symbol' w:char='F0B3'/></w:r>")
    + "<w:altChunk r:id='rA'/><w:sectPr><w:headerReference r:id='rH'/></w:sectPr>"
)
_PARTS = [
    ("rA", "aFChunk", "chunk.html", b"<p>Imported</p>"),
    ("rH", "header", "header1.xml", story("hdr", paragraph("Chest clinic"))),
]


def words():
    """Whole documents: damage hits the archive."""
    return {"plain": docx([ENGLISH], [["T", "38.5"]]), "rich": word(_BODY, parts=_PARTS)}


def stories():
    """The XML within a document, before it is packed."""
    body = story("document", f"<w:body>{_BODY}</w:body>")
    return {"rich": body.encode(), "UTF-16": body.replace("UTF-8", "UTF-16").encode("utf-16")}


def packed(content):
    return zipped({"word/document.xml": content})


def texts():
    page = f"<html><style>.a{{display:none}}</style><p>{CHINESE}<table><tr><td>T<td>38</table>"
    found = {charset: CHINESE.encode(charset) for charset in ("utf-8", "gb18030", "utf-16")}
    found |= {charset: ENGLISH.encode(charset) for charset in ("utf-8-sig", "cp1252", "utf-16-le")}
    return found | {
        "big5": "病人咳嗽三天，發熱，呼吸困難。".encode("big5"),
        "utf-7": CHINESE.encode("utf-7"),
        "base64": base64.encodebytes(CHINESE.encode() * 3),
        "page": page.encode(),
        "mail": mail(CHINESE, html=page, attached=[(b"x", "text/plain", "a.txt")]),
        "fhir": fhir(presentedForm=[form(ENGLISH.encode())], text={"div": "<div>Cough</div>"}),
        "cda": cda(("History", f"<paragraph>{CHINESE}</paragraph>")),
        "markdown": b"# Note\n\n* cough\n* fever",
        "gzip": gzip.compress(b"Cough"),
    }
