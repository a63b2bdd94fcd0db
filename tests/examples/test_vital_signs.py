"""A fourth modality from one file outside: trained, accounted for, asked, and on the page."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
import mmbm
from dashboard import jobs, models
from mmbm.branches import registry
from mmbm.explain.attribution import attribute, modality_shapley
from mmbm.explain.flips import flip
from mmbm.explain.whatif import exchanged, muted
from mmbm.record import read_record
from mmbm.storage import assets_folder
from tests.dashboard.test_pages import shown

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "vital_signs.py"
NAME = "vital_signs"
MODALITIES = ("image", "notes", "audio", NAME)
GIVEN = {"temperature": 39.4, "breaths": 28.0, "spo2": 90.0, "crp": 180.0}


@pytest.fixture(scope="module")
def example():
    """The example, registered for these tests alone."""
    registry.load_outside([str(FILE)])
    yield sys.modules["mmbm_outside_vital_signs"]
    registry._added.pop(NAME)
    registry._loaded.discard(FILE.resolve())


@pytest.fixture(scope="module")
def folder(example, tmp_path_factory):
    return example.train(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def predictor(folder):
    return mmbm.load(folder, "cpu")


@pytest.fixture(scope="module")
def case(example):
    sample = assets_folder() / "samples" / "adult-opacity"
    signs = example.VitalSignsBranch().part_of_fields(GIVEN)
    return mmbm.read_case(
        sample / "image.dcm",
        "Fever and a productive cough for four days.",
        sample / "sound.wav",
        vital_signs=signs,
    )


@pytest.fixture(scope="module")
def analysis(predictor, case):
    return mmbm.analyse(case, predictor)


def test_nothing_inside_knows_of_it():
    inside = [*(ROOT / "mmbm").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    assert not [p for p in inside if NAME in p.read_text(encoding="utf-8")]


def test_the_account_has_four_exact_parts(predictor, case):
    for count in range(1, 5):
        for subset in itertools.combinations(MODALITIES, count):
            part = mmbm.Case(**{m: case.parts[m] for m in subset})
            for account in mmbm.analyse(part, predictor).accounts:
                assert tuple(account.contributions) == MODALITIES
                assert account.residual <= 1e-5
                absent = [v for m, v in account.contributions.items() if m not in subset]
                assert absent == [0.0] * (4 - count)


def test_the_account_is_the_shapley_value(analysis):
    account, found = (
        analysis.account("pneumonia"),
        modality_shapley(analysis.prediction, "pneumonia"),
    )
    assert found == pytest.approx(account.contributions, abs=1e-6)
    assert account.contributions[NAME] > 0.1  # it has learned something


def test_each_measurement_has_its_share_and_a_missing_one_none(example, analysis):
    shares = analysis.map("pneumonia").values(NAME)
    assert shares.shape == (len(example.FIELDS),)
    assert shares.sum() == pytest.approx(
        analysis.account("pneumonia").contributions[NAME], abs=1e-6
    )
    missing = [k for k, field in enumerate(example.FIELDS) if field.name not in GIVEN]
    assert not shares[missing].any()


@pytest.mark.parametrize("method", ["Integrated Gradients", "Field occlusion"])
def test_captum_attributes_over_its_fields(predictor, analysis, method):
    found = attribute(predictor, analysis.prediction, "measurements", "pneumonia", method=method)
    assert found.values.shape == (8,)
    if method == "Integrated Gradients":
        assert found.delta <= 0.01
    assert np.flatnonzero(np.abs(found.values) > 1e-6).tolist() == [0, 2, 3, 7]


def test_what_if_and_the_least_that_flips(example, predictor, case, analysis):
    before = analysis.account("pneumonia")
    other = example.VitalSignsBranch().part_of_fields(
        GIVEN | {"temperature": 36.6, "breaths": 14.0}
    )
    after = exchanged(predictor, analysis.prediction, mmbm.Case(vital_signs=other))
    whole = predictor.predict(mmbm.Case(**{**case.parts, NAME: other}))
    assert after.findings[0].logit == pytest.approx(whole.findings[0].logit, abs=1e-6)
    assert after.findings[0].logit < before.logit
    without = muted(analysis.prediction, NAME)
    assert without.findings[0].logit == pytest.approx(before.logit - before.contributions[NAME])
    halfway = (before.probability + without.findings[0].probability) / 2
    found = flip(predictor, case, analysis.prediction, NAME, "pneumonia", threshold=halfway)
    if found is not None:
        assert found.after < halfway <= found.before


def test_numbers_that_cannot_be_are_refused(example):
    branch = example.VitalSignsBranch()
    with pytest.raises(mmbm.UnreadableFile, match="SpO2 lies between 30 and 100 %; 180 was given"):
        branch.part_of_fields({"spo2": 180.0})
    row = dict.fromkeys(branch.columns, "")
    assert branch.part_of_row(row) is None
    with pytest.raises(mmbm.UnreadableFile, match="is a number"):
        branch.part_of_row(row | {f"{NAME}:crp": "high"})


def test_the_report_and_the_record_have_it(analysis, folder):
    report = mmbm.case_report(analysis)
    assert report.inputs[NAME] == {"present": True, "measured": list(GIVEN)}
    assert set(report.trust.shifts) == set(MODALITIES)
    record = read_record(folder)
    assert {"vital_signs", "notes+vital_signs"} <= set(record.by_modalities)


def test_a_name_that_is_taken_is_refused(example):
    class Other(example.VitalSignsBranch):
        name = "image"

    with pytest.raises(mmbm.ConfigError, match="'image' is built in"):
        registry.register(Other())
    Other.name = "other_signs"
    with pytest.raises(mmbm.ConfigError, match="over 'measurements' belongs to another"):
        registry.register(Other())


def test_a_file_that_does_not_run_is_refused(tmp_path):
    with pytest.raises(mmbm.ConfigError, match=r"no file 'nowhere\.py'"):
        registry.load_outside([str(tmp_path / "nowhere.py")])
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    with pytest.raises(mmbm.ConfigError, match=r"'broken\.py' could not be run: ZeroDivisionError"):
        registry.load_outside([str(broken)])


@pytest.fixture
def page(folder, monkeypatch):
    monkeypatch.setattr(jobs, "AT_FIRST", 120.0)
    monkeypatch.setenv("MMBM_MODEL", str(folder))
    models._load.clear()
    frame = Path(dashboard.__file__).with_name("frame.py")
    yield AppTest.from_file(frame, default_timeout=120).run()
    models._load.clear()


def fill(page, **values):
    for name, value in values.items():
        field = next(w for w in page.number_input if w.key.endswith(f"-{name}"))
        page = field.set_value(value).run()
    assert not page.exception
    return page


def test_the_page_asks_for_it_and_accounts_for_it(page, predictor, example):
    page = fill(page, temperature=39.4, spo2=90.0)
    text = shown(page)
    assert "Vital signs" in text and "39.4 °C" in text and "missing" in text
    seen = page.session_state["session"].review.analysis
    assert seen.prediction.present == (NAME,)
    assert seen.account("pneumonia").residual <= 1e-5
    page = fill(page, temperature=None, spo2=None)
    assert page.session_state["session"].given.whole().present == ()
