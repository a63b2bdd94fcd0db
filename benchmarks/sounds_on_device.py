"""Train a sound branch on one GPU with its augmentation there: 40 epochs in one to two minutes.

    python benchmarks/sounds_on_device.py sounds.csv --out runs/first [--fold 4]

The log-mels of the manifest's recordings are read once, and stay on the device in steps of 4 dB;
noise of as much is added in training. Losses: the labels of the recording, whether an event sounds
at each annotated moment, and that its evidence lies in the moments when it does. Besides the
model's events it learns two that join them, *any* and *continuous*, which are dropped at the end.
Patients of ``--fold`` (of five, by the sha256 of their identifier; the recipe's val and test
children are fold 4) are not taught. ``--out`` is a model of sounds alone: go on with ``mmbm train``
and ``start_from``. On a CPU it runs as well, for a try.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sounds_augmented import crop, masked, mixed, spoilt
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, binary_cross_entropy_with_logits

from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.audio.prepare import log_mel
from mmbm.case import SAMPLE_RATE
from mmbm.config import Limits
from mmbm.data.located import event_mask
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.sources.splits import place_of
from mmbm.io.audio import decode
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel

EVENTS = (
    "normal", "wheezing", "crackles", "fine_crackles", "coarse_crackles", "rhonchi", "stridor",
    "poor_quality",
)  # fmt: skip
CRACKLES = ("crackles", "fine_crackles", "coarse_crackles")
CONTINUOUS = ("wheezing", "rhonchi", "stridor")
JOINED = {"any": (*CRACKLES, *CONTINUOUS), "continuous": CONTINUOUS}
NAMES = (*EVENTS, *JOINED)
WEIGHTS = [1.0 if name in ("any", "crackles", "continuous") else 0.4 for name in NAMES]
PLACED = [NAMES.index(name) for name in (*CRACKLES, *CONTINUOUS, *JOINED)]
STEP = 4.0  # dB
FRAME = AudioConfig().hop / SAMPLE_RATE
MOMENT = 16  # frames
CROP = 560  # frames
MANIKIN, MIXED, SMOOTH, DECAY, RATE = 0.15, 0.3, 0.03, 0.99, 2e-3


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """Train recordings on the device, each repeated to the length of the longest."""

    mels: Tensor  # (n, mels, longest) int8, in steps of STEP dB
    frames: Tensor  # (n,) how many are its own
    labels: Tensor  # (n, names) float32, NaN: unknown
    sounding: Tensor  # (n, names + 1, longest) bool; the last: annotated at all
    chance: np.ndarray  # (n,) how often each is drawn


class Branch(nn.Module):
    """The audio branch of a model with a head for every name, and its moments' own scale."""

    def __init__(self, network: MultimodalBigModel) -> None:
        super().__init__()
        self.encoder = network.encoders["audio"]
        self.norm = network.normalise["audio"]
        self.head = nn.Linear(network.config.features, len(NAMES))
        self.scale = nn.Parameter(torch.zeros(len(NAMES)))
        self.shift = nn.Parameter(torch.full((len(NAMES),), -1.0))

    def forward(self, levelled: Tensor) -> tuple[Tensor, Tensor]:
        """(n, mels, frames) -> logits, (n, names), and evidence, (n, names, moments)."""
        cells = self.encoder.project(self.encoder.convolve(levelled[:, None]))
        means = cells.mean((2, 3))
        self.norm(means)
        centre, spread = means.mean(0), means.var(0, unbiased=False)
        vectors = (cells - centre[:, None, None]) * (spread + 1e-5).rsqrt()[:, None, None]
        evidence = torch.einsum("ed,ndt->net", self.head.weight, vectors.mean(2))
        return evidence.mean(2) + self.head.bias, evidence

    def loss(self, levelled: Tensor, labels: Tensor, sounding: Tensor) -> Tensor:
        """Of one batch."""
        logits, evidence = self(levelled)
        weights = logits.new_tensor(WEIGHTS)
        known = ~labels.isnan() * weights
        wanted = labels.nan_to_num() * (1 - 2 * SMOOTH) + SMOOTH
        named = (
            binary_cross_entropy_with_logits(logits, wanted, reduction="none") * known
        ).sum() / known.sum()
        seen, target = evidence[:, PLACED], sounding[:, PLACED]
        noted = (sounding[:, -1:] > 0.5).float() * weights[PLACED, None]
        scale, shift = self.scale[PLACED, None].exp(), self.shift[PLACED, None]
        at = binary_cross_entropy_with_logits(
            seen * scale + shift, (target > 0.5).float(), reduction="none"
        )
        moments = (at * noted).sum() / noted.sum().clamp(min=1)
        there = (target.sum(2) > 0).float() * weights[PLACED]
        share = target / target.sum(2, keepdim=True).clamp(min=1e-6)
        off = -(share * seen.log_softmax(2)).sum(2)
        return named + 0.5 * moments + 0.3 * (off * there).sum() / there.sum().clamp(min=1)


def read(path: Path) -> np.ndarray:
    """One recording's log-mel in steps of STEP dB, (mels, frames) int8."""
    torch.set_num_threads(1)
    sound = decode(path.read_bytes(), path.name, Limits())
    return np.clip(np.round(log_mel(sound, AudioConfig()) / STEP), -127, 127).astype(np.int8)


