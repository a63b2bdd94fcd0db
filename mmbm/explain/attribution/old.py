"""Input-level attributions by Captum: which pixels, words and seconds carried a contribution.

Each method runs through one encoder only, against the fixed direction ``w_i W_c`` in which that
modality moves that finding; the rest of the net is linear and needs no attribution. Integrated
gradients are complete: over all inputs they sum to the contribution minus that of the baseline.
The number of steps grows until that holds to 1 %, and how well it holds is returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbm.case import Modality
from mmbm.errors import NoSignal
from mmbm.explain.maps import WordShare, place, words
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.predict import Prediction, Predictor, to_device

__all__ = ["Attribution", "attribute_audio", "attribute_image", "attribute_notes"]

TOLERANCE = 0.01  # of the contribution that is to be explained
STEPS = (16, 32, 64, 128)  # tried in turn until the tolerance holds
AT_ONCE = 8  # steps in one batch: bounds the memory
Progress = Callable[[float], None]  # 0 to 1


class Integral(NamedTuple):
    """What integrated gradients gave, and how well they converged."""

    values: Tensor
    explained: float
    delta: float
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """One method's answer for one modality and one finding, in logits."""

    modality: Modality
    finding: str
    values: NDArray[np.float32] | tuple[WordShare, ...]
    """Pixels (size, size), samples (n_samples,) at 16 kHz, or words."""
    method: str
    baseline: str  # in words, for the screen
    explained: float  # contribution minus the baseline's contribution
    delta: float  # |sum of values - explained|, as a fraction of it
    steps: int
    seconds: float


