import json
import re

import numpy as np
import pytest

from dashboard import models
from dashboard.figures import whatif as whatif_figures
from dashboard.figures.film import marked_film
from dashboard.text import texts
from mmbm.branches.parts import Box, Span
from mmbm.case import Notes
from mmbm.explain.whatif import changes, muted
from mmbm.predict import Predictor
from tests.dashboard.test_pages import NOTE, clean, open_tab, shown, upload
from tests.made_cases import case
from tests.made_files import dicom, tone, wav

pytestmark = pytest.mark.slow


@pytest.fixture
def whole(app):
    """The review page with a case of three parts."""
    app.run()
    upload(app, "image", "film", dicom())
    upload(app, "notes", "note.txt", NOTE)
    upload(app, "audio", "sound.wav", wav(tone(4.0)))
    return clean(open_tab(app, "What if"))


def asked(app, kind, name):
    """The what-if widget of this name, whatever its turn."""
    return next(w for w in app.get(kind) if re.fullmatch(rf"whatif-{name}-\d+", w.key or ""))


def table(app):
    """The account before and after, by the name of its row."""
    screen = next(h.value for h in app.get("html") if '<th scope="col">Before</th>' in h.value)
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', screen)
    return {name: re.findall(r"<td>([^<]*)</td>", cells) for name, cells in rows}


def logits(app, after):
    """The chosen finding's logit as shown and as the library gives it."""
    assert table(app)["Total"][1] == whatif_figures.signed(after.findings[0].logit, 3)


def test_nothing_is_answered_before_something_is_asked(whole):
    assert "No changes yet." in shown(whole)
    assert not whole.error and not whole.exception


def test_a_muted_part_is_answered_with_the_account_without_it(whole):
    seen = whole.session_state["session"].review
    asked(whole, "button_group", "mute").set_value(["audio"]).run()
    assert "Lung sound excluded." in shown(clean(whole))
    assert table(whole)["Lung sound"][1] == "0.000"
    logits(whole, muted(seen.analysis.prediction, "audio"))
    asked(whole, "button", "reset").click().run()
    assert "No changes yet." in shown(clean(whole))


def test_the_note_can_be_edited(whole):
    seen, model = whole.session_state["session"].review, models.predictor()
    asked(whole, "text_area", "note").set_value("Denies fever.").run()
    assert "Notes edited." in shown(clean(whole))
    edited = type(seen.analysis.case)(
        seen.analysis.case.image, Notes("Denies fever."), seen.analysis.case.audio
    )
    logits(whole, model.predict(edited))


@pytest.mark.parametrize("what", ["erase", "keep"])
def test_a_region_can_be_erased_or_kept(whole, what):
    asked(whole, "slider", "rows").set_value((20, 60))
    asked(whole, "button_group", "region").set_value(what).run()
    assert "20 to 60 % of the height" in shown(clean(whole))
    assert table(whole)["Notes"][2] == table(whole)["Lung sound"][2] == "0.000"


def test_seconds_can_be_cut_but_not_all(whole):
    asked(whole, "slider", "cut").set_value((1.0, 2.5)).run()
    assert "Sound from 1.0 to 2.5 s cut out." in shown(clean(whole))
    asked(whole, "slider", "cut").set_value((0.0, 4.0)).run()
    assert whole.error[0].value.startswith("Less than 0.5 seconds of the lung sound")


def test_a_weight_can_be_moved(whole):
    asked(whole, "button_group", "weight-of").set_value("image").run()
    asked(whole, "slider", "weight-image").set_value(1.0).run()
    assert "Chest X-ray: weight 1.00." in shown(clean(whole))
    assert table(whole)["Notes"][1] == table(whole)["Lung sound"][1] == "0.000"


def test_another_model_can_be_asked(whole):
    asked(whole, "selectbox", "model").set_value("chest-base").run()
    assert "Scored by chest-base." in shown(clean(whole))
    assert not whole.error


