"""A fourth modality in one file: vital signs and blood values.

    python examples/vital_signs.py OUT             # trains a small model on made cases, shows one
    mmbm --with examples/vital_signs.py serve --model OUT/model

Importing this file registers the modality ``vital_signs`` with MMBM. A manifest may then have the
columns ``vital_signs:temperature`` and so on, a model's settings may name the modality, and the
page asks for the numbers in a form. Nothing in ``mmbm`` or ``dashboard`` knows of it.

The net reads each measurement by itself: its standardised value goes through a small net of its own
to a vector, and the feature is the mean of the vectors of those that were measured. So the account
can say exactly what each measurement contributed, and a missing one contributes nothing.

The cases are made, not measured: the numbers below are plausible, and prove nothing of medicine.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import mmbm
from mmbm.branches.branch import Array, Branch, Reader
from mmbm.branches.parts import ArrayEvidence, Field, Piece, Place, PreparedPart, Span
from mmbm.branches.registry import register
from mmbm.branches.space import InputSpace, Opened, Scene
from mmbm.config import BranchSettings

NAME = "vital_signs"
FIELDS = (
    Field("temperature", "Temperature", "°C", 25.0, 45.0, 0.1),
    Field("pulse", "Pulse", "/min", 20.0, 300.0),
    Field("breaths", "Breaths", "/min", 2.0, 120.0),
    Field("spo2", "SpO2", "%", 30.0, 100.0),
    Field("systolic", "Systolic blood pressure", "mmHg", 30.0, 300.0),
    Field("diastolic", "Diastolic blood pressure", "mmHg", 10.0, 200.0),
    Field("white_cells", "White cells", "10⁹/L", 0.0, 500.0, 0.1),
    Field("crp", "CRP", "mg/L", 0.0, 1000.0),
)


@dataclass(frozen=True)
class VitalSigns:
    """One patient's measurements at one time, in the units of ``FIELDS``."""

    values: tuple[float | None, ...]  # beside FIELDS; None: not measured
    warnings: tuple[str, ...] = ()


class Settings(BranchSettings):
    """Settings of the branch."""

    hidden: int = 16  # units a measurement


@dataclass(frozen=True, eq=False)
class PreparedSigns(PreparedPart):
    """``tensors``: the values, (1, fields) float32, 0 where missing, and which are known."""


class SignsEncoder(nn.Module):
    """Measurements -> one vector for each of them."""

    centre: Tensor
    spread: Tensor

    def __init__(self, settings: Settings, features: int) -> None:
        super().__init__()
        count, hidden = len(FIELDS), settings.hidden
        self.register_buffer("centre", torch.zeros(count))  # of the training cases
        self.register_buffer("spread", torch.ones(count))
        self.weight = nn.Parameter(torch.randn(count, hidden))
        self.bias = nn.Parameter(torch.randn(count, hidden) * 0.1)
        self.bend = nn.ReLU()
        self.project = nn.Conv1d(hidden, features, 1)

    def forward(self, values: Tensor, known: Tensor) -> Tensor:
        """(batch, fields) in their units, (batch, fields) 0 or 1 -> (batch, features, fields)."""
        level = ((values - self.centre) / self.spread * known)[..., None]
        hidden = self.bend(level * self.weight + self.bias)  # (batch, fields, hidden)
        cells: Tensor = self.project(hidden.mT)
        return cells


class Measurements(InputSpace):
    """The values in their units, (1, fields)."""

    over = "measurements"
    baselines = {"mean": "the mean of the training cases"}
    methods = ("Integrated Gradients", "Field occlusion")

    def open(self, scene: Scene) -> Opened:
        values, known = scene.tensors
        centre: Any = scene.encoder.centre

        def score(rows: Tensor) -> Tensor:
            return scene.contribution(rows, known.expand(len(rows), -1))

        return Opened(values, score, {"mean": lambda: centre[None].expand_as(values).clone()})


