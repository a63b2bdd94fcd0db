"""Studies from a real Orthanc, by each way of asking for them."""

from __future__ import annotations

from datetime import date

import pytest

from mmbm.archive.pull import PulledCase, pull, pull_each
from mmbm.archive.query import FoundStudy, Query
from mmbm.errors import ArchiveError, ConfigError
from tests.made_studies import film, slice_of

WAYS = ["dicomweb", "c-get", "c-move"]


def texts(said):
    return " ".join(str(each) for each in said)


@pytest.mark.parametrize("way", WAYS)
def test_a_study_becomes_a_case_with_its_notes(orthanc, tmp_path, way):
    sent = film(1)
    for content in (
        sent,
        film(1, 1, 2, ViewPosition="LL"),
        film(1, 2, 1, ViewPosition="AP"),
        slice_of(1, "CT", 3),
    ):
        orthanc.hold(content)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "A1.txt").write_text("Cough and fever for three days.")
    config = orthanc.config(tmp_path, pull=way, send="c-store", notes=str(tmp_path / "notes"))
    pulled = pull(config, Query(accession="A1"))
    assert pulled.refused == () and pulled.stopped is None
    (made,) = pulled.cases
    assert made.case.image.study.instance_uid == "1.2.3.1.1.1"
    assert made.case.image.pixels.max() > 3000
    assert made.case.notes.text == "Cough and fever for three days."
    assert made.film.endswith(sent[-100_000:])  # the pixels as they were stored
    assert "2 frontal chest X-rays" in texts(made.said)
    assert "Not taken from the study: CT and a lateral view." in texts(made.said)


@pytest.mark.parametrize("way", WAYS)
def test_ct_mr_and_others_are_refused_by_name(orthanc, tmp_path, way):
    orthanc.hold(slice_of(2, "CT"))
    orthanc.hold(slice_of(3, "MR"))
    orthanc.hold(film(4, BodyPartExamined="KNEE"))
    orthanc.hold(film(5))
    config = orthanc.config(tmp_path, pull=way)
    pulled = pull(config, Query(since=date(2026, 1, 2), until=date(2026, 1, 9)))
    reasons = {found.accession: str(found.reason) for found in pulled.refused}
    begins = "No frontal chest X-ray that can be read. The study has: "
    assert reasons == {
        "A2": begins + "CT.",
        "A3": begins + "MR.",
        "A4": begins + "an X-ray of KNEE.",
    }
    assert [made.case.image.study.accession for made in pulled.cases] == ["A5"]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_only_what_was_asked_for_comes(orthanc, tmp_path, way):
    for study in (1, 2, 3):
        orthanc.hold(film(study))
    config = orthanc.config(tmp_path, pull=way)

    def accessions(**asked):
        pulled = pull(config, Query(**asked))
        return sorted(made.case.image.study.accession for made in pulled.cases)

    assert accessions(study_uid="1.2.3.2") == ["A2"]
    assert accessions(patient_id="P3") == ["A3"]
    assert accessions(until=date(2026, 1, 2)) == ["A1", "A2"]
    assert accessions(since=date(2026, 1, 3)) == ["A3"]
    assert accessions(accession="A1", patient_id="P2") == []
    assert accessions(accession="a1") == []


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_too_many_pictures_or_studies_are_said(orthanc, tmp_path, way):
    for number in range(4):
        orthanc.hold(film(1, 1, number))
    orthanc.hold(film(2))
    config = orthanc.config(tmp_path, pull=way, most_pictures=3)
    pulled = pull(config, Query(until=date(2026, 1, 31)))
    assert "more than 3 X-rays" in str(pulled.refused[0].reason)
    assert len(pulled.cases) == 1
    fewer = config.model_copy(update={"most_studies": 1})
    pulled = pull(fewer, Query(until=date(2026, 1, 31)))
    assert "more than 1 such studies" in str(pulled.stopped)


