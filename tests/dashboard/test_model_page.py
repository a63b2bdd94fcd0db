import json
import re
import shutil

import pytest

from dashboard.text import LANGUAGES
from mmbm.record import LeftOut, Status, read_record, store_record
from mmbm.record.figures import Figures, Located
from mmbm.storage import checksums, sign
from tests.dashboard.test_pages import clean, opened, shown

pytestmark = pytest.mark.slow

TABS = (
    "summary", "sources", "inputs", "calibration", "places", "subgroups", "sounds", "training",
    "card",
)  # fmt: skip


def changed(model, folder, change):
    """A copy of a model's folder with another record; None: without one."""
    shutil.copytree(model, folder)
    path = folder / "evaluation.json"
    content = change(json.loads(path.read_text()))
    path.unlink() if content is None else path.write_text(json.dumps(content))
    sign(folder)
    return str(folder)


@pytest.fixture
def measured(tiny_model_dir, tmp_path, monkeypatch):
    """A model whose record holds every kind of source."""
    folder = shutil.copytree(tiny_model_dir, tmp_path / "model")
    counts = {"n": 183, "patients": 180, "positives": 120}
    f = Figures(**counts, auroc=0.86, auroc_ci=(0.8, 0.91), recall=0.79, recall_ci=(0.74, 0.83),
                specificity=0.81, specificity_ci=(0.74, 0.86), threshold=0.57)  # fmt: skip
    weak = f.model_copy(update={"auroc": 0.561, "auroc_ci": (0.526, 0.598), "patients": 90})
    few = f.model_copy(update={"positives": 179, "n": 183})
    drawn = f.model_copy(update={"assembled": 183})
    box = Located(n=120, patients=110, top=0.85, top_ci=(0.78, 0.91), chance=0.2, in_lungs=0.93)
    heard = {"siim": "for", "openi": "against", "ieee8023": "few_negative"}
    record = read_record(folder).model_copy(
        update={
            "real_parts": {s: {"pneumonia": g} for s, g in zip(heard, (f, weak, few), strict=True)},
            "by_source_and_modalities": {
                "siim": {"image": {"pneumonia": f}, "image+notes": {"pneumonia": drawn}},
                "openi": {"notes": {"pneumonia": weak}},
            },
            "status": {"pneumonia": Status(level="within_sources", sources=heard)},
            "leave_one_source_out": {
                "siim": LeftOut(
                    sha256="0",
                    by_finding={"pneumonia": f},
                    as_given={},
                    boxes={"pneumonia": box},
                    against_normal={"AP": {"pneumonia": f}},
                )
            },
            "boxes": {"pneumonia": {"siim": box}},
            "moments": {"wheezing": {"sprsound": box}},
            "mined": ("openi",),
        }
    )
    store_record(record, folder)
    card = folder / "card.json"
    facts = json.loads(card.read_text())
    counted = {"cases": 9, "patients": 8, "assembled": 0}
    facts["data"] = [counted | {"source": "siim", "split": "train"}]
    card.write_text(json.dumps(facts))
    sign(folder)
    monkeypatch.setenv("MMBM_MODEL", str(folder))
    return folder


def rows_of(screen):
    """The rows of the first table: a list of cells each, without tags."""
    table = re.search(r"<table.*?</table>", screen)[0]
    rows = re.findall(r"<tr.*?</tr>", table)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", c).split()) for c in row] for row in cells]


def test_the_summary_says_what_was_validated_where(app, measured):
    screen = shown(clean(opened(app, "model", "summary")))
    head, siim, left_out, openi, ieee = rows_of(screen)
    assert head[0] == "Source" and head[-1] == "Supports the finding"
    assert siim == [
        "SIIM Adults with suspected COVID-19, several hospitals. Read by a panel of radiologists, "
        "who boxed the opacities.",
        "Chest X-ray alone", "180 183 cases, 120 positive", "Yes", "0.86 (0.80–0.91)",
        "0.79 0.74–0.83", "0.81 0.74–0.86", "85 % of 120 X-rays; by chance 20 %", "✓ Yes",
    ]  # fmt: skip
    assert left_out[0].startswith("SIIM, model trained without it All its patients")
    assert left_out[3] == "Never" and left_out[-2].startswith("85 %")
    assert "Labels taken from the radiology reports" in openi[0]
    assert openi[1:4] == ["Notes alone", "90 183 cases, 120 positive", "Never"]
    assert openi[-2:] == ["not assessed", "✗ No"]
    assert ieee[1] == "not stated" and ieee[-1] == "– Not counted: 4 negative cases"
    assert "Validated within its training sources" in screen
    assert "Sensitivity and specificity at probability 0.57" in screen
    assert "Labels mined from reports" in screen and "Open-I (Indiana)" in screen


