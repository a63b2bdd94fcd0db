"""A manifest with every file decoded once: what training and evaluation read from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from mmbm.case import MODALITIES, Modality
from mmbm.config import ImageConfig, ModelConfig
from mmbm.data.located import Box, Event
from mmbm.data.manifest import Manifest
from mmbm.errors import InputError, ManifestError
from mmbm.inputs import (
    NEGATIVE_BELOW,
    PLAIN,
    batch_tokens,
    likeness,
    prepare_film,
    read_tokens,
    standardise,
    thumbnail,
    waveform,
)
from mmbm.io import read_notes, read_picture, read_sound
from mmbm.model.lungs import lung_digest
from mmbm.model.network import Inputs
from mmbm.model.notes import Tokens

__all__ = [
    "Corpus",
    "Progress",
    "as_inputs",
    "distinct",
    "read_corpus",
    "read_texts",
    "silent",
]

Part = TypeVar("Part")
THUMBNAIL = 32  # pixels a side
ARRAYS = ("films", "thumbnails", "lung_areas", "parts")  # of the cached file
Progress = Callable[[str, int, int], None]  # what is being read, how many are done, of how many


def silent(_what: str, _done: int, _of: int) -> None:
    """No progress shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Decoded cases in memory. Each file is held once, however many cases share it."""

    manifest: Manifest
    films: Tensor  # (films, 1 or 2, size, size) float32 in [0, 1], greys not yet standardised
    thumbnails: Tensor  # (films, 32, 32) float32, the whole film equalised
    lung_areas: Tensor  # (films,) float32, part of the whole film that is lung; NaN: not asked for
    film_of: NDArray[np.int64]  # (cases,) row of ``films``, -1: no image
    tokens: list[Tokens | None]  # one a case
    sounds: list[Tensor]  # (samples,) float32, 16 kHz
    sound_starts: list[float]  # s of silence that each file begins with, left out of ``sounds``
    sound_of: NDArray[np.int64]  # (cases,) index in ``sounds``, -1: no recording
    labels: Tensor  # (cases, findings) float32, NaN: unknown
    sound_labels: Tensor  # (cases, events) float32, NaN: unknown
    parts: Tensor  # (films, 4) float32, top, bottom, left, right of what the film shows of its file
    image: ImageConfig = PLAIN  # how greys are standardised

    def __len__(self) -> int:
        return len(self.film_of)

    @property
    def present(self) -> Tensor:
        """(cases, 3) bool, in the order of MODALITIES."""
        notes = np.array([t is not None for t in self.tokens])
        return torch.from_numpy(np.stack([self.film_of >= 0, notes, self.sound_of >= 0], 1))

    def boxes(self, case: int) -> tuple[Box, ...]:
        """What people marked on one case's film, in fractions of what the film shows of it."""
        top, bottom, left, right = self.parts[self.film_of[case]].tolist()
        moved = (
            Box(
                (box.left - left) / (right - left),
                (box.top - top) / (bottom - top),
                (box.right - left) / (right - left),
                (box.bottom - top) / (bottom - top),
            )
            for box in self.manifest.boxes(case)
        )
        return tuple(Box(*(min(max(edge, 0.0), 1.0) for edge in box)) for box in moved)

    def events(self, case: int) -> tuple[Event, ...]:
        """What people heard in one case's recording, in seconds of what was kept of it."""
        start = self.sound_starts[self.sound_of[case]]
        marked = self.manifest.events(case)
        return tuple(
            Event(max(event.start - start, 0.0), event.end - start, event.name)
            for event in marked
            if event.end > start
        )

    def held(self, case: int) -> dict[Modality, Any]:
        """The parts that one case has, as they are held here."""
        film, tokens, sound = self.film_of[case], self.tokens[case], self.sound_of[case]
        parts: dict[Modality, Any] = {"image": self.films[film]} if film >= 0 else {}
        parts |= {"notes": tokens} if tokens is not None else {}
        return parts | ({"audio": self.sounds[sound]} if sound >= 0 else {})

    def inputs(self, cases: Sequence[int], *, only: Modality | None = None) -> Inputs:
        """A batch of cases, of ``only`` one modality or of all; recordings are equally long."""
        held = [
            {m: part for m, part in self.held(case).items() if only in (None, m)} for case in cases
        ]
        for parts in held:
            if "image" in parts:
                parts["image"] = standardise(parts["image"], self.image)
        return as_inputs(held)


