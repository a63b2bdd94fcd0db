"""DICOM objects: valid, in the right study, referring to the right film, saying the same."""

import io
import shutil
import subprocess
import warnings

import numpy as np
import pytest
from pydicom import dcmread

from mmbm.analysis import analyse
from mmbm.errors import InputError, NoSignal
from mmbm.reading import Mark, Reading
from mmbm.report import to_dicom
from mmbm.report.dicom.presentation import stored_points
from tests.made_files import dicom, ramp
from tests.made_reports import READING, WHEN, errors_of, film_case, told_by_sr, unzipped
from tests.report.conftest import UIDS

checked = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="no dicom3tools here")
opened = pytest.mark.skipif(shutil.which("dsrdump") is None, reason="no dcmtk here")
SAME = ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
        "StudyDate", "StudyTime", "StudyID", "AccessionNumber")  # fmt: skip


def exports(made, named, film):
    """Every kind of export, by name."""
    source = dcmread(io.BytesIO(film))
    return {
        "made, de-identified": to_dicom(made, READING, made=WHEN),
        "made, identified": to_dicom(made, READING, identified=True, made=WHEN),
        "named, de-identified": to_dicom(named, READING, made=WHEN),
        "named, identified": to_dicom(named, READING, identified=True, made=WHEN),
        "given, identified": to_dicom(named, READING, source=source, identified=True, made=WHEN),
        "no reader": to_dicom(named, made=WHEN),
    }


@checked
@pytest.mark.slow
def test_every_object_is_valid(made, named, film, tmp_path):
    for kind, export in exports(made, named, film).items():
        assert errors_of(tmp_path, export.zipped()) == [], kind


