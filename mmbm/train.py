"""Training: one loss over every coalition of modalities, from one forward pass.

Fusion is a sum and the head is linear, so the logit of *every* subset of modalities is known once
the features are: ``logit_S = b + sum over i in S of w_i W . f_i``. The loss is the mean over all
subsets that a case can offer, which is modality dropout without the dice: each branch learns to
stand alone and to add to the others, and an absent modality is something the net has always known.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mmbm.case import MODALITIES, SAMPLE_RATE
from mmbm.config import TrainConfig
from mmbm.data.augment import augment_film, augment_sound, crop_sound
from mmbm.data.corpus import Corpus
from mmbm.errors import ConfigError
from mmbm.inputs import equalise, thumbnail
from mmbm.model.image import load_imagenet
from mmbm.model.network import MultimodalBigModel
from mmbm.model.notes import UNKNOWN_ID, Tokens
from mmbm.predict import cores, to_device

__all__ = ["COALITIONS", "Step", "coalition_loss", "train"]

# the seven non-empty subsets of (image, notes, audio), (7, 3)
COALITIONS = torch.tensor([s for s in itertools.product((0, 1), repeat=3) if any(s)]).bool()


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is, for a progress bar."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float


def coalition_loss(
    network: MultimodalBigModel, features: Tensor, present: Tensor, labels: Tensor, smooth: float
) -> Tensor:
    """Mean cross-entropy over findings with a label and over coalitions of present modalities.

    Shapes: features (batch, 3, d), present (batch, 3) bool, labels (batch, findings) with NaN for
    unknown -> a scalar.
    """
    coalitions = COALITIONS.to(features.device)
    weighted = network.fusion.weights[:, None] * features  # (batch, 3, d)
    fused = torch.einsum("sm,bmd->bsd", coalitions.float(), weighted)  # (batch, 7, d)
    logits = network.head(fused)  # (batch, 7, findings)
    offered = (~coalitions[None] | present[:, None]).all(2)  # (batch, 7)
    known = labels.isnan().logical_not()[:, None] & offered[..., None]
    wanted = labels.nan_to_num()[:, None].expand_as(logits) * (1 - 2 * smooth) + smooth
    losses = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def sound_loss(network: MultimodalBigModel, features: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the sound events over recordings with a label."""
    known = labels.isnan().logical_not()
    losses = binary_cross_entropy_with_logits(
        network.sound_head(features[:, MODALITIES.index("audio")]),
        labels.nan_to_num(),
        reduction="none",
    )
    return (losses * known).sum() / known.sum().clamp(min=1)


