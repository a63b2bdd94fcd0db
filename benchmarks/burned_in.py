"""How often does :func:`mmbm.privacy.burned_in.burned_in` find text, and how often is there none?

    python benchmarks/burned_in.py FOLDER [FOLDER …] [--count 200] [--seed 0] [--tiles alarms.png]

Of each folder of JPEG and PNG films some are looked at as they are and with a made-up line of a
name and a date planted in one corner, in the installed DejaVu fonts, white, 10 to 24 pixels high on
a side of 1024. ``--tiles`` writes what was taken for text on films as they are, to be looked at: no
list says which films have text burned in. Prints one JSON line a folder.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmbm.privacy.burned_in import SIDE, burned_in

FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")
LINES = (
    "SMITH^ANNA 1961-03-04",
    "DOE, JOHN  M 054Y",
    "ID 4471902  12.03.2026",
    "WANG LI 19700512",
    "ST MARY HOSPITAL 14:22",
)


def read(path: Path) -> Image.Image:
    film = Image.open(path).convert("L")
    scale = min(1.0, SIDE / max(film.size))
    return film.resize((round(film.width * scale), round(film.height * scale)))


def planted(film: Image.Image, rng: random.Random) -> Image.Image:
    """The film with a line of text in a corner."""
    film = film.copy()
    draw = ImageDraw.Draw(film)
    font = ImageFont.truetype(rng.choice(FONTS), rng.choice((10, 12, 14, 18, 24)))
    text = rng.choice(LINES)
    _, _, width, height = draw.textbbox((0, 0), text, font=font)
    x = rng.choice((6, max(6, film.width - int(width) - 6)))
    y = rng.choice((6, film.height - int(height) - 6))
    draw.text((x, y), text, fill=255, font=font)
    return film


def levels(film: Image.Image) -> np.ndarray:
    return np.asarray(film, np.float32) / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tiles", type=Path)
    told = parser.parse_args()
    rng, alarms = random.Random(told.seed), []
    for folder in told.folders:
        found = (p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        paths = sorted(p for p in found if "mask" not in str(p).lower())
        paths = rng.sample(paths, min(told.count, len(paths)))
        bare = seen = 0
        began = time.process_time()
        for path in paths:
            film = read(path)
            if burned_in(levels(film)):
                bare += 1
                alarms.append(film)
            seen += burned_in(levels(planted(film, rng)))
        record = {
            "folder": folder.name,
            "films": len(paths),
            "as they are": bare,
            "planted": seen,
            "seconds": round((time.process_time() - began) / 2 / max(1, len(paths)), 3),
        }
        print(json.dumps(record), flush=True)
    if told.tiles and alarms:
        small = [film.resize((384, 384)) for film in alarms[:48]]
        small += [Image.new("L", (384, 384))] * (-len(small) % 6)
        rows = [
            np.hstack([np.asarray(f) for f in small[i : i + 6]]) for i in range(0, len(small), 6)
        ]
        Image.fromarray(np.vstack(rows)).save(told.tiles)


if __name__ == "__main__":
    main()
