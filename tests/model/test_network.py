from __future__ import annotations

import pytest
import timm
import torch

from mmbm.branches.audio.encoder import mel_filters
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.encoder import ImageEncoder, load_imagenet
from mmbm.branches.image.prepare import film
from mmbm.branches.notes.prepare import batch_tokens, tokenise, train_tokenizer
from mmbm.case import MODALITIES, Case
from mmbm.errors import ConfigError
from mmbm.model.network import Inputs, MultimodalBigModel, Positions
from mmbm.model.readout import Readout, WeightedSum
from tests.made_cases import NOTES, TINY, case, inputs_of, picture


@pytest.fixture(scope="module")
def tools():
    return {"notes": train_tokenizer([text for pair in NOTES.values() for text in pair] * 3, 200)}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return MultimodalBigModel(TINY).eval()


def test_fusion_weights_lie_on_the_simplex():
    fusion = WeightedSum(3, 2)
    fusion.scores.data = torch.tensor([3.0, -1.0, 0.5])
    assert float(fusion.weights.detach().sum()) == pytest.approx(1.0)
    assert bool((fusion.weights > 0).all())


def test_fusion_by_hand():
    fusion = WeightedSum(3, 2)
    fusion.scores.data = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    features = torch.tensor([[[1.0, 0.0], [0.0, 10.0], [5.0, 5.0]]])
    assert torch.allclose(fusion(features).detach(), torch.tensor([[1.5, 4.0]]))


def test_positions_average_to_the_normalised_feature(network, tools):
    """BatchNorm of the mean is the mean of the shifted and scaled positions."""
    network.normalise["image"].running_mean.normal_()
    network.normalise["image"].running_var.uniform_(0.5, 2.0)
    inputs = inputs_of(case(), network, tools)
    with torch.inference_mode():
        raw = network.encoders["image"](*inputs.parts["image"]).flatten(2).mean(2)
        expected = network.normalise["image"](raw)
        found = network.encode("image", *inputs.parts["image"]).mean
    assert torch.allclose(found, expected, atol=1e-6)


def test_training_normalises_to_zero_mean_and_unit_variance():
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY).train()
    films = torch.stack([film(picture(i), TINY.image.size) for i in range(8)])
    inputs = Inputs(torch.tensor([[True, False, False]] * 8), {"image": (films,)})
    f = network.features(inputs)[:, 0].detach()
    assert torch.allclose(f.mean(0), torch.zeros(TINY.features), atol=1e-5)
    assert torch.allclose(f.var(0, unbiased=False), torch.ones(TINY.features), atol=0.1)
    assert float(network.normalise["image"].running_mean.abs().sum()) > 0


@pytest.mark.parametrize("missing", MODALITIES)
def test_an_absent_modality_is_exactly_zero(network, tools, missing):
    whole = case()
    part = Case(**{m: getattr(whole, m) for m in MODALITIES if m != missing})
    inputs = inputs_of(part, network, tools)
    with torch.inference_mode():
        features = network.features(inputs)
    assert not features[0, MODALITIES.index(missing)].any()
    assert all(features[0, i].any() for i, m in enumerate(MODALITIES) if m != missing)


def test_padding_changes_nothing(network, tools):
    """A note reads the same alone and beside a longer one."""
    notes = [tokenise(tools["notes"], text, 64) for text in NOTES[1]]
    present = torch.tensor([[False, True, False]] * 2)
    with torch.inference_mode():
        both = network.features(Inputs(present, {"notes": batch_tokens(notes)}))[:, 1]
        for row, note in enumerate(notes):
            alone = network.features(Inputs(present[:1], {"notes": batch_tokens([note])}))[0, 1]
            assert torch.allclose(both[row], alone, atol=1e-6)


def test_a_note_alone_is_read_as_one_in_a_batch(network, tools):
    ids, lengths = batch_tokens([tokenise(tools["notes"], "Fever and cough for five days.", 64)])
    encoder = network.encoders["notes"]
    with torch.no_grad():
        alone = encoder(ids, lengths)
        assert torch.allclose(encoder(ids.repeat(2, 1), lengths.repeat(2))[:1], alone, atol=1e-6)
    assert torch.allclose(encoder(ids, lengths), alone, atol=1e-6)  # where gradients are kept


def test_mixed_batch_scatters_rows_to_their_cases(network, tools):
    """Case 0 has an image, case 1 notes: each row lands where it belongs."""
    whole = inputs_of(case(), network, tools)
    present = torch.tensor([[True, False, False], [False, True, False]])
    mixed = Inputs(present, {m: whole.parts[m] for m in ("image", "notes")})
    with torch.inference_mode():
        features = network.features(mixed)
    assert features[0, 0].any() and not features[0, 1].any()
    assert features[1, 1].any() and not features[1, 0].any()


def test_readout_folds_the_calibration_in(network, tools):
    network.calibration_scale.copy_(torch.tensor([[2.0, 0.5, 3.0], [0.5, 1.0, 0.0]]))
    network.calibration_shift.copy_(torch.tensor([-1.0, 0.25]))
    inputs = inputs_of(case(), network, tools)
    with torch.inference_mode():
        features = network.features(inputs)[0]
        calibrated = network.readout().logits(features)
        base = network.head.bias
        parts = [
            network.head(w * f) - base
            for w, f in zip(network.fusion.weights, features, strict=True)
        ]
    expected = (network.calibration_scale.T * torch.stack(parts)).sum(0) + base
    assert torch.allclose(calibrated.float(), expected + network.calibration_shift, atol=1e-5)
    network.uncalibrate()
    with torch.inference_mode():
        raw = network(inputs)[0]
    assert torch.allclose(network.readout().logits(features).float(), raw, atol=1e-5)


