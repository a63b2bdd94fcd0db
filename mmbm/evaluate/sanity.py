"""Whether a model's maps change when its weights are shuffled, measured once and kept."""

from __future__ import annotations

from pathlib import Path

from mmbm.branches.registry import branch_of
from mmbm.data.corpus import Progress
from mmbm.evaluate.golden import sample_cases
from mmbm.explain.attribution import randomised_maps, weight_shuffled
from mmbm.explain.verdict import Sanity, sanity_of, write_sanity
from mmbm.predict import Predictor

__all__ = ["run_sanity"]


def run_sanity(
    model: str | Path, *, device: str, reading: Progress, every: bool = False
) -> tuple[Sanity, ...]:
    """Compare a model's maps of the sample cases with those of its shuffled weights; store that.

    Of the default map of each part, or of ``every`` method. Raises ModelError.
    """
    predictor = Predictor.load(model, device)
    shuffled = weight_shuffled(predictor)
    cases = list(sample_cases().values())
    read = predictor.predict(cases[0]).present
    asked = [
        (space.over, method)
        for modality in read
        for space in branch_of(modality).spaces_of(predictor.config.of(modality))[
            : None if every else 1
        ]
        for method in space.methods[: None if every else 1]
    ]
    found = []
    for done, (over, method) in enumerate(asked):
        reading(f"{method}, {over}", done, len(asked))
        pairs = randomised_maps(predictor, shuffled, cases, over, method)
        found.append(sanity_of(predictor.identity.sha256, over, method, pairs))
    write_sanity(predictor.folder, found)
    return tuple(found)
