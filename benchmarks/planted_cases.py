"""Test parts without a finding, and the same with evidence planted; read by ``planted.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from plants import Span, consolidate, fold_in, say, splice, turns
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.branches.image.lungs import Lungs
from mmbm.branches.image.prepare import film, find_lungs
from mmbm.case import Case, Modality
from mmbm.data.manifest import Manifest
from mmbm.data.reading import read_texts
from mmbm.data.synthesis.notes import draw_signs, write_from_signs
from mmbm.io import read_picture, read_sound, typed_notes

__all__ = ["BLOCK", "COVERED", "PLANTERS", "TILES", "Planted", "of_lung"]

TILES = 16  # a side of the film, as the verdict divides it
BLOCK = 0.5  # s, as the verdict divides a recording
COVERED = 0.25  # of a tile or block: from there on it counts as planted
LONGEST = 1500  # characters, of a note that is read to its end
SIDE = 160  # pixels: the lungs are found on 128


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """One case twice, and the units that the evidence lies in."""

    kind: str
    clean: Case
    altered: Case
    where: NDArray[np.bool_] | Span  # tiles, blocks; of a note its characters
    inside: float = float("nan")  # chance by the lungs alone, of a film


def of_lung(lungs: Lungs) -> NDArray[np.float64]:
    """(TILES, TILES), how much of each tile is lung."""
    mask = torch.from_numpy(lungs.mask).double()
    return np.asarray(adaptive_avg_pool2d(mask[None], TILES)[0])


def _films(manifest: Manifest, count: int, rng: Generator) -> Iterator[Planted]:
    """Test films without a finding, half of either source."""
    rows = manifest.rows
    normal = (rows["split"] == "test") & (rows["no_finding"] == "1") & (rows["image"] != "")
    sources = [s for s in rows["source"].unique() if (normal & (rows["source"] == s)).sum() >= 20]
    for number, source in enumerate(sources):
        found = np.flatnonzero(normal & (rows["source"] == source))
        part = count // len(sources) + (number < count % len(sources))
        for pick in turns(part, len(found)):
            path = manifest.path(int(found[pick]), "image")
            assert path is not None
            picture = read_picture(path.read_bytes(), path.name)
            lungs = find_lungs(film(picture, SIDE))
            altered, lifted = consolidate(picture, lungs, rng)
            tiles = adaptive_avg_pool2d(torch.from_numpy(lifted >= 0.5).double()[None], TILES)[0]
            where = np.asarray(tiles >= COVERED)
            inside = float(where[of_lung(lungs) >= 0.5].mean())
            yield Planted(source, Case(image=picture), Case(image=altered), where, inside)


def _notes(manifest: Manifest, count: int, rng: Generator) -> Iterator[Planted]:
    """Notes of the healthy in test, and real ones of case reports; then as many that deny all.

    The notes of the healthy tell other signs as well, as they do in life: the planted one need not
    be the strongest. Those that deny all they tell are written by the same generator.
    """
    rows = manifest.rows
    texts = np.array(read_texts(manifest), dtype=object)
    test = (rows["split"] == "test").to_numpy() & (texts != "")
    drawn = rows["assembled"].str.contains("notes").to_numpy()
    healthy = (rows["pneumonia"] == "0").to_numpy()
    chinese = np.array([any("一" <= c <= "鿿" for c in t) for t in texts])
    real, zh = count // 4, (count - count // 4) // 2
    pools = {
        "test, real": (test & ~drawn, real),
        "test, zh": (test & drawn & healthy & chinese, zh),
        "test, en": (test & drawn & healthy & ~chinese, count - real - zh),
    }
    hosts = [
        (kind, typed_notes(texts[row]), rows["source"][row] == "kermany", wanted)
        for kind, (pool, wanted) in pools.items()
        for row in rng.permutation(np.flatnonzero(pool))
    ]
    for number in range(4 * count):
        language, child = ("zh", "en")[number % 2], bool(rng.random() < 0.5)
        signs = {n: None if s is None else False for n, s in draw_signs(rng, False, child).items()}
        text = write_from_signs(rng, signs, language=language, child=child, age=None, sex=None)
        hosts.append((f"denies all, {language}", typed_notes(text), child, count // 2))
    made = Counter[str]()
    for kind, notes, child, wanted in hosts:
        said = say(notes, rng, child=child) if made[kind] < wanted and notes.text.strip() else None
        if said is not None and len(said[0].text) < LONGEST:
            made[kind] += 1
            yield Planted(kind, Case(notes=notes), Case(notes=said[0]), said[1])


def _sounds(manifest: Manifest, count: int, rng: Generator) -> Iterator[Planted]:
    """Test recordings of normal breathing; crackles are synthesised, or a real stretch put in."""
    rows = manifest.rows
    test = (rows["split"] == "test") & (rows["audio"] != "") & (rows["image"] == "")
    sounds = {}
    for event in ("normal", "crackles"):
        paths = [
            manifest.path(i, "audio") for i in rows.index[test & (rows[f"sound:{event}"] == "1")]
        ]
        sounds[event] = [read_sound(p.read_bytes(), p.name) for p in paths if p]
    for number, pick in enumerate(turns(count, len(sounds["normal"]))):
        sound = sounds["normal"][pick]
        if number % 2:
            kind, (altered, span) = "synthesised", fold_in(sound, rng)
        else:
            other = sounds["crackles"][int(rng.integers(len(sounds["crackles"])))]
            kind, (altered, span) = "real stretch", splice(sound, other, rng)
        edges = np.arange(int(sound.seconds / BLOCK)) * BLOCK
        shared = np.minimum(edges + BLOCK, span.end) - np.maximum(edges, span.start)
        where = shared >= COVERED * BLOCK
        yield Planted(kind, Case(audio=sound), Case(audio=altered), where)


PLANTERS: dict[Modality, Callable[..., Iterator[Planted]]] = {
    "image": _films,
    "notes": _notes,
    "audio": _sounds,
}
