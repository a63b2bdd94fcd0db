from __future__ import annotations

import math

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import binary_cross_entropy_with_logits

from mmbm.analysis import analyse
from mmbm.branches.notes.prepare import train_tokenizer
from mmbm.case import MODALITIES, Case
from mmbm.data.manifest import read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.errors import ConfigError, ManifestError, NoSignal
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import coalitions
from mmbm.predict import Predictor
from mmbm.train import coalition_loss
from mmbm.train.begin import carried, continued
from mmbm.train.config import TrainConfig
from mmbm.train.optimiser import follow
from mmbm.train.run import run_training
from mmbm.train.sampling import sampling_weights
from tests.made_cases import TINY, TINY_TRAINING, case, write_manifest


def run(folder, manifest, config=TINY_TRAINING, *, resume=False, step=lambda _: None):
    return run_training(
        manifest, folder, config, resume=resume, device="cpu", reading=lambda *_: None, step=step
    )


def test_there_are_seven_coalitions():
    of_three = coalitions(3)
    assert of_three.shape == (7, 3) and bool(of_three.any(1).all())
    assert len({tuple(row) for row in of_three.tolist()}) == 7
    assert bool(of_three[-1].all()) and coalitions(1).tolist() == [[True]]


def test_loss_by_hand():
    """One case with image and audio: image alone, audio alone and both count, nothing else."""
    torch.manual_seed(0)
    network = MultimodalBigModel(TINY)
    features = torch.randn(1, 3, TINY.features)
    features[:, 1] = 0
    present = torch.tensor([[True, False, True]])
    labels = torch.tensor([[1.0, math.nan]])
    w, head = network.fusion.weights, network.head
    logits = torch.stack(
        [
            head(w[0] * features[0, 0])[0],
            head(w[2] * features[0, 2])[0],
            head(w[0] * features[0, 0] + w[2] * features[0, 2])[0],
        ]
    )
    expected = binary_cross_entropy_with_logits(logits, torch.full((3,), 0.95))
    found = coalition_loss(network, features, present, labels, smooth=0.05).mean
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_no_label_no_loss():
    network = MultimodalBigModel(TINY)
    unknown = torch.full((2, 2), math.nan)
    loss = coalition_loss(
        network, torch.randn(2, 3, TINY.features), torch.ones(2, 3).bool(), unknown, 0.0
    )
    assert loss.mean.item() == 0.0


@pytest.mark.slow
def test_a_run_killed_and_resumed_ends_with_the_same_weights(tiny_run, tmp_path):
    class Killed(Exception):
        pass

    def kill(step):
        if (step.epoch, step.batch) == (2, 2):
            raise Killed

    manifest = tiny_run / "cases" / "manifest.csv"
    with pytest.raises(Killed):
        run(tmp_path, manifest, step=kill)
    run(tmp_path, manifest, resume=True)
    resumed = load_file(tmp_path / "state.safetensors")
    unbroken = load_file(tiny_run / "run" / "state.safetensors")
    assert resumed.keys() == unbroken.keys()
    for name in unbroken:
        assert torch.equal(resumed[name], unbroken[name]), name
    assert len((tmp_path / "training.csv").read_text().splitlines()) == 3


def test_resuming_with_other_settings_is_refused(tiny_run, tmp_path):
    run_folder = tiny_run / "run"
    (tmp_path / "state.safetensors").write_bytes((run_folder / "state.safetensors").read_bytes())
    other = TINY_TRAINING.model_copy(update={"learning_rate": 0.5})
    with pytest.raises(ConfigError, match="another configuration"):
        run(tmp_path, tiny_run / "cases" / "manifest.csv", other, resume=True)


def test_resuming_with_other_cases_is_refused(tiny_run, tmp_path):
    """What was learned from train must not be tested on the same cases, called test now."""
    state = (tiny_run / "run" / "state.safetensors").read_bytes()
    (tmp_path / "state.safetensors").write_bytes(state)
    rows = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str, keep_default_na=False)
    turned = {"train": "test", "test": "train", "val": "val"}
    other = tiny_run / "cases" / "turned.csv"
    rows.assign(split=rows["split"].map(turned)).to_csv(other, index=False)
    with pytest.raises(ConfigError, match="another manifest"):
        run(tmp_path, other, resume=True)


