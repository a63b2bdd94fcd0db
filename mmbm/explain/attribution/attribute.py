"""Attribution by name: which methods there are, over what, and from which baseline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from mmbm.branches.registry import branch_of, space_named
from mmbm.errors import ConfigError
from mmbm.explain.attribution import methods
from mmbm.explain.attribution.methods import TOLERANCE, Shares
from mmbm.explain.attribution.result import Attribution, answer
from mmbm.explain.attribution.spaces import Space, space_of
from mmbm.explain.attribution.work import Progress, Work
from mmbm.predict import Prediction, Predictor
from mmbm.text import sentence

__all__ = [
    "METHODS",
    "NO_BASELINE",
    "Found",
    "attribute",
    "closer_maps",
    "found_in",
]

Method = Callable[[Space, Tensor, Work], Shares]
METHODS: dict[str, Method] = {  # by the names under which spaces list them
    "DeepLIFT": methods.deeplift,
    "Integrated Gradients": methods.integrated_gradients,
    "Layer Integrated Gradients": methods.integrated_gradients,  # on the embedding
    "GradientShap": methods.gradient_shap,
    "Occlusion": methods.occlusion,
    "Band and time occlusion": methods.occlusion,
    "Word occlusion": methods.unit_occlusion,
    "Field occlusion": methods.unit_occlusion,
    "Grad-CAM": methods.layer_grad_cam,
    "Saliency": methods.saliency,
    "Input x Gradient": methods.input_x_gradient,
}
NO_BASELINE = frozenset({"Grad-CAM", "Saliency", "Input x Gradient"})


def attribute(
    predictor: Predictor,
    prediction: Prediction,
    over: str,
    finding: str,
    *,
    method: str | None = None,
    baseline: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Attribution:
    """Spread one finding's contribution over pixels, words, samples, or bands and moments.

    Without a method, the space's first; where it is not complete on this net, integrated
    gradients. Without a baseline, the space's first.

    Raises
    ------
    NoSignal
        The case has no such part.
    ConfigError
        No such method or baseline; the message lists the valid ones.
    Cancelled
        ``cancelled`` said so.
    OutOfMemory
        Nor on the CPU.
    """
    began = time.perf_counter()
    found = found_in(
        *(prediction, over, finding),
        method=method,
        baseline=baseline,
        work=Work(predictor, progress, cancelled),
    )
    words = found.space.kind.baselines[found.baseline]
    return answer(
        found.space,
        found.shares,
        method=found.method,
        baseline="none" if found.method in NO_BASELINE else words,
        seconds=time.perf_counter() - began,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A method's shares in their space, with what they were measured from."""

    space: Space
    shares: Shares
    reference: Tensor  # the baseline, like ``space.given``
    method: str
    baseline: str  # its name


def found_in(
    prediction: Prediction,
    over: str,
    finding: str,
    *,
    method: str | None,
    baseline: str | None,
    work: Work,
) -> Found:
    """What :func:`attribute` shows, before it is put in its place; raises the same."""
    return work.fitting(
        lambda fits: _found(prediction, over, finding, method=method, baseline=baseline, work=fits)
    )


def _found(
    prediction: Prediction,
    over: str,
    finding: str,
    *,
    method: str | None,
    baseline: str | None,
    work: Work,
) -> Found:
    kind = space_named(over)[1]
    known = kind.methods
    name = method or known[0]
    if name not in known:
        raise ConfigError(
            sentence("explain.no_method", method=name, space=over, known=", ".join(known))
        )
    space = work.turn(lambda: space_of(work.predictor, prediction, over, finding))
    from_what = baseline or next(iter(kind.baselines))
    reference = work.turn(lambda: space.baseline(from_what))
    shares = METHODS[name](space, reference, work)
    if method is None and shares.delta > TOLERANCE and name != kind.complete:
        name = kind.complete
        shares = METHODS[name](space, reference, work)
    work.say(1.0)
    return Found(space, shares, reference, name, from_what)


def closer_maps(
    predictor: Predictor,
    prediction: Prediction,
    finding: str,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Attribution, ...]:
    """The default map of every part of the case, down to its input."""
    spaces = {m: branch_of(m).spaces_of(predictor.config.of(m)) for m in prediction.present}
    parts = [m for m in prediction.present if spaces[m]]
    maps = []
    for done, modality in enumerate(parts):

        def step(part: float, done: int = done) -> None:
            if progress is not None:
                progress((done + part) / len(parts))

        maps.append(
            attribute(
                predictor,
                prediction,
                spaces[modality][0].over,
                finding,
                progress=step,
                cancelled=cancelled,
            )
        )
    return tuple(maps)