class Contribution(torch.nn.Module):
    """One modality's contribution to one finding as a function of that modality's input."""

    def __init__(self, network: MultimodalBigModel, modality: Modality, target: Tensor) -> None:
        super().__init__()
        self.network, self.modality, self.target = network, modality, target

    def forward(self, part: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(batch, …) of the modality's input -> (batch,) logits."""
        names = {"image": "film", "notes": "tokens", "audio": "waveform"}
        present = torch.ones(len(part), 3, dtype=torch.bool)
        inputs = Inputs(present, **{names[self.modality]: part}, lengths=lengths)
        positions = self.network.encode(self.modality, inputs)
        assert positions is not None
        return positions.mean @ self.target


def attribute_image(
    predictor: Predictor,
    prediction: Prediction,
    finding: str,
    *,
    progress: Progress | None = None,
) -> Attribution:
    """Integrated gradients on the film's pixels, from a film of one even grey.

    Source: Sundararajan, Taly & Yan, ICML 2017. Raises NoSignal without an image.
    """
    from captum.attr import IntegratedGradients

    contribution, inputs = _prepare(predictor, prediction, "image", finding)
    assert inputs.film is not None
    method = IntegratedGradients(contribution)
    grey = inputs.film.clone()
    grey[:, :1] = 0.0  # the lungs, a second plane, stay
    found = _integrate(predictor, contribution, method, inputs.film, grey, progress)
    pixels = found.values[0, 0].double().numpy()
    lungs = prediction.features.prepared.lungs
    if inputs.film.shape[1] > 1 and lungs is not None:
        pixels = place(pixels, lungs.box, len(pixels))
    baseline = "a film of one even grey"
    return Attribution(
        "image", finding, pixels.astype(np.float32), "Integrated Gradients", baseline, *found[1:]
    )


def attribute_notes(
    predictor: Predictor,
    prediction: Prediction,
    finding: str,
    *,
    progress: Progress | None = None,
) -> Attribution:
    """Integrated gradients on the word embeddings, from a note of as many blanks.

    Source: Sundararajan, Taly & Yan, ICML 2017. Raises NoSignal without notes.
    """
    from captum.attr import LayerIntegratedGradients

    contribution, inputs = _prepare(predictor, prediction, "notes", finding)
    tokens = prediction.features.prepared.tokens
    assert inputs.tokens is not None and inputs.lengths is not None and tokens is not None
    method = LayerIntegratedGradients(contribution, predictor.network.encoders["notes"].embed)
    blank = torch.zeros_like(inputs.tokens)
    found = _integrate(
        predictor, contribution, method, inputs.tokens, blank, progress, inputs.lengths
    )
    shares = words(tokens, found.values[0].sum(-1).double().numpy())
    baseline = "a note of blanks"
    return Attribution("notes", finding, shares, "Layer Integrated Gradients", baseline, *found[1:])


def attribute_audio(
    predictor: Predictor,
    prediction: Prediction,
    finding: str,
    *,
    progress: Progress | None = None,
) -> Attribution:
    """Integrated gradients on the waveform, from steady noise of the same spectrum.

    Silence is no baseline here: the branch hears tone, not loudness, so a recording that fades out
    sounds the same to it until almost nothing is left. Noise with the recording's own spectrum and
    random phases keeps tone and level, and takes away every event.

    Source: Sundararajan, Taly & Yan, ICML 2017. Raises NoSignal without a recording.
    """
    from captum.attr import IntegratedGradients

    contribution, inputs = _prepare(predictor, prediction, "audio", finding)
    assert inputs.waveform is not None
    method = IntegratedGradients(contribution)
    steady = steady_noise(inputs.waveform)
    found = _integrate(predictor, contribution, method, inputs.waveform, steady, progress)
    samples = found.values[0].float().numpy()
    baseline = "steady noise of the same spectrum"
    return Attribution("audio", finding, samples, "Integrated Gradients", baseline, *found[1:])


def steady_noise(waveform: Tensor, seed: int = 0) -> Tensor:
    """(batch, samples) -> noise of the same magnitude spectrum with random phases."""
    spectrum = torch.fft.rfft(waveform.cpu())
    draw = torch.Generator().manual_seed(seed)
    phases = torch.rand(spectrum.shape, generator=draw) * 2 * torch.pi
    noise = torch.fft.irfft(torch.polar(spectrum.abs(), phases), waveform.shape[-1])
    moved: Tensor = noise.to(waveform.device)
    return moved


def _prepare(
    predictor: Predictor, prediction: Prediction, modality: Modality, finding: str
) -> tuple[Contribution, Inputs]:
    """The contribution to explain, and the case's inputs on the predictor's device."""
    if modality not in prediction.present:
        raise NoSignal(f"There is no {modality} in this case to look closer at.")
    index = [f.name for f in prediction.findings].index(finding)
    target = prediction.readout.target(prediction.features.means, modality, index)
    target = target.float().to(predictor.torch_device)
    contribution = Contribution(predictor.network, modality, target)
    return contribution, to_device(prediction.features.prepared.inputs, predictor.torch_device)


def _integrate(
    predictor: Predictor,
    contribution: Contribution,
    method: Any,  # Captum's, built on ``contribution``
    given: Tensor,
    baseline: Tensor,
    progress: Progress | None,
    *more: Tensor,
) -> Integral:
    """Add steps until the attributions sum to what they explain, to the tolerance.

    Each round is one turn on the predictor's worker, so that other readers wait for no more than
    that. cuDNN's recurrent nets have no backward pass in eval mode, so cuDNN is off just here.
    """

    def explained() -> float:
        with torch.no_grad():
            return float(contribution(given, *more) - contribution(baseline, *more))

    def attribute(steps: int) -> tuple[Tensor, Tensor]:
        with torch.backends.cudnn.flags(enabled=False):
            return method.attribute(  # type: ignore[no-any-return]
                given,
                baselines=baseline,
                additional_forward_args=more or None,
                n_steps=steps,
                method="gausslegendre",
                internal_batch_size=AT_ONCE,
                return_convergence_delta=True,
            )

    began = time.perf_counter()
    wanted = predictor.alone(explained)
    for done, steps in enumerate(STEPS, 1):
        values, gap = predictor.alone(lambda steps=steps: attribute(steps))  # type: ignore[misc]
        delta = abs(float(gap.sum())) / max(abs(wanted), 1e-3)
        if progress is not None:
            progress(1.0 if delta <= TOLERANCE else sum(STEPS[:done]) / sum(STEPS))
        if delta <= TOLERANCE:
            break
    return Integral(values.detach().cpu(), wanted, delta, steps, time.perf_counter() - began)