@opened
def test_another_program_opens_the_report(named, tmp_path):
    path = tmp_path / "report.dcm"
    export = to_dicom(named, READING, identified=True, made=WHEN)
    path.write_bytes(export.file("report.dcm"))
    done = subprocess.run(["dsrdump", "+U8", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for said in ('"Pneumonia"', '"Probability"', "Dr. Zhang 张伟", '"Answer of the reader"'):
        assert said in done.stdout, said


@pytest.mark.parametrize("given", [False, True])
def test_an_identified_export_goes_into_the_film_s_own_study(named, film, given):
    source = dcmread(io.BytesIO(film))
    export = to_dicom(named, READING, source=source if given else None, identified=True, made=WHEN)
    assert export.film is None
    for dataset in export:
        assert {k: str(dataset[k].value) for k in SAME} == {k: UIDS[k] for k in SAME}
        assert dataset.SeriesInstanceUID != UIDS["SeriesInstanceUID"]
        assert "PatientIdentityRemoved" not in dataset
    uid = UIDS["SOPInstanceUID"]
    assert export.map.SourceImageSequence[0].ReferencedSOPInstanceUID == uid
    series = export.presentation.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == UIDS["SeriesInstanceUID"]
    assert series.ReferencedImageSequence[0].ReferencedSOPInstanceUID == uid
    evidence = export.report.CurrentRequestedProcedureEvidenceSequence[0]
    referred = {
        item.ReferencedSOPInstanceUID
        for each in evidence.ReferencedSeriesSequence
        for item in each.ReferencedSOPSequence
    }
    others = {export.map.SOPInstanceUID, export.presentation.SOPInstanceUID}
    assert referred == {uid} | others


def test_a_deidentified_export_is_a_study_of_its_own(named):
    export = to_dicom(named, READING, made=WHEN)
    datasets = unzipped(export.zipped())
    assert set(datasets) == {"film.dcm", "map.dcm", "presentation.dcm", "report.dcm"}
    assert len({d.StudyInstanceUID for d in datasets.values()}) == 1
    for dataset in datasets.values():
        assert dataset.PatientIdentityRemoved == "YES"
        assert dataset.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
        assert dataset.StudyInstanceUID != UIDS["StudyInstanceUID"]
        for day in ("ContentDate", "InstanceCreationDate"):
            assert str(dataset.get(day, "19000101")) == "19000101"
        said = str(dataset)
        for name in ("Mustermann", "Pat-17a", "Acc-99", "Zhang", "Compare", "opacity?", "2026"):
            assert name not in said, name
    film = datasets["film.dcm"]
    assert (
        datasets["map.dcm"].SourceImageSequence[0].ReferencedSOPInstanceUID == film.SOPInstanceUID
    )


def test_a_given_film_goes_along_deidentified(named, film):
    source = dcmread(io.BytesIO(film))
    export = to_dicom(named, READING, source=source, made=WHEN)
    assert export.film.PatientName != source.PatientName
    assert export.film.StudyInstanceUID == export.report.StudyInstanceUID
    assert np.array_equal(export.film.pixel_array, source.pixel_array)
    assert source.PatientID == "Pat-17a"  # as it was


def test_the_film_of_a_picture_has_its_greys_and_window(made):
    picture = made.case.image
    film = to_dicom(made, made=WHEN).film
    spread = np.ptp(picture.pixels)
    back = film.pixel_array / 65535 * spread + picture.pixels.min()
    assert np.abs(back - picture.pixels).max() <= spread / 65535


def test_the_same_report_twice_is_the_same_objects(named):
    again = [to_dicom(named, READING, identified=True, made=WHEN).zipped() for _ in range(2)]
    assert again[0] == again[1]
    other = to_dicom(named, identified=True, made=WHEN)
    first = to_dicom(named, READING, identified=True, made=WHEN)
    assert other.report.SOPInstanceUID != first.report.SOPInstanceUID


def test_the_map_says_what_it_is_and_that_words_are_burned_in(named):
    mapped = to_dicom(named, READING, finding="no_finding", made=WHEN).map
    assert mapped.BurnedInAnnotation == "YES"
    assert mapped.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert "No opacity seen" in mapped.DerivationDescription
    assert "Research use" in mapped.DerivationDescription
    colours = mapped.pixel_array[:240]
    assert (colours.max(-1) - colours.min(-1)).max() > 10  # the map is drawn


def test_marks_lie_where_the_reader_drew_them(named):
    state = to_dicom(named, READING, identified=True, made=WHEN).presentation
    layers = {item.GraphicLayer: item for item in state.GraphicAnnotationSequence}
    graphics = layers["READER"].GraphicObjectSequence
    box = np.array(graphics[0].GraphicData).reshape(-1, 2)
    assert np.allclose(box[:3], [(0.2 * 256, 0.5 * 240), (0.4 * 256, 0.5 * 240),
                                 (0.4 * 256, 0.8 * 240)], atol=0.01)  # fmt: skip
    texts = [text.UnformattedTextValue for text in layers["READER"].TextObjectSequence]
    assert texts == ["opacity?", "52 mm", "see here"]
    assert "Research use" in layers["NOTICE"].TextObjectSequence[0].UnformattedTextValue


TURNS = (
    "",
    "mirrored",
    "upside down",
    "transposed",
    "transposed and mirrored",
    "transposed and mirrored and upside down",
)


@pytest.mark.parametrize("steps", TURNS)
def test_points_of_the_upright_picture_are_found_in_the_stored_one(steps):
    from mmbm.io.orientation import Turn

    turn = Turn("transposed" in steps, "mirrored" in steps, "upside" in steps)
    stored = np.zeros((40, 60))
    stored[7, 50] = 1.0
    upright = turn(stored)
    (row, column), (high, wide) = np.argwhere(upright)[0], upright.shape
    ((x, y),) = stored_points([((column + 0.5) / wide, (row + 0.5) / high)], steps)
    assert (int(y * 40), int(x * 60)) == (7, 50)


@pytest.mark.parametrize(
    ("sense", "shape"), [("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "IDENTITY")]
)
def test_a_film_is_shown_in_its_own_sense(predictor, sense, shape):
    content = dicom(PhotometricInterpretation=sense, **UIDS)
    export = to_dicom(analyse(film_case(content), predictor), identified=True, made=WHEN)
    assert export.presentation.PresentationLUTShape == shape


def test_marks_of_another_frame_are_left_to_it(predictor):
    content = dicom(np.stack([ramp(), ramp()[:, ::-1]]), **UIDS)
    drawn = Reading(marks=(Mark(kind="text", points=((0.5, 0.5),), text="here", frame=1),))
    export = to_dicom(analyse(film_case(content), predictor), drawn, identified=True, made=WHEN)
    assert len(export.presentation.GraphicAnnotationSequence) == 1
    item = export.presentation.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
    assert item.ReferencedSOPInstanceUID == UIDS["SOPInstanceUID"]


def test_another_film_is_refused(named, film):
    source = dcmread(io.BytesIO(film))
    source.SOPInstanceUID = "1.2.3.4"
    with pytest.raises(InputError, match="not the chest X-ray that was analysed"):
        to_dicom(named, source=source)


def test_a_case_without_a_film_is_refused(told_only):
    with pytest.raises(NoSignal, match="DICOM objects need a chest X-ray"):
        to_dicom(told_only)


def test_a_damaged_header_gives_sound_objects(predictor):
    broken = dicom(**UIDS | {"PatientSex": "X"}).replace(b"20260303", b"20269999")
    analysis = analyse(film_case(broken), predictor)
    export = to_dicom(analysis, READING, identified=True, made=WHEN)
    assert export.report.StudyDate == "" and export.report.PatientSex == ""
    assert told_by_sr(export.report)["pneumonia"]["reader_final"] == "Yes"


ODD = (
    "Kowalski",
    "A^B^C^D^E^Kowalski",
    "Kowalski " * 12,
    "Kowalski^" + "x" * 70,
    "Ko\\walski^X",
    "",
)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("identified", [True, False])
def test_an_odd_name_is_exported_and_quoted_nowhere(predictor, name, identified, capfd):
    """Every warning is an error here, and what a library logs is on standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = dicom(**UIDS | {"PatientName": name, "ReferringPhysicianName": name})
        source = dcmread(io.BytesIO(given))
        read = analyse(film_case(given), predictor)
    to_dicom(read, READING, source=source, identified=identified, made=WHEN).zipped()
    said = capfd.readouterr()
    assert "Kowalski" not in said.out + said.err