def sounds_of(manifest: Manifest, device: torch.device) -> Sounds:
    """Read every recording and its events; labels by the root of their number."""
    paths = [manifest.path(row, "audio") for row in range(len(manifest.rows))]
    with ProcessPoolExecutor() as pool:
        mels = list(pool.map(read, paths, chunksize=32))
    frames = [mel.shape[1] for mel in mels]
    longest = max(frames)
    sounding = torch.zeros(len(mels), len(NAMES) + 1, longest, dtype=torch.bool)
    for row in range(len(mels)):
        events = manifest.events(row)
        for e, name in enumerate((*NAMES, "annotated")):
            kinds = CRACKLES if name == "crackles" else JOINED.get(name, (name,))
            kinds = {event.name for event in events} if name == "annotated" else kinds
            sounding[row, e] = event_mask(events, kinds, longest, 1 / FRAME).bool()
    labels = manifest.sounds(EVENTS)
    normal = labels[:, 0]
    continuous = np.where(np.isnan(normal), np.nan, np.nanmax(labels[:, [1, 5, 6]], 1, initial=0))
    joined = np.stack([1 - normal, continuous], 1)
    kinds = ["".join(map(str, row)) for row in np.nan_to_num(labels, nan=-1).astype(int)]
    cells = np.array([f"{s}|{k}" for s, k in zip(manifest.rows["source"], kinds, strict=True)])
    _, inverse, count = np.unique(cells, return_inverse=True, return_counts=True)
    chance = 1 / np.sqrt(count[inverse])
    manikin = manifest.rows["source"].eq("hls_cmds").to_numpy()
    chance[~manikin] /= chance[~manikin].sum()
    chance[manikin] *= MANIKIN / max(chance[manikin].sum(), 1e-9)
    return Sounds(
        torch.from_numpy(
            np.stack([np.tile(m, -(-longest // m.shape[1]))[:, :longest] for m in mels])
        ).to(device),
        torch.tensor(frames, device=device),
        torch.from_numpy(np.concatenate([labels, joined], 1)).float().to(device),
        sounding.to(device),
        chance / chance.sum(),
    )


def batch_of(sounds: Sounds, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Augmented log-mels, labels and when each event sounds, a moment at a time."""
    at = crop(sounds.frames[rows], CROP)
    mels = sounds.mels[rows].float() * STEP
    decibels = mels.gather(2, at[:, None].expand(-1, mels.shape[1], -1))
    sounding = sounds.sounding[rows].float()
    sounding = sounding.gather(2, at[:, None].expand(-1, sounding.shape[1], -1))
    made = mixed(decibels, sounds.labels[rows], sounding, MIXED, NAMES.index("normal"))
    decibels, labels, sounding = made
    return masked(spoilt(decibels, STEP)), labels, avg_pool1d(sounding, MOMENT)


def fresh() -> MultimodalBigModel:
    """A model of sounds alone, always with the same weights."""
    torch.manual_seed(0)
    heard = AudioConfig(events=EVENTS)
    return MultimodalBigModel(ModelConfig(name="sound", modalities=("audio",), audio=heard))


def run(sounds: Sounds, seed: int, steps: int, batch: int) -> MultimodalBigModel:
    """One run; returns the moving average of its weights."""
    device = sounds.mels.device
    network = fresh()
    branch = Branch(network).to(device).train()
    torch.manual_seed(seed + 1)
    optimizer = torch.optim.AdamW(branch.parameters(), RATE, weight_decay=0.05)
    rise = max(1, int(0.08 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / rise, 0.5 + 0.5 * math.cos(math.pi * step / steps)),
    )
    live = [t for t in branch.state_dict().values() if t.is_floating_point()]
    kept = [t.detach().clone() for t in live]
    draws = np.random.default_rng(seed).choice(len(sounds.chance), (steps, batch), p=sounds.chance)
    for step, rows in enumerate(torch.from_numpy(draws).to(device)):
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = branch.loss(*batch_of(sounds, rows))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(branch.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        torch._foreach_lerp_(kept, live, 1 - min(DECAY, (1 + step) / (10 + step)))
    with torch.no_grad():
        for mine, mean in zip(live, kept, strict=True):
            mine.copy_(mean)
        network.event_heads["audio"].weight.copy_(branch.head.weight[: len(EVENTS)])
        network.event_heads["audio"].bias.copy_(branch.head.bias[: len(EVENTS)])
    return network.cpu().eval()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=4, choices=range(5))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=1360)
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    manifest = read_manifest(given.manifest)
    rows = manifest.rows
    part = rows["patient_id"].map(lambda patient: int(place_of(patient) * 5))
    manikin = rows["source"].eq("hls_cmds")
    taught = (manikin & rows["split"].ne("test")) | (~manikin & part.ne(given.fold))
    began = time.perf_counter()
    sounds = sounds_of(manifest.take((taught & rows["audio"].ne("")).to_numpy()), device)
    print(f"{len(sounds.mels)} recordings read in {time.perf_counter() - began:.0f} s", flush=True)
    began = time.perf_counter()
    network = run(sounds, given.seed, given.steps, given.batch)
    print(f"trained in {time.perf_counter() - began:.0f} s", flush=True)
    checkpoint.write(given.out, network, {}, {})


if __name__ == "__main__":
    main()