@pytest.mark.parametrize("way", WAYS)
def test_a_film_that_cannot_be_decoded_leaves_the_next(orthanc, tmp_path, way):
    early = {"PixelData": b"\1\2" * 5000}  # where its pixels end
    for content in (film(1, 1, 1, **early), film(1, 1, 2), film(2, 1, 1, **early)):
        orthanc.hold(content)
    pulled = pull(orthanc.config(tmp_path, pull=way), Query(until=date(2026, 1, 31)))
    assert [made.case.image.study.instance_uid for made in pulled.cases] == ["1.2.3.1.1.2"]
    assert [found.accession for found in pulled.refused] == ["A2"]


@pytest.mark.slow
def test_a_file_over_the_limit_is_not_read_whole(orthanc, tmp_path):
    from mmbm.archive.connect import for_pulling
    from mmbm.config import Limits

    orthanc.hold(film(1))
    for way in ("c-get", "c-move"):
        config = orthanc.config(tmp_path, pull=way, timeout=1.0)
        archive = for_pulling(config, Limits(file_bytes=50_000))
        (found,) = pull_each(config, Query(accession="A1"), archive)
        assert "more than 0 MB" in str(found.reason)


# pynetdicom leaves the socket of a refused connection to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_archive_that_is_down_is_said(tmp_path, orthanc):
    for way in WAYS:
        config = orthanc.config(tmp_path, pull=way)
        dead = config.model_copy(
            update={
                "web": config.web.model_copy(update={"url": "http://127.0.0.1:9/dicom-web"}),
                "dicom": config.dicom.model_copy(update={"port": 9}),
            }
        )
        with pytest.raises(ArchiveError, match="does not answer"):
            pull(dead, Query(accession="A1"))


def test_an_archive_that_does_not_know_the_title_is_said(tmp_path, orthanc):
    config = orthanc.config(tmp_path, pull="c-get")
    other = config.dicom.model_copy(update={"title": "ANOTHER"})
    with pytest.raises(ArchiveError, match="rejects this program"):
        pull(config.model_copy(update={"dicom": other}), Query(accession="A1"))


class Halting:
    """An archive that goes away after its first study."""

    def studies(self, query):
        return [FoundStudy(f"1.2.3.{n}", f"A{n}", taken=date(2026, 1, n)) for n in (1, 2, 3)]

    def series(self, study):
        from mmbm.archive.query import FoundSeries

        if study.accession == "A2":
            raise ArchiveError("gone")
        return [FoundSeries("1.2.3.1.1", "DX")]

    def fetch(self, study, series):
        yield film(1)


def test_what_came_before_the_archive_went_away_is_kept(tmp_path):
    from mmbm.archive.config import ArchiveConfig

    found = list(pull_each(ArchiveConfig(), Query(since=date(2026, 1, 1)), Halting()))
    assert isinstance(found[0], PulledCase) and found[1:] == ["gone"]


class Overflowing(Halting):
    """Tells of every study it has, whatever is asked for."""

    def studies(self, query):
        return [FoundStudy(f"1.2.{n}", f"A{n}", taken=date(2026, 1, 2)) for n in range(3)]


def test_an_archive_that_tells_of_other_studies_may_hold_more_than_it_told():
    from mmbm.archive.config import ArchiveConfig

    config = ArchiveConfig(most_studies=2)
    (said,) = pull_each(config, Query(accession="A7"), Overflowing())
    assert said.code == "archive.more_studies"


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({}, "Say which studies"),
        ({"accession": "A*"}, "one accession number"),
        ({"accession": "A1\\A2"}, "one accession number"),
        ({"patient_id": "?"}, "one accession number"),
        ({"study_uid": "1.2.x"}, "digits and dots"),
    ],
)
def test_a_query_that_would_be_wider_is_refused(asked, match):
    with pytest.raises(ConfigError, match=match):
        Query(**asked)


def test_an_answer_that_was_not_asked_for_is_passed_over():
    query = Query(accession="A1", since=date(2026, 1, 1))
    assert query.fits(FoundStudy("1.2", "A1", taken=date(2026, 1, 1)))
    assert not query.fits(FoundStudy("1.2", "A2", taken=date(2026, 1, 1)))
    assert not query.fits(FoundStudy("1.2", "A1", taken=date(2025, 12, 31)))
    assert not query.fits(FoundStudy("1.2", "A1"))
