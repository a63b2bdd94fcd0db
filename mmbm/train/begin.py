"""What a run begins with: fresh weights, another model's, or pretrained encoders."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from tokenizers import Tokenizer

from mmbm.config import ModelConfig, TrainConfig
from mmbm.model import checkpoint
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.image import load_imagenet
from mmbm.model.network import MultimodalBigModel
from mmbm.model.notes import NotesEncoder, TransformerEncoder, open_transformer, train_tokenizer

__all__ = ["Begun", "begin", "carried", "continued"]


class Begun(NamedTuple):
    """Before the first step."""

    network: MultimodalBigModel | None  # None: fresh weights
    tokenizer: Tokenizer
    config: ModelConfig


def begin(config: TrainConfig, texts: list[str]) -> Begun:
    """Read or make what ``config`` asks for; ``texts`` are the training notes.

    Raises
    ------
    ModelError
        A model to begin with that is not there, or damaged.
    ConfigError
        Pretrained weights to begin with that are not at hand.
    """
    if config.start_from:
        begun = checkpoint.read(config.start_from)
        tokenizer, model = begun.tokenizer, continued(begun.network.config, config.model)
        if config.retokenise:
            tokenizer, model = tokenised(texts, model, config.model.notes.vocabulary)
        network = carried(begun.network, model)
        keep_embeddings(begun, network, tokenizer)
        return Begun(network, tokenizer, model)
    if config.model.notes.encoder != "gru":
        notes, tokenizer, pretrained = open_transformer(config.model.notes)
        model = config.model.model_copy(update={"notes": notes})
        torch.manual_seed(config.seed)
        network = MultimodalBigModel(model)
        cast(TransformerEncoder, network.encoders["notes"]).net.load_state_dict(pretrained)
        if config.image_weights == "imagenet":
            load_imagenet(network.image_encoder)
        return Begun(network, tokenizer, model)
    return Begun(None, *tokenised(texts, config.model, config.model.notes.vocabulary))


def tokenised(
    texts: list[str], config: ModelConfig, vocabulary: int
) -> tuple[Tokenizer, ModelConfig]:
    """A tokeniser for these notes, and the config with its size."""
    tokenizer = train_tokenizer(texts, vocabulary)
    notes = config.notes.model_copy(update={"vocabulary": tokenizer.get_vocab_size()})
    return tokenizer, config.model_copy(update={"notes": notes})


@torch.no_grad()
def keep_embeddings(begun: LoadedModel, network: MultimodalBigModel, tokenizer: Tokenizer) -> None:
    """Give every token that ``begun`` knew the embedding that it had there."""
    if isinstance(network.encoders["notes"], TransformerEncoder):
        return
    old = begun.tokenizer.get_vocab()
    into = cast(NotesEncoder, network.encoders["notes"]).embed.weight
    source = cast(NotesEncoder, begun.network.encoders["notes"]).embed.weight
    for token, row in tokenizer.get_vocab().items():
        if token in old:
            into[row] = source[old[token]]


def continued(begun: ModelConfig, wanted: ModelConfig) -> ModelConfig:
    """The config of a run that begins with another model: its parts, with what may differ."""
    update: dict[str, Any] = {n: getattr(wanted, n) for n in ("name", "version", "modalities")}
    if "findings" in wanted.model_fields_set:
        update["findings"] = wanted.findings
    if "lungs" in wanted.image.model_fields_set:
        update["image"] = begun.image.model_copy(update={"lungs": wanted.image.lungs})
    return begun.model_copy(update=update)


@torch.no_grad()
def carried(begun: MultimodalBigModel, config: ModelConfig) -> MultimodalBigModel:
    """The network of ``config`` with all that ``begun`` has, the head's rows by finding.

    The calibration is left behind; a finding that ``begun`` lacks starts at zero evidence.
    """
    network = MultimodalBigModel(config)
    own: tuple[str, ...] = ("head.", "calibration_")
    if config.notes != begun.config.notes:
        own += ("encoders.notes.embed.",)
    kept = {n: t for n, t in begun.state_dict().items() if not n.startswith(own)}
    network.load_state_dict(kept, strict=False)
    network.head.weight.zero_()
    network.head.bias.zero_()
    for row, finding in enumerate(config.findings):
        if finding in begun.config.findings:
            old = begun.config.findings.index(finding)
            network.head.weight[row] = begun.head.weight[old]
            network.head.bias[row] = begun.head.bias[old]
    return network
