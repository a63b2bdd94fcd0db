from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.case import MODALITIES, Case
from mmbm.data import reading
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ManifestError
from mmbm.io import read_picture, read_sound, typed_notes
from mmbm.model import checkpoint
from tests.made_cases import TINY, inputs_of, picture, write_manifest


@pytest.fixture
def manifest(tmp_path):
    return read_manifest(write_manifest(tmp_path / "cases", count=16))


def corpus(manifest, cache=None):
    texts = read_texts(manifest)
    return read_corpus(manifest, texts, TINY, {"notes": train_tokenizer(texts, 200)}, cache=cache)


def test_each_file_is_held_once(manifest):
    rows = manifest.rows
    rows.loc[1, ["image", "audio"]] = rows.loc[0, ["image", "audio"]].to_numpy()
    read = corpus(manifest)
    assert len(read) == 16 and len(read.films) == 15 and read.film_of[0] == read.film_of[1]
    assert read.sound_of[4] == -1 and not bool(read.present[4, 2])


def test_another_pipeline_reads_anew(manifest, tmp_path, monkeypatch):
    corpus(manifest, tmp_path / "cache")
    monkeypatch.setattr(reading, "PIPELINE_VERSION", reading.PIPELINE_VERSION + 1)
    corpus(manifest, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_two_splits_of_one_size_do_not_share_a_cache(manifest, tmp_path):
    """Train and val of one manifest may hold equally many films; they are others all the same."""
    splits = manifest.rows["split"].to_numpy()
    first, second = manifest.take(splits == "val"), manifest.take(splits == "test")
    assert len(first.rows) == len(second.rows)
    kept = [corpus(part, tmp_path / "cache").films for part in (first, second)]
    assert not torch.equal(*kept)
    again = corpus(first, tmp_path / "cache").films
    assert torch.equal(again, kept[0])


def test_a_film_that_changed_is_read_again(manifest, tmp_path):
    before = corpus(manifest, tmp_path / "cache").films[0].clone()
    noise = np.random.default_rng(0).integers(0, 255, (80, 70), dtype=np.uint8)
    Image.fromarray(noise).save(manifest.path(0, "image"))
    assert not torch.equal(before, corpus(manifest, tmp_path / "cache").films[0])


def test_kept_films_are_mapped_and_the_same_as_in_memory(manifest, tmp_path):
    held = corpus(manifest)
    for _ in range(2):  # as it is made, and as it is found
        mapped = corpus(manifest, tmp_path / "cache")
        for name in ("films", "thumbnails", "lung_areas", "parts"):
            ours, theirs = getattr(mapped, name), getattr(held, name)
            assert torch.equal(ours.nan_to_num(-1), theirs.nan_to_num(-1)), name
        (folder,) = (tmp_path / "cache").iterdir()
        place, file = mapped.films.data_ptr(), folder / "planes.npy"
        if Path("/proc/self/maps").is_file():
            lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
            ours = [line for line in lines if line.endswith(str(file))]
            spans = [line.split()[0].split("-") for line in ours]
            assert any(int(a, 16) <= place < int(b, 16) for a, b in spans)
    mapped.films[0] = 0.0  # stays here
    assert torch.equal(corpus(manifest, tmp_path / "cache").films, held.films)


@pytest.fixture
def read_anew(monkeypatch):
    """The films that were prepared, by name; four make a block."""
    names = []

    def seen(content, name):
        names.append(name)
        return read_picture(content, name)

    monkeypatch.setattr("mmbm.data.reading.read_picture", seen)
    monkeypatch.setattr("mmbm.data.kept.BLOCK", 4)
    return names


def test_reading_that_was_stopped_goes_on_from_its_last_whole_block(manifest, tmp_path, read_anew):
    content = manifest.path(6, "image").read_bytes()
    manifest.path(6, "image").write_bytes(b"no picture".ljust(len(content)))
    clock = manifest.path(6, "image").stat()
    with pytest.raises(ManifestError):
        corpus(manifest, tmp_path / "cache")
    manifest.path(6, "image").write_bytes(content)
    os.utime(manifest.path(6, "image"), ns=(clock.st_atime_ns, clock.st_mtime_ns))
    read_anew.clear()
    again = corpus(manifest, tmp_path / "cache")
    assert set(read_anew) == {f"film{i}.png" for i in range(4, 16)}
    assert torch.equal(again.films, corpus(manifest).films)


def test_a_damaged_block_of_kept_films_is_prepared_anew(manifest, tmp_path, read_anew):
    before = corpus(manifest, tmp_path / "cache").films.clone()
    (folder,) = (tmp_path / "cache").iterdir()
    for name, block in (("planes", 1), ("parts", 3)):
        file = np.load(folder / f"{name}.npy", mmap_mode="r+")
        file[4 * block] += 1
        file.flush()
    read_anew.clear()
    assert torch.equal(corpus(manifest, tmp_path / "cache").films, before)
    assert sorted(read_anew) == sorted(f"film{i}.png" for i in (4, 5, 6, 7, 12, 13, 14, 15))
    read_anew.clear()
    corpus(manifest, tmp_path / "cache")
    assert not read_anew


def test_a_folder_that_was_never_put_in_place_is_removed(manifest, tmp_path):
    corpus(manifest, tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    left = folder.with_name(f"{folder.name}.0.tmp")  # as a run leaves it that is killed
    folder.rename(left)
    corpus(manifest, tmp_path / "cache")
    assert not left.exists() and folder.is_dir()


def test_an_unreadable_file_is_named(manifest):
    manifest.path(2, "image").write_bytes(b"no picture")
    with pytest.raises(ManifestError, match=r"film2\.png: "):
        corpus(manifest)


def test_a_negative_among_the_films_is_turned_round_as_in_serving(manifest):
    grain = np.random.default_rng(0)
    for row in range(16):
        greys = 255 * picture().shown + grain.normal(0, 2, picture().shown.shape)
        Image.fromarray(greys.clip(0, 255).astype(np.uint8)).save(manifest.path(row, "image"))
    upright = corpus(manifest).films
    with Image.open(manifest.path(0, "image")) as stored:
        Image.fromarray(255 - np.asarray(stored)).save(manifest.path(0, "image"))
    turned = corpus(manifest).films
    assert torch.allclose(turned[0], upright[0], atol=0.01)
    assert torch.equal(turned[1:], upright[1:])


def test_training_and_serving_prepare_alike(tiny_run):
    """A corpus row gives the very tensors that the predictor makes of the same files."""
    folder = tiny_run / "cases"
    manifest = read_manifest(folder / "manifest.csv")
    loaded = checkpoint.read(tiny_run / "run" / "model")
    network, tools = loaded.network, loaded.tools
    corpus = read_corpus(manifest, read_texts(manifest), network.config, tools)
    given = Case(
        image=read_picture((folder / "film3.png").read_bytes(), "film3.png"),
        notes=typed_notes(manifest.rows.at[3, "notes_text"]),
        audio=read_sound((folder / "sound3.wav").read_bytes(), "sound3.wav"),
    )
    served, trained = inputs_of(given, network, tools), corpus.inputs([3])
    assert torch.equal(served.present, trained.present)
    for modality in MODALITIES:
        pairs = zip(served.parts[modality], trained.parts[modality], strict=True)
        assert all(torch.equal(one, other) for one, other in pairs), modality