def as_inputs(cases: Sequence[Mapping[Modality, Any]]) -> Inputs:
    """A batch of cases by their parts: standardised film, tokens, waveform."""
    films, notes, sounds = ([case[m] for case in cases if m in case] for m in MODALITIES)
    ids, lengths = batch_tokens(notes) if notes else (None, None)
    return Inputs(
        present=torch.tensor([[m in case for m in MODALITIES] for case in cases]),
        film=torch.stack(films) if films else None,
        tokens=ids,
        lengths=lengths,
        waveform=torch.stack(sounds) if sounds else None,
    )


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
    tokenizer: Tokenizer,
    *,
    cache: Path | None = None,
    progress: Progress = silent,
    mean_film: Tensor | None = None,
    lungs: bool = False,
) -> Corpus:
    """Decode a manifest's files; films are kept in ``cache`` for the next run.

    ``lungs`` asks for how much of each film is lung, which takes half as long again. A negative is
    turned round: what is the opposite of ``mean_film``, a model's, or of the mean of these very
    films where none is given.

    Raises
    ------
    ManifestError
        A file that cannot be read, by its name.
    """
    size = config.image.size
    reference = torch.zeros(THUMBNAIL, THUMBNAIL) if mean_film is None else mean_film
    film_of, film_paths = _index(manifest, "image")
    sound_of, sound_paths = _index(manifest, "audio")
    kind = f"{_kind(config.image)}-{size}-{lung_digest()[:8]}{'-areas' if lungs else ''}"
    kept = cache / f"{kind}-{_fingerprint(film_paths)}.npz" if cache else None

    def seen(path: Path, against: Tensor = reference) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        read = prepare_film(_read(path, read_picture), config.image, against)
        small = thumbnail(read.square, THUMBNAIL)
        area = torch.tensor(read.lungs.area if lungs else torch.nan)
        return read.planes, small, area, torch.tensor(read.box)

    def heard(path: Path) -> tuple[Tensor, float]:
        sound = _read(path, read_sound)
        return waveform(sound, config.audio.max_seconds), sound.start

    if kept is not None and kept.is_file():
        with np.load(kept) as arrays:
            films, thumbnails, areas, parts = (torch.from_numpy(arrays[n]) for n in ARRAYS)
    elif film_paths:
        read = _all(seen, film_paths, "films", progress)
        if mean_film is None:
            mean = torch.stack([small for _, small, *_ in read]).mean(0)
            for i, (_, small, *_) in enumerate(read):
                if likeness(small[None], mean) < NEGATIVE_BELOW:
                    read[i] = seen(film_paths[i], mean)
        films, thumbnails, areas, parts = map(torch.stack, zip(*read, strict=True))
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, films=films, thumbnails=thumbnails, lung_areas=areas, parts=parts)
    else:
        films = torch.zeros(0, 2 if config.image.lungs else 1, size, size)
        thumbnails, areas = torch.zeros(0, THUMBNAIL, THUMBNAIL), torch.zeros(0)
        parts = torch.zeros(0, 4)
    sounds = _all(heard, sound_paths, "recordings", progress)
    return Corpus(
        manifest=manifest,
        films=films,
        thumbnails=thumbnails,
        lung_areas=areas,
        parts=parts,
        film_of=film_of,
        tokens=[
            read_tokens(tokenizer, text, config.notes.max_tokens) if text else None
            for text in texts
        ],
        sounds=[sound for sound, _ in sounds],
        sound_starts=[start for _, start in sounds],
        sound_of=sound_of,
        labels=torch.from_numpy(manifest.labels(config.findings)),
        sound_labels=torch.from_numpy(manifest.sounds(config.sound_events)),
        image=config.image,
    )


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
        raise ManifestError(f"{path.name}: {exc}") from exc


def _all(
    read: Callable[[Path], Part], paths: list[Path], what: str, progress: Progress
) -> list[Part]:
    """Read every file, two at a time, in order."""
    done: list[Part] = []
    with ThreadPoolExecutor(2) as pool:
        for part in pool.map(read, paths):
            done.append(part)
            progress(f"reading {what}", len(done), len(paths))
    return done


def distinct(corpus: Corpus, modality: int) -> NDArray[np.int64]:
    """A case of each distinct film (0), note (1) or recording (2)."""
    if modality == 1:
        return np.flatnonzero(corpus.present[:, 1].numpy())
    index = corpus.film_of if modality == 0 else corpus.sound_of
    _, first = np.unique(index, return_index=True)
    return first[index[first] >= 0]
