"""What the page says of how far its numbers may be believed."""

from dashboard.parts.trust import warnings
from dashboard.text import texts
from mmbm.trust.disagreement import Disagreement
from mmbm.trust.judge import Judgement


def test_all_that_disagrees_is_one_warning():
    apart = (
        Disagreement("pneumonia", ("notes",), ("image", "audio")),
        Disagreement("no_finding", ("audio",), ("notes",)),
    )
    (said,) = warnings(Judgement(0.9, True, (), (), apart), texts("en"))
    assert "“Pneumonia” (Notes strongly for it, Image and Sound strongly against it)" in said
    assert "“No opacity seen” (Sound strongly for it, Notes strongly against it)" in said
    assert warnings(Judgement(0.9, True, (), (), ()), texts("en")) == []


def test_a_model_without_tables_says_so():
    (said,) = warnings(Judgement(0.9, False, (), (), ()), texts("en"))
    assert "not" in said
