"""Where the evidence lies: a map's strongest place against what people marked.

On films the page's own map is asked, in recordings what the sound branch heard of each event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from mmbm.branches.audio.prepare import PreparedSound
from mmbm.branches.image.evidence import share_inside
from mmbm.branches.image.prepare import PreparedImage
from mmbm.case import Case
from mmbm.data.corpus import Progress
from mmbm.data.located import box_mask
from mmbm.data.manifest import Manifest
from mmbm.errors import InputError, ManifestError
from mmbm.evaluate.metrics import share_of_patients
from mmbm.explain.maps import finer_maps
from mmbm.io import read_picture, read_sound
from mmbm.predict import Predictor
from mmbm.record.figures import Located
from mmbm.text import sentence

__all__ = ["BOXED", "MOST", "located", "top_of"]

Values = NDArray[np.float64]
BOXED = "pneumonia"  # the finding that boxes mark
MOST = 300  # films of a source, or recordings; more would take minutes and tell little
WHOLE = 0.5  # of a cell that a box covers, from which on it counts as boxed


class Seen(NamedTuple):
    """One film or recording: does the top lie where it should, and would a blind choice."""

    patient: str
    hit: bool
    blind: float  # of all places that might have been chosen, how much is marked
    precision: float | None  # of the map against the marks, place by place
    in_lungs: float | None  # of what speaks for the finding


def located(
    predictor: Predictor, manifest: Manifest, progress: Progress
) -> dict[str, dict[str, dict[str, Located]]]:
    """The sections ``boxes`` (finding, source) and ``moments`` (event, source) of a record.

    Each file counts once, ``MOST`` of a source and kind at most, evenly over the manifest.

    Raises
    ------
    ManifestError
        A file that cannot be read, by its name.
    """
    boxes: dict[str, dict[str, list[Seen]]] = {}
    moments: dict[str, dict[str, list[Seen]]] = {}
    sources = manifest.rows["source"].to_numpy(str)
    films = _chosen(manifest, "image", "boxes") if BOXED in predictor.config.findings else []
    for done, row in enumerate(films, 1):
        boxes.setdefault(BOXED, {}).setdefault(sources[row], []).append(
            _film(predictor, manifest, row)
        )
        progress("boxes", done, len(films))
    recordings = _chosen(manifest, "audio", "events")
    for done, row in enumerate(recordings, 1):
        for event, seen in _recording(predictor, manifest, row).items():
            moments.setdefault(event, {}).setdefault(sources[row], []).append(seen)
        progress("marked", done, len(recordings))
    return {
        name: {of: {s: _summed(seen) for s, seen in by.items()} for of, by in found.items()}
        for name, found in (("boxes", boxes), ("moments", moments))
        if found
    }


def _chosen(manifest: Manifest, part: str, column: str) -> list[int]:
    """Rows of distinct files with marks, their owners' before those that borrow them.

    Marks of a part that the model does not read are left behind without their file.
    """
    rows = manifest.rows
    own = np.argsort(rows["assembled"].to_numpy(str) != "", kind="stable")
    there = (rows[column].to_numpy(str) != "") & (rows[part].to_numpy(str) != "")
    marked = own[there[own]]
    _, first = np.unique(rows[part].to_numpy(str)[marked], return_index=True)
    distinct = np.sort(marked[first])
    sources = rows["source"].to_numpy(str)[distinct]
    kept: list[int] = []
    for source in np.unique(sources):
        mine = distinct[sources == source]
        count = min(len(mine), MOST)
        kept += mine[np.arange(count) * len(mine) // max(count, 1)].tolist()
    return sorted(kept)


def _film(predictor: Predictor, manifest: Manifest, row: int) -> Seen:
    """The page's map of one film against its boxes."""
    path = manifest.path(row, "image")
    assert path is not None
    try:
        case = Case(image=read_picture(path.read_bytes(), path.name))
        prediction = predictor.predict(case)
    except InputError as exc:
        raise ManifestError(
            sentence("manifest.problem", file=path.name, reason=exc.sentence)
        ) from exc
    prepared = prediction.features.prepared["image"]
    lungs = prepared.lungs if isinstance(prepared, PreparedImage) else None
    maps = finer_maps(predictor, prediction)
    shares = maps[predictor.config.findings.index(BOXED)].values("image")
    assert shares is not None
    marked = box_mask(manifest.boxes(row), *shares.shape).numpy() >= WHOLE
    places = np.ones(shares.shape, bool)
    if lungs is not None and lungs.found:
        cells = torch.from_numpy(lungs.mask)[None, None].float()
        size = (shares.shape[0], shares.shape[1])
        places = torch.nn.functional.interpolate(cells, size, mode="area")[0, 0].numpy() >= WHOLE
    top, left = top_of(shares)
    return Seen(
        patient=str(manifest.rows.at[row, "patient_id"]),
        hit=any(
            box.left <= left <= box.right and box.top <= top <= box.bottom
            for box in manifest.boxes(row)
        ),
        blind=float(marked[places].mean()),
        precision=float(average_precision_score(marked.ravel(), shares.ravel()))
        if marked.any()
        else None,
        in_lungs=None if lungs is None or not lungs.found else share_inside(shares, lungs),
    )