def test_readout_by_hand():
    """Two findings, d = 2: every number worked out on paper."""
    readout = Readout(
        weights=torch.tensor([0.5, 0.3, 0.2]).double(),
        head=torch.tensor([[1.0, 2.0], [0.0, -1.0]]).double(),
        bias=torch.tensor([0.1, -0.2]).double(),
        scale=torch.tensor([[1.0, 1.0, 1.0], [2.0, 1.0, 0.5]]).double(),
    )
    features = torch.tensor([[2.0, 1.0], [0.0, 0.0], [-1.0, 3.0]])
    assert readout.slopes(features).tolist() == [[4.0, 0.0, 5.0], [-2.0, 0.0, -1.5]]
    assert torch.allclose(
        readout.contributions(features),
        torch.tensor([[2.0, 0.0, 1.0], [-1.0, 0.0, -0.3]]).double(),
    )
    assert torch.allclose(readout.logits(features), torch.tensor([3.1, -1.5]).double())


def test_masked_mean_ignores_pads():
    vectors = torch.tensor([[[1.0, 3.0, 99.0]]])
    weights = torch.tensor([[0.5, 0.5, 0.0]])
    assert Positions(vectors, (3,), weights).mean.tolist() == [[2.0]]


def test_mel_filters_cover_the_band_evenly():
    filters = mel_filters(TINY.audio)
    assert filters.shape == (16, TINY.audio.window // 2 + 1)
    peaks = filters.argmax(1)
    assert bool((peaks.diff() >= 0).all())
    hz = peaks * 16_000 / TINY.audio.window
    assert float(hz[0]) > TINY.audio.low_hz - 32 and float(hz[-1]) < TINY.audio.high_hz


def test_unknown_backbone_is_named():
    with pytest.raises(ConfigError, match="No backbone 'no_such_net'"):
        ImageEncoder(TINY.image.model_copy(update={"backbone": "no_such_net"}), 8)


def test_imagenet_weights_fit_their_backbone_only():
    encoder = ImageEncoder(TINY.image, 8)
    with pytest.raises(ConfigError, match="only for the backbone tf_efficientnet_lite0"):
        load_imagenet(encoder)


def test_another_backbone_fits_the_slot():
    config = TINY.image.model_copy(update={"backbone": "resnet10t", "feature_level": 3})
    encoder = ImageEncoder(config, 8).eval()
    with torch.inference_mode():
        assert encoder(torch.zeros(1, 1, 64, 64)).shape == (1, 8, 4, 4)
    with pytest.raises(ConfigError, match="Set frozen_stages = 0"):
        encoder.freeze(2)


def test_frozen_stages_take_no_gradient():
    encoder = ImageEncoder(TINY.image, 8)
    encoder.freeze(1)
    frozen = [name for name, p in encoder.named_parameters() if not p.requires_grad]
    assert any("conv_stem" in name for name in frozen)
    assert all(
        name.startswith(("backbone.conv_stem", "backbone.bn1", "backbone.blocks.0"))
        for name in frozen
    )


@pytest.mark.parametrize(("level", "cells", "channels"), [(2, 8, 128), (3, 4, 256)])
def test_a_backbone_of_torchvision_by_name(level, cells, channels):
    config = ImageConfig(backbone="torchvision/resnet18", feature_level=level, size=64)
    encoder = ImageEncoder(config, 16)
    assert encoder.project.in_channels == channels
    assert encoder(torch.zeros(2, 1, 64, 64)).shape == (2, 16, cells, cells)
    assert not any("layer4" in name for name in encoder.state_dict())


@pytest.mark.parametrize(("name", "level"), [("torchvision/abacus", 3), ("torchvision/vgg11", 7)])
def test_an_unknown_backbone_of_torchvision_is_refused(name, level):
    with pytest.raises(ConfigError, match=r"No backbone 'torchvision/\w+'.*torchvision\.models"):
        ImageEncoder(ImageConfig(backbone=name, feature_level=level), 16)


def test_no_stage_behind_the_feature_level_is_kept():
    whole = timm.create_model("test_efficientnet", features_only=True, in_chans=1, out_indices=(2,))
    encoder = ImageEncoder(ImageConfig(backbone="test_efficientnet", feature_level=2), 4)
    kept = encoder.backbone.state_dict()
    assert len(encoder.backbone.blocks) == 3 < len(whole.blocks)
    encoder.backbone.load_state_dict({n: t for n, t in whole.state_dict().items() if n in kept})
    square = torch.randn(1, 1, 64, 64)
    assert torch.equal(encoder.eval().backbone(square)[0], whole.eval()(square)[0])


def test_a_model_has_an_encoder_and_a_column_for_each_part_that_it_reads(tools):
    network = MultimodalBigModel(TINY.model_copy(update={"modalities": ("notes", "image")})).eval()
    assert list(network.encoders) == ["notes", "image"] and not len(network.event_heads)
    assert network.calibration_scale.shape == (2, 2)
    assert [network.place(m) for m in ("notes", "image")] == [0, 1]
    alone = MultimodalBigModel(TINY.model_copy(update={"modalities": ("image",)})).eval()
    with torch.inference_mode():
        assert network.features(inputs_of(case(), network, tools)).shape == (1, 2, TINY.features)
        assert alone.features(inputs_of(case(), alone, {})).shape == (1, 1, TINY.features)
