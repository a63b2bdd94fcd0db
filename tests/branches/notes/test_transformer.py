from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.encoder import TransformerEncoder, open_transformer
from mmbm.case import Case, Notes
from mmbm.errors import ConfigError
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import last_layer
from mmbm.predict import Predictor
from mmbm.train.run import run_training
from tests.made_cases import NOTES, TINY, TINY_TRAINING


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny BERT with made-up weights, as ``save_pretrained`` leaves one."""
    made = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "Fever", "cough", "denies", "no", ",", "."]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(made / "tokenizer.json"))
    torch.manual_seed(1)
    about = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    BertModel(about).save_pretrained(made)
    return made


def test_pads_change_nothing(folder):
    notes, _, weights = open_transformer(NotesConfig(encoder=str(folder)))
    assert notes.max_tokens == 32 and notes.unknown == 1
    encoder = TransformerEncoder(notes, 4).eval()
    encoder.net.load_state_dict(weights)
    ids = torch.tensor([[2, 4, 5, 3, 0, 0], [2, 4, 7, 6, 5, 3]])
    both = encoder(ids, torch.tensor([4, 6]))
    alone = encoder(ids[:1, :4], torch.tensor([4]))
    assert both.shape == (2, 4, 6)
    assert torch.allclose(both[0, :, :4], alone[0], atol=1e-6)


def test_a_run_with_it_gives_a_model_that_stands_alone(folder, tiny_run, tmp_path):
    notes = TINY.notes.model_copy(update={"encoder": str(folder)})
    model = TINY.model_copy(update={"notes": notes, "modalities": ("notes",)})
    config = TINY_TRAINING.model_copy(update={"model": model, "freeze": ("notes",)})
    out = run_training(
        tiny_run / "cases" / "manifest.csv",
        tmp_path / "run",
        config,
        resume=False,
        device="cpu",
        reading=lambda *_: None,
        step=lambda _: None,
    )
    assert str(folder) not in (out / "config.json").read_text()
    predictor = Predictor.load(out, "cpu", threads=1)
    kept = predictor.network.encoders["notes"].net.state_dict()
    for name, value in BertModel.from_pretrained(folder).state_dict().items():
        assert torch.allclose(kept[name], value, atol=1e-3), name  # stored as float16
    prediction = predictor.predict(Case(notes=Notes(NOTES[1][0])))
    for entry in ledger(prediction):
        assert entry.residual <= 1e-5
        total = sum(word.share for word in last_layer(prediction, entry.finding).values("notes"))
        assert total == pytest.approx(entry.contributions["notes"], abs=1e-4)


def test_a_folder_without_a_net_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"encoder: '.*' is not a folder with config\.json"):
        open_transformer(NotesConfig(encoder=str(tmp_path)))