@pytest.mark.parametrize("modality", ["image", "notes", "audio"])
def test_what_flips_a_finding_is_searched_for_and_kept(whole, modality):
    whole.button(key=f"flip-{modality}").click().run()
    answer = r"Without these \d+ of \d+ |with half removed"
    assert re.search(answer, shown(clean(whole)))
    asked(whole, "button_group", "mute").set_value([modality]).run()
    assert re.search(answer, shown(clean(whole))), "it was forgotten"


def test_the_operating_point_is_the_cards(whole, tiny_model_dir):
    card = json.loads((tiny_model_dir / "card.json").read_text(encoding="utf-8"))
    assert models.thresholds() == card["operating_point"]["thresholds"]
    point = card["operating_point"]["thresholds"]["pneumonia"]
    assert f"across the operating point, {whatif_figures.percent(point)}." in shown(whole)


def test_a_missing_part_says_what_it_is_worth(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    clean(open_tab(app, "What if"))
    assert "Missing: Chest X-ray. Its average effect" in shown(app) or re.search(
        r"Missing: Chest X-ray\. In held-out cases it moves Pneumonia by [\d.]+ points",
        shown(app),
    )
    assert "Missing: Notes" not in shown(app)


def test_a_new_case_starts_without_questions(whole):
    asked(whole, "button_group", "mute").set_value(["audio"]).run()
    whole.button(key="new-case").click().run()
    upload(whole, "notes", "note.txt", b"Another note, of cough.")
    open_tab(whole, "What if")
    assert "No changes yet." in shown(clean(whole))
    assert asked(whole, "text_area", "note").value == "Another note, of cough."


def test_a_struck_word_cannot_leave_its_note():
    note = "a <script> b"
    html = whatif_figures.struck(note, [Span(2, 10)])
    assert "<script" not in html and ">&lt;script&gt;</del>" in html
    assert re.sub(r"<[^>]+>", "", html) == "a &lt;script&gt; b"


def test_regions_are_outlined_on_a_small_film():
    film = marked_film(np.zeros((900, 600), np.float32), [Box(0.5, 1, 0, 0.5)])
    assert film.shape == (420, 280, 3)
    marked = np.argwhere(film.any(2))
    assert marked.min(0).tolist() == [209, 0] and marked.max(0).tolist() == [419, 139]


def test_the_account_rows_and_the_figure_show_both_sides(tiny_model_dir):
    before = Predictor.load(tiny_model_dir, "cpu", threads=1).predict(case())
    both = changes(before, muted(before, "notes"))
    rows = {name: cells for name, *cells in whatif_figures.account_rows(both[0], texts("en"))}
    assert rows["Notes"][1] == "0.000" and rows["Chest X-ray"][2] == "0.000"
    assert rows["Probability"][2].endswith(" points")
    figure = whatif_figures.moved(both, texts("en"))
    after = [100 * change.after.probability for change in both]
    assert list(figure.data[-1].x) == after


def test_a_closed_tab_keeps_what_was_asked_in_it_for_this_case(whole):
    asked(whole, "text_area", "note").set_value("No cough.").run()
    open_tab(whole, "Look closer")
    whole.segmented_control(key="closer-part").set_value("notes").run()
    whole.selectbox(key="closer-method-notes").select_index(1).run()
    clean(open_tab(whole, "Notes"))
    whole.run()
    open_tab(whole, "Look closer")
    assert whole.segmented_control(key="closer-part").value == "notes"
    assert whole.selectbox(key="closer-method-notes").index == 1
    open_tab(whole, "What if")
    assert asked(whole, "text_area", "note").value == "No cough."
    assert "Notes edited." in shown(clean(whole))
    whole.button(key="new-case").click().run()
    kept = whole.session_state._state.filtered_state
    assert "session" in kept and not [key for key in kept if key.startswith("whatif-")]