def test_the_summary_says_what_nobody_looked_at(app, measured):
    screen = shown(clean(opened(app, "model", "summary")))
    assert "Not assessed" in screen
    assert "In any chest X-ray: pneumothorax, pleural effusion" in screen
    assert "Human factors: how doctors learn to use it" in screen


def test_the_page_names_the_model_and_computes_the_open_tab_alone(app, tiny_model_dir):
    screen = shown(clean(opened(app, "model", "summary")))
    assert checksums(tiny_model_dir)["model.safetensors"] in screen
    assert "tiny 0.0.1" in [h.value for h in app.header]
    assert "Exploratory: no source shows that it can be detected." in screen
    assert not app.get("plotly_chart") and "Intended use" not in screen
    assert "Intended use" in shown(clean(opened(app, "model", "card")))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_tab_opens_in_every_language(app, measured, language):
    for tab in TABS:
        opened(app, "model", tab, language)
        assert app.query_params["model-tab"] == tab


def test_a_tab_stays_open_when_the_language_changes(app, measured):
    opened(app, "model", "places")
    app.segmented_control(key="language").set_value("zh").run()
    assert "放射科医师的框" in [s.value for s in app.subheader]


def test_figures_by_source_stand_with_their_numbers(app, measured):
    screen = shown(clean(opened(app, "model", "sources")))
    assert rows_of(screen)[1] == [
        "SIIM", "180", "183", "120", "0.86 (0.80–0.91)", "",
    ]  # fmt: skip
    assert "“Validated across sources” requires" in screen
    assert "At the operating point" in screen and "0.79 (0.74–0.83)" in screen


def test_subgroups_and_normal_cases_stand_by_name(app, tiny_model_dir, measured):
    screen = shown(clean(opened(app, "model", "subgroups")))
    assert rows_of(screen)[1][:2] == ["SIIM, model trained without it, AP", "180"]
    assert "Not assessed, because the source does not record it: north: sex, age, view" in screen


def test_the_page_says_where_the_evidence_lies(app, measured):
    screen = shown(clean(opened(app, "model", "places")))
    row = ["SIIM", "110", "120", "0.85 (0.78–0.91)", "0.20", "–", "93 %"]
    assert rows_of(screen)[1] == row
    assert "Wheezing" in screen and "SPRSound (children)" in screen


def test_the_page_shows_how_well_it_knows_itself(app, tiny_model_dir, tmp_path, monkeypatch):
    coverage = {"n": 70, "coverage": 0.914, "coverage_yes": 0.9, "coverage_no": None, "one": 0.81}
    odd = {"modality": "image", "n": 12, "against": 80, "auroc": 0.987, "flagged": 0.75}
    other = coverage | {"coverage": 0.8125}
    sections = {
        "conformal": {
            "levels": {
                "0.8": {"pneumonia": {"fitted": other}},
                "0.9": {"pneumonia": {"fitted": coverage}},
            }
        },
        "shift": {
            "kinds": {"hip_films": odd},
            "false_alarms": {"audio": {"recordings": {"n": 9, "flagged": 0.111}}},
        },
    }
    folder = changed(tiny_model_dir, tmp_path / "model", lambda record: record | sections)
    monkeypatch.setenv("MMBM_MODEL", folder)
    screen = shown(clean(opened(app, "model", "calibration")))
    for words in ("Sources it was fitted on", "91.4 %", "Hip films", "0.987", "75.0 %", "11.1 %"):
        assert words in screen
    app.segmented_control(key="model-level").set_value("0.8").run()
    assert "81.2 %" in shown(clean(app)) and "91.4 %" not in shown(app)


@pytest.mark.parametrize(
    ("change", "said", "blank"),
    [
        (lambda _: None, "These weights have no evaluation record", True),
        (
            lambda r: r | {"model": r["model"] | {"sha256": "0" * 64}},
            "These weights have no evaluation record",
            True,
        ),
        (lambda r: r | {"pipeline_version": 0}, "The program has changed its results", False),
    ],
)
def test_a_record_that_does_not_fit_turns_the_page_red(
    app, tiny_model_dir, tmp_path, monkeypatch, change, said, blank
):
    monkeypatch.setenv("MMBM_MODEL", changed(tiny_model_dir, tmp_path / "model", change))
    app.run()
    clean(app.switch_page("screens/model.py").run())
    assert [e.value.startswith(said) for e in app.error] == [True]
    assert ("<table" not in shown(app)) is blank


def test_the_shipped_models_record_is_shown(app, monkeypatch):
    monkeypatch.setenv("MMBM_MODEL", "default")
    assert len(rows_of(shown(clean(opened(app, "model", "summary"))))) >= 5
    assert "chest-base" in app.header[0].value.replace("\\", "")


def test_the_training_tab_counts_cases_and_patients(app, measured):
    screen = shown(clean(opened(app, "model", "training")))
    assert ["SIIM", "9 (8)", "–", "–", "0"] in rows_of(screen)
