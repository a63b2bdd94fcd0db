"""How far the answer moves when the same film is made otherwise, and what is warned of.

    python benchmarks/same_film.py films.csv [--model chest-film] [--films 120] [--split test]
                                   [--only turn] [--finding pneumonia]

Takes so many films of the manifest, evenly from its sources, and changes each in the ways of
``CHANGES``. Prints, for each change, the share of films whose probability moves by no more than the
bound, or is warned of where the bound allows that; the median, the 95th percentile and the largest
move; how many films get a warning that they did not have. Last the warnings on films as they are,
by source: false alarms.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmbm.case import Case, Picture
from mmbm.config import Limits
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.io.picture import decode
from mmbm.predict import Predictor

Greys = NDArray[np.float32]  # (height, width) in [0, 1]
STRICT, LOOSE = 0.03, 0.10
SEED = 5


def bordered(share: float, grey: float) -> Callable[[Greys], Greys]:
    """A border on each side that takes this share of the new picture's side."""

    def change(film: Greys) -> Greys:
        wide = [(int(share * side / (1 - 2 * share)),) * 2 for side in film.shape]
        return np.pad(film, wide, constant_values=grey)

    return change


def printed(text: str, across: float, down: float, wide: float) -> Callable[[Greys], Greys]:
    """White letters burned in, their corner and width as shares of the film's."""

    def change(film: Greys) -> Greys:
        shown = Image.fromarray((film * 255).round().astype(np.uint8))
        pen = ImageDraw.Draw(shown)
        size = wide * shown.width / pen.textlength(text, ImageFont.load_default(size=100)) * 100
        at = (across * shown.width, down * shown.height)
        pen.text(at, text, fill=255, font=ImageFont.load_default(size=size))
        return np.asarray(shown, np.float32) / 255

    return change


def turned(degrees: float, fill: str, larger: bool) -> Callable[[Greys], Greys]:
    """Turned about its middle; what comes into the picture is black, white or a table's grey."""

    def change(film: Greys) -> Greys:
        grey = {"black": 0.0, "white": 1.0, "table": 0.55}[fill]
        image = Image.fromarray(film, mode="F")
        return np.asarray(
            image.rotate(degrees, Image.Resampling.BILINEAR, expand=larger, fillcolor=grey)
        )

    return change


def grained(sigma: float) -> Callable[[Greys], Greys]:
    """Noise of this standard deviation, the same on each film of one size."""

    def change(film: Greys) -> Greys:
        noise = np.random.default_rng(SEED).normal(0, sigma, film.shape)
        return np.asarray((film + noise).clip(0, 1), np.float32)

    return change


def clipped(low: float, high: float) -> Callable[[Greys], Greys]:
    """A window that cuts greys off for good, from one quantile to another."""

    def change(film: Greys) -> Greys:
        first, last = np.quantile(film, [low, high])
        return np.asarray(((film - first) / max(last - first, 1e-6)).clip(0, 1), np.float32)

    return change


CHANGES: dict[str, tuple[Callable[[Greys], Greys], float]] = {
    **{
        f"border {grey} {share:.0%}": (bordered(share, value), STRICT)
        for grey, value in (("black", 0.0), ("white", 1.0))
        for share in (0.10, 0.25)
    },
    "print large, top left": (printed("PORTABLE R", 0.02, 0.02, 0.47), STRICT),
    "print small, top left": (printed("PORTABLE R", 0.03, 0.03, 0.25), STRICT),
    "print, top right": (printed("PORTABLE R", 0.62, 0.03, 0.35), STRICT),
    "print, bottom": (printed("PORTABLE R", 0.05, 0.90, 0.35), STRICT),
    "window, 1 % cut at each end": (clipped(0.01, 0.99), STRICT),
    "window, 5 % cut at each end": (clipped(0.05, 0.95), STRICT),
    "grain 4/255": (grained(4 / 255), LOOSE),
    "grain 8/255": (grained(8 / 255), LOOSE),
    **{
        f"turn {degrees:+}, {fill}{', larger' if larger else ''}": (
            turned(degrees, fill, larger),
            LOOSE,
        )
        for degrees in (7, -7)
        for fill, larger in (("black", False), ("white", False), ("table", False), ("black", True))
    },
}


def films_of(manifest: Manifest, count: int) -> list[tuple[str, Greys]]:
    """Evenly spaced films of each source, as the stored greys in [0, 1]."""
    rows = manifest.rows
    sources = sorted(set(rows["source"]))
    films = []
    for source in sources:
        held = np.flatnonzero((rows["source"] == source) & (rows["image"] != ""))
        kept = min(count // len(sources), len(held))
        for row in held[np.arange(kept) * len(held) // max(kept, 1)]:
            path = manifest.path(int(row), "image")
            assert path is not None
            film = decode(path.read_bytes(), path.name, Limits()).pixels.astype(np.float32)
            low, high = film.min(), film.max()
            films.append((source, (film - low) / max(high - low, 1e-6)))
    return films


class Asked:
    """A model's probability of one finding, and its warnings."""

    def __init__(self, model: str, finding: str) -> None:
        self.predictor = Predictor.load(model, "cpu")
        self.index = self.predictor.config.findings.index(finding)

    def __call__(self, film: Greys) -> tuple[float, tuple[str, ...]]:
        prediction = self.predictor.predict(Case(image=Picture(film, film)))
        return prediction.findings[self.index].probability, prediction.warnings


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("manifest", type=Path, nargs="+")
    parser.add_argument("--model", default="chest-film")
    parser.add_argument("--finding", default="pneumonia")
    parser.add_argument("--films", type=int, default=120, help="of all sources together")
    parser.add_argument("--split", default="test")
    parser.add_argument("--only", default="", help="changes whose name begins so")
    given = parser.parse_args()
    films: list[tuple[str, Greys]] = []
    for path in given.manifest:
        manifest = read_manifest(path)
        manifest = manifest.take((manifest.rows["split"] == given.split).to_numpy())
        films += films_of(manifest, given.films // len(given.manifest))
    ask = Asked(given.model, given.finding)
    plain = [ask(film) for _, film in films]
    print(f"{len(films)} films; share within the bound, or warned of where that is allowed")
    for name, (change, bound) in CHANGES.items():
        if not name.startswith(given.only):
            continue
        moves, warned = [], []
        for (_, film), (before, said) in zip(films, plain, strict=True):
            after, says = ask(change(film))
            moves.append(abs(after - before))
            warned.append(bool(set(says) - set(said)))
        moved, told = np.array(moves), np.array(warned)
        right = (moved <= bound) | (told if bound == LOOSE else False)
        print(
            f"{name:28} bound {bound:.2f}: {right.mean():6.1%} "
            f"(moved less {np.mean(moved <= bound):6.1%}, warned {told.mean():6.1%}); "
            f"moves: median {np.median(moved):.3f}, p95 {np.quantile(moved, 0.95):.3f}, "
            f"most {moved.max():.3f}",
            flush=True,
        )
    alarms = Counter(source for (source, _), (_, said) in zip(films, plain, strict=True) if said)
    for source, count in Counter(source for source, _ in films).items():
        print(f"as they are, {source}: {alarms[source]} of {count} with a warning")


if __name__ == "__main__":
    main()
