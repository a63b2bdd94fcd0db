from __future__ import annotations

import json
import shutil

import pytest

from mmbm.card import read_card, write_card
from mmbm.errors import ConfigError
from mmbm.record import read_record, store_record
from mmbm.storage import checksums, put, sign


@pytest.fixture
def copy(tiny_model_dir, tmp_path):
    """A model folder of one's own."""
    return shutil.copytree(tiny_model_dir, tmp_path / "model")


def test_the_card_holds_the_figures_and_their_limits(tiny_model_dir):
    card = read_card(tiny_model_dir)
    for phrase in (
        "Research use, not a medical device",
        "## Intended use",
        "| north † | Pneumonia |",
        "## Known failures",
        "Pneumonia is exploratory",
        "Not assessed, because the source does not record it: north: sex, age and view",
        "bootstrap over patients",
        checksums(tiny_model_dir)["model.safetensors"],
        card.evaluation.test_sha256,
    ):
        assert phrase in card.markdown
    assert list(card.history["epoch"]) == [1, 2]


def test_the_card_says_how_the_account_agrees_with_captum(copy):
    record = read_record(copy)
    found = record.agreement
    text = read_card(copy).markdown
    assert f"On {found.n} cases (0 assembled from inputs" in text
    assert f"patient, {found.absent} with an input absent" in text
    assert f"orders of the inputs is {found.difference:.1e}; the largest" in text
    assert f"在 {found.n} 个病例上" in read_card(copy).markdowns["zh"]
    store_record(record.model_copy(update={"agreement": None}), copy)
    write_card(copy)
    assert "ShapleyValues" not in "".join(read_card(copy).markdowns.values())


def test_without_a_record_the_card_says_so(copy):
    (copy / "evaluation.json").unlink()
    sign(copy)
    write_card(copy)
    text = read_card(copy).markdown
    assert "**Not assessed: there is no evaluation record for these weights.**" in text
    assert "| north" not in text.split("## Evaluation")[1]


def test_what_the_maker_adds_stands_on_the_card(copy):
    facts = json.loads((copy / "card.json").read_text())
    facts["card"] = {
        "summary": "A tiny one.",
        "known_failures": ["Upside-down films."],
        "further": {"Evidence inside the lungs": "Half of it."},
    }
    facts["data"] += [facts["data"][0] | {"source": "ieee8023", "split": "train"}]
    put(copy, "card.json", json.dumps(facts).encode())
    write_card(copy)
    text = read_card(copy).markdown
    assert "A tiny one." in text and "- Upside-down films." in text
    assert "## Evidence inside the lungs\nHalf of it." in text
    assert "**Non-commercial.** Trained or calibrated on data whose terms forbid" in text
    assert "ieee8023 (mostly CC BY-NC-SA" in text
    facts["data"][-1]["split"] = "test"
    put(copy, "card.json", json.dumps(facts).encode())
    write_card(copy)
    assert "Nothing of ieee8023 was used for training or calibration" in read_card(copy).markdown


def test_an_unknown_entry_is_refused_with_the_valid_ones(copy):
    facts = json.loads((copy / "card.json").read_text())
    put(copy, "card.json", json.dumps(facts | {"card": {"sumary": ""}}).encode())
    with pytest.raises(ConfigError, match=r"Unknown setting 'sumary'. Valid here: summary"):
        write_card(copy)