def test_a_manifest_without_val_is_refused(tmp_path):
    manifest = write_manifest(tmp_path, count=4)  # the first four are all train
    with pytest.raises(ManifestError, match="no row with split 'val'"):
        run(tmp_path / "run", manifest)


def test_a_finding_without_a_column_is_refused(tiny_run, tmp_path):
    config = TINY_TRAINING.model_copy(
        update={"model": TINY.model_copy(update={"findings": ("gout",)})}
    )
    with pytest.raises(ManifestError, match=r"no column 'gout'.*it has pneumonia, no_finding"):
        run(tmp_path, tiny_run / "cases" / "manifest.csv", config)


def test_an_unknown_setting_lists_the_valid_ones(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text("[model.notes]\nhiden = 3\n")
    with pytest.raises(
        ConfigError, match=r"'model\.notes\.hiden'\. Valid here: events, .*vocabulary, .*hidden"
    ):
        TrainConfig.read(path)
    path.write_text("epochs = 0\n")
    with pytest.raises(ConfigError, match="Setting 'epochs'"):
        TrainConfig.read(path)
    path.write_text("epochs = = 3")
    with pytest.raises(ConfigError, match="could not be read as TOML"):
        TrainConfig.read(path)


def settings(**changes):
    return TINY_TRAINING.model_copy(update=changes)


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def test_the_average_follows_by_its_rule():
    torch.manual_seed(0)
    average, network = MultimodalBigModel(TINY), MultimodalBigModel(TINY)
    network.normalise["image"].running_mean.fill_(2.0)
    network.normalise["image"].num_batches_tracked.fill_(7)
    expected = 0.9 * average.head.weight.detach() + 0.1 * network.head.weight.detach()
    follow(average, network, 0.9)
    assert torch.allclose(average.head.weight, expected)
    assert torch.allclose(
        average.normalise["image"].running_mean, torch.full((TINY.features,), 0.2)
    )
    assert average.normalise["image"].num_batches_tracked == 7


def test_the_average_is_what_is_kept(tiny_run, tmp_path):
    run(tmp_path, tiny_run / "cases" / "manifest.csv", settings(ema=0.9))
    state = load_file(tmp_path / "state.safetensors")
    kept = weights(tmp_path)["fusion.scores"]
    assert torch.equal(kept, state["average.fusion.scores"])
    assert not torch.equal(kept, state["network.fusion.scores"])


@pytest.mark.slow
def test_early_stopping_keeps_the_best_epoch(tiny_run, tmp_path, monkeypatch):
    """Scores 0.6, 0.9, 0.7, 0.8: with a patience of two the run ends after the fourth epoch."""
    import mmbm.train.run

    scores, seen = iter([0.6, 0.9, 0.7, 0.8]), []

    def score(network, *_):
        seen.append(network.head.weight.detach().clone())
        return {"macro_auroc": next(scores)}

    monkeypatch.setattr(mmbm.train.run, "source_aurocs", score)
    manifest = tiny_run / "cases" / "manifest.csv"
    run(tmp_path, manifest, settings(epochs=9, patience=2))
    assert len(seen) == 4
    assert torch.equal(weights(tmp_path)["head.weight"].float(), seen[1].half().float())
    before = weights(tmp_path)
    run(tmp_path, manifest, settings(epochs=9, patience=2), resume=True)  # nothing is left to do
    after = weights(tmp_path)
    assert len(seen) == 4 and all(torch.equal(before[n], after[n]) for n in before)


def test_early_stopping_without_a_figure_is_refused(tiny_run, tmp_path):
    manifest = tmp_path / "manifest.csv"
    whole = pd.read_csv(tiny_run / "cases" / "manifest.csv", dtype=str).fillna("")
    whole["image"] = whole["audio"] = ""
    whole.loc[whole["split"] == "val", ["pneumonia", "no_finding"]] = "1"
    whole.to_csv(manifest, index=False)
    with pytest.raises(ConfigError, match="Early stopping needs both labels"):
        run(tmp_path / "run", manifest, settings(patience=1))


def test_a_model_of_one_modality_reads_only_that(tiny_run, tmp_path):
    config = settings(model=TINY.model_copy(update={"modalities": ("notes",)}))
    run(tmp_path, tiny_run / "cases" / "manifest.csv", config)
    made = checkpoint.read(tmp_path / "model").network.config
    torch.manual_seed(TINY_TRAINING.seed)
    fresh = MultimodalBigModel(made).state_dict()
    trained = load_file(tmp_path / "state.safetensors")
    changed = {n for n, value in fresh.items() if not torch.equal(trained[f"network.{n}"], value)}
    assert "encoders.notes.embed.weight" in changed and "head.weight" in changed
    assert not any(".image" in name or ".audio" in name for name in changed)
    predictor = Predictor.load(tmp_path / "model", "cpu")
    prediction = predictor.predict(case())
    assert prediction.present == ("notes",)
    assert "does not read Chest X-ray and Lung sound" in prediction.warnings[-1]
    with pytest.raises(NoSignal, match="reads only Notes"):
        predictor.predict(Case(image=case().image))


@pytest.mark.parametrize("parts", [("image",), ("notes",), ("audio",), ("audio", "notes")])
def test_a_model_needs_the_settings_of_its_own_branches_alone(tiny_run, tmp_path, parts):
    """Trained, evaluated, told of on its card and asked, in the order of its parts."""
    about = {"name": "part", "version": "0", "features": 8, "modalities": list(parts)}
    branches = {m: TINY.of(m).model_dump() for m in parts}
    config = settings(model=ModelConfig.parse(about | branches), epochs=1)
    run(tmp_path, tiny_run / "cases" / "manifest.csv", config)
    card = (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
    names = {"image": "Chest X-ray: ", "notes": "Notes: ", "audio": "Lung sound: "}
    lines = card.partition("## Model")[2].splitlines()
    assert [m for line in lines for m, name in names.items() if line.startswith(name)] == [*parts]
    takes = {
        "image": "frontal chest X-ray (",
        "notes": "notes in English or Chinese",
        "audio": "a lung sound of up",
    }
    assert {m for m, said in takes.items() if said in card} == {*parts}
    predictor = Predictor.load(tmp_path / "model", "cpu", threads=1)
    seen = analyse(case(), predictor)
    assert seen.prediction.present == parts and predictor.config.modalities == parts
    for account, maps in zip(seen.accounts, seen.maps, strict=True):
        assert account.residual <= 1e-5 and tuple(account.contributions) == parts
        assert tuple(maps.parts) == parts
    assert [s.modality for s in seen.judgement.shifts] == [*parts]
    left_out = {m for m in MODALITIES if m not in parts}
    said = next(w for w in seen.warnings if w.startswith("This model does not read"))
    assert all(names[m].removesuffix(": ") in said for m in left_out)


@pytest.mark.slow
def test_a_frozen_encoder_stays_as_it_was(tiny_run, tmp_path):
    config = settings(start_from=str(tiny_run / "run" / "model"), freeze=("notes",))
    run(tmp_path, tiny_run / "cases" / "manifest.csv", config)
    before, after = weights(tiny_run / "run"), weights(tmp_path)
    for name in before:
        if name.startswith(("encoders.notes", "normalise.notes")):
            assert torch.equal(before[name], after[name]), name
    assert not torch.equal(
        before["encoders.audio.project.weight"], after["encoders.audio.project.weight"]
    )


@pytest.mark.slow
def test_a_frozen_head_stays_as_it_was(tiny_run, tmp_path):
    config = settings(start_from=str(tiny_run / "run" / "model"), freeze=("head",))
    run(tmp_path, tiny_run / "cases" / "manifest.csv", config)
    before, after = weights(tiny_run / "run"), weights(tmp_path)
    for name in ("head.weight", "head.bias", "fusion.scores"):
        assert torch.equal(before[name], after[name]), name
    assert not torch.equal(
        before["encoders.notes.embed.weight"], after["encoders.notes.embed.weight"]
    )


def test_a_new_tokeniser_keeps_the_tokens_that_were_known(tiny_run, tmp_path):
    begun = checkpoint.read(tiny_run / "run" / "model")
    config = settings(
        start_from=str(tiny_run / "run" / "model"), retokenise=True, freeze=("notes",), epochs=1
    )
    manifest = write_manifest(tmp_path / "cases")
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    table["notes_text"] += " xylophone"
    table.to_csv(manifest, index=False)
    run(tmp_path, manifest, config)
    now = checkpoint.read(tmp_path / "model")
    old, new = (m.tools["notes"].get_vocab() for m in (begun, now))
    assert "xylophone" in new and "xylophone" not in old
    shared = sorted(set(old) & set(new))
    rows = [m.network.encoders["notes"].embed.weight for m in (begun, now)]
    assert torch.equal(rows[0][[old[t] for t in shared]], rows[1][[new[t] for t in shared]])


def test_a_run_goes_on_with_other_findings(tiny_run, tmp_path):
    """What the earlier model knew of a finding is carried over by its name."""
    begun = checkpoint.read(tiny_run / "run" / "model").network
    wanted = ModelConfig(findings=("no_finding", "effusion", "pneumonia"))
    config = continued(begun.config, wanted)
    assert config.image == begun.config.image and config.findings == wanted.findings
    network = carried(begun, config)
    assert torch.equal(network.head.weight[[2, 0]], begun.head.weight)
    assert bool((network.head.weight[1] == 0).all())
    film = network.encoders["image"].state_dict()
    assert all(torch.equal(t, film[n]) for n, t in begun.encoders["image"].state_dict().items())
    assert bool((network.calibration_scale == 1).all())


def test_a_finding_without_weight_teaches_nothing():
    network = MultimodalBigModel(TINY)
    features = torch.randn(4, 3, 16)
    present, labels = torch.ones(4, 3, dtype=torch.bool), torch.ones(4, 2)
    coalition_loss(network, features, present, labels, 0.0, {"no_finding": 0.0}).mean.backward()
    assert bool((network.head.weight.grad[1] == 0).all())
    assert bool((network.head.weight.grad[0] != 0).any())


def test_a_probability_is_balanced_as_the_likelier_label(tmp_path):
    path = write_manifest(tmp_path, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"] = "train"
    rows["pneumonia"] = ["0.9" if label == "1" else "0.2" for label in rows["pneumonia"]]
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    tools = {"notes": train_tokenizer(read_texts(manifest), 200)}
    corpus = read_corpus(manifest, read_texts(manifest), TINY, tools)
    weights = sampling_weights(corpus)
    for label in (0, 1):
        assert float(weights[label::2].sum()) == pytest.approx(2.0)  # two sources


def test_views_within_a_cell_are_balanced(tmp_path):
    path = write_manifest(tmp_path, 16)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["split"], rows["view"] = "train", ["PA"] * 12 + ["AP"] * 4
    rows.to_csv(path, index=False)
    manifest = read_manifest(path)
    tools = {"notes": train_tokenizer(read_texts(manifest), 200)}
    corpus = read_corpus(manifest, read_texts(manifest), TINY, tools)
    weights = sampling_weights(corpus, "source+label+view").numpy()
    cells = rows["source"] + rows["pneumonia"]
    for cell in cells.unique():
        mine = (cells == cell).to_numpy()
        assert weights[mine].sum() == pytest.approx(1.0)
        views = [weights[mine & (rows["view"] == v).to_numpy()].sum() for v in ("AP", "PA")]
        assert max(views) == 1.0 or views[0] == pytest.approx(views[1])
