"""Encoders from folders: read whole, like the library's own, refused by their fault."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from mmbm.branches.audio.branch import SoundBranch
from mmbm.branches.audio.config import AudioConfig
from mmbm.branches.image.branch import ImageBranch
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.notes.branch import NotesBranch
from mmbm.branches.notes.config import NotesConfig
from mmbm.case import SAMPLE_RATE
from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.train.config import TrainConfig
from mmbm.train.optimiser import groups_of
from tests.made_cases import sound
from tests.made_encoders import (
    net_folder,
    sound_folder,
    text_folder,
    timm_folder,
    vision_folder,
)

FILM = torch.linspace(-1, 1, 64 * 64).view(1, 1, 64, 64)


def begun(branch, kind, folder, **more):
    """The encoder as a run begins with it, and its settings."""
    settings = kind.parse({"encoder": "transformers", "folder": str(folder)} | more)
    made = branch.begun(settings, ())
    encoder = branch.encoder(made.settings, 4)
    told = encoder.load_state_dict(made.weights, strict=False)
    assert not told.unexpected_keys
    assert all(name.startswith("project.") or name == "mean_film" for name in told.missing_keys)
    return encoder.eval(), made


def image_encoder(folder, **more):
    return begun(ImageBranch(), ImageConfig, folder, **more)


@pytest.mark.parametrize(
    ("kind", "grid"),
    [("vit", 4), ("dinov2_with_registers", 4), ("swin", 8), ("convnext", 2)],
)
@torch.no_grad()
def test_the_cells_of_a_film_are_the_patches_of_the_library(tmp_path, kind, grid):
    folder = vision_folder(tmp_path / kind, kind)
    encoder, made = image_encoder(folder)
    assert made.settings.size == 64 and made.settings.folder == kind
    cells = encoder.backbone(FILM)[0]
    assert cells.shape[2:] == (grid, grid) and encoder(FILM).shape == (1, 4, grid, grid)
    whole = transformers.AutoModel.from_pretrained(folder).eval()
    prepared = transformers.ViTImageProcessor.from_pretrained(
        folder, do_resize=False, do_rescale=False
    )
    colours = np.repeat((FILM[0, 0].numpy() + 1)[..., None] / 2, 3, 2)
    given = prepared(colours, return_tensors="pt", input_data_format="channels_last")
    states = whole(**given).last_hidden_state
    if states.ndim == 3:
        states = states[:, -(grid**2) :].mT.reshape(1, -1, grid, grid)
    assert torch.allclose(cells, states, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("wav2vec2", transformers.Wav2Vec2FeatureExtractor(do_normalize=True)),
        ("hubert", transformers.Wav2Vec2FeatureExtractor(do_normalize=True)),
        (
            "audio-spectrogram-transformer",
            transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=128),
        ),
        ("whisper", transformers.WhisperFeatureExtractor(chunk_length=3)),
    ],
)
@torch.no_grad()
def test_the_moments_of_a_sound_are_the_frames_of_the_library(tmp_path, kind, reader):
    folder = sound_folder(tmp_path / kind, kind)
    encoder, made = begun(SoundBranch(), AudioConfig, folder, max_seconds=2.0)
    heard = sound(seconds=1.0).waveform
    cells = encoder.listener(torch.from_numpy(heard)[None])
    given = reader(heard, sampling_rate=SAMPLE_RATE, return_tensors="pt")
    whole = transformers.AutoModel.from_pretrained(folder).eval()
    if kind == "whisper":
        whole = whole.encoder
    states = whole(**given).last_hidden_state
    bands, times = cells.shape[2:]
    if kind == "audio-spectrogram-transformer":
        assert (bands, times) == (2, 10) and made.settings.max_seconds == 1.28
        states = states[:, 2:].mT.reshape(1, 8, bands, -1)  # without two tokens of the class
    else:
        assert bands == 1 and 49 <= times <= 50
        states = states.mT[:, :, None]
    assert torch.allclose(cells, states[..., :times], atol=2e-4)
    assert encoder(torch.from_numpy(heard)[None]).shape == (1, 4, bands, times)


@pytest.mark.parametrize(
    "said",
    [
        {"do_normalize": False, "image_mean": [0.4] * 3, "image_std": [0.2] * 3},
        {"image_processor_type": "MobileViTImageProcessor", "image_mean": [0.5] * 3},
    ],
)
def test_greys_that_were_not_normalised_are_left_from_0_to_1(tmp_path, said):
    folder = vision_folder(tmp_path / "vit")
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    encoder, _ = image_encoder(folder)
    given = encoder.backbone.coloured(FILM)
    assert torch.equal(given, (FILM / 2 + 0.5).expand(-1, 3, -1, -1))


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("wav2vec2", transformers.Wav2Vec2FeatureExtractor(do_normalize=False)),
        (
            "audio-spectrogram-transformer",
            transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=128, do_normalize=False),
        ),
    ],
)
@torch.no_grad()
def test_a_sound_that_was_not_normalised_is_given_so(tmp_path, kind, reader):
    folder = sound_folder(tmp_path / kind, kind)
    reader.save_pretrained(folder)
    encoder, made = begun(SoundBranch(), AudioConfig, folder, max_seconds=2.0)
    heard = 0.3 * sound(seconds=1.0).waveform + 0.01
    found = encoder.listener(torch.from_numpy(heard)[None]).flatten(2)
    given = reader(heard, sampling_rate=SAMPLE_RATE, return_tensors="pt")
    states = transformers.AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state
    if kind == "wav2vec2":
        assert torch.allclose(found, states.mT, atol=2e-4)
    else:  # without two tokens of the class, and what lies behind the recording
        wanted = states[:, 2:].mT.unflatten(2, (2, -1))[..., :10].flatten(2)
        assert torch.allclose(found, wanted, atol=2e-4)
    stored = AudioConfig.parse(json.loads(made.settings.model_dump_json()))
    again = SoundBranch().encoder(stored, 4).eval()
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.listener(torch.from_numpy(heard)[None]).flatten(2), found)


def test_pads_of_a_note_change_nothing(tmp_path):
    encoder, made = begun(NotesBranch(), NotesConfig, text_folder(tmp_path / "bert"))
    assert made.settings.max_tokens == 32 and made.settings.unknown == 1
    ids = torch.tensor([[2, 4, 5, 3, 0, 0], [2, 4, 7, 6, 5, 3]])
    both = encoder(ids, torch.tensor([4, 6]))
    alone = encoder(ids[:1, :4], torch.tensor([4]))
    assert both.shape == (2, 4, 6)
    assert torch.allclose(both[0, :, :4], alone[0], atol=1e-6)


def test_a_tokeniser_in_older_files_is_read_by_the_library(tmp_path):
    folder = text_folder(tmp_path / "bert", (*"abcdefg", "[PAD]", "[UNK]", "[CLS]", "[SEP]"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ConfigError, match="'bert' has no tokeniser"):
        begun(NotesBranch(), NotesConfig, folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "fever", "cough", "##s"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    _, made = begun(NotesBranch(), NotesConfig, folder)
    told = made.tool.encode("Fever, coughs")
    assert told.tokens == ["[CLS]", "fever", "[UNK]", "cough", "##s", "[SEP]"]
    assert told.offsets[3:5] == [(7, 12), (12, 13)]


@torch.no_grad()
def test_a_folder_of_timm_gives_its_weights_and_its_greys(tmp_path):
    import timm

    folder = timm_folder(tmp_path / "own", "test_vit")
    settings = ImageConfig(folder=str(folder))
    made = ImageBranch().begun(settings, ())
    assert (made.settings.backbone, made.settings.size) == ("test_vit", 160)
    encoder = ImageBranch().encoder(made.settings, 4).eval()
    encoder.load_state_dict(made.weights, strict=False)
    net = timm.create_model("test_vit", num_classes=3, checkpoint_path=folder / "model.safetensors")
    film = torch.linspace(-1, 1, 160 * 160).view(1, 1, 160, 160)
    mean, std = (torch.tensor(net.pretrained_cfg[key])[:, None, None] for key in ("mean", "std"))
    wanted = net.eval().forward_intermediates(
        (film / 2 + 0.5 - mean) / std, indices=1, intermediates_only=True
    )[0]
    assert torch.allclose(encoder.backbone(film)[0], wanted, atol=1e-5)
    with pytest.raises(ConfigError, match="as timm's save_for_hf writes one"):
        ImageBranch().begun(ImageConfig(folder=str(tmp_path)), ())


@pytest.mark.parametrize(("name", "grid"), [("test_vit", 4), ("test_convnext", 2)])
def test_the_last_map_of_any_timm_net_by_name(name, grid):
    settings = ImageConfig(backbone=name, feature_level=-1, size=64)
    assert ImageBranch().encoder(settings, 4)(FILM).shape == (1, 4, grid, grid)


def test_a_frozen_net_stays_and_another_learns_at_its_own_rate(tmp_path):
    image = {"encoder": "transformers", "folder": str(vision_folder(tmp_path / "vit"))}
    audio = {"encoder": "transformers", "folder": str(sound_folder(tmp_path / "waves"))}
    model = ModelConfig.parse(
        {
            "features": 4,
            "modalities": ["image", "audio"],
            "image": image | {"frozen": True},
            "audio": audio | {"learning_rate_factor": 0.1},
        }
    )
    made = {
        "image": ImageBranch().begun(model.image, ()).settings,
        "audio": SoundBranch().begun(model.audio, ()).settings,
    }
    network = MultimodalBigModel(model.model_copy(update=made)).train()
    frozen, learns = network.encoders["image"], network.encoders["audio"]
    assert not frozen.backbone.training and frozen.project.training and learns.listener.training
    config = TrainConfig(learning_rate=1e-2, image_learning_rate=1e-3)
    rates = {id(p): g["lr"] for g in groups_of(network, config) for p in g["params"]}
    assert not any(id(p) in rates for p in frozen.backbone.parameters())
    assert {rates[id(p)] for p in learns.listener.parameters()} == {1e-3 * 0.1}
    assert {rates[id(p)] for p in (*frozen.project.parameters(), *network.head.parameters())} == {
        1e-2
    }


def refused(folder, match, **more):
    with pytest.raises(ConfigError, match=match):
        image_encoder(folder, **more)


def test_a_folder_that_cannot_be_used_is_refused(tmp_path, monkeypatch):
    refused(tmp_path, r"is not a folder with a whole net .*: config\.json and model\.safetensors")
    refused(tmp_path / "nowhere", "'nowhere' is not a folder")
    refused(net_folder(tmp_path / "waves", "wav2vec2"), "kind 'wav2vec2'.* reads: beit, .*, vit")
    folder = vision_folder(tmp_path / "vit")
    with pytest.raises(ConfigError, match="needs the net's 'folder'"):
        ModelConfig.parse({"image": {"encoder": "transformers"}})
    whole = load_file(folder / "model.safetensors")
    name = next(n for n in whole if "patch_embeddings" in n and n.endswith("weight"))
    save_file(
        {n: w for n, w in whole.items() if n != name},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    refused(folder, f"'vit' lacks weights of its net, such as '{name}'")
    (folder / "model.safetensors").write_bytes(b"PK\x03\x04 no weights")
    refused(folder, "'vit' is not a folder with a whole net")
    (folder / "model.safetensors").unlink()
    torch.save(whole, folder / "pytorch_model.bin")  # a pickle is never read
    refused(folder, r"'vit' has its weights only as pytorch_model\.bin, a format that can run code")
    of_timm = timm_folder(tmp_path / "pickled")
    (of_timm / "model.safetensors").rename(of_timm / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"'pickled' has its weights only as pytorch_model\.bin"):
        ImageBranch().begun(ImageConfig(folder=str(of_timm)), ())
    waves = sound_folder(tmp_path / "slow")
    (waves / "preprocessor_config.json").write_text(json.dumps({"sampling_rate": 8000}))
    with pytest.raises(ConfigError, match="'slow' reads sound of 8000 Hz; MMBM gives 16000 Hz"):
        begun(SoundBranch(), AudioConfig, waves)
    monkeypatch.setitem(sys.modules, "transformers", None)
    refused(folder, r'needs the extra "encoders"')


def test_broken_json_is_named_by_its_file(tmp_path):
    folder = vision_folder(tmp_path / "vit")
    about = (folder / "config.json").read_text()
    (folder / "preprocessor_config.json").write_text("{oops")
    refused(folder, r"preprocessor_config\.json in the folder 'vit' is not a whole JSON object")
    for broken in (about[:40], "", "[1]"):
        (folder / "config.json").write_text(broken)
        refused(folder, r"^config\.json in the folder 'vit' is not a whole JSON object")
    (folder / "config.json").write_text("{}")
    refused(folder, "names no model_type, so it is no net of Hugging Face transformers")


def test_folders_as_they_lie_about(tmp_path):
    """Without a preprocessor, in shards, behind links, under a name with a blank and Chinese."""
    net_folder(tmp_path / "whole", "vit")
    net_folder(tmp_path / "我的 net", "vit", save={"max_shard_size": "5KB"})
    assert len(list((tmp_path / "我的 net").glob("model-*.safetensors"))) > 1
    linked = tmp_path / "linked"
    linked.mkdir()
    for file in (tmp_path / "whole").iterdir():
        (linked / file.name).symlink_to(file)
    states = [image_encoder(tmp_path / name)[0].state_dict() for name in ("whole", "我的 net")]
    states.append(image_encoder(linked)[0].state_dict())
    own = [name for name in states[0] if name.startswith("backbone.")]
    assert own and all(torch.equal(s[n], states[0][n]) for s in states for n in own)
    lacking = sorted((tmp_path / "我的 net").glob("model-*.safetensors"))[1]
    lacking.unlink()
    refused(tmp_path / "我的 net", "'我的 net' is not a folder with a whole net")


def test_code_in_a_folder_is_not_run(tmp_path):
    folder = vision_folder(tmp_path / "vit")
    about = json.loads((folder / "config.json").read_text())
    spy = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(spy)!r}, 'w')\n")
    about |= {"auto_map": {"AutoModel": "modeling_own.Own", "AutoConfig": "modeling_own.Own"}}
    (folder / "config.json").write_text(json.dumps(about))
    _, made = image_encoder(folder)
    assert "auto_map" not in made.settings.transformer and not spy.exists()
    refused_kind = about | {"model_type": "own"}
    (folder / "config.json").write_text(json.dumps(refused_kind))
    refused(folder, "holds a net of the kind 'own'")
    assert not spy.exists()
