"""The card in Chinese: no word of English but names, code and what a source is called."""

import re
import shutil

import pytest

from mmbm.card import CardFacts, read_card, write_card
from mmbm.card.tables import group_named
from mmbm.model.checkpoint import find, shipped
from mmbm.record import read_record, store_record
from mmbm.text import into
from tests.made_terms import SCREEN, english, without

SPAN = re.compile(r"`[^`]*`")  # code
CITED = re.compile(
    r"引用[^。]*。|[A-Z][\w-]+ et al\.[^。，；）]*|\b[0-9a-f]{8,64}\b|[Ii]ndiana University"
)


def remains(markdown, names):
    """Lines of a card with words of English."""
    lines = (CITED.sub("", SPAN.sub("", line)) for line in markdown.splitlines())
    return [line for line in lines if english(without(line, names), SCREEN, code=False)]


def names_in(card):
    """The model's and its sources' names; a source's may be part of a word in Chinese."""
    sources = {row["source"] for row in card.facts.get("data", [])} - {"drawn"}
    return [card.facts["name"], "training.md", "tf_efficientnet_lite0", "（drawn）", *sources]


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_card_is_chinese_to_the_last_word(name):
    card = read_card(find(name))
    assert remains(card.markdowns["zh"], names_in(card)) == []
    written = CardFacts.parse(card.facts["card_zh"])
    stages = {s["name"] for s in card.facts["lineage"] if s.get("name")}
    assert set(written.stages) == stages


def test_a_card_of_odd_inputs_and_every_group_is_chinese(tiny_model_dir, tmp_path):
    folder = shutil.copytree(tiny_model_dir, tmp_path / "model")
    record = read_record(folder)
    odd = {"n": 3, "auroc": 0.9, "flagged": 0.8, "modality": "image"}
    kinds = "other_film other_scan photograph noise_picture heart_sound speech noise_sound"
    shift = {"kinds": dict.fromkeys([*kinds.split(), "other_language"], odd), "false_alarms": {}}
    store_record(record.model_copy(update={"shift": shift}), folder)
    write_card(folder)
    card = read_card(folder)
    assert "其他部位 X 线片" in card.markdowns["zh"] and "Other X-ray" in card.markdown
    given = [*names_in(card), "north", "south", "test_efficientnet"]
    assert remains(card.markdowns["zh"], given) == []


def test_a_group_has_a_name_and_a_source_its_own():
    assert into("zh", group_named("as paired")) == "原配对"
    assert into("zh", group_named("all sources")) == into("zh", group_named("all")) == "全部来源"
    assert into("zh", group_named("north")) == group_named("north") == "north"


def test_a_word_of_english_on_a_card_is_found():
    assert remains("| 80% | 肺炎 | fitted |", []) == ["| 80% | 肺炎 | fitted |"]
