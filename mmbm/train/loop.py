"""The training loop: epochs, moving average, early stopping."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from mmbm.branches.registry import branch_of
from mmbm.data.corpus import Corpus
from mmbm.device import cores
from mmbm.errors import ConfigError
from mmbm.model.network import MultimodalBigModel
from mmbm.text import sentence
from mmbm.train.collate import Batch
from mmbm.train.computing import autocast, compiled, precision_of
from mmbm.train.config import TrainConfig
from mmbm.train.loader import load
from mmbm.train.loss import Loss, coalition_loss, event_loss, moment_loss, place_loss
from mmbm.train.optimiser import factors, follow, groups_of
from mmbm.train.processes import Processes
from mmbm.train.sampling import batches_per_epoch, seed_of
from mmbm.train.state import Row, RunState, restore, save, write_log
from mmbm.train.together import read_together

__all__ = ["Step", "Trained", "train"]

SCORE = "macro_auroc"  # the figure of ``validate`` that early stopping watches


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is, for a progress bar."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float


class Trained(NamedTuple):
    """What a run ends with."""

    network: MultimodalBigModel  # in eval mode
    epoch: int  # that its weights are of, counted from 1


def train(
    corpus: Corpus,
    config: TrainConfig,
    out: Path,
    *,
    team: Processes,
    start: MultimodalBigModel | None = None,
    resume: bool = False,
    validate: Callable[[MultimodalBigModel, int], Row] = lambda _network, _epoch: {},
    progress: Callable[[Step], None] = lambda _: None,
) -> Trained:
    """Train on ``corpus``, from ``start`` or from fresh.

    After each epoch ``validate`` is called with the network and the epoch's number, the whole state
    goes to ``out/state.safetensors`` and the log to ``out/training.csv``; with ``resume`` a run
    goes on from there. Each epoch is seeded by its number, so a resumed run ends with the weights
    of an unbroken one. With ``config.ema`` the weights that are validated and kept are the moving
    average; with ``config.patience`` those of the epoch with the best ``macro_auroc``.

    Raises
    ------
    ConfigError
        Resuming with another configuration or manifest than the run began with, a batch too small
        for the processes, early stopping without a figure to watch, or nothing that compiles.
    """
    if len(corpus) < 2 * team.world or config.batch < 2 * team.world:
        raise ConfigError(sentence("train.batch", processes=team.world, least=2 * team.world))
    if config.compile and team.world > 1:
        raise ConfigError(sentence("train.compile_alone"))
    # a thread without a core of its own slows all the others down
    torch.set_num_threads(config.threads or max(cores() // team.world - config.workers, 1))
    run = _begin(corpus, config, start, team.device)
    out.mkdir(parents=True, exist_ok=True)
    if config.compile:
        run.reader = compiled(run.network, team.device)
    if resume:
        restore(out, run, config)
        if team.first and run.history:
            write_log(out, run.history)
    batches, done = batches_per_epoch(corpus, config), len(run.history)
    schedule = LambdaLR(run.optimizer, factors(batches * config.epochs), done * batches - 1)
    ready = load(corpus, config, first=done, rank=team.rank, world=team.world)
    finished = team.any(team.first and _finished(run.history, config))
    while not finished:
        epoch = len(run.history)
        row = _epoch(run, ready, config, team, schedule, batches, progress)
        if team.first:
            began = time.perf_counter()
            run.shown.eval()
            row |= validate(run.shown, epoch + 1)
            row["seconds"] += time.perf_counter() - began
            if config.patience and math.isnan(row.get(SCORE, math.nan)):
                raise ConfigError(sentence("train.patience"))
        run.history.append(row)
        if team.first:
            if config.patience and _best(run.history) == epoch + 1:
                run.best = {n: w.detach().clone() for n, w in run.shown.state_dict().items()}
            save(out, run, config)
        finished = team.any(team.first and _finished(run.history, config))
    network, last = run.shown, len(run.history)
    if team.first and run.best:
        network.load_state_dict(run.best)
        last = _best(run.history)
    return Trained(network.eval(), last)


def _begin(
    corpus: Corpus, config: TrainConfig, start: MultimodalBigModel | None, device: torch.device
) -> RunState:
    """The network and its optimizer before the first step."""
    for modality in config.model.events:
        if not branch_of(modality).event_labels:
            why = sentence("train.no_event_labels")
            raise ConfigError(sentence("config.invalid", setting=f"{modality}.events", reason=why))
    torch.manual_seed(config.seed)
    network = MultimodalBigModel(config.model)
    if start is not None:
        network.load_state_dict(start.state_dict())
    for modality in config.model.modalities:
        branch, encoder = branch_of(modality), network.encoders[modality]
        if start is None:
            branch.pretrained(config.model.of(modality), encoder, config.image_weights)
        if config.start_from or config.image_weights != "none":
            branch.still(encoder, config.frozen_stages)
        branch.fit(encoder, corpus)
    for modality in _still(config):
        network.encoders[modality].requires_grad_(False)
    if "head" in config.freeze:
        network.fusion.requires_grad_(False)
        network.head.requires_grad_(False)
    network.to(device)
    network.encoders.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(groups_of(network, config), weight_decay=config.weight_decay)
    average = copy.deepcopy(network) if config.ema else None
    return RunState(network, optimizer, corpus.manifest.sha256, average)


def _still(config: TrainConfig) -> set[str]:
    """The modalities whose encoders are not trained."""
    return set(config.freeze) & set(config.model.modalities)


def _epoch(
    run: RunState,
    ready: Iterator[Batch],
    config: TrainConfig,
    team: Processes,
    schedule: LambdaLR,
    batches: int,
    progress: Callable[[Step], None],
) -> Row:
    """One epoch of steps; returns its row of the log."""
    began, waited, epoch = time.perf_counter(), 0.0, len(run.history)
    torch.manual_seed(seed_of(config.seed, epoch, team.rank))  # dropout
    run.network.train()
    for modality in _still(config):  # no dropout, no new statistics
        run.network.encoders[modality].eval()
        run.network.normalise[modality].eval()
    total = torch.zeros((), device=team.device)
    for number in range(batches):
        asked = time.perf_counter()
        batch = next(ready)
        waited += time.perf_counter() - asked
        step = epoch * batches + number
        rate = float(schedule.get_last_lr()[-1])
        total += _step(run, batch, config, team)
        schedule.step()
        if run.average is not None:
            follow(run.average, run.network, min(config.ema, (1 + step) / (10 + step)))
        if team.first:
            mean = float(total) / (number + 1)
            progress(Step(epoch + 1, config.epochs, number + 1, batches, mean))
    seconds = time.perf_counter() - began
    return {
        "epoch": epoch + 1,
        "loss": float(total) / batches,
        "learning_rate": rate,
        "wait": waited / seconds,
        "seconds": seconds,
    }


def _step(run: RunState, batch: Batch, config: TrainConfig, team: Processes) -> Tensor:
    """One step down the gradient of the loss over the batches of all processes."""
    network = run.network
    inputs = batch.inputs.to(team.device)
    labels, events = batch.labels.to(team.device), batch.events.to(team.device)
    with autocast(precision_of(config.precision, team.device), team.device):
        read, nothing = read_together(run.reader or network, inputs, team)
    features = network.gather(read, inputs.present)
    place = Loss(features.new_zeros(()), features.new_zeros(()))
    for modality, known in batch.where.items() if config.localise else ():
        located = moment_loss if modality in network.event_heads else place_loss
        mine = located(network, modality, read[modality], known.to(team.device))
        place = Loss(place.total + mine.total, place.known + mine.known)
    losses = (  # always as many, for the processes add them up
        coalition_loss(
            network,
            features,
            inputs.present,
            labels,
            config.label_smoothing,
            config.loss_weights,
        ),
        event_loss(network, features, inputs.present, events),
        place,
    )
    weights = features.new_tensor([1.0, 1.0, config.localise])
    counts = team.sum(torch.stack([loss.known for loss in losses]).float()).clamp(min=1)
    loss = (torch.stack([loss.total for loss in losses]) * weights / counts).sum() + nothing
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    trained = [p for p in network.parameters() if p.requires_grad]
    team.add_gradients(trained)
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    run.optimizer.step()
    return team.sum(loss.detach())


def _best(history: list[Row]) -> int:
    """The epoch with the best score, counted from 1; of equals the first."""
    return 1 + max(range(len(history)), key=lambda i: history[i][SCORE])


def _finished(history: list[Row], config: TrainConfig) -> bool:
    late = config.patience and history and len(history) - _best(history) >= config.patience
    return len(history) >= config.epochs or bool(late)
