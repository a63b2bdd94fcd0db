"""Small made-up cases and a manifest of them, for tests of everything behind the readers."""

from __future__ import annotations

import csv
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.case import SAMPLE_RATE, Case, Notes, Picture, Sound
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import Inputs, MultimodalBigModel
from mmbm.train.config import TrainConfig

TINY = ModelConfig(
    name="tiny",
    version="0.0.1",
    features=16,
    image=ImageConfig(backbone="test_efficientnet", feature_level=2, size=64),
    notes=NotesConfig(vocabulary=400, embedding=12, hidden=8, layers=2, max_tokens=64),
    audio=AudioConfig(mels=16, channels=(4, 8)),
)
TINY_TRAINING = TrainConfig(
    model=TINY,
    epochs=2,
    batch=8,
    image_weights="none",
    frozen_stages=0,
    crop_seconds=1.0,
    workers=0,
    threads=1,
)

NOTES = {
    1: ("Fever and productive cough, denies chest pain.", "发热、咳嗽三天，否认胸痛。"),
    0: ("Routine check. Denies fever, no cough.", "体检。否认发热，无咳嗽。"),
}


def picture(seed: int = 0, size: int = 96) -> Picture:
    """A film-like grey gradient with a few soft blobs."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    film = 0.3 + 0.3 * y
    for _ in range(6):
        centre, spread = rng.random(2), rng.uniform(0.05, 0.3)
        film += rng.normal() * 0.2 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / spread)
    film = ((film - film.min()) / np.ptp(film)).astype(np.float32)
    return Picture(pixels=film, shown=film)


def sound(seed: int = 0, seconds: float = 2.0) -> Sound:
    """Breath-like noise."""
    rng = np.random.default_rng(seed)
    n = int(seconds * SAMPLE_RATE)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * np.arange(n) / SAMPLE_RATE)
    return Sound((0.1 * swell * rng.standard_normal(n)).astype(np.float32))


def case(seed: int = 0) -> Case:
    """A complete case."""
    return Case(picture(seed), Notes(NOTES[seed % 2][0]), sound(seed))


def with_events(config: ModelConfig, events: tuple[str, ...]) -> ModelConfig:
    """The same model, of which the sound branch tells these events apart."""
    return config.model_copy(update={"audio": config.audio.model_copy(update={"events": events})})


def with_parts(given: Case, **parts: Any) -> Case:
    """The same case with other parts in the place of its own."""
    return Case(**{**given.parts, **parts})


def prepared_of(
    given: Case, network: MultimodalBigModel, tools: Mapping[str, Any]
) -> dict[str, PreparedPart]:
    """A case's parts as the network's branches read them."""
    made = {}
    for modality in network.config.modalities:
        if modality in given.parts:
            settings, encoder = network.config.of(modality), network.encoders[modality]
            read = branch_of(modality).reader(settings, encoder, tools.get(modality))
            made[modality] = read(given.parts[modality])
    return made


def inputs_of(given: Case, network: MultimodalBigModel, tools: Mapping[str, Any]) -> Inputs:
    """A case as a batch of one."""
    parts = {m: part.tensors for m, part in prepared_of(given, network, tools).items()}
    return Inputs(torch.tensor([[m in parts for m in network.config.modalities]]), parts)


def write_manifest(folder: Path, count: int = 64) -> Path:
    """A manifest of ``count`` small cases with their files; every fifth lacks its sound."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(count):
        label = i % 2
        Image.fromarray((picture(i).shown * 255).astype(np.uint8)).save(folder / f"film{i}.png")
        with wave.open(str(folder / f"sound{i}.wav"), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes((sound(i).waveform * 32000).astype("<i2").tobytes())
        rows.append(
            {
                "case_id": f"case{i}",
                "patient_id": f"patient{i}",
                "source": ("north", "south")[i // 2 % 2],
                "split": ("train", "train", "val", "test")[i // 4 % 4],
                "image": f"film{i}.png",
                "notes": "",
                "audio": "" if i % 5 == 4 else f"sound{i}.wav",
                "notes_text": NOTES[label][i // 2 % 2],
                "pneumonia": label,
                "no_finding": 1 - label if i % 7 else "",
                "sound:normal": 1 - label,
                "sound:fine_crackles": label,
            }
        )
    path = folder / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_model(folder: Path, fusion: str) -> Path:
    """A tiny model with made-up weights and the fusion asked for."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer([text for pair in NOTES.values() for text in pair] * 3, 200)
    notes = TINY.notes.model_copy(update={"vocabulary": tokenizer.get_vocab_size()})
    network = MultimodalBigModel(TINY.model_copy(update={"fusion": fusion, "notes": notes}))
    for parameter in network.fusion.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    network.calibration_scale.fill_(1.3)
    network.calibration_shift.fill_(-0.2)
    checkpoint.write(folder, network, {"notes": tokenizer}, {})
    return folder
