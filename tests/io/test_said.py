"""Every refusal and every warning of the picture readers, with a file that causes it.

A row is a cause, a file that has it, and the whole sentence. The last test reads the readers'
source: a sentence that stands there and in no row is one that nobody has seen to be true.
"""

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
from tests.made_sentences import calls, pattern

FOLDER = Path(mmbm.io.__file__).parent
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
        "This is not a DICOM, PNG or JPEG image. Choose a chest X-ray."),
    "a GIF": (picture(GREY, "GIF"),
        "This file is a GIF. Give a DICOM, PNG or JPEG image."),
    "a HEIC": (b"\0\0\0\x18ftypheic" + bytes(99),
        "This file is a HEIC or AVIF photograph. Give a DICOM, PNG or JPEG image."),
    "a structured report": (dicom(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11"),
        "This file is a structured report. Choose the image file."),
    "no pixels": (dicom(PixelData=None),
        "This DICOM file contains no image. Choose the image file."),
    "an MPEG": (encapsulated(items([bytes(64)]), "1.2.840.10008.1.2.4.103"),
        "This DICOM file contains an MPEG video. Give a single image."),
    "a JPEG XL": (encapsulated(items([bytes(64)]), "1.2.840.10008.1.2.4.110"),
        "Images compressed as JPEG XL are not read. Export the image uncompressed."),
    "an animated PNG": (png_of(64, 64, 65 * 64, extra=chunk(b"acTL", b"\0\0\0\2" * 2)),
        "This PNG is animated. Give a single image."),
    "four colours": (bytes(imagecodecs.jpeg8_encode(
        np.dstack([VALUES] * 4), lossless=True, bitspersample=12)),
        "This JPEG has four colour components. Save it in greyscale or RGB."),
    "an arithmetic JPEG": (jpeg(GREY).replace(b"\xff\xc0", b"\xff\xcb", 1),
        "Images compressed as arithmetic-coded lossless JPEG are not read. Export the image "
        "uncompressed."),
    # --- too large ----------------------------------------------------------------------------
    "60000 x 60000": (dicom(Rows=60_000, Columns=60_000),
        "The image has 60000 × 60000 pixels; at most 64 million pixels are read. Export it "
        "smaller."),
    "65535 x 65535 inside": (in_dicom(jpeg_of(65535, 65535), JPEG, **EIGHT),
        "The image has 65535 × 65535 pixels; at most 64 million pixels are read. Export it "
        "smaller."),
    "a PNG of 60000": (png_of(60_000, 60_000, 99),
        "The image has 60000 × 60000 pixels; at most 64 million pixels are read. Export it "
        "smaller."),
    "100,000 frames": (dicom(NumberOfFrames=100_000),
        "The file has 100000 frames; at most 512 are read. Export the chest X-ray alone."),
    "a million tiles": (in_dicom(j2k_of(size=(1024, 1024), tile=(1, 1)), J2K),
        "The JPEG 2000 image has 1,048,576 tiles; at most 16,384 are read. Export it "
        "uncompressed."),
    "506 scans": (scans(500), "The JPEG image has 506 scans; at most 100 are read. Export it "
                              "uncompressed."),
    "16,384 components": (in_dicom(j2k_of(components=16384), J2K),
        "The image has 16384 values per pixel; 1 (greyscale) or 3 (colour) are read. Export "
        "it in greyscale."),
    "a million elements": (many_elements(100_000, "empty"),
        "The DICOM header has more than 50,000 elements, far more than that of an X-ray. "
        "Export the image again."),
    "a million fragments": (encapsulated(items([b""] * 100_002), J2K),
        "The image in this DICOM file has more than 100,000 fragments. Export it again."),
    "a million chunks": (png_of(64, 64, 65 * 64, extra=chunk(b"tEXt", b"") * 100_001),
        "The PNG image has more than 100,000 chunks. Export it again."),
    "rows behind the picture": (png_of(64, 64, 64 * 2**20),
        "The PNG image has 65,238 bytes of compressed pixels, more than its size can need. "
        "Export it again."),
    "a deflate bomb": (deflated("behind", 64),
        "The deflated DICOM file unpacks to more than 17 MB from 0.1 MB. Export it uncompressed."),
    "a table of 200,000": (spliced(dicom(VALUES), sequence(0x00283010, [
        element(0x00283002, "US", struct.pack("<3H", 0, 0, 16))
        + element(0x00283006, "OW", bytes(400_000))])),
        "A lookup table in this DICOM file has more than 65,536 entries. Export the image again."),
    # --- cut short or damaged -----------------------------------------------------------------
    "cut before the pixels": (dicom(VALUES)[:420],
        "This DICOM file is cut short or damaged before its image. Export it again."),
    "cut within the pixels": (native(words(VALUES))[:-1000],
        "The file is cut short: its pixels need 122,880 bytes, and it has 121,880. Export it "
        "again."),
    "rows that are not there": (changed(native(words(VALUES)), Rows=288),
        "The header describes 147,456 bytes of pixels; the file has 122,880. Export it again."),
    "an empty picture": (encapsulated(items([]), J2K),
        "The image in this DICOM file is empty: the file is cut short, or its image was "
        "removed. Export it again."),
    "no codestream": (encapsulated(items([bytes(64)]), J2K),
        "The compressed image in this file is damaged: it does not start as JPEG, JPEG-LS or "
        "JPEG 2000 does. Export it uncompressed."),
    "half a JPEG-LS": (bytes(imagecodecs.jpegls_encode(VALUES))[:9000],
        "The JPEG-LS image is cut short: its end is missing. Export it again."),
    "a damaged JPEG 2000": (compressed("j2k").replace(b"\xff\x90\0\x0a", b"\xff\x90\0\x0b"),
        "The JPEG 2000 image is damaged and could not be decoded. Export it again."),
    "one grey of 8000 x 8000": (in_dicom(flat(8000, 8000, "j2k"), J2K, **EIGHT),
        "The JPEG 2000 image has 336 bytes for 8000 × 8000 pixels: it is cut short or blank. "
        "Export it again."),
    "a JPEG of height 0": (in_dicom(jpeg_of(0, 64), JPEG, **EIGHT),
        "The JPEG image does not state its size. Export it again."),
    "half a PNG": (picture(GREY)[:300], "The PNG image is cut short: its end is missing. "
                                        "Export it again."),
    "no pixels in a PNG": (picture(GREY).replace(b"IDAT", b"IDAX"),
        "The PNG image is cut short: its end is missing. Export it again."),
    "a damaged PNG": (picture(GREY)[:80] + b"????" + picture(GREY)[84:],
        "The PNG image is damaged and could not be decoded. Export it again."),
    "half a JPEG": (jpeg(GREY)[:2000],
        "The JPEG image is damaged and could not be decoded. Export it again."),
    "an RLE of one part": (encapsulated(items([struct.pack("<16I", 1, 64, *[0] * 14) + bytes(9)]),
        CODECS["rle"][0]),
        "The RLE image has 1 where its header requires 2 segments. Export it uncompressed."),
    "half an RLE": (encapsulated(items([rle(VALUES[:120])]), CODECS["rle"][0]),
        "The RLE image is cut short: it has 30,720 of 61,440 pixels. Export it again."),
    "an RLE that runs over": (encapsulated(items([rle(np.repeat(VALUES, 2, axis=0))]),
        CODECS["rle"][0]),
        "The RLE image is damaged and could not be decoded. Export it again."),
    "an RLE of 60000 rows": (rle_of(60_000, 1_000),
        "The RLE image has 6,064 bytes for 1000 × 60000 pixels: it is cut short or blank. "
        "Export it again."),
    "an RLE of 12 bits": (compressed("rle", BitsAllocated=12),
        "The RLE image has 12 bits per value; multiples of 8 are read. Export it uncompressed."),
    "half a deflated frame": (encapsulated(items([zlib.compress(words(VALUES))[:9000]]),
        "1.2.840.10008.1.2.8.1"),
        "The deflated image is damaged or cut short. Export it uncompressed."),
    "no deflate": (without_deflate(),
        "The deflated part of this DICOM file is damaged. Export it uncompressed."),
    "three frames in nine pieces": (encapsulated(
        items([part for _ in range(3) for part in pieces(rle(VALUES), 3)]),
        CODECS["rle"][0], NumberOfFrames=3),
        "The file has 3 frames in 9 fragments and does not state which belong together. "
        "Export it uncompressed."),
    # --- nothing to see, or nothing to read it by -----------------------------------------------
    "one grey": (dicom(VALUES * 0 + 7),
        "The image is one uniform grey, with nothing to see in it. Choose another image."),
    "a slope of 1e38": (dicom(VALUES, RescaleSlope="1e38", RescaleIntercept="0"),
        "The pixel values of this DICOM file are not usable numbers after its rescale slope "
        "and intercept. Export it again."),
    "neither rows nor columns": (dicom(VALUES, Rows=None, Columns=None),
        "The DICOM header states no valid Rows and Columns, which the file size does not "
        "determine either. Export the image again."),
    "two values a pixel": (changed(native(words(VALUES)), SamplesPerPixel=2),
        "The image has 2 values per pixel; 1 (greyscale) or 3 (colour) are read. Export it "
        "in greyscale."),
    "a table without entries": (changed(dicom(VALUES), **a_table(LUTDescriptor=[4, 0, 16])),
        "A lookup table in this DICOM file has no entries or no descriptor, so its greys are "
        "unknown. Export the image again."),
    "a palette without a table": (palette_without_a_table(),
        "The colour table of this DICOM file is missing or damaged. Export the image in "
        "greyscale."),
    # --- read, and said -------------------------------------------------------------------------
    "no modality": (dicom(VALUES, Modality=None),
        "The file does not state its modality. Check that it is an X-ray."),
    "a CT": (dicom(VALUES, Modality="CT"),
        "The modality of the file is CT, not an X-ray; the model was trained on X-rays."),
    "an unknown modality": (dicom(VALUES, Modality="ABC"),
        "The file states an unknown modality, not an X-ray; the model was trained on X-rays."),
    "a modality without a name": (dicom(VALUES, Modality="ECG"),
        "The modality of the file is ECG, not an X-ray; the model was trained on X-rays."),
    "a hip": (dicom(VALUES, BodyPartExamined="HIP"),
        "The body part stated in the file is HIP, not the chest."),
    "a lateral view": (dicom(VALUES, ViewPosition="LL"),
        "This is a lateral view; the model was trained on frontal views."),
    "burned-in writing": (dicom(VALUES, BurnedInAnnotation="YES"),
        "The image has burned-in text, which may identify the patient."),
    "a small picture": (dicom(film(100, 90)),
        "The image has only 90 × 100 pixels; small findings cannot be seen."),
    "a small PNG": (picture(GREY[:100, :90]),
        "The image has only 90 × 100 pixels; small findings cannot be seen."),
    "a lossy JPEG": (compressed("jpeg"),
        "The image was compressed with loss; fine detail may be missing."),
    "a colour DICOM": (changed(native(RGB.tobytes(), allocated=8, stored=8),
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0),
        "This is a colour image; it was converted to greyscale."),
    "a colour PNG": (picture(np.dstack([GREY, GREY // 2, 255 - GREY])),
        "This is a colour image; X-rays are greyscale. Check that it is the right file."),
    "a PNG named .dcm": (picture(GREY),
        "The file is named as DICOM but is a PNG image."),
    "three frames": (dicom(np.stack([VALUES] * 3)),
        "The file has 3 frames; one is read."),
    "a window far below": (dicom(VALUES, WindowCenter=128, WindowWidth=256),
        "The window stored in the file shows nearly all of the image white; it was not used."),
    "a window of no width": (dicom(VALUES, WindowCenter=1, WindowWidth=0),
        "The window stored in the file has a width of 0, which shows nothing; it was not used."),
    "a mirrored film": (dicom(VALUES, PatientOrientation=["R", "F"]),
        "The header states that the image is stored mirrored (rows to R, columns to F); it "
        "was turned upright."),
    "an impossible orientation": (dicom(VALUES, PatientOrientation=["L", "R"]),
        "The header contradicts itself: its orientation is impossible (rows to L, columns to "
        "R). Check the orientation of the image."),
    "a view against its orientation": (dicom(VALUES, PatientOrientation=["A", "F"]),
        "The header contradicts itself: the view is PA, the orientation lateral (rows to A, "
        "columns to F). Check the orientation of the image."),
    "a lateral view in a frontal orientation": (dicom(VALUES, PatientOrientation=["L", "F"],
        ViewPosition="LL"),
        "The header contradicts itself: the view is lateral, the orientation frontal (rows to "
        "L, columns to F). Check the orientation of the image."),
    "an axial projection": (dicom(VALUES, PatientOrientation=["L", "P"]),
        "The header states that the X-ray was taken along the body (rows to L, columns to "
        "P). Check its view."),
    "no sense of grey": (changed(native(words(VALUES)), PhotometricInterpretation=None),
        "The header does not state whether high values are bright (Photometric "
        "Interpretation); they were shown bright. Check that air is dark."),
    "pixels that are no numbers": (dicom(VALUES)[: dicom(VALUES).rfind(b"\xe0\x7f\x10\0")]
        + element(0x7FE00008, "OW", np.where(VALUES > 9, VALUES, np.nan).astype("<f4").tobytes()),
        "Pixels whose value is not a number are shown black: 3."),
    "letters against cosines": (dicom(VALUES, PatientOrientation=["L", "F"],
        ImageOrientationPatient=[-1, 0, 0, 0, 0, -1]),
        "The header contradicts itself: Patient Orientation states rows to L, columns to F, "
        "the direction cosines rows to R, columns to F. Check the orientation of the image."),
    "no samples": (changed(native(words(VALUES)), SamplesPerPixel=None,
        PhotometricInterpretation=None),
        "The header does not state the values per pixel; 1 per pixel fit the file and were "
        "assumed."),
    "12 bits in words": (native(words(VALUES), allocated=12),
        "The header states 12 bits per value; 16 fit the file and were read."),
    "no bits": (changed(native(words(VALUES)), BitsAllocated=None),
        "The header does not state the bits per value; 16 fit the file and were read."),
    "no rows": (changed(native(words(VALUES)), Rows=None),
        "The header does not state Rows; 240 fits the file and was assumed."),
    "no bits stored": (changed(native(words(VALUES)), BitsStored=None, HighBit=None),
        "The header does not state how many bits of a value are used; all 16 were read."),
    "no sign": (changed(native(words(VALUES)), PixelRepresentation=None),
        "The header does not state whether values are signed; unsigned values fit the image "
        "and were assumed."),
    "uncompressed under JPEG": (with_syntax(native(words(VALUES)), JPEG),
        "The header states that the image is compressed; it is not, and was read as stored."),
    "JPEG 2000 under implicit": (with_syntax(compressed("j2k"), IMPLICIT),
        "The header does not state that the image is compressed; it is JPEG 2000 and was "
        "read as such."),
    "JPEG 2000 under JPEG": (with_syntax(compressed("j2k"), JPEG),
        "The header names another compression; the image is JPEG 2000 and was read as such."),
    "a size against the stream": (compressed("j2k", Rows=64, Columns=64),
        "The header states 64 × 64 pixels; the compressed image has 256 × 240, which were read."),
    "too many frame groups": (spliced(dicom(VALUES), element(0x52009230, "SQ",
        b"\xfe\xff\x00\xe0\0\0\0\0" * 100_000)),
        "Damaged or overlong header elements were not used: PerFrameFunctionalGroupsSequence."),
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
UNSEEN = {"io.image.slow", "io.image.layout", "io.dicom.no_such_frame", "io.dicom.unknown_element"}


def test_every_sentence_of_the_readers_was_caused_by_a_file():
    seen = [sentence for _, sentence in CAUSES.values()]
    made = [call for name in READERS for call in calls(FOLDER / f"{name}.py")]
    assert made
    unseen = {
        call.code.replace("\\", "")
        for call in made
        if not any(re.search(pattern(code), s) for code in call.codes for s in seen)
    }
    assert unseen == UNSEEN