class VitalSignsBranch(Branch):
    """Reads :class:`VitalSigns`."""

    name = NAME
    settings = Settings
    spaces = (Measurements(),)
    fields = FIELDS
    columns = tuple(f"{NAME}:{field.name}" for field in FIELDS)
    unlike = {"features": "The measurements are unlike those that the model learned from."}

    def encoder(self, settings: Settings, features: int) -> SignsEncoder:
        return SignsEncoder(settings, features)

    def reader(self, settings: Settings, encoder: nn.Module, tool: Any) -> Reader:
        def read(signs: VitalSigns) -> PreparedSigns:
            known = [value is not None for value in signs.values]
            values = [value or 0.0 for value in signs.values]
            return PreparedSigns((torch.tensor([values]), torch.tensor([known]).float()))

        return read

    def blank(self, settings: Settings) -> tuple[Tensor, ...]:
        return torch.zeros(1, len(FIELDS)), torch.ones(1, len(FIELDS))

    def counted(self, settings: Settings, cells: Tensor, *tensors: Tensor) -> Tensor:
        return tensors[1]

    def fit(self, encoder: SignsEncoder, corpus: Any) -> None:
        values, known = self.collate([part for part in corpus.others[NAME] if part is not None])
        count = known.sum(0).clamp(min=1)
        encoder.centre.copy_((values * known).sum(0) / count)
        off = (values - encoder.centre) * known
        encoder.spread.copy_((off.square().sum(0) / count).sqrt().clamp(min=1e-3))

    def part_of_fields(self, values: Mapping[str, float | None]) -> VitalSigns:
        for field in FIELDS:
            value = values.get(field.name)
            if value is not None and not field.low <= value <= field.high:
                raise mmbm.UnreadableFile(
                    f"{field.label} lies between {field.low:g} and {field.high:g} {field.unit}; "
                    f"{value:g} was given."
                )
        return VitalSigns(tuple(values.get(field.name) for field in FIELDS))

    def field_values(self, part: VitalSigns) -> dict[str, float | None]:
        return {field.name: v for field, v in zip(FIELDS, part.values, strict=True)}

    def part_of_row(self, row: Mapping[str, Any]) -> VitalSigns | None:
        cells = [str(row[column]).strip() for column in self.columns]
        try:
            values = [float(cell) if cell else None for cell in cells]
        except ValueError as exc:
            raise mmbm.UnreadableFile("A measurement is a number, or blank.") from exc
        names = [field.name for field in FIELDS]
        given = any(value is not None for value in values)
        return self.part_of_fields(dict(zip(names, values, strict=True))) if given else None

    def evidence(self, shares: Array, prepared: Any) -> Sequence[ArrayEvidence]:
        return [ArrayEvidence(row) for row in shares]

    def pieces(self, values: Any, prepared: Any, part: VitalSigns) -> list[Piece]:
        measured = [k for k, value in enumerate(part.values) if value is not None]
        return [Piece(Span(k, k + 1), float(values[k])) for k in measured]

    def without(self, part: VitalSigns, places: Sequence[Place]) -> VitalSigns:
        gone = {int(place.start) for place in places if isinstance(place, Span)}
        left = tuple(None if k in gone else value for k, value in enumerate(part.values))
        if all(value is None for value in left):
            raise mmbm.NoSignal("No measurement would be left: take fewer away.")
        return VitalSigns(left)

    def described(self, part: VitalSigns, prepared: Any, evidence: Any) -> dict[str, Any]:
        return {
            "measured": [f.name for f, v in zip(FIELDS, part.values, strict=True) if v is not None]
        }


register(VitalSignsBranch())


