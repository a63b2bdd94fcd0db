# %% [markdown]
# # Train a model
#
# A small model on made-up cases, from a manifest to a card, in about a minute:
#
#     python examples/train_a_model.py
#
# Everything is written to `trained/` in the working directory. Each `# %%` begins a cell for an
# editor that reads such cells. On your own data, write the manifest and begin at "Check".

# %%
import json
import wave
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

import mmbm
from mmbm.data.check.check import check
from mmbm.data.synthesis.lung_sounds import RATE, synthesise
from mmbm.train.config import TrainConfig
from mmbm.train.run import run_training

OUT = Path("trained")
CASES = 128
SIGNS = ("fever", "cough", "chest pain", "chills")
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Make cases
#
# Each patient has a sketch of a chest X-ray, a line of notes and a synthesised lung sound. Half of
# them have an opacity. Notes and sound follow the label, but not always.


# %%
def blob(centre: np.ndarray, radii: np.ndarray, size: int = 128) -> np.ndarray:
    """A soft ellipse, (size, size) in [0, 1]; centre and radii, across and down, in [0, 1]."""
    down, across = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    far = np.hypot((across - centre[0]) / radii[0], (down - centre[1]) / radii[1])
    return 1 / (1 + np.exp(12 * (far - 1)))


def make_case(number: int) -> dict[str, object]:
    """Write one patient's files; return the row of the manifest."""
    rng = np.random.default_rng(number)
    ill = number % 2
    centre = np.array([rng.choice([0.3, 0.7]), rng.uniform(0.4, 0.65)])
    radii = rng.uniform(0.1, 0.15, size=2)
    lungs = np.array([0.17, 0.32]) * rng.uniform(0.9, 1.05, size=2)
    film = 0.75 - 0.5 * (blob(np.array([0.3, 0.5]), lungs) + blob(np.array([0.7, 0.5]), lungs))
    film += 0.35 * ill * blob(centre, radii) + 0.03 * rng.standard_normal(film.shape)
    Image.fromarray((film.clip(0, 1) * 255).astype(np.uint8)).save(OUT / f"{number}.png")

    crackles = "coarse" if rng.random() < (0.7 if ill else 0.15) else "none"
    heard = synthesise(
        rng, seconds=2, breaths_per_minute=30, beats_per_minute=80, crackles=crackles
    )
    with wave.open(str(OUT / f"{number}.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((heard * 32767).astype("<i2").tobytes())

    has = {sign: rng.random() < (0.7 if ill else 0.25) for sign in SIGNS}
    notes = [sign if has[sign] else f"no {sign}" for sign in SIGNS]
    return {
        "case_id": f"case-{number}",
        "patient_id": f"patient-{number}",
        "source": ("north", "south")[number // 2 % 2],
        "split": ("train", "train", "val", "test")[number // 4 % 4],
        "image": f"{number}.png",
        "notes_text": f"{rng.integers(20, 90)} years. {', '.join(rng.permutation(notes))}.",
        "audio": f"{number}.wav",
        "pneumonia": ill,
        "no_finding": 1 - ill,
        "sound:coarse_crackles": int(crackles == "coarse"),
        "sound:normal": int(crackles == "none"),
    }


rows = pd.DataFrame([make_case(number) for number in range(CASES)])
manifest = OUT / "manifest.csv"
rows.to_csv(manifest, index=False)
print(rows.groupby(["source", "split"])["pneumonia"].agg(["size", "sum"]))

# %% [markdown]
# ## Check
#
# The check reads every file. Errors must be mended, warnings understood. Here they are true: the
# sketches look alike and are small, and an opacity changes how sharp a sketch is.

# %%
report = check(manifest)
print(report.verdict)
for remark in [*report.errors, *report.warnings]:
    print(f"- {remark.kind}: {remark.count}, such as {remark.examples[0]}")
assert not report.errors

# %% [markdown]
# ## Train
#
# The same settings may stand in a TOML file for `mmbm train --config`. A real run takes the
# defaults: a pretrained backbone, X-rays of 224 pixels, ten epochs and more. This one is tiny.

# %%
settings = TrainConfig.parse(
    {
        "epochs": 6,
        "batch": 16,
        "learning_rate": 5e-3,
        "image_learning_rate": 1e-2,
        "image_weights": "none",
        "frozen_stages": 0,
        "crop_seconds": 2.0,
        "workers": 0,
        "model": {
            "name": "tiny",
            "version": "0.1.0",
            "features": 32,
            "findings": ["pneumonia", "no_finding"],
            "image": {"backbone": "test_efficientnet", "feature_level": 3, "size": 64},
            "notes": {"vocabulary": 600, "embedding": 32, "hidden": 24, "max_tokens": 128},
            "audio": {
                "mels": 32,
                "channels": [8, 16, 32],
                "events": ["normal", "coarse_crackles"],
            },
        },
    }
)
folder = run_training(
    manifest,
    OUT / "run",
    settings,
    resume=False,
    device="cpu",
    reading=lambda what, done, of: None,
    step=lambda at: print(f"epoch {at.epoch} loss {at.loss:.3f}") if at.batch == 1 else None,
)

# %% [markdown]
# ## Read the record
#
# The run ends with an evaluation on the test patients. `card.md` tells it in words; every figure
# has an interval, and with 32 test patients the intervals are wide. Sixteen patients a source are
# also too few for a status, so the findings stay exploratory.

# %%
record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
for parts, figures in record["by_modalities"].items():
    found = figures["pneumonia"]
    print(f"{parts:<20} AUROC {found['auroc']:.2f}, 95 % interval {found['auroc_ci']}")
print({name: status["level"] for name, status in record["status"].items()})
print("\n".join((folder / "card.md").read_text(encoding="utf-8").splitlines()[:12]))

# %% [markdown]
# ## Use it
#
# The folder is a whole model: `mmbm serve --model trained/run/model` opens the dashboard with it.

# %%
row = rows[rows["split"] == "test"].iloc[1]
case = mmbm.read_case(OUT / str(row["image"]), str(row["notes_text"]), OUT / str(row["audio"]))
account = mmbm.analyse(case, mmbm.load(folder, "cpu")).account("pneumonia")
print(f"label {row['pneumonia']}, probability {account.probability:.2f}", account.contributions)
