"""What ``compile`` and ``precision`` do to a training step: eager and other steps take turns.

    python benchmarks/compiled.py [--modality image] [--batch 16] [--rounds 20] [--bf16]

Forward, loss and backward of one branch with the default settings, on noise of the size of real
cases. Prints one JSON line: the seconds of the first, compiling step, then of each kind the median
step in milliseconds and its ratio to plain float32 steps, the median over rounds: above 1 is
faster.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch
from case import processor
from torch import Tensor

from mmbm.device import cores, probe_device
from mmbm.model.config import ModelConfig
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.train.computing import autocast, compiled
from mmbm.train.loss import coalition_loss

SECONDS, TOKENS = 6, 60  # of a recording and of a note


def noise(config: ModelConfig, modality: str, batch: int) -> tuple[Tensor, ...]:
    """Parts of one modality as its encoder takes them."""
    if modality == "image":
        return (torch.rand(batch, 1, config.image.size, config.image.size),)
    if modality == "audio":
        return (0.1 * torch.randn(batch, SECONDS * 16_000),)
    ids = torch.randint(2, config.notes.vocabulary, (batch, TOKENS))
    return ids, torch.full((batch,), TOKENS)


def stepper(
    network: MultimodalBigModel, inputs: Inputs, labels: Tensor, precision: str
) -> Callable[[], float]:
    """A step that returns how many seconds it took."""
    device = labels.device

    def step() -> float:
        began = perf_counter()
        with autocast(precision, device):
            read = network.read(inputs)
        features = network.gather(read, inputs.present)
        loss = coalition_loss(network, features, inputs.present, labels, 0.05)
        loss.mean.backward()  # type: ignore[no-untyped-call]
        network.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return perf_counter() - began

    return step


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--modality", choices=("image", "notes", "audio"), default="image")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--threads", type=int, default=0, help="torch's; 0: all cores")
    options.add_argument("--bf16", action="store_true", help="steps in bfloat16 as well")
    options.add_argument("--device", default="auto")
    given = options.parse_args()
    torch.set_num_threads(given.threads or cores())
    torch.manual_seed(0)
    device, config = probe_device(given.device), ModelConfig(modalities=(given.modality,))
    network = MultimodalBigModel(config).to(device).train()
    network.encoders.to(memory_format=torch.channels_last)
    present = torch.ones(given.batch, 1, dtype=torch.bool)
    inputs = Inputs(present, {given.modality: noise(config, given.modality, given.batch)})
    inputs, labels = inputs.to(device), torch.rand(given.batch, 2, device=device).round()
    twin = compiled(network, device)
    steps = {
        f"{how} {precision}": stepper(net, inputs, labels, precision)
        for precision in (("float32", "bfloat16") if given.bf16 else ("float32",))
        for how, net in (("eager", network), ("compiled", twin))
    }
    first = {kind: round(step(), 1) for kind, step in steps.items()}
    rounds = np.array([[step() for step in steps.values()] for _ in range(given.rounds + 2)][2:])
    medians = np.median(rounds, axis=0) * 1000
    ratios = np.median(rounds[:, :1] / rounds, axis=0)
    print(
        json.dumps(
            {
                "first_step_s": first,
                "step_ms": dict(zip(steps, medians.round(1).tolist(), strict=True)),
                "times_as_fast": dict(zip(steps, ratios.round(2).tolist(), strict=True)),
                "machine": f"{processor()}, {cores()} cores, {device}",
                "load": round(os.getloadavg()[0], 2),
                "torch": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