def manifest(folder: Path, cases: int = 90) -> Path:
    """Write made cases: the samples' chest X-rays and lung sounds, made notes and vital signs."""
    from mmbm.storage import assets_folder

    draw, samples = random.Random(0), assets_folder() / "samples"
    sick = {field.name: mean for field, mean in zip(FIELDS, SICK, strict=True)}
    well = {field.name: mean for field, mean in zip(FIELDS, WELL, strict=True)}
    rows = []
    for number in range(cases):
        label = number % 2
        row = {"case_id": number, "patient_id": f"p{number}", "source": "made"}
        row["split"] = ("train", "train", "val", "train", "test")[number % 5]
        row |= {"pneumonia": label, "no_finding": 1 - label}
        row["notes_text"] = draw.choice(NOTES[label])
        for (name, mean), field in zip((sick if label else well).items(), FIELDS, strict=True):
            measured = mean * draw.gauss(1.0, SCATTER[name])
            value = min(max(measured, field.low), field.high)
            row[f"{NAME}:{name}"] = "" if draw.random() < 0.2 else f"{value:.1f}"
        if number % 3 == 0:
            sample = samples / ("adult-opacity" if label else "adult-clear")
            row |= {"image": sample / "image.dcm", "audio": sample / "sound.wav"}
        rows.append(row)
    path = folder / "manifest.csv"
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


SICK = (38.8, 108.0, 26.0, 91.0, 112.0, 66.0, 14.5, 130.0)
WELL = (36.8, 78.0, 15.0, 98.0, 124.0, 78.0, 7.2, 3.0)
SCATTER = dict(
    zip((f.name for f in FIELDS), (0.012, 0.12, 0.15, 0.02, 0.1, 0.1, 0.25, 0.5), strict=True)
)
NOTES = (
    ("Routine check. Denies cough, fever and chest pain.", "Knee pain after a fall. No cough."),
    (
        "Fever and a productive cough for four days.",
        "Short of breath, pleuritic chest pain, chills.",
    ),
)


def train(out: Path) -> Path:
    """Train a small model of four modalities; returns its folder."""
    from mmbm.data.corpus import silent
    from mmbm.train.config import TrainConfig
    from mmbm.train.run import run_training

    small = {"backbone": "mobilenetv3_small_050", "feature_level": 3, "size": 64}
    config = TrainConfig.parse(
        {
            "model": {
                "name": "with-vital-signs",
                "version": "0.1.0",
                "features": 16,
                "modalities": ["image", "notes", "audio", NAME],
                "image": small,
                "notes": {"vocabulary": 200, "embedding": 16, "hidden": 16, "layers": 1},
                "audio": {"channels": [4, 8], "max_seconds": 4},
            },
            "epochs": 6,
            "threads": 1,
            "batch": 18,
            "learning_rate": 0.01,
            "image_weights": "none",
            "crop_seconds": 2.0,
            "workers": 0,
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    return run_training(
        manifest(out),
        out,
        config,
        resume=False,
        device="cpu",
        reading=silent,
        step=lambda step: None,
    )


def main() -> None:
    """Train, score one patient, say what each part and each measurement did."""
    from mmbm.explain.attribution import attribute
    from mmbm.explain.whatif import exchanged

    folder = train(Path(sys.argv[1] if len(sys.argv) > 1 else "vital-signs"))
    predictor = mmbm.load(folder, "cpu")
    given = {"temperature": 39.4, "breaths": 28.0, "spo2": 90.0, "crp": 180.0}
    signs = VitalSignsBranch().part_of_fields(given)
    case = mmbm.read_case(notes="Fever and a productive cough for four days.", vital_signs=signs)
    analysis = mmbm.analyse(case, predictor)
    account = analysis.account("pneumonia")
    print(f"pneumonia {account.probability:.0%}, residual {account.residual:.1e}")
    for modality, share in account.contributions.items():
        print(f"  {modality:12} {share:+.3f}")
    shares = analysis.map("pneumonia").values(NAME)
    found = attribute(predictor, analysis.prediction, "measurements", "pneumonia")
    for field, share, value in zip(FIELDS, shares, found.values, strict=True):
        print(f"  {field.label:26} {share:+.3f}   {found.method} {float(value):+.3f}")
    normal = VitalSignsBranch().part_of_fields(given | {"spo2": 98.0})
    after = exchanged(predictor, analysis.prediction, mmbm.Case(vital_signs=normal))
    print(f"with an SpO2 of 98 %: {after.findings[0].probability:.0%}")


if __name__ == "__main__":
    main()
