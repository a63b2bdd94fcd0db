"""The fonts of the page: DejaVu Sans, which comes with the program, and one with Chinese."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTCollection, TTFont, TTLibError

from mmbm.errors import ConfigError
from mmbm.storage import assets_folder
from mmbm.text import sentence

__all__ = ["VARIABLE", "Face", "chinese_face", "latin_face"]

VARIABLE = "MMBM_CHINESE_FONT"  # names a font file with Chinese
PLACES = (  # regular and bold: Debian, Fedora, Arch; Windows; macOS
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("C:/Windows/Fonts/msyh.ttc", "msyhbd.ttc"),
    ("/System/Library/Fonts/STHeiti Light.ttc", "STHeiti Medium.ttc"),
)
HAN = ord("病")  # what a Chinese font has


class Face(NamedTuple):
    """A font by its files; ``number`` is its place in a collection."""

    regular: Path
    bold: Path
    number: int = 0


def latin_face() -> Face:
    """Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Armenian and more."""
    folder = assets_folder() / "fonts"
    return Face(folder / "DejaVuSansCondensed.ttf", folder / "DejaVuSansCondensed-Bold.ttf")


def chinese_face() -> Face | None:
    """The first font with Chinese that is installed; None where there is none.

    Raises
    ------
    ConfigError
        The environment names a file that is no font with Chinese.
    """
    if chosen := os.environ.get(VARIABLE):
        face = _face(Path(chosen), Path(chosen))
        if face is None:
            raise ConfigError(sentence("report.font_unusable", variable=VARIABLE))
        return face
    for regular, bold in PLACES:
        path = Path(regular)
        heavier = path.with_name(bold)
        if face := _face(path, heavier if heavier.is_file() else path):
            return face
    return None


def _face(regular: Path, bold: Path) -> Face | None:
    """A face with Chinese, of a collection the one for simplified characters; None for another."""
    try:
        with regular.open("rb") as file:
            if regular.suffix.lower() not in (".ttc", ".otc"):
                font = TTFont(file, lazy=True)
                return Face(regular, bold) if HAN in font.getBestCmap() else None
            fonts = TTCollection(file, lazy=True).fonts
            names = [str(font["name"].getDebugName(1) or "") for font in fonts]
            number = next((i for i, name in enumerate(names) if name.endswith(" SC")), 0)
            return Face(regular, bold, number) if HAN in fonts[number].getBestCmap() else None
    except (OSError, TTLibError, KeyError, IndexError):
        return None
