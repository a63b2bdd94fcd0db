# %% [markdown]
# # An encoder of your own
#
# Three nets of Hugging Face transformers in one model: a ViT reads the X-ray, a BERT the notes, a
# Wav2Vec2 the lung sound. They are trained, accounted for and mapped to their inputs in a minute:
#
#     python examples/own_encoder.py
#
# The nets here are tiny, with random weights. Put the folders of real ones in their place, each as
# `save_pretrained` wrote it, and go on at "Train". Everything is written to `own_encoder/` in the
# working directory. Needs `pip install "mmbm[encoders]"`.

# %%
import csv
import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, ViTConfig, ViTModel, Wav2Vec2Config, Wav2Vec2Model
from transformers.utils import logging

import mmbm
from mmbm.data.corpus import silent
from mmbm.storage import assets_folder
from mmbm.train.config import TrainConfig
from mmbm.train.run import run_training

OUT = Path("own_encoder")
NETS, SAMPLES = OUT / "nets", assets_folder() / "samples"
SIGNS = ("fever", "cough", "chest pain", "chills", "crackles")
OUT.mkdir(exist_ok=True)
logging.disable_progress_bar()
torch.manual_seed(0)

# %% [markdown]
# ## Three folders

# %%
small = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
ViTModel(ViTConfig(image_size=64, patch_size=8, **small)).save_pretrained(NETS / "vit")
waves = Wav2Vec2Config(
    conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, **small
)
Wav2Vec2Model(waves).save_pretrained(NETS / "waves")

marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.train_from_iterator(
    [f"{sign}, no {sign}. 0123456789 years" for sign in SIGNS],
    trainers.WordPieceTrainer(vocab_size=200, special_tokens=marks, show_progress=False),
)
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
about = BertConfig(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=64, **small)
BertModel(about).save_pretrained(NETS / "bert")
tokenizer.save(str(NETS / "bert" / "tokenizer.json"))

# %% [markdown]
# ## Cases
#
# Two X-rays and two lung sounds that come with the program, and made-up notes that follow the
# label. They show how things go together, and prove nothing of medicine.

# %%
draw = random.Random(0)
rows = []
for number in range(60):
    ill = number % 2
    sample = SAMPLES / ("adult-opacity" if ill else "adult-clear")
    has = {sign: draw.random() < (0.8 if ill else 0.2) for sign in SIGNS}
    notes = ", ".join(sign if has[sign] else f"no {sign}" for sign in SIGNS)
    rows.append(
        {
            "case_id": number,
            "patient_id": number,
            "source": "made",
            "split": ("train", "train", "train", "val", "test")[number // 2 % 5],
            "image": sample / "image.dcm",
            "notes_text": f"{draw.randint(20, 90)} years. {notes}.",
            "audio": sample / "sound.wav",
            "pneumonia": ill,
            "no_finding": 1 - ill,
        }
    )
with (OUT / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)

# %% [markdown]
# ## Train
#
# Each branch names its folder. With `frozen` the net stays as it is, and only the linear layer
# behind it learns; `learning_rate_factor` slows one down that learns. The same settings may stand
# in a TOML file for `mmbm train --config`.

# %%
settings = TrainConfig.parse(
    {
        "epochs": 4,
        "batch": 12,
        "learning_rate": 1e-2,
        "image_learning_rate": 2e-3,
        "crop_seconds": 2.0,
        "workers": 0,
        "threads": 1,
        "model": {
            "name": "own",
            "version": "0.1.0",
            "features": 32,
            "image": {"encoder": "transformers", "folder": str(NETS / "vit")},
            "notes": {
                "encoder": "transformers",
                "folder": str(NETS / "bert"),
                "learning_rate_factor": 0.5,
            },
            "audio": {
                "encoder": "transformers",
                "folder": str(NETS / "waves"),
                "frozen": True,
                "max_seconds": 4,
            },
        },
    }
)
folder = run_training(
    OUT / "manifest.csv",
    OUT / "run",
    settings,
    resume=False,
    device="cpu",
    reading=silent,
    step=lambda at: print(f"epoch {at.epoch} loss {at.loss:.3f}") if at.batch == 1 else None,
)
kept = json.loads((folder / "config.json").read_text(encoding="utf-8"))
print({part: kept[part]["transformer"]["model_type"] for part in kept["modalities"]})

# %% [markdown]
# ## Account and maps
#
# The account sums to the logit, and each map to its contribution: over the patches of the ViT, the
# words of the notes (put together from BERT's tokens) and the frames of the sound.

# %%
sample = SAMPLES / "adult-opacity"
case = mmbm.read_case(sample / "image.dcm", "Fever, cough, no chills.", sample / "sound.wav")
analysis = mmbm.analyse(case, mmbm.load(folder, "cpu"))
account, shown = analysis.account("pneumonia"), analysis.map("pneumonia")
print(f"pneumonia {account.probability:.0%}, residual {account.residual:.1e}")
assert account.residual <= 1e-5
for part, contribution in account.contributions.items():
    values = shown.values(part)
    total = sum(w.share for w in values) if part == "notes" else float(values.sum())
    print(f"  {part:6} {contribution:+.3f}, its map sums to {total:+.3f}")
    assert abs(total - contribution) <= 1e-5
for word in shown.values("notes"):
    print(f"    {case.parts['notes'].text[word.start : word.end]:8} {word.share:+.4f}")
