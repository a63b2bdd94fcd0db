"""Writes inputs that no chest model should take at their word, and the CSV that lists them.

    python benchmarks/odd_inputs.py DATA --out odd/odd.csv
    mmbm evaluate manifest.csv --model MODEL --odd odd/odd.csv

Columns: ``kind, modality, path`` (relative to the CSV). DATA is the folder of the public sources:
its DICOM test files give films of other regions and other modalities (each picture once, however
often it is encoded), hls_cmds gives heart sounds, dictation_tts speech. Photographs are those that
scikit-learn, matplotlib and, where installed, scikit-image carry, whole and in six crops. Noise is
drawn here; the notes in other languages are ``other_languages.txt``, written for this purpose.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import os
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.signal import butter, sosfilt

from mmbm.branches.image.prepare import shrink
from mmbm.errors import InputError
from mmbm.io import read_picture

SENTENCES = Path(__file__).with_name("other_languages.txt")
RATE = 16_000  # Hz, of the noise
Row = tuple[str, str, Path]  # kind, modality, file
PHOTOGRAPHS = {
    "sklearn": "datasets/images/*.jpg",
    "matplotlib": "mpl-data/sample_data/*.jpg",
    "skimage": "data/*.[jp][pn]g",
}
NOT_PHOTOGRAPHS = (
    "chessboard",
    "clock_motion",
    "color",
    "logo",
    "page",
    "phantom",
    "text",
    "horse",
)


def dicoms(data: Path, out: Path) -> Iterator[Row]:
    """Pictures that are no chest film, each once; the few radiographs in crops too."""
    folder = data / "dicom"
    listed = pd.read_csv(folder / "index.csv")
    kinds = {"warn_radiograph_not_chest": "other_film", "warn_other_modality": "other_scan"}
    listed = listed[listed["expected"].isin(list(kinds))]
    seen: list[NDArray[np.float64]] = []
    for name, expected in zip(listed["file"], listed["expected"], strict=True):
        path = folder / name
        try:
            shown = read_picture(path.read_bytes(), path.name).shown
        except InputError:
            continue
        look = shrink(shown, 32).double().numpy().ravel()
        if min(shown.shape) < 64 or any(np.corrcoef(look, other)[0, 1] > 0.97 for other in seen):
            continue
        seen.append(look)
        if kinds[expected] == "other_film":
            yield from crops(
                Image.fromarray((255 * shown).astype(np.uint8)), path.stem, out, kinds[expected]
            )
        else:
            yield kinds[expected], "image", path


def crops(grey: Image.Image, name: str, out: Path, kind: str) -> Iterator[Row]:
    """A picture whole and in six crops of half its sides."""
    rng = np.random.default_rng(1)
    width, height = grey.size
    for crop in range(7):
        x, y = (int(rng.integers(1 + side // 2)) for side in (width, height))
        box = (x, y, x + width // 2, y + height // 2) if crop else (0, 0, width, height)
        file = out / f"{kind}-{name}-{crop}.png"
        grey.crop(box).save(file)
        yield kind, "image", file


def photographs(out: Path) -> Iterator[Row]:
    """Natural pictures, whole and in crops."""
    for package, pattern in PHOTOGRAPHS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.glob(pattern)):
            if not path.stem.startswith(NOT_PHOTOGRAPHS):
                with Image.open(path) as opened:
                    yield from crops(opened.convert("L"), path.stem, out, "photograph")


def noise_pictures(out: Path, count: int = 60) -> Iterator[Row]:
    """White noise, and noise as smooth as clouds."""
    for i in range(count):
        rng = np.random.default_rng([2, i])
        noise = gaussian_filter(rng.standard_normal((320, 320)), (0.0, 1.0, 4.0, 16.0)[i % 4])
        grey = (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.uint8)
        file = out / f"noise-{i}.png"
        Image.fromarray(grey).save(file)
        yield "noise_picture", "image", file


def sounds(data: Path) -> Iterator[Row]:
    """Heart sounds without a lung sound, and speech."""
    hearts = pd.read_csv(data / "audio/hls_cmds/hls_cmds.csv")
    for name in hearts.loc[hearts["kind"] == "heart", "audio_path"]:
        yield "heart_sound", "audio", data / "audio/hls_cmds" / name
    speech = pd.read_csv(data / "audio/dictation_tts/dictation_tts.csv")
    for name in speech["audio_path"]:
        yield "speech", "audio", data / "audio/dictation_tts" / name


def noise_sounds(out: Path, count: int = 60) -> Iterator[Row]:
    """White, pink and band noise, mains hum and tones."""
    for i in range(count):
        rng = np.random.default_rng([3, i])
        white = rng.standard_normal(10 * RATE)
        if i % 4 == 0:
            heard = white
        elif i % 4 == 1:
            heard = np.cumsum(white) - np.linspace(0, white.sum(), len(white))
        elif i % 4 == 2:
            low = float(rng.uniform(100, 2000))
            heard = sosfilt(butter(4, [low, 2 * low], "band", fs=RATE, output="sos"), white)
        else:
            hertz = float(rng.choice([50, 60, 440, 1000])) * np.arange(1, 6)
            time = np.arange(len(white)) / RATE
            heard = np.sin(2 * np.pi * hertz[:, None] * time).sum(0) + 0.05 * white
        yield "noise_sound", "audio", write_wav(out / f"noise-{i}.wav", heard)


def write_wav(path: Path, heard: NDArray[np.float64]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((heard / np.abs(heard).max() * 30_000).astype("<i2").tobytes())
    return path


def notes(out: Path) -> Iterator[Row]:
    """One note a sentence, in seventeen languages."""
    for i, line in enumerate(SENTENCES.read_text(encoding="utf-8").splitlines()):
        file = out / f"note-{i}.txt"
        file.write_text(line, encoding="utf-8")
        yield "other_language", "notes", file


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    out = given.out.parent / "made"
    out.mkdir(parents=True, exist_ok=True)
    rows = [*dicoms(given.data, out), *photographs(out), *noise_pictures(out)]
    rows += [*sounds(given.data), *noise_sounds(out), *notes(out)]
    with given.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("kind", "modality", "path"))
        for kind, modality, path in rows:
            writer.writerow(
                (kind, modality, Path(os.path.relpath(path, given.out.parent)).as_posix())
            )
    print(pd.Series([kind for kind, _, _ in rows]).value_counts().to_string())


if __name__ == "__main__":
    main()
