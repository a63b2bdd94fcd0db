import numpy as np
import pytest
from PIL import Image

from mmbm.config import Limits
from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_picture
from tests.made_files import dicom, picture, ramp

GREY = ramp(top=255).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "LA", "RGBA"])
def test_png_of_every_mode_is_the_same_film(mode):
    film = read_picture(picture(Image.fromarray(GREY).convert(mode)), "film.png")
    np.testing.assert_array_equal(film.pixels, GREY)
    np.testing.assert_allclose(film.shown, GREY / 255, atol=1e-6)
    assert (film.file_format, film.photometric, film.bits_stored) == ("PNG", "MONOCHROME2", 8)
    assert film.warnings == ()


def test_16_bit_png_keeps_its_values():
    film = read_picture(picture(ramp(top=4095)), "film.png")
    np.testing.assert_array_equal(film.pixels, ramp(top=4095))
    assert film.bits_stored == 16
    assert film.shown[0, 0] == 0 and film.shown[0, -1] == 1
    assert film.windows[0].name == "auto"


def test_transparent_is_black():
    rgba = np.dstack([np.full((200, 200), 200, np.uint8)] * 3 + [np.eye(200, dtype=np.uint8) * 255])
    film = read_picture(picture(rgba), "film.png")
    np.testing.assert_array_equal(film.pixels, 200 * np.eye(200))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode):
    content = picture(Image.fromarray(GREY).convert(mode), "JPEG", quality=95)
    film = read_picture(content, "film.jpg")
    assert np.abs(film.pixels - GREY).max() < 6
    assert film.file_format == "JPEG"


def test_exif_orientation_is_followed():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    content = picture(GREY, "JPEG", quality=95, exif=exif)
    film = read_picture(content, "film.jpg")
    assert np.abs(film.pixels - np.rot90(GREY, -1)).max() < 6


def test_colour_is_told():
    rgb = np.zeros((200, 200, 3), np.uint8)
    rgb[:100, :, 0] = 255
    film = read_picture(picture(rgb), "photo.png")
    assert film.photometric == "RGB"
    assert film.warnings == (
        "This is a colour image; X-rays are greyscale. Check that it is the right file.",
    )
    np.testing.assert_allclose(film.shown[0, 0], 0.299, atol=1e-5)


def test_small_and_misnamed_are_told():
    film = read_picture(picture(GREY[:50]), "film.dcm")
    assert film.warnings == (
        "The image has only 256 × 50 pixels; small findings cannot be seen.",
        "The file is named as DICOM but is a PNG image.",
    )


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (picture(np.zeros((200, 200), np.uint8)), NoSignal, "one uniform grey"),
        (picture(GREY)[:200], UnreadableFile, "The PNG image is cut short"),
        (picture(GREY, "JPEG")[:100], UnreadableFile, "The JPEG image is damaged"),
        (picture(GREY, "GIF"), UnsupportedFile, "This file is a GIF. Give a DICOM"),
        (picture(GREY, "TIFF"), UnsupportedFile, "This file is a TIFF"),
        (picture(GREY, "BMP"), UnsupportedFile, "This file is a BMP"),
        (picture(GREY, "WEBP"), UnsupportedFile, "This file is a WebP"),
        (b"hello, this is a text", UnreadableFile, "not a DICOM, PNG or JPEG image"),
    ],
    ids=["even", "cut png", "cut jpeg", "gif", "tiff", "bmp", "webp", "text"],
)
def test_refusals(content, error, message):
    with pytest.raises(error, match=message):
        read_picture(content, "film.png")


def test_an_animated_png_is_refused():
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1, ::-1])]
    content = picture(frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedFile, match="This PNG is animated"):
        read_picture(content, "film.png")


def test_pixels_are_limited():
    with pytest.raises(TooLarge, match="256 × 240 pixels; at most 0 million"):
        read_picture(picture(GREY), "film.png", limits=Limits(pixels=1000))


def test_content_counts_and_not_the_name():
    assert read_picture(dicom(), "film.png").file_format == "DICOM"
