"""One part of a case in one of its spaces: what every method of attribution works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import space_named
from mmbm.branches.space import InputSpace, Scene
from mmbm.errors import ConfigError, NoSignal
from mmbm.model.network import MultimodalBigModel
from mmbm.predict import Prediction, Predictor
from mmbm.text import name_of, sentence

__all__ = ["Contribution", "Space", "space_of"]


class Contribution(nn.Module):
    """One modality's contribution to one finding as a function of that modality's input."""

    def __init__(self, network: MultimodalBigModel, modality: str, target: Tensor) -> None:
        super().__init__()
        self.network, self.modality, self.target = network, modality, target

    def forward(self, *tensors: Tensor) -> Tensor:
        """(batch, …) of the modality's input -> (batch,) logits."""
        return self.network.encode(self.modality, *tensors).mean @ self.target


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One modality's input and the contribution as a function of it, on the predictor's device."""

    kind: InputSpace
    modality: str
    finding: str
    given: Tensor  # for instance (1, 1, size, size), (1, tokens, embedding), (1, mels, frames)
    score: Callable[[Tensor], Tensor]  # (batch, …) like ``given`` -> (batch,) logits
    baselines: dict[str, Callable[[], Tensor]]  # each like ``given``
    encoder: nn.Module
    prediction: Prediction

    @property
    def over(self) -> str:
        """What the map is drawn over."""
        return self.kind.over

    @property
    def prepared(self) -> PreparedPart:
        """The part as it was read."""
        return self.prediction.features.prepared[self.modality]

    @property
    def row_bytes(self) -> int:
        """About what one row of a batch takes, with what its backward pass needs."""
        return self.given.numel() * self.given.element_size() * self.kind.growth

    def baseline(self, name: str) -> Tensor:
        """The baseline of that name. Raises ConfigError, listing the valid ones."""
        if name not in self.baselines:
            valid = ", ".join(self.baselines)
            raise ConfigError(
                sentence("explain.no_baseline", baseline=name, space=self.over, known=valid)
            )
        return self.baselines[name]()


def space_of(predictor: Predictor, prediction: Prediction, over: str, finding: str) -> Space:
    """The space of one part of a case, for one finding.

    Raises
    ------
    NoSignal
        The case has no such part.
    ConfigError
        No map is drawn over that.
    """
    branch, kind = space_named(over)
    modality = branch.name
    if modality not in prediction.present:
        raise NoSignal(sentence("explain.absent", part=name_of("modality", modality)))
    network, device = predictor.network, predictor.torch_device
    index = [f.name for f in prediction.findings].index(finding)
    directions = prediction.readout.directions(prediction.features.means)
    target = directions[index, prediction.place(modality)].float().to(device)
    scene = Scene(
        tuple(t.to(device) for t in prediction.features.prepared[modality].tensors),
        Contribution(network, modality, target),
        network.encoders[modality],
        network.normalise[modality],
        target,
        predictor.config.of(modality),
    )
    opened = kind.open(scene)
    return Space(
        kind,
        modality,
        finding,
        opened.given,
        opened.score,
        opened.baselines,
        scene.encoder,
        prediction,
    )
