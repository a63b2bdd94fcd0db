import re

import pytest

from dashboard import markup
from dashboard.colours import LOWERS, RAISES, rgb, signed_colour
from dashboard.text import texts
from mmbm.branches.notes.evidence import WordShare
from mmbm.branches.parts import Span

SCRIPT = "Cough. <script>alert('x')</script> & fever"


def test_a_script_in_a_note_is_shown_not_run():
    html = markup.words(SCRIPT, (WordShare(7, 15, 0.1), WordShare(36, 41, -0.2)), scale=0.2)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<span") == 2


def test_a_word_cannot_leave_its_tooltip_or_its_list():
    say = texts("en")
    listed = markup.strongest_clauses(SCRIPT, (WordShare(7, 34, 0.1),), say)
    assert "<script" not in listed
    assert "<script" not in markup.meters([("<script>", 0.5)])
    assert "<script" not in markup.facts_table([("<script>", "<script>")], head=["<script>"])


def test_the_note_stands_verbatim_between_the_colours():
    text = "a  b\n\tc"
    html = markup.words(text, (WordShare(0, 1, 1.0), WordShare(3, 4, -1.0)), scale=1.0)
    assert re.sub(r"<[^>]+>", "", html) == text


def test_shares_without_a_place_or_overlapping_are_left_out():
    shares = (WordShare(0, 0, 5.0), WordShare(0, 3, 1.0), WordShare(2, 4, 1.0))
    assert markup.words("abcdef", shares, scale=1.0).count("<span") == 1


def test_a_colour_has_the_hue_of_its_sign_and_the_strength_of_its_size():
    assert signed_colour(0.5, 1.0).startswith("rgba({},{},{}".format(*rgb(RAISES)))
    assert signed_colour(-0.5, 1.0).startswith("rgba({},{},{}".format(*rgb(LOWERS)))
    strength = [float(signed_colour(s, 1.0).split(",")[3][:-1]) for s in (0.5, -0.5, 2.0, -1.0)]
    assert strength == [0.375, 0.375, 0.75, 0.75]
    assert signed_colour(0.0, 0.0).endswith(",0.000)")


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, "< 1 %"), (0.009, "< 1 %"), (0.784, "78 %"), (0.995, "> 99 %"), (1.0, "> 99 %")],
)
def test_a_probability_is_never_none_or_all(probability, shown):
    assert markup.percent(probability) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(1.5, "+1.50"), (-1.5, "−1.50"), (0.0, "0.00"), (-0.001, "0.00")]
)
def test_a_number_carries_its_sign(value, shown):
    assert markup.signed(value) == shown


def test_a_strong_clause_is_a_link_to_its_place():
    text = "Cough, <script>bad</script> fever. Denies pain."
    shares = [WordShare(m.start(), m.end(), 0.1) for m in re.finditer(r"[^ ,.]+", text)]
    shares[-1] = shares[-1]._replace(share=-0.4)
    note = markup.words(text, shares, scale=0.2, anchor="word")
    listed = markup.strongest_clauses(text, shares, texts("en"), anchor="word")
    assert re.findall(r'id="([^"]+)"', note) == [
        "word-0",
        "word-7",
        "word-28",
        "word-35",
        "word-42",
    ]
    assert re.findall(r'href="#([^"]+)">([^<]+)</a> <b>([^<]+)', listed) == [
        ("word-7", "&lt;script&gt;bad&lt;/script&gt; fever", "+0.200"),
        ("word-0", "Cough", "+0.100"),
        ("word-35", "Denies pain", "−0.300"),
    ]
    assert "id=" not in markup.words(text, shares, scale=0.2)
    assert "href=" not in markup.strongest_clauses(text, shares, texts("en"))


def test_a_long_clause_is_shortened_in_the_list():
    assert markup.shortened("Fever,\n high ") == "Fever, high"
    short = markup.shortened("a" * 100 + "b" * 100)
    assert len(short) <= markup.LONGEST + 3 and short.startswith("a") and short.endswith("b")


def test_denied_unknown_and_unread_words_are_marked():
    text = "no fever and zzz, then much more"
    shares = [WordShare(0, 2, 0.1), WordShare(3, 8, -0.1), WordShare(13, 16, 0.0)]
    reading = markup.Reading(denied=(Span(0, 8),), unknown=frozenset({13}), end=16)
    drawn = markup.words(text, shares, scale=1.0, reading=reading)
    assert re.findall(r'class="word([^"]*)"[^>]*>([^<]*)<', drawn) == [
        (" denied", "no"),
        (" denied", "fever"),
        (" unknown", "zzz"),
    ]
    assert '<span class="unread">, then much more</span>' in drawn
    assert re.sub(r"<[^>]+>", "", drawn) == text
