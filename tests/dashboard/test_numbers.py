import plotly.graph_objects as go
import pytest

from dashboard.colours import GREY, LOWERS, PRIMARY, RAISES, SERIES, rgb
from dashboard.figures import evaluation as evaluation_figures
from dashboard.figures.numbers import MOST, numbers
from dashboard.text import texts
from mmbm.record import Bin, Roc

SAY = texts("en")
PAGES = ("#12171b", "#1a2127", "#ffffff", "#f3f6f8")  # the themes' backgrounds, in config.toml


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    parts = [part / 255 for part in rgb(colour)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [RAISES, LOWERS, PRIMARY, GREY, *SERIES])
def test_every_colour_of_a_figure_stands_out_from_every_page(colour):
    for page in PAGES:
        dark, light = sorted((luminance(colour), luminance(page)))
        assert (light + 0.05) / (dark + 0.05) >= 3, page


def test_names_are_rows_with_what_is_written_there():
    figure = go.Figure(go.Scatter(x=[0.9], y=["a &amp; b"], text=["0.90 (0.80–0.96)"]))
    figure.update_xaxes(title_text="AUROC")
    assert numbers(figure) == (["", "AUROC"], [["a & b", "0.90 (0.80–0.96)"]])


def test_a_long_curve_is_thinned_and_keeps_both_ends():
    places = tuple(i / 999 for i in range(1000))
    head, rows = numbers(evaluation_figures.roc({"nih": Roc(fpr=places, tpr=places)}, SAY))
    mine = [row for row in rows if row[0] == "nih"]
    assert len(mine) <= MOST and (mine[0][1], mine[-1][2]) == ("0", "1")
    assert head == ["", SAY("model.roc.x"), SAY("model.roc.y")]


def test_a_point_keeps_what_is_written_at_it():
    _, rows = numbers(
        evaluation_figures.reliability([Bin(n=7, mean_probability=0.2, fraction=0.25)], SAY)
    )
    assert rows == [["0.2", "0.25", "n = 7"]]