def top_of(shares: Values) -> tuple[float, float]:
    """The middle of a map's strongest place, (height, width) -> (down, across) in [0, 1].

    Cells of a coarse grid that was drawn finer share one value, so the strongest are several.
    """
    rows, columns = np.nonzero(shares >= shares.max() - 1e-9 * np.ptp(shares))
    height, width = shares.shape
    return float((rows.mean() + 0.5) / height), float((columns.mean() + 0.5) / width)


def _recording(predictor: Predictor, manifest: Manifest, row: int) -> dict[str, Seen]:
    """Of each event that was marked, whether it was heard most when it sounded."""
    path, marks = manifest.path(row, "audio"), manifest.events(row)
    events = [
        e for e in predictor.config.events.get("audio", ()) if e in {mark.name for mark in marks}
    ]
    if path is None or "audio" not in predictor.config.modalities or not events:
        return {}
    try:
        prediction = predictor.predict(Case(audio=read_sound(path.read_bytes(), path.name)))
    except InputError as exc:
        raise ManifestError(
            sentence("manifest.problem", file=path.name, reason=exc.sentence)
        ) from exc
    heard = prediction.features.positions["audio"]
    with torch.no_grad():
        spoken = (
            cast(torch.nn.Linear, predictor.network.event_heads["audio"]).weight.cpu()
            @ heard.vectors[0]
        )
    spoken = spoken.reshape(-1, *heard.grid).mean(1)  # (events, times), all bands together
    prepared = prediction.features.prepared["audio"]
    assert isinstance(prepared, PreparedSound)
    middles = (np.arange(spoken.shape[1]) + 0.5) * prepared.seconds / spoken.shape[1]
    found = {}
    for event in events:
        sounding = np.zeros(len(middles), bool)
        for mark in marks:
            if mark.name == event:
                sounding |= (middles >= mark.start) & (middles <= mark.end)
        shares = spoken[predictor.config.events["audio"].index(event)].numpy()
        found[event] = Seen(
            patient=str(manifest.rows.at[row, "patient_id"]),
            hit=bool(sounding[int(shares.argmax())]),
            blind=float(sounding.mean()),
            precision=float(average_precision_score(sounding, shares)) if sounding.any() else None,
            in_lungs=None,
        )
    return found


def _summed(seen: Sequence[Seen]) -> Located:
    """The figures of films or recordings of one kind."""
    patients = np.array([s.patient for s in seen])
    top, bounds = share_of_patients(np.array([s.hit for s in seen], dtype=np.float64), patients)
    precisions = [s.precision for s in seen if s.precision is not None]
    inside = [s.in_lungs for s in seen if s.in_lungs is not None]
    return Located(
        n=len(seen),
        patients=len(np.unique(patients)),
        top=top,
        top_ci=bounds,
        chance=float(np.mean([s.blind for s in seen])),
        auprc=float(np.mean(precisions)) if precisions else None,
        in_lungs=float(np.median(inside)) if inside else None,
    )
