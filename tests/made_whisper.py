"""A Whisper of random weights in the form of faster-whisper, which always hears the same letter."""

from __future__ import annotations

from pathlib import Path

import torch
from ctranslate2.converters import TransformersConverter
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

WORDS, ALL = 50257, 51865  # tokens of text, and all, as a Whisper of many languages has them
LANGUAGES = _LANGUAGE_CODES[:99]
SPECIAL = [
    "<|endoftext|>", "<|startoftranscript|>", *(f"<|{name}|>" for name in LANGUAGES),
    "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>",
    "<|notimestamps|>", *(f"<|{i * 0.02:.2f}|>" for i in range(1501)),
]  # fmt: skip
HEARD = "a"


def write_whisper(folder: Path) -> Path:
    """Write the model; what it hears ends after a few letters."""
    torch.manual_seed(0)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(letters)}
    vocabulary |= {f"word{i}": i for i in range(len(letters), WORDS)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    assert tokenizer.get_vocab_size() == ALL
    config = WhisperConfig(
        vocab_size=ALL, d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1,
        decoder_attention_heads=1, encoder_ffn_dim=8, decoder_ffn_dim=8, num_mel_bins=80,
        pad_token_id=WORDS, bos_token_id=WORDS, eos_token_id=WORDS,
        decoder_start_token_id=WORDS + 1,
    )  # fmt: skip
    net = WhisperForConditionalGeneration(config)
    with torch.no_grad():
        told = torch.ones(8)
        decoder = net.model.decoder
        decoder.layer_norm.weight.zero_()
        decoder.layer_norm.bias.copy_(told)
        decoder.embed_tokens.weight[vocabulary[HEARD]] = told
    named = {name: WORDS + SPECIAL.index(name) for name in SPECIAL if name in ("<|en|>", "<|zh|>")}
    net.generation_config.lang_to_id = named
    made = folder / "plain"
    net.save_pretrained(made)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", unk_token="<|endoftext|>"
    ).save_pretrained(made)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(made)
    tokenizer.save(str(made / "tokenizer.json"))
    converter = TransformersConverter(
        str(made), copy_files=["tokenizer.json", "preprocessor_config.json"]
    )
    converter.convert(str(folder / "whisper"))
    return folder / "whisper"