def even_weights(cells: Iterable[str]) -> NDArray[np.float64]:
    """(cases,) so that every distinct cell weighs the same in all."""
    _, index, counts = np.unique(list(cells), return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1.0 / counts[index]
    return weights


def sampling_weights(corpus: Corpus) -> Tensor:
    """(cases,) so that every source x label cell is drawn equally often."""
    labels = ["".join(map(str, row)) for row in corpus.labels.nan_to_num(-1).int().tolist()]
    cells = [
        f"{s}|{label}" for s, label in zip(corpus.manifest.rows["source"], labels, strict=True)
    ]
    return torch.from_numpy(even_weights(cells))


def batches(corpus: Corpus, config: TrainConfig) -> Iterator[list[int]]:
    """One epoch of case numbers; draws from torch's global generator."""
    if config.balance == "source+label":
        order = torch.multinomial(sampling_weights(corpus), len(corpus), replacement=True)
    else:
        order = torch.randperm(len(corpus))
    usable = len(order) // config.batch * config.batch or len(order)
    for start in range(0, usable, config.batch):
        yield order[start : start + config.batch].tolist()


def train(
    corpus: Corpus,
    config: TrainConfig,
    out: Path,
    *,
    start: MultimodalBigModel | None = None,
    device: torch.device,
    resume: bool = False,
    validate: Callable[[MultimodalBigModel], dict[str, float]] = lambda _: {},
    progress: Callable[[Step], None] = lambda _: None,
) -> MultimodalBigModel:
    """Train on ``corpus``, from ``start`` or from fresh, and return the network in eval mode.

    After each epoch the whole state goes to ``out/state.safetensors`` and a row to
    ``out/training.csv``; with ``resume`` a run goes on from there. Each epoch is seeded by its
    number, so a resumed run ends with the weights of an unbroken one.

    Raises
    ------
    ConfigError
        Resuming with another configuration than the run began with.
    """
    torch.set_num_threads(config.threads or cores())
    torch.manual_seed(config.seed)
    network = MultimodalBigModel(config.model)
    if start is not None:
        network.load_state_dict(start.state_dict())
    elif config.image_weights == "imagenet":
        load_imagenet(network.image_encoder)
    if start is not None or config.image_weights != "none":
        network.image_encoder.freeze(config.frozen_stages)
    films = corpus.films[torch.from_numpy(np.unique(corpus.film_of[corpus.film_of >= 0]))]
    if len(films):
        network.mean_film.copy_(mean_film(films, len(network.mean_film)))
    network.to(device)
    network.encoders.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(_groups(network, config), weight_decay=config.weight_decay)
    per_epoch = max(len(corpus) // config.batch, 1)
    out.mkdir(parents=True, exist_ok=True)
    done = _restore(out, network, optimizer, config) if resume else 0
    samples = int(config.crop_seconds * SAMPLE_RATE)
    for epoch in range(done, config.epochs):
        began = time.perf_counter()
        torch.manual_seed(config.seed * 100_003 + epoch + 1)
        network.train()
        total = 0.0
        for number, cases in enumerate(batches(corpus, config)):
            _set_rate(optimizer, epoch * per_epoch + number, config.epochs * per_epoch)
            inputs = corpus.inputs(
                cases,
                film=augment_film,
                sound=lambda w: augment_sound(crop_sound(w, samples)),
                tokens=forget,
            )
            inputs = to_device(inputs, device)
            features = network.features(inputs)
            labels, events = corpus.labels[cases].to(device), corpus.sound_labels[cases].to(device)
            loss = coalition_loss(
                network, features, inputs.present, labels, config.label_smoothing
            ) + sound_loss(network, features, events)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            total += float(loss.detach())
            progress(Step(epoch + 1, config.epochs, number + 1, per_epoch, total / (number + 1)))
        network.eval()
        row = {"epoch": epoch + 1, "loss": total / per_epoch} | validate(network)
        row["seconds"] = time.perf_counter() - began
        _log(out / "training.csv", row, fresh=epoch == 0)
        _save(out, network, optimizer, epoch + 1, config)
    return network.eval()


def mean_film(films: Tensor, side: int) -> Tensor:
    """(films, 1, size, size) -> (side, side): what a chest film looks like on the whole."""
    total = torch.zeros(side, side)
    for film in films:
        total += thumbnail(equalise(film), side)
    return total / len(films)


def forget(tokens: Tokens) -> Tokens:
    """One token in twenty becomes unknown, as rare words will be."""
    drop = torch.rand(len(tokens.ids)) < 0.05
    ids = [UNKNOWN_ID if d else i for i, d in zip(tokens.ids, drop.tolist(), strict=True)]
    return tokens._replace(ids=ids)


def _groups(network: MultimodalBigModel, config: TrainConfig) -> list[dict[str, object]]:
    backbone = {id(p) for p in network.image_encoder.backbone.parameters()}
    trained = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if id(p) in backbone], "top": config.image_learning_rate},
        {"params": [p for p in trained if id(p) not in backbone], "top": config.learning_rate},
    ]


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Rise over the first twentieth, then fall along a half cosine."""
    warm = max(steps // 20, 1)
    if step < warm:
        factor = (step + 1) / warm
    else:
        factor = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))
    for group in optimizer.param_groups:
        group["lr"] = group["top"] * factor


def _log(path: Path, row: dict[str, float], *, fresh: bool) -> None:
    with path.open("w" if fresh else "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row.keys())
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def _save(
    out: Path,
    network: MultimodalBigModel,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    config: TrainConfig,
) -> None:
    """Write the whole state to one safetensors file, in one move."""
    state = {f"network.{k}": v.contiguous().cpu() for k, v in network.state_dict().items()}
    for i, moments in optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{i}.{k}": v.contiguous().cpu() for k, v in moments.items()}
    partial = out / "state.partial"
    save_file(state, partial, {"epoch": str(epoch), "config": config.model_dump_json()})
    partial.replace(out / "state.safetensors")


def _restore(
    out: Path, network: MultimodalBigModel, optimizer: torch.optim.Optimizer, config: TrainConfig
) -> int:
    """Load the state of an earlier run, if there is one; returns the epochs already done."""
    path = out / "state.safetensors"
    if not path.is_file():
        return 0
    with safe_open(path, "pt") as file:
        about = file.metadata()
    if json.loads(about["config"]) != json.loads(config.model_dump_json()):
        raise ConfigError(
            f"'{out.name}' holds a run with another configuration; use another folder for this one."
        )
    network_state: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in load_file(path).items():
        kind, name = key.split(".", 1)
        if kind == "network":
            network_state[name] = value
        else:
            index, name = name.split(".")
            moments.setdefault(int(index), {})[name] = value
    network.load_state_dict(network_state)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return int(about["epoch"])
