"""Tiny nets with made-up weights in folders, as ``save_pretrained`` and timm leave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "Fever", "cough", "denies", "no", ",", ".", "pain")
SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
SPECTRUM = {"num_mel_bins": 32, "max_length": 128, "patch_size": 16}
WAVES = {
    **SMALL,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
WHISPER = {
    "d_model": 8,
    "encoder_layers": 1,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "max_source_positions": 150,
    "vocab_size": 20,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "decoder_start_token_id": 0,
}
ABOUT: dict[str, dict[str, Any]] = {
    "vit": {**SMALL, "image_size": 64, "patch_size": 16},
    "dinov2_with_registers": {**SMALL, "image_size": 64, "patch_size": 16},
    "swin": {
        "image_size": 64, "patch_size": 4, "embed_dim": 8, "depths": (1, 1), "num_heads": (2, 2),
        "window_size": 4,
    },
    "convnext": {"image_size": 64, "hidden_sizes": (4, 8, 8, 8), "depths": (1, 1, 1, 1)},
    "wav2vec2": WAVES,
    "hubert": WAVES,
    "audio-spectrogram-transformer": {**SMALL, **SPECTRUM},
    "whisper": WHISPER,
}  # fmt: skip


def net_folder(folder: Path, kind: str, save: dict[str, Any] | None = None, **more: Any) -> Path:
    """A tiny net of transformers of that kind."""
    import transformers

    torch.manual_seed(1)
    about = transformers.AutoConfig.for_model(kind, **ABOUT[kind] | more)
    transformers.AutoModel.from_config(about).save_pretrained(folder, **save or {})
    return folder


def vision_folder(folder: Path, kind: str = "vit") -> Path:
    """With what its preprocessor says of greys."""
    net_folder(folder, kind)
    prepared = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.23, 0.22, 0.23]}
    (folder / "preprocessor_config.json").write_text(json.dumps(prepared))
    return folder


def sound_folder(folder: Path, kind: str = "wav2vec2") -> Path:
    """A net that hears 16 kHz."""
    net_folder(folder, kind)
    (folder / "preprocessor_config.json").write_text(json.dumps({"sampling_rate": 16000}))
    return folder


def text_folder(folder: Path, words: tuple[str, ...] = WORDS) -> Path:
    """A tiny BERT with a tokeniser of whole words."""
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    about = BertConfig(vocab_size=len(words), max_position_embeddings=32, **SMALL)
    BertModel(about).save_pretrained(folder)
    return folder


def timm_folder(folder: Path, name: str = "test_vit") -> Path:
    """A tiny net of timm."""
    import timm
    from timm.models import _hub

    torch.manual_seed(1)
    save: Callable[..., Any] = _hub.save_for_hf
    save(timm.create_model(name, pretrained=False, num_classes=3), folder, safe_serialization=True)
    return folder
