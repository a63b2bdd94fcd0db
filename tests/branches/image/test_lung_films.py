"""A model that reads the lungs alone: the film is cut out, and the maps lie in their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.evidence import share_inside
from mmbm.branches.image.lungs import LEAST, SIDE, Lungs
from mmbm.branches.image.prepare import film, find_lungs, lung_film, prepare, standardise
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.branches.parts import WHOLE, Box, spread
from mmbm.case import Case, Picture
from mmbm.data.augmentation.spoil import augment_film
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ModelError
from mmbm.explain.attribution import attribute
from mmbm.explain.ledger import ledger
from mmbm.explain.maps import finer_maps, last_layers
from mmbm.io import read_picture
from mmbm.model import checkpoint
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import FUSIONS
from mmbm.predict import Predictor
from mmbm.storage import assets_folder
from tests.made_cases import NOTES, TINY, picture, write_manifest

LUNG_IMAGE = ImageConfig(backbone="test_efficientnet", feature_level=2, size=64, lungs=True)


def chest() -> Picture:
    path = next((assets_folder() / "samples" / "adult-clear").glob("*.dcm"))
    return read_picture(path.read_bytes(), path.name)


def write_lung_model(folder, fusion="weighted_sum"):
    tokenizer = train_tokenizer([note for notes in NOTES.values() for note in notes], 400)
    notes = TINY.notes.model_copy(update={"vocabulary": tokenizer.get_vocab_size()})
    update = {"image": LUNG_IMAGE, "notes": notes, "fusion": fusion}
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY.model_copy(update=update)).eval()
    checkpoint.write(folder, network, {"notes": tokenizer}, {})
    return folder


@pytest.fixture(scope="module", params=list(FUSIONS))
def predictor(request, tmp_path_factory):
    folder = write_lung_model(tmp_path_factory.mktemp(request.param), request.param)
    return Predictor.load(folder, "cpu", threads=1)


def two_lungs() -> Lungs:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[32:96, 16:56] = mask[32:96, 72:112] = True
    return Lungs(mask)


def test_the_box_holds_the_lungs_with_a_margin():
    box = two_lungs().box
    assert box == pytest.approx((0.22, 0.78, 0.08, 0.92), abs=1e-6)
    assert Lungs(np.zeros((SIDE, SIDE), dtype=bool)).box == WHOLE


@pytest.mark.parametrize("shape", [(200, 100), (3, 5), (1, 1)])
def test_a_box_cuts_at_least_one_pixel(shape):
    assert np.zeros(shape)[Box(0.99, 1.0, 0.0, 0.01).cut(*shape)].size >= 1


def test_a_film_is_cut_out_around_its_lungs():
    shown = np.zeros((256, 256), dtype=np.float32)
    shown[64:192, 32:224] = 1.0  # the box without its margin
    cut = lung_film(shown, two_lungs(), 64)
    assert cut.shape == (2, 64, 64)
    assert float(cut[0].mean()) == pytest.approx(1 / 1.12**2, abs=0.02)
    assert float(cut[1].mean()) == pytest.approx(80 * 64 / (96 * 64 * 1.12**2), abs=0.06)


def test_where_no_lungs_are_found_the_whole_film_is_read():
    lungs = Lungs(np.zeros((SIDE, SIDE), dtype=bool))
    assert lungs.area < LEAST
    cut = lung_film(picture().shown, lungs, 64)
    assert bool((cut[1] == 1).all())
    assert torch.allclose(standardise(cut)[:1], film(picture(), 64))


def test_a_map_keeps_its_sum_and_its_place():
    inner = np.zeros((14, 14))
    inner[0, 0], inner[13, 13] = 2.0, -1.0
    placed = spread(inner, Box(0.25, 0.75, 0.0, 0.5), 56)
    assert placed.sum() == pytest.approx(1.0)
    assert np.abs(placed[:14]).max() == 0 and np.abs(placed[:, 28:]).max() == 0
    assert placed[14, 0] > 0 > placed[41, 27]
    assert spread(inner, WHOLE, 14) == pytest.approx(inner)


def test_all_last_layer_evidence_lies_in_the_lungs(predictor):
    prediction = predictor.predict(Case(image=chest()))
    lungs = prediction.features.prepared["image"].lungs
    assert lungs.found
    wide = torch.nn.functional.max_pool2d(torch.tensor(lungs.mask)[None].float(), 7, 1, 3)[0] > 0
    for maps in (last_layers(prediction), finer_maps(predictor, prediction)):
        for entry, of in zip(ledger(prediction), maps, strict=True):
            assert of.values("image").shape == (64, 64)
            assert of.values("image").sum() == pytest.approx(entry.contributions["image"], abs=1e-4)
            inside = share_inside(np.abs(of.values("image")), Lungs(wide.numpy()))
            assert inside > 0.98  # a cell of the map is wider than a pixel of the lungs


def test_pixels_outside_the_box_carry_nothing(predictor):
    prediction = predictor.predict(Case(image=chest()))
    found = attribute(
        *(predictor, prediction, "pixels", "pneumonia"),
        method="Integrated Gradients",
        baseline="grey",
    )
    assert found.values.shape == (64, 64)
    assert found.values.sum() == pytest.approx(found.explained, abs=0.02 * abs(found.explained))
    outside = np.ones((64, 64), dtype=bool)
    rows, columns = prediction.features.prepared["image"].lungs.box.cut(64, 64)
    outside[rows.start : rows.stop + 1, columns.start : columns.stop + 1] = False
    assert outside.any() and np.abs(found.values[outside]).max() == 0


def test_a_picture_without_lungs_is_still_read(predictor):
    prediction = predictor.predict(Case(image=picture()))
    assert not prediction.features.prepared["image"].lungs.found
    entry = ledger(prediction)[0]
    for maps in (last_layers(prediction), finer_maps(predictor, prediction)):
        assert maps[0].values("image").sum() == pytest.approx(
            entry.contributions["image"], abs=1e-4
        )


@pytest.mark.slow
def test_training_and_serving_cut_alike(tmp_path):
    loaded = checkpoint.read(write_lung_model(tmp_path / "model"))
    manifest = read_manifest(write_manifest(tmp_path / "cases", count=16))
    chosen = next((assets_folder() / "samples" / "adult-clear").glob("*.dcm"))
    manifest.rows.loc[0, "image"] = str(chosen)
    texts, config = read_texts(manifest), loaded.network.config
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):  # decoded, kept, read back
        corpus = read_corpus(manifest, texts, config, loaded.tools, cache=cache, lungs=True)
        served = prepare(chest(), config.image, torch.zeros(32, 32))
        assert torch.equal(corpus.inputs([0]).parts["image"][0], served.tensors[0])
        assert float(corpus.lung_areas[0]) == pytest.approx(served.lungs.area)


def test_lungs_move_with_the_film():
    square = torch.zeros(1, 64, 64)
    square[:, 20:40, 10:30] = 1.0
    torch.manual_seed(3)
    moved = augment_film(torch.cat([square, square]))
    assert moved.shape == (2, 64, 64)
    pair = torch.stack([moved[0].flatten(), moved[1].flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.6


def test_another_lung_finder_is_refused(tmp_path, monkeypatch):
    folder = write_lung_model(tmp_path / "model")
    monkeypatch.setattr("mmbm.branches.image.branch.lung_digest", lambda: "other")
    with pytest.raises(ModelError, match="lung finder"):
        checkpoint.read(folder)


def test_a_negative_is_cut_out_as_its_film():
    whole = chest()
    mean = film(whole, 64)
    mean = torch.nn.functional.interpolate(mean[None], (32, 32), mode="area")[0, 0]
    negative = replace(whole, shown=1 - whole.shown)
    films = [prepare(p, LUNG_IMAGE, mean).tensors[0] for p in (whole, negative)]
    assert torch.allclose(*films, atol=0.02)
    assert find_lungs(film(whole, 64)).found


def test_the_lungs_of_a_whole_film_are_looked_for_when_asked_and_once(monkeypatch):
    """A prediction that reads whole films does not wait for the lung finder."""
    asked = []
    monkeypatch.setattr(
        "mmbm.branches.image.prepare.find_lungs",
        lambda square, finder: asked.append(1) or find_lungs(square, finder),
    )
    read = prepare(picture(), TINY.image, film(picture(), 32)[0])
    assert asked == []
    assert read.lungs is read.lungs and read.lungs.mask.shape == (SIDE, SIDE)
    assert asked == [1]
