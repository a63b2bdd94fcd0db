"""An exported file says what the model says, for every subset of its parts."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from mmbm.branches import registry
from mmbm.branches.audio.branch import SoundBranch
from mmbm.branches.audio.encoder import LogMel
from mmbm.branches.branch import Branch
from mmbm.branches.notes.branch import NotesBranch
from mmbm.branches.notes.encoder import NotesEncoder
from mmbm.branches.notes.exported import exportable
from mmbm.branches.parts import PreparedPart
from mmbm.case import Case
from mmbm.cli import app
from mmbm.errors import ConfigError, ModelError, NoSignal
from mmbm.explain.ledger import ledger
from mmbm.export import check, export_model, prepared, write
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import coalitions
from mmbm.predict import Predictor
from tests.made_cases import TINY, case, sound, with_parts

pytestmark = pytest.mark.slow

FIRST, OTHER = case(0), case(1)


class Measured(NamedTuple):
    """Weight and height."""

    values: tuple[float, float]
    warnings: tuple[str, ...] = ()


class Scale(Branch):
    """Two numbers, and nothing said of how they are exported."""

    name = "scale"

    def encoder(self, settings, features):
        return nn.Sequential(nn.Unflatten(1, (2, 1)), nn.Conv1d(2, features, 1))

    def reader(self, settings, encoder, tool):
        return lambda part: PreparedPart((torch.tensor([part.values]),))

    def blank(self, settings):
        return (torch.zeros(1, 2),)


class Earlier(Scale):
    """The same a year ago."""

    name = "earlier"


@pytest.fixture(scope="module")
def exported(tiny_model_dir, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    written = export_model(tiny_model_dir, folder)
    assert written.subsets == 7
    assert set(written.worst) == {"onnx", "torch"}
    assert all(0 <= far <= 1e-4 for far in written.worst.values())
    assert {file.name for file in written.files} == {"model.onnx", "model.pt2", "export.json"}
    return folder


def by_onnxruntime(folder):
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "model.onnx")
    names = [of.name for of in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(None, feeds), strict=True))


def by_torch(folder):
    module = torch.export.load(folder / "model.pt2").module()
    names = [given["name"] for given in json.loads((folder / "export.json").read_text())["inputs"]]

    def run(feeds):
        made = module(*(torch.from_numpy(feeds[name]) for name in names))
        return {name: of.numpy() for name, of in made.items()}

    return run


def says_the_same(made, row, prediction):
    """One row of the outputs against the account that the program itself gives."""
    for c, account in enumerate(ledger(prediction)):
        assert made["logits"][row, c] == pytest.approx(account.logit, abs=1e-4)
        assert made["probabilities"][row, c] == pytest.approx(account.probability, abs=1e-4)
        assert made["base"][row, c] == pytest.approx(account.base, abs=1e-4)
        shares = list(account.contributions.values())
        assert made["contributions"][row, c] == pytest.approx(shares, abs=1e-4)
    weights = list(prediction.fusion_weights.values())
    assert made["fusion_weights"][row] == pytest.approx(weights, abs=1e-4)
    assert made["features"][row] == pytest.approx(prediction.features.means.numpy(), abs=1e-4)


@pytest.mark.parametrize("runner", [by_onnxruntime, by_torch])
def test_every_subset_of_the_parts_has_the_models_numbers(exported, tiny_model_dir, runner):
    predictor, loaded = Predictor.load(tiny_model_dir, "cpu"), checkpoint.read(tiny_model_dir)
    run, modalities = runner(exported), loaded.network.config.modalities
    for subset in coalitions(len(modalities)).tolist():
        kept = [m for m, there in zip(modalities, subset, strict=True) if there]
        given = Case(**{m: FIRST.parts[m] for m in kept})
        made = run(prepared([given], loaded))
        says_the_same(made, 0, predictor.predict(given))
    feeds = prepared([FIRST, OTHER, Case(notes=FIRST.notes)], loaded)  # notes of other lengths
    assert feeds["present"].tolist() == [[True] * 3, [True] * 3, [False, True, False]]
    made = run(feeds)
    for row, given in enumerate((FIRST, OTHER, Case(notes=FIRST.notes))):
        says_the_same(made, row, predictor.predict(given))
    nobody = run(feeds | {"present": np.zeros((3, 3), dtype=bool)})
    assert nobody["logits"] == pytest.approx(made["base"], abs=1e-6)
    assert not nobody["contributions"].any()


def test_a_longer_recording_is_heard(exported, tiny_model_dir):
    loaded = checkpoint.read(tiny_model_dir)
    longer = with_parts(FIRST, audio=sound(3, seconds=7.3))
    made = by_onnxruntime(exported)(prepared([longer], loaded))
    says_the_same(made, 0, Predictor.load(tiny_model_dir, "cpu").predict(longer))
    with pytest.raises(ConfigError, match="Lung sound: parts of different length"):
        prepared([FIRST, longer], loaded)
    with pytest.raises(NoSignal):
        prepared([Case()], loaded)


def test_the_description_says_how_to_call_the_files(exported, tiny_model_dir):
    import onnx

    said = json.loads((exported / "export.json").read_text(encoding="utf-8"))
    identity = checkpoint.read(tiny_model_dir).identity
    assert said["notice"] == "Research use, not a medical device."
    assert said["model"]["sha256"] == identity.sha256
    assert said["model"]["version"] == identity.version
    for name, digest in said["files"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest
    graph = onnx.load(exported / "model.onnx")
    onnx.checker.check_model(graph)
    assert {p.key: p.value for p in graph.metadata_props}["sha256"] == identity.sha256
    assert graph.doc_string == "Research use, not a medical device."

    def shapes(values):
        return {
            value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in values
        }

    assert shapes(graph.graph.input) == {of["name"]: of["shape"] for of in said["inputs"]}
    assert [of["name"] for of in said["outputs"]] == list(shapes(graph.graph.output))
    assert all(of["meaning"] for of in said["inputs"] + said["outputs"])


@pytest.fixture
def write_other(tmp_path, monkeypatch):
    """Writes models of branches that come from outside."""
    monkeypatch.setattr(registry, "_added", {})
    registry.register(Scale())
    registry.register(Earlier())

    def written(*modalities: str, fusion: str = "weighted_sum") -> Path:
        torch.manual_seed(0)
        config = TINY.model_dump() | {"fusion": fusion, "modalities": modalities}
        network = MultimodalBigModel(ModelConfig.parse(config))
        for parameter in network.fusion.parameters():
            nn.init.normal_(parameter, std=0.5)
        checkpoint.write(tmp_path / "model", network, {}, {})
        return tmp_path / "model"

    return written


@pytest.mark.parametrize(
    ("fusion", "modalities"), [("gated", ["scale", "earlier"]), ("concat", ["earlier", "scale"])]
)
def test_a_model_with_other_modalities_and_another_fusion(
    write_other, tmp_path, fusion, modalities
):
    folder, out = write_other(*modalities, fusion=fusion), tmp_path / "out"
    assert export_model(folder, out, ["onnx"]).subsets == 3
    loaded, predictor = checkpoint.read(folder), Predictor.load(folder, "cpu")
    now, before = Measured((0.7, 1.8)), Measured((0.9, 1.7))
    cases = [Case(scale=now, earlier=before), Case(scale=now), Case(earlier=before)]
    made = by_onnxruntime(out)(prepared(cases, loaded))
    for row, given in enumerate(cases):
        prediction = predictor.predict(given)
        logits = [finding.logit for finding in prediction.findings]
        assert made["logits"][row] == pytest.approx(logits, abs=1e-4)
        for c, account in enumerate(ledger(prediction)):
            shares = list(account.contributions.values())
            assert made["contributions"][row, c] == pytest.approx(shares, abs=1e-4)
        weights = list(prediction.fusion_weights.values()) or [np.nan, np.nan]
        assert made["fusion_weights"][row] == pytest.approx(weights, abs=1e-4, nan_ok=True)
    inputs = json.loads((out / "export.json").read_text())["inputs"]
    assert [given["name"] for given in inputs] == ["present", *modalities]
    assert inputs[1]["shape"] == ["batch", 2]


@pytest.mark.parametrize(("off", "said"), [(2e-4, "2.0e-04"), (np.nan, "inf")])
def test_a_file_that_says_anything_else_is_not_kept(write_other, tmp_path, monkeypatch, off, said):
    def biased(path):
        run = check.in_torch(path)

        def other(present, parts):
            made = run(present, parts)
            return made | {"contributions": made["contributions"] + off}

        return other

    monkeypatch.setitem(write.RUN, "torch", biased)
    with pytest.raises(ModelError, match=rf"'model.pt2' differs from the model by {said}"):
        export_model(write_other("scale"), tmp_path / "out", ["torch"])
    assert list((tmp_path / "out").iterdir()) == []


def test_a_net_that_cannot_be_traced_is_refused_in_one_sentence(write_other, tmp_path, monkeypatch):
    class Odd(nn.Module):
        def forward(self, values):
            return values[:, : int(values.abs().sum()), None].expand(-1, 2, 3)

    monkeypatch.setattr(Scale, "exportable", lambda *_: Odd())
    with pytest.raises(ModelError, match="The model 'tiny' cannot be exported"):
        export_model(write_other("scale"), tmp_path / "out", ["torch"])


def test_without_the_extra_one_sentence_says_what_to_install(tiny_model_dir, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConfigError, match=r'pip install "mmbm\[export\]"'):
        export_model(tiny_model_dir, tmp_path)


def test_an_export_that_is_killed_leaves_no_description_of_a_file_that_is_not_there(
    write_other, tmp_path, monkeypatch
):
    move, moved = Path.replace, []

    def killed(file, there):
        if moved:
            raise KeyboardInterrupt
        moved.append(file.name)
        return move(file, there)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export_model(write_other("scale"), tmp_path / "out", ["torch"])
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["model.pt2"]


def test_a_folder_that_cannot_be_written_to_is_said(tiny_model_dir, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match="The folder 'taken' cannot be written to"):
        export_model(tiny_model_dir, tmp_path / "taken", ["torch"])


def test_the_scanned_notes_are_the_packed_ones():
    torch.manual_seed(1)
    encoder = NotesEncoder(TINY.notes, 16).eval()
    ids, lengths = NotesBranch().trial(TINY.notes, 5, torch.Generator().manual_seed(3))
    with torch.no_grad():
        packed, scanned = encoder(ids, lengths), exportable(encoder)(ids, lengths)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(scanned[row, :, :length], packed[row, :, :length])
    assert len(set(lengths.tolist())) > 2


def test_a_sound_drawn_for_the_comparison_ends_at_the_spectrograms_floor():
    """An exported file that lost the floor, 1e-8, says otherwise there."""
    (waveforms,) = SoundBranch().trial(TINY.audio, 2, torch.Generator().manual_seed(0))
    decibels = LogMel(TINY.audio)(waveforms)
    assert decibels.min() == pytest.approx(-80.0, abs=3.0)
    assert decibels.max() > 0


def test_the_command_writes_and_compares(write_other, tmp_path):
    arguments = ["export", "--model", str(write_other("scale")), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--format", "torch"])
    assert done.exit_code == 0, done.output
    assert "torch: the largest difference from the model over 1 subsets" in done.output
    assert "Research use, not a medical device." in done.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"model.pt2", "export.json"}


def test_no_file_of_an_earlier_export_stays_beside_the_new(write_other, tmp_path):
    """What it listed as its own goes; what somebody put there stays."""
    out = tmp_path / "out"
    out.mkdir()
    listed = {"files": {"model.onnx": "0" * 64, "model.pt2": "0" * 64, "mine.onnx": ""}}
    (out / "export.json").write_text(json.dumps(listed))
    for name in ("model.onnx", "mine.onnx", "model.onnx.data"):
        (out / name).write_text("of another model")
    export_model(write_other("scale"), out, ["torch"])
    names = {"model.pt2", "export.json", "mine.onnx", "model.onnx.data"}
    assert {path.name for path in out.iterdir()} == names
