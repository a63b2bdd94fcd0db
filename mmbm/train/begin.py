"""What a run begins with: fresh weights, another model's, or pretrained encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from mmbm.branches.registry import branch_of
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.train.config import TrainConfig

__all__ = ["Begun", "begin", "carried", "continued"]


class Begun(NamedTuple):
    """Before the first step."""

    network: MultimodalBigModel | None  # None: fresh weights
    tools: Mapping[str, Any]  # of each modality, such as a tokeniser
    config: ModelConfig


def begin(config: TrainConfig, texts: Sequence[str]) -> Begun:
    """Read or make what ``config`` asks for; ``texts`` are the training notes.

    Raises
    ------
    ModelError
        A model to begin with that is not there, or damaged.
    ConfigError
        Pretrained weights to begin with that are not at hand.
    """
    if config.start_from:
        return _continued(config, texts)
    model, begun = config.model, {}
    for modality in model.modalities:
        begun[modality] = branch_of(modality).begun(model.of(modality), texts)
    model = model.model_copy(update={m: made.settings for m, made in begun.items()})
    tools = {m: made.tool for m, made in begun.items()}
    if not any(made.weights for made in begun.values()):
        return Begun(None, tools, model)
    torch.manual_seed(config.seed)
    network = MultimodalBigModel(model)
    for modality, made in begun.items():
        if made.weights:
            network.encoders[modality].load_state_dict(made.weights, strict=False)
        else:
            branch_of(modality).pretrained(
                made.settings, network.encoders[modality], config.image_weights
            )
    return Begun(network, tools, model)


def _continued(config: TrainConfig, texts: Sequence[str]) -> Begun:
    """From another model's weights, with its tools or, where asked for, with fresh ones."""
    before = checkpoint.read(str(config.start_from))
    tools, model = dict(before.tools), continued(before.network.config, config.model)
    retooled: tuple[str, ...] = ()
    if config.retokenise:
        for modality in model.modalities:
            made = branch_of(modality).begun(config.model.of(modality), texts)
            if made.tool is not None:
                tools[modality], retooled = made.tool, (*retooled, modality)
                fresh = {key: getattr(made.settings, key) for key in made.sized}
                model = model.model_copy(
                    update={modality: model.of(modality).model_copy(update=fresh)}
                )
    network = carried(before.network, model, retooled)
    with torch.no_grad():
        for modality in retooled:
            if modality in before.tools:
                branch_of(modality).carried(
                    network.encoders[modality],
                    tools[modality],
                    before.network.encoders[modality],
                    before.tools[modality],
                )
    return Begun(network, tools, model)


def continued(begun: ModelConfig, wanted: ModelConfig) -> ModelConfig:
    """The config of a run that begins with another model: its parts, with what may differ."""
    update: dict[str, Any] = {n: getattr(wanted, n) for n in ("name", "version", "modalities")}
    if "findings" in wanted.model_fields_set:
        update["findings"] = wanted.findings
    for modality in wanted.modalities:
        branch, asked = branch_of(modality), wanted.of(modality)
        own = begun.of(modality) if modality in begun.modalities else asked
        changed = {
            key: getattr(asked, key) for key in branch.loose if key in asked.model_fields_set
        }
        update[modality] = own.model_copy(update=changed)
    return begun.model_copy(update=update)


@torch.no_grad()
def carried(
    begun: MultimodalBigModel, config: ModelConfig, retooled: Sequence[str] = ()
) -> MultimodalBigModel:
    """The network of ``config`` with all that ``begun`` has, the head's rows by finding.

    The calibration is left behind, and what hangs on the tools of the ``retooled`` modalities; a
    finding that ``begun`` lacks starts at zero evidence.
    """
    network = MultimodalBigModel(config)
    fresh = network.state_dict()
    own: tuple[str, ...] = ("head.", "calibration_", "fusion.scores")
    own += tuple(f"encoders.{m}.{name}" for m in retooled for name in branch_of(m).of_tool)
    kept = {
        name: weight
        for name, weight in begun.state_dict().items()
        if not name.startswith(own) and name in fresh and fresh[name].shape == weight.shape
    }
    network.load_state_dict(kept, strict=False)
    into, of = (getattr(net.fusion, "scores", None) for net in (network, begun))
    for place, modality in enumerate(config.modalities):
        if into is not None and of is not None and modality in begun.config.modalities:
            into[place] = of[begun.place(modality)]
    network.head.weight.zero_()
    network.head.bias.zero_()
    for row, finding in enumerate(config.findings):
        if finding in begun.config.findings:
            old = begun.config.findings.index(finding)
            network.head.weight[row] = begun.head.weight[old]
            network.head.bias[row] = begun.head.bias[old]
    return network
