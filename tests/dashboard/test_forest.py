import re

import pytest

from dashboard.figures.forest import Scale, auroc_scale, bar, differences, forest, gain, interval
from dashboard.text import texts
from mmbm.record.figures import Comparison, Figures

SAY = texts("en")
FIGURES = Figures(n=40, patients=30, positives=12, auroc=0.9, auroc_ci=(0.8, 0.96))
PAIR = Comparison(
    first="fused",
    second="image",
    n=9,
    patients=8,
    positives=3,
    first_auroc=0.8,
    second_auroc=0.82,
    difference=-0.02,
    difference_ci=(-0.05, 0.01),
)


def cells(html):
    """The body of a table, row by row, without tags."""
    rows = re.findall(r"<tr.*?</tr>", re.search(r"<tbody>.*</tbody>", html)[0])
    return [re.findall(r">([^<>]+)</t[hd]>", row) for row in rows]


def places(html):
    """Per cent of a bar: where nothing lies, the line's start and length, the value."""
    return [float(number) for number in re.findall(r"(?:left|width):([\d.]+)%", html)]


def test_what_was_assessed_stands_with_its_numbers():
    drawn = forest([("a", FIGURES), ("b", Figures(n=3))], SAY)
    assert cells(drawn) == [["a", "30", "40", "12", "0.90 (0.80–0.96)"]]
    assert "Assembled" not in drawn


def test_assembled_and_few_cases_are_marked():
    few = FIGURES.model_copy(update={"positives": 3, "assembled": 7})
    drawn = forest([("<b>a", few)], SAY)
    assert cells(drawn) == [["&lt;b&gt;a †", "30", "40", "3", "7", "0.90 (0.80–0.96)"]]
    assert "Assembled" in drawn and "class=faint" in drawn


def test_a_bar_lies_where_its_numbers_are():
    assert places(bar(0.9, (0.8, 0.96), Scale(0.5, 1.0, 0.5))) == [0.0, 60.0, 32.0, 80.0]
    assert places(bar(0.3, None, Scale(0.5, 1.0, 0.5))) == [0.0, 0.0, 0.0, 0.0]


def test_the_axis_reaches_the_lowest_bound():
    assert auroc_scale([FIGURES]) == Scale(0.5, 1.0, 0.5)
    low = FIGURES.model_copy(update={"auroc_ci": (0.34, 0.96)})
    assert auroc_scale([FIGURES, low]).low == pytest.approx(0.3)


def test_a_difference_shows_its_sign_and_interval_on_either_side_of_nothing():
    drawn = differences([("a", PAIR)], SAY)
    assert cells(drawn) == [["a †", "8", "9", "3", "0", "−0.020 (−0.050 … +0.010)"]]
    assert places(drawn)[1:] == [50.0, 0.0, 60.0, 30.0]  # the axis, then the bar of ±0.05


def test_numbers_are_written_with_their_intervals():
    assert interval(0.9, (0.8, 0.96)) == "0.90 (0.80–0.96)" and interval(0.9, None) == "0.90"
    assert gain(0.0, None) == "0.000" and gain(0.1, (0.05, 0.2)) == "+0.100 (+0.050 … +0.200)"
