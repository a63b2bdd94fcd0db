"""PNG files of every colour type and depth, JPEG files of every process: all grey levels kept."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_picture
from tests.made_files import jpeg, picture
from tests.made_pictures import chunk, film, png

VALUES = film()
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    *((0, depth) for depth in (1, 2, 4, 8, 16)),
    *((2, depth) for depth in (8, 16)),
    *((3, depth) for depth in (1, 2, 4, 8)),
    *((4, depth) for depth in (8, 16)),
    *((6, depth) for depth in (8, 16)),
]


def read(content, name="film.png"):
    return read_picture(content, name)


def grey(depth):
    return (VALUES.astype(np.int64) * (2**depth - 1)) // 4095


def pixels_of(colour, depth, alpha=None):
    values = grey(depth)
    layers = [values] * {0: 1, 2: 3, 3: 1, 4: 1, 6: 3}[colour]
    if colour in (4, 6):
        layers.append(np.full_like(values, 2**depth - 1) if alpha is None else alpha)
    return np.stack(layers, axis=2)


def palette(depth):
    levels = np.arange(2**depth) * 255 // (2**depth - 1)
    return chunk(b"PLTE", np.repeat(levels, 3).astype(np.uint8).tobytes())


def expected(depth):
    return grey(depth) if depth in (8, 16) else grey(depth) * 255 // (2**depth - 1)


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_every_kind_of_png(colour, depth, interlaced):
    extra = palette(depth) if colour == 3 else b""
    content = png(pixels_of(colour, depth), colour, depth, extra=extra, interlaced=interlaced)
    seen = read(content)
    np.testing.assert_array_equal(seen.pixels, expected(depth))
    assert seen.bits_stored == (16 if depth == 16 else 8)
    assert (seen.photometric, seen.warnings) == ("MONOCHROME2", ())


@pytest.mark.parametrize(("colour", "depth"), [(4, 8), (4, 16), (6, 8), (6, 16)])
def test_what_is_see_through_lies_on_black(colour, depth):
    alpha = grey(depth)[:, ::-1]
    seen = read(png(pixels_of(colour, depth, alpha), colour, depth))
    np.testing.assert_allclose(seen.pixels, grey(depth) * (alpha / (2**depth - 1)), atol=0.51)


@pytest.mark.parametrize(("colour", "depth"), [(0, 8), (0, 16), (2, 8), (2, 16), (3, 8)])
def test_one_grey_that_is_see_through_becomes_black(colour, depth):
    gone = int(grey(depth)[100, 100])
    if colour == 3:
        extra = palette(8) + chunk(b"tRNS", bytes(0 if i == gone else 255 for i in range(256)))
    else:
        extra = chunk(b"tRNS", struct.pack(">H", gone) * CHANNELS[colour])
    seen = read(png(pixels_of(colour, depth), colour, depth, extra=extra))
    np.testing.assert_array_equal(seen.pixels, np.where(grey(depth) == gone, 0, grey(depth)))


def test_a_coloured_16_bit_png_keeps_its_luminance():
    values = np.stack([grey(16), grey(16) // 2, grey(16) // 3], axis=2)
    seen = read(png(values, 2, 16))
    np.testing.assert_allclose(seen.pixels, values @ [0.299, 0.587, 0.114], rtol=1e-5, atol=0.02)
    assert len(np.unique(seen.pixels)) > 3000
    assert "This is a colour image" in seen.warnings[0]


TEXT = {
    "zTXt": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3 * 2**20))),
    "iTXt": chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * (2 * 2**20))),
    "tEXt": chunk(b"tEXt", b"Comment\0" + b"x" * (2 * 2**20)),
    "iCCP": chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(8 * 2**20))),
    "damaged iCCP": chunk(b"iCCP", b"profile\0\0nonsense"),
    "wrong check sum": chunk(b"tEXt", b"Comment\0x", check=1),
    "unknown": chunk(b"abCd", b"x" * 1000),
    "gamma": chunk(b"gAMA", struct.pack(">I", 220000)) + chunk(b"sRGB", b"\0"),
    "two thousand": chunk(b"tEXt", b"Comment\0x") * 2000,
}


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("depth", [8, 16])
def test_text_and_profiles_of_any_size_spoil_nothing(kind, depth):
    seen = read(png(pixels_of(0, depth), 0, depth, extra=TEXT[kind]))
    np.testing.assert_array_equal(seen.pixels, grey(depth))


def exif(orientation):
    tags = Image.Exif()
    tags[274] = orientation
    return tags.tobytes()


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a.T[:, ::-1],
    7: lambda a: a.T[::-1, ::-1],
    8: lambda a: a.T[::-1],
}


@pytest.mark.parametrize("orientation", TURNS)
def test_pictures_are_turned_by_their_exif(orientation):
    values = grey(8).astype(np.uint8)
    upright = TURNS[orientation](values)
    by_png = read(png(values[..., None], 0, 8, extra=chunk(b"eXIf", exif(orientation)[6:])))
    np.testing.assert_array_equal(by_png.pixels, upright)
    by_jpeg = read(picture(values, "JPEG", quality=98, exif=exif(orientation)))
    assert np.abs(by_jpeg.pixels - upright).max() < 6
    lossless = bytearray(imagecodecs.jpeg8_encode(values, lossless=True, predictor=1))
    block = exif(orientation)
    lossless[2:2] = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    np.testing.assert_array_equal(read(bytes(lossless)).pixels, upright)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("predictor", range(1, 8))
def test_lossless_jpeg_files(bits, predictor):
    values = grey(bits).astype(np.uint8 if bits == 8 else np.uint16)
    seen = read(
        imagecodecs.jpeg8_encode(values, lossless=True, predictor=predictor, bitspersample=bits)
    )
    np.testing.assert_array_equal(seen.pixels, values)
    assert (seen.bits_stored, seen.file_format, seen.warnings) == (bits, "JPEG", ())


def test_jpeg_files_of_twelve_bits():
    seen = read(imagecodecs.jpeg8_encode(VALUES, 98, bitspersample=12))
    assert np.abs(seen.pixels - VALUES).max() < 60
    assert len(np.unique(seen.pixels)) > 2000


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_ls_files(bits):
    values = grey(bits).astype(np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(read(imagecodecs.jpegls_encode(values)).pixels, values)


COLOURS = {
    "grey": lambda a: Image.fromarray(a),
    "RGB": lambda a: Image.fromarray(a).convert("RGB"),
    "CMYK": lambda a: Image.fromarray(a).convert("CMYK"),
}


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("colour", COLOURS)
def test_jpeg_files_of_every_colour(colour, progressive):
    values = grey(8).astype(np.uint8)
    seen = read(picture(COLOURS[colour](values), "JPEG", quality=98, progressive=progressive))
    assert np.abs(seen.pixels - values).max() < 8
    assert seen.warnings == ()


def test_the_first_picture_of_several_in_a_jpeg():
    buffer = io.BytesIO()
    frames = [Image.fromarray(grey(8).astype(np.uint8)), Image.new("L", (256, 240))]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    assert np.abs(read(buffer.getvalue()).pixels - grey(8)).max() < 20


def arithmetic():
    content = bytearray(jpeg(grey(8)))
    content[content.find(b"\xff\xc0") + 1] = 0xCB
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (picture(grey(8).astype("u1"))[:-300], UnreadableFile, "The PNG image is cut short"),
        (png(pixels_of(0, 8)[:, :, :], 0, 8)[:60], UnreadableFile, "The PNG image is cut short"),
        (
            png(pixels_of(0, 8), 0, 8).replace(b"IDAT", b"IDAX"),
            UnreadableFile,
            "The PNG image is cut short",
        ),
        (jpeg(grey(8))[:-2000], UnreadableFile, "The JPEG image is damaged"),
        (
            imagecodecs.jpeg8_encode(VALUES, lossless=True, bitspersample=12)[:-9000],
            UnreadableFile,
            "The lossless JPEG image is cut short: its end is missing",
        ),
        (
            imagecodecs.jpegls_encode(VALUES)[:-9000],
            UnreadableFile,
            "The JPEG-LS image is cut short: its end is missing",
        ),
        (arithmetic(), UnsupportedFile, "arithmetic-coded lossless JPEG are not read"),
        (png(pixels_of(0, 8) * 0, 0, 8), NoSignal, "one uniform grey"),
        (
            png(pixels_of(0, 8), 0, 8, extra=chunk(b"acTL", b"\0\0\0\2" * 2)),
            UnsupportedFile,
            "anim",
        ),
        (b"\xff\x0a" + bytes(90), UnsupportedFile, "This file is a JPEG XL image"),
        (b"\0\0\0\x18ftypheic" + bytes(90), UnsupportedFile, "This file is a HEIC or AVIF"),
        (
            imagecodecs.jpeg2k_encode(VALUES, codecformat="j2k"),
            UnsupportedFile,
            "This file is a bare JPEG 2000 image",
        ),
        (
            png(pixels_of(0, 8), 0, 8, extra=chunk(b"tEXt", b"") * 100_001),
            TooLarge,
            "100,000 chunks",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_for_what_it_is(content, error, sentence):
    with pytest.raises(error, match=sentence):
        read(bytes(content))
