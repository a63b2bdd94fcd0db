"""Every refusal and every warning of the picture readers, with a file that causes it.

A row is a cause, a file that has it, and the whole sentence. The last test reads the readers'
source: a sentence that stands there and in no row is one that nobody has seen to be true.
"""

import ast
import re
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset

import mmbm.io
from mmbm.errors import InputError
from mmbm.io import read_picture
from tests.attacks.picture_bombs import (
    deflated,
    flat,
    in_dicom,
    j2k_of,
    jpeg_of,
    many_elements,
    png_of,
    rle_of,
    scans,
)
from tests.made_files import dicom, jpeg, picture
from tests.made_pictures import (
    CODECS,
    IMPLICIT,
    changed,
    chunk,
    compressed,
    element,
    encapsulated,
    film,
    items,
    native,
    pieces,
    rle,
    sequence,
    spliced,
    with_syntax,
    words,
)

VALUES = film()
GREY = (VALUES >> 4).astype(np.uint8)
JPEG, J2K = CODECS["jpeg"][0], CODECS["j2k"][0]
EIGHT = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
RGB = np.stack([GREY, GREY // 2, GREY // 3], axis=2)


def a_table(**data):
    item = Dataset()
    for tag, value in data.items():
        item.add_new(tag, "US" if tag == "LUTDescriptor" else "OW", value)
    return {"VOILUTSequence": [item]}


def palette_without_a_table():
    plain = native(words(GREY, allocated=8), allocated=8, stored=8)
    return changed(plain, PhotometricInterpretation="PALETTE COLOR")


def without_deflate():
    content = dicom(VALUES)
    start = 144 + int.from_bytes(content[140:144], "little")
    return with_syntax(content[:start] + b"\xff" * 900, "1.2.840.10008.1.2.1.99")


CAUSES = {
    # --- not a picture, or another one --------------------------------------------------------
    "a text": (b"hello, this is a text " * 20,
        "This is not a DICOM, PNG or JPEG picture; please choose a chest radiograph."),
    "a GIF": (picture(GREY, "GIF"),
        "This file is a GIF; please give a DICOM, PNG or JPEG picture instead."),
    "a HEIC": (b"\0\0\0\x18ftypheic" + bytes(99),
        "This file is a HEIC or AVIF photograph; please give a DICOM, PNG or JPEG picture."),
    "a structured report": (dicom(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"),
        "This file is a structured report; please choose the image itself."),
    "no pixels": (dicom(PixelData=None),
        "This DICOM file holds no picture; please choose the image itself."),
    "an MPEG": (encapsulated(items([bytes(64)]), "1.2.840.10008.1.2.4.103"),
        "This DICOM file holds an MPEG video; please give a single picture."),
    "a JPEG XL": (encapsulated(items([bytes(64)]), "1.2.840.10008.1.2.4.110"),
        "The picture inside this DICOM file is a JPEG XL, which is not read; please export it "
        "uncompressed."),
    "an animated PNG": (png_of(64, 64, 65 * 64, extra=chunk(b"acTL", b"\0\0\0\2" * 2)),
        "This PNG is animated; please give a single picture."),
    "four colours": (bytes(imagecodecs.jpeg8_encode(
        np.dstack([VALUES] * 4), lossless=True, bitspersample=12)),
        "This JPEG has four colours; please save it in grey or RGB."),
    "an arithmetic JPEG": (jpeg(GREY).replace(b"\xff\xc0", b"\xff\xcb", 1),
        "The picture is of a kind that is not read: arithmetic lossless JPEG. Please export it "
        "again."),
    # --- too large ----------------------------------------------------------------------------
    "60000 x 60000": (dicom(Rows=60_000, Columns=60_000),
        "The picture is 60000 x 60000 pixels; at most 64 million are read."),
    "65535 x 65535 inside": (in_dicom(jpeg_of(65535, 65535), JPEG, **EIGHT),
        "The JPEG picture is 65535 x 65535 pixels; at most 64 million are read."),
    "a PNG of 60000": (png_of(60_000, 60_000, 99),
        "The picture has too many pixels; at most 64 million are read."),
    "100,000 frames": (dicom(NumberOfFrames=100_000),
        "The file holds 100000 frames; at most 512 are read."),
    "a million tiles": (in_dicom(j2k_of(size=(1024, 1024), tile=(1, 1)), J2K),
        "The JPEG 2000 picture is cut into 1,048,576 tiles; at most 16,384 are read."),
    "506 scans": (scans(500), "The JPEG picture lies in 506 scans; at most 100 are read."),
    "16,384 components": (in_dicom(j2k_of(components=16384), J2K),
        "The JPEG 2000 picture has 16384 values a pixel; 1 (grey) or 3 are read."),
    "a million elements": (many_elements(100_000, "empty"),
        "The DICOM header holds more than 50,000 elements, far more than a radiograph's; please "
        "export the image again."),
    "a million fragments": (encapsulated(items([b""] * 100_002), J2K),
        "The picture inside this DICOM file lies in more than 100,000 pieces; please export the "
        "image again."),
    "a million chunks": (png_of(64, 64, 65 * 64, extra=chunk(b"tEXt", b"") * 100_001),
        "The PNG picture lies in more than 100,000 pieces."),
    "rows behind the picture": (png_of(64, 64, 64 * 2**20),
        "The PNG picture has 65,238 bytes of compressed pixels, more than it can need; please "
        "export it again."),
    "a deflate bomb": (deflated("behind", 64),
        "The deflated DICOM file unpacks to more than 17 MB from 0.1 MB; please export it "
        "uncompressed."),
    "a table of 200,000": (spliced(dicom(VALUES), sequence(0x00283010, [
        element(0x00283002, "US", struct.pack("<3H", 0, 0, 16))
        + element(0x00283006, "OW", bytes(400_000))])),
        "A lookup table in this DICOM file has more than 65,536 entries; export it again."),
    # --- cut short or damaged -----------------------------------------------------------------
    "cut before the pixels": (dicom(VALUES)[:420],
        "This DICOM file was cut short or is damaged before its picture; please export the image "
        "again."),
    "cut within the pixels": (native(words(VALUES))[:-1000],
        "The file was cut short: its pixels should have 122,880 bytes, and 121,880 are there. "
        "Please export the image again."),
    "rows that are not there": (changed(native(words(VALUES)), Rows=288),
        "The header describes 147,456 bytes of pixels; the file holds 122,880. Please export the "
        "image again."),
    "an empty picture": (encapsulated(items([]), J2K),
        "The picture inside this DICOM file is empty: the file was cut short, or its picture was "
        "taken out. Please export the image again."),
    "no codestream": (encapsulated(items([bytes(64)]), J2K),
        "The compressed picture inside this file is damaged: it does not begin as JPEG, JPEG-LS "
        "or JPEG 2000 do. Please export it uncompressed."),
    "half a JPEG-LS": (bytes(imagecodecs.jpegls_encode(VALUES))[:9000],
        "The JPEG-LS picture is cut short: its end is missing. Please export it again."),
    "a damaged JPEG 2000": (compressed("j2k").replace(b"\xff\x90\0\x0a", b"\xff\x90\0\x0b"),
        "The JPEG 2000 picture is damaged and could not be decoded; please export it again."),
    "one grey of 8000 x 8000": (in_dicom(flat(8000, 8000, "j2k"), J2K, **EIGHT),
        "The JPEG 2000 picture has 336 bytes for 8000 x 8000 pixels: it is cut short, or there "
        "is nothing to see in it."),
    "a JPEG of height 0": (in_dicom(jpeg_of(0, 64), JPEG, **EIGHT),
        "The JPEG picture does not give its size in its header; please export it again."),
    "half a PNG": (picture(GREY)[:300], "The PNG picture is cut short; please export it again."),
    "no pixels in a PNG": (picture(GREY).replace(b"IDAT", b"IDAX"),
        "The PNG picture is cut short; please export it again."),
    "a damaged PNG": (picture(GREY)[:80] + b"????" + picture(GREY)[84:],
        "The PNG picture is damaged and could not be decoded; please export it again."),
    "half a JPEG": (jpeg(GREY)[:2000],
        "The JPEG picture is damaged and could not be decoded; please export it again."),
    "an RLE of one part": (encapsulated(items([struct.pack("<16I", 1, 64, *[0] * 14) + bytes(9)]),
        CODECS["rle"][0]),
        "The RLE picture lies in 1 parts where the header asks for 2; please export it "
        "uncompressed."),
    "half an RLE": (encapsulated(items([rle(VALUES[:120])]), CODECS["rle"][0]),
        "The RLE picture is cut short: 30,720 of 61,440 pixels are there. Please export the image "
        "again."),
    "an RLE that runs over": (encapsulated(items([rle(np.repeat(VALUES, 2, axis=0))]),
        CODECS["rle"][0]),
        "The RLE picture is damaged and could not be decoded; please export it uncompressed."),
    "an RLE of 60000 rows": (rle_of(60_000, 1_000),
        "The RLE picture has 6,064 bytes for 1000 x 60000 pixels: it is cut short."),
    "an RLE of 12 bits": (compressed("rle", BitsAllocated=12),
        "The RLE picture has 12 bits a value; whole bytes are read. Please export it "
        "uncompressed."),
    "half a deflated frame": (encapsulated(items([zlib.compress(words(VALUES))[:9000]]),
        "1.2.840.10008.1.2.8.1"),
        "The deflated picture is damaged or cut short; please export it uncompressed."),
    "no deflate": (without_deflate(),
        "The deflated part of this DICOM file is damaged; please export it uncompressed."),
    "three frames in nine pieces": (encapsulated(
        items([part for _ in range(3) for part in pieces(rle(VALUES), 3)]),
        CODECS["rle"][0], NumberOfFrames=3),
        "The file holds 3 frames in 9 pieces and does not say which belong together; please "
        "export it uncompressed."),
    # --- nothing to see, or nothing to read it by -----------------------------------------------
    "one grey": (dicom(VALUES * 0 + 7),
        "The picture is one even grey: there is nothing to see in it."),
    "a slope of 1e38": (dicom(VALUES, RescaleSlope="1e38", RescaleIntercept="0"),
        "The pixel values of this DICOM file are not usable numbers after its rescale slope and "
        "intercept; please export the image again."),
    "neither rows nor columns": (dicom(VALUES, Rows=None, Columns=None),
        "The DICOM header does not give a valid Rows, Columns, and the size of the file does not "
        "tell it; please export the image again."),
    "two values a pixel": (changed(native(words(VALUES)), SamplesPerPixel=2),
        "The picture has 2 values a pixel; 1 (grey) or 3 (colour) are read."),
    "a table without entries": (changed(dicom(VALUES), **a_table(LUTDescriptor=[4, 0, 16])),
        "A lookup table in this DICOM file has no entries or no descriptor, so its greys are "
        "unknown; please export the image again."),
    "a palette without a table": (palette_without_a_table(),
        "The colour table of this DICOM file is missing or damaged; please export the image in "
        "grey."),
    # --- read, and said -------------------------------------------------------------------------
    "no modality": (dicom(VALUES, Modality=None),
        "The file does not say what kind of image it is: check it is a radiograph."),
    "a CT": (dicom(VALUES, Modality="CT"),
        "This file is CT, not a radiograph: the model was not trained on such images."),
    "a hip": (dicom(VALUES, BodyPartExamined="HIP"),
        "The file says the body part is HIP, not the chest."),
    "a lateral view": (dicom(VALUES, ViewPosition="LL"),
        "This is a lateral view: the model was trained on frontal views."),
    "burned-in writing": (dicom(VALUES, BurnedInAnnotation="YES"),
        "Writing is burned into the picture; it may name the patient."),
    "a small picture": (dicom(film(100, 90)),
        "The picture is only 90 x 100 pixels: small findings cannot be seen."),
    "a small PNG": (picture(GREY[:100, :90]),
        "The picture is only 90 x 100 pixels: small findings cannot be seen."),
    "a lossy JPEG": (compressed("jpeg"),
        "The picture was compressed with loss: fine detail may be missing."),
    "a colour DICOM": (changed(native(RGB.tobytes(), allocated=8, stored=8),
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0),
        "This is a colour picture; it was turned into grey."),
    "a colour PNG": (picture(np.dstack([GREY, GREY // 2, 255 - GREY])),
        "This is a colour picture; a radiograph is grey. Check that it is the right file."),
    "a PNG named .dcm": (picture(GREY),
        "The file is named like a DICOM file but is a PNG picture."),
    "three frames": (dicom(np.stack([VALUES] * 3)),
        "The file holds 3 frames: only one of them is read."),
    "a window far below": (dicom(VALUES, WindowCenter=128, WindowWidth=256),
        "The window stored in the file hides the picture: nearly all of it would be white. It was "
        "not used."),
    "a window of no width": (dicom(VALUES, WindowCenter=1, WindowWidth=0),
        "The window stored in the file has the width 0, which shows nothing: it was not used."),
    "a mirrored film": (dicom(VALUES, PatientOrientation=["R", "F"]),
        "The header says that the film is stored mirrored (rows to R, columns to F); it was turned "
        "upright."),
    "an impossible orientation": (dicom(VALUES, PatientOrientation=["L", "R"]),
        "The header contradicts itself: its orientation is impossible (rows to L, columns to R). "
        "Check how the film lies."),
    "a view against its orientation": (dicom(VALUES, PatientOrientation=["A", "F"]),
        "The header contradicts itself: its view is PA, its orientation lateral (rows to A, "
        "columns to F). Check how the film lies."),
    "an axial projection": (dicom(VALUES, PatientOrientation=["L", "P"]),
        "The header says that the film was seen along the body (rows to L, columns to P): check "
        "its view."),
    "no sense of grey": (changed(native(words(VALUES)), PhotometricInterpretation=None),
        "The header does not say whether large values are bright (Photometric Interpretation); "
        "they were taken as bright. Check that air is dark."),
    "pixels that are no numbers": (dicom(VALUES)[: dicom(VALUES).rfind(b"\xe0\x7f\x10\0")]
        + element(0x7FE00008, "OW", np.where(VALUES > 9, VALUES, np.nan).astype("<f4").tobytes()),
        "3 of the pixels are not numbers; they are shown black."),
    "letters against cosines": (dicom(VALUES, PatientOrientation=["L", "F"],
        ImageOrientationPatient=[-1, 0, 0, 0, 0, -1]),
        "The header contradicts itself: its letters say that the film lies with rows to L, columns "
        "to F, its cosines with rows to R, columns to F. Check how the film lies."),
    "no samples": (changed(native(words(VALUES)), SamplesPerPixel=None,
        PhotometricInterpretation=None),
        "The header does not say how many values a pixel has; 1 fits the file."),
    "12 bits in words": (native(words(VALUES), allocated=12),
        "The header says 12 bits a value; 16 fit the file and were read."),
    "no rows": (changed(native(words(VALUES)), Rows=None),
        "The header does not give Rows; 240 fits the file."),
    "no bits stored": (changed(native(words(VALUES)), BitsStored=None, HighBit=None),
        "The header does not say how many bits of a value count; all 16 were taken."),
    "no sign": (changed(native(words(VALUES)), PixelRepresentation=None),
        "The header does not say whether values are signed; unsigned ones fit the picture."),
    "uncompressed under JPEG": (with_syntax(native(words(VALUES)), JPEG),
        "The header says that the picture is compressed; it is not, and was read as it is."),
    "JPEG 2000 under implicit": (with_syntax(compressed("j2k"), IMPLICIT),
        "The header does not say that the picture is compressed: it is JPEG 2000 and was read as "
        "such."),
    "JPEG 2000 under JPEG": (with_syntax(compressed("j2k"), JPEG),
        "The header names another compression: it is JPEG 2000 and was read as such."),
    "a size against the stream": (compressed("j2k", Rows=64, Columns=64),
        "The header says 64 x 64 pixels; the compressed picture has 256 x 240, which were read."),
    "too many frame groups": (spliced(dicom(VALUES), element(0x52009230, "SQ",
        b"\xfe\xff\x00\xe0\0\0\0\0" * 100_000)),
        "A part of the DICOM header is damaged or too long and was not used: "
        "PerFrameFunctionalGroupsSequence."),
}  # fmt: skip


def said(content, name="film.dcm"):
    try:
        return read_picture(content, name).warnings
    except InputError as exc:
        return (str(exc),)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_and_its_sentence(cause):
    content, sentence = CAUSES[cause]
    sentences = said(content, "film.dcm" if "named .dcm" in cause else "film")
    assert sentence in sentences


def test_a_whole_film_is_read_without_a_word():
    for content in (dicom(VALUES), compressed("j2k"), compressed("jls"), picture(GREY)):
        assert said(content, "film") == ()


READERS = (
    *("bits", "decoders", "described", "dicom", "drawn", "elements", "frames", "grayscale"),
    *("header", "native", "orientation", "picture", "stored", "tables", "window"),
)
# Told by no row: what takes a decoder's time or breaks its rules cannot be made at will.
UNSEEN = ("takes more than", "has an unknown layout", "Frame ", "unnamed")


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
            parts = [node.value.replace("{}", "\0")]
        elif isinstance(node, ast.JoinedStr):
            parts = [v.value if isinstance(v, ast.Constant) else "\0" for v in node.values]
        else:
            continue
        text = "".join(parts)
        if len(text) > 30 and text[0] in "TWA\0" and text.rstrip("\0").endswith((".", "it", "\0")):
            yield re.escape(text).replace("\0", ".+")


def test_no_sentence_stands_in_the_readers_that_no_file_has_caused():
    known = [sentence for _, sentence in CAUSES.values()]
    untold = [
        pattern
        for module in READERS
        for pattern in sentences_in(module)
        if not any(re.search(pattern, s) for s in known)
        and not any(re.escape(part) in pattern for part in UNSEEN)
    ]
    assert untold == []
