"""A manifest's files decoded once, films kept for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.branches.audio.prepare import waveform
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.lungs import LungFinder, lung_digest
from mmbm.branches.image.prepare import (
    NEGATIVE_BELOW,
    PLAIN,
    likeness,
    prepare_film,
    thumbnail,
)
from mmbm.branches.notes.prepare import read_tokens
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.case import MODALITIES
from mmbm.data.corpus import THUMBNAIL, Corpus, Progress, silent
from mmbm.data.kept import Room
from mmbm.data.manifest import Manifest
from mmbm.errors import InputError, ManifestError
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.model.config import ModelConfig
from mmbm.record import PIPELINE_VERSION
from mmbm.text import name_of, sentence

__all__ = ["read_corpus", "read_texts"]

Part = TypeVar("Part")
AT_ONCE = 256  # files that are asked for together


def read_texts(manifest: Manifest) -> list[str]:
    """Every case's note, "" where it has none.

    Raises
    ------
    ManifestError
        A note that cannot be read, by its case.
    """
    texts = []
    for row, inline in enumerate(manifest.rows["notes_text"]):
        path = manifest.path(row, "notes")
        if path is None:
            texts.append(inline)
        else:
            texts.append(_read(path, read_notes).text)
    return texts


def read_corpus(
    manifest: Manifest,
    texts: Sequence[str],
    config: ModelConfig,
    tools: Mapping[str, Any],
    *,
    cache: Path | None = None,
    progress: Progress = silent,
    mean_film: Tensor | None = None,
    lungs: bool = False,
) -> Corpus:
    """Decode a manifest's files; films are kept in ``cache``, mapped, for this run and the next.

    ``lungs`` asks for how much of each film is lung, which takes half as long again. A negative is
    turned round: what is the opposite of ``mean_film``, a model's, or of the mean of these very
    films where none is given.

    Raises
    ------
    ManifestError
        A file that cannot be read, by its name.
    """
    image = config.image if "image" in config.modalities else PLAIN
    size = image.size
    reference = torch.zeros(THUMBNAIL, THUMBNAIL) if mean_film is None else mean_film
    film_of, film_paths = _index(manifest, "image")
    sound_of, sound_paths = _index(manifest, "audio")
    finder: LungFinder | None = tools.get("image")
    digest = lung_digest() if finder is None else finder.digest
    kind = f"{PIPELINE_VERSION}-{_kind(image)}-{size}-{digest[:8]}{'-areas' if lungs else ''}"
    kept = cache / f"{kind}-{_fingerprint(film_paths)}-blocks" if cache else None

    def seen(path: Path, against: Tensor = reference) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        read = prepare_film(_read(path, read_picture), image, against, finder)
        small = thumbnail(read.square, THUMBNAIL)
        area = torch.tensor(read.lungs.area if lungs else torch.nan)
        return read.planes, small, area, torch.tensor(read.box)

    def heard(path: Path) -> tuple[Tensor, float]:
        sound = _read(path, read_sound)
        return waveform(sound, config.audio.max_seconds), sound.start

    shape = (len(film_paths), 2 if image.lungs else 1, size, size)
    room = Room(kept if film_paths else None, shape, THUMBNAIL)
    for block in room.missing:
        paths = film_paths[block.start : block.stop]
        for film, read in zip(block, _each(seen, paths), strict=True):
            room.put(film, *read)
            progress("films", film + 1, len(film_paths))
        room.seal(block.start)
    if mean_film is None and film_paths:
        mean = room.mean()
        _turn_negatives(room, lambda film: seen(film_paths[film], mean), mean)
    films = room.filled()
    sounds = _all(heard, sound_paths, "recordings", progress)
    return Corpus(
        manifest=manifest,
        films=films.planes,
        thumbnails=films.thumbnails,
        lung_areas=films.lung_areas,
        parts=films.parts,
        film_of=film_of,
        tokens=[
            read_tokens(tools["notes"], text, config.notes.max_tokens)
            if text and "notes" in config.modalities
            else None
            for text in texts
        ],
        sounds=[sound for sound, _ in sounds],
        sound_starts=[start for _, start in sounds],
        sound_of=sound_of,
        labels=torch.from_numpy(manifest.labels(config.findings)),
        sound_labels=torch.from_numpy(manifest.sounds(config.events.get("audio", ()))),
        image=image,
        modalities=config.modalities,
        others=_others(manifest, config, tools),
    )


def _turn_negatives(room: Room, read: Callable[[int], Iterable[Tensor]], mean: Tensor) -> None:
    """Read anew what is the opposite of the films' own mean; one that was turned is so no more."""
    small = room.films.thumbnails
    for film in range(len(small)):
        if likeness(small[film][None], mean) < NEGATIVE_BELOW:
            room.put(film, *read(film))
            room.seal(film)


def _others(
    manifest: Manifest, config: ModelConfig, tools: Mapping[str, Any]
) -> dict[str, list[PreparedPart | None]]:
    """The parts of the modalities that are not built in, by their own columns."""
    found: dict[str, list[PreparedPart | None]] = {}
    for modality in (m for m in config.modalities if m not in MODALITIES):
        branch, settings = branch_of(modality), config.of(modality)
        rows = manifest.rows.reindex(columns=list(branch.columns), fill_value="")
        try:
            parts = [
                branch.part_of_row({str(name): cell for name, cell in row.items()})
                for row in rows.to_dict("records")
            ]
        except InputError as exc:
            raise ManifestError(
                sentence(
                    "manifest.columns", part=name_of("modality", modality), reason=exc.sentence
                )
            ) from exc
        read = branch.reader(settings, branch.encoder(settings, 1), tools.get(modality))
        found[modality] = [None if part is None else read(part) for part in parts]
    return found


def _kind(config: ImageConfig) -> str:
    """Which preparation a cached film went through."""
    return "lungs" if config.lungs else "films" if config.greys == "shown" else config.greys


def _index(manifest: Manifest, part: str) -> tuple[NDArray[np.int64], list[Path]]:
    """Which distinct file each case has, -1 for none, and the files."""
    place: dict[Path, int] = {}
    rows = [manifest.path(i, part) for i in range(len(manifest.rows))]
    index = [-1 if path is None else place.setdefault(path, len(place)) for path in rows]
    return np.array(index, dtype=np.int64), list(place)


def _fingerprint(paths: list[Path]) -> str:
    """Tells these files, as they are now, from others or from what they were."""
    facts = [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _read(path: Path, read: Callable[[bytes, str], Part]) -> Part:
    try:
        return read(path.read_bytes(), path.name)
    except InputError as exc:
        raise ManifestError(
            sentence("manifest.problem", file=path.name, reason=exc.sentence)
        ) from exc


def _all(
    read: Callable[[Path], Part], paths: list[Path], what: str, progress: Progress
) -> list[Part]:
    """Read every file, two at a time, in order."""
    parts = []
    for part in _each(read, paths):
        parts.append(part)
        progress(what, len(parts), len(paths))
    return parts


def _each(read: Callable[[Path], Part], paths: list[Path]) -> Iterator[Part]:
    """The same, each as soon as it is read; few wait to be taken."""
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, len(paths), AT_ONCE):
            yield from pool.map(read, paths[first : first + AT_ONCE])
