"""An identifier planted anywhere in a file is in no result, message, warning or temporary file."""

from io import BytesIO
from zipfile import ZipFile

import pypdfium2
import pytest
from typer.testing import CliRunner

from mmbm.analysis import analyse
from mmbm.cli import app
from mmbm.errors import MMBMError
from mmbm.io import read_case, read_notes, read_picture, read_sound
from mmbm.predict import load
from tests.made_planted import marks_in, planted, read_by


@pytest.fixture
def files(tmp_path):
    return planted(tmp_path)[0]


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("note", [1, 3])
def test_the_command_line_says_none_of_them(tiny_model_dir, files, options, note):
    image, notes, audio = files[0], files[note], files[2]
    given = ["--image", str(image), "--notes", str(notes), "--audio", str(audio)]
    done = CliRunner().invoke(app, ["predict", "--model", str(tiny_model_dir), *given, *options])
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout) > 500
    assert not marks_in(done.stdout, done.stderr)


def test_there_are_more_than_forty_of_them(tmp_path):
    made, count = planted(tmp_path)
    found = set()
    for path in made:
        content = path.read_bytes()
        found |= marks_in(path.name, content)
    assert count > 50
    assert len(found) > 44  # those that stand in the open; a Word file and a PDF are packed


def test_warnings_name_defined_terms_alone(files):
    picture = read_picture(files[0].read_bytes(), files[0].name)
    assert (picture.body_part, picture.view, picture.dicom_modality) == ("", "", "CR")
    assert not marks_in(*picture.warnings, picture.transfer_syntax, picture.photometric)


@pytest.mark.parametrize(
    ("text", "body_part"),
    [("SMITH JOHN", ""), ("KNEE RT", "KNEE"), ("SMITH_CHEST", "CHEST"), ("HIP", "HIP")],
)
def test_only_the_known_word_of_a_body_part_is_kept(tmp_path, text, body_part):
    from tests.made_files import dicom

    assert read_picture(dicom(BodyPartExamined=text), "film").body_part == body_part


@pytest.mark.parametrize("modality", ["ZQJOHN77", "SMITH"])
def test_a_modality_that_is_a_name_is_not_repeated(modality):
    from tests.made_files import dicom

    picture = read_picture(dicom(Modality=modality), "film")
    assert picture.dicom_modality == ""
    assert any("an unknown modality" in w for w in picture.warnings)
    assert modality not in " ".join(picture.warnings)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.97])
def test_a_refusal_of_a_damaged_file_names_none(files, cut):
    readers = (read_picture, read_notes, read_sound, read_notes)
    for path, read in zip(files, readers, strict=True):
        content = path.read_bytes()
        try:
            part = read(content[: int(cut * len(content))], path.name)
        except MMBMError as refusal:
            assert not marks_in(str(refusal))
        else:
            assert not marks_in(*part.warnings)


def test_an_unknown_transfer_syntax_is_not_repeated(files):
    content = files[0].read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.ZQJOHN99.1.2.12\0")
    assert marks_in(content) >= {"ZQJOHN99"}
    picture = read_picture(content, files[0].name)
    assert not marks_in(picture.transfer_syntax, *picture.warnings)


def test_the_marks_are_found_where_they_are():
    assert marks_in("x ZQ" + "JOHN12 y", b"Z\0Q\0J\0O\0H\0N\0" + b"0\0" + b"7\0") == {
        "ZQJOHN12",
        "ZQJOHN07",
    }
    assert not marks_in("nothing here")


def exported(analysis, reading, **how):
    """Every export as what a reader of it could find: bytes, the page's words, unpacked objects."""
    from mmbm.report import to_dicom, to_fhir, to_json, to_pdf

    page = to_pdf(analysis, reading, **how)
    document = pypdfium2.PdfDocument(page)
    words = document[0].get_textpage().get_text_bounded()
    told = [document.get_metadata_dict(), page, words]
    document.close()
    with ZipFile(BytesIO(to_dicom(analysis, reading, **how).zipped())) as archive:
        told += archive.namelist()
        told += [archive.read(name) for name in archive.namelist()]
    return [*told, to_json(analysis, reading, **how), to_fhir(analysis, reading, **how)]


def test_a_hundred_of_them_are_in_no_deidentified_export(tiny_model_dir, tmp_path):
    made, count = planted(tmp_path)
    reading = read_by(count)
    given = len(marks_in(*(path.name for path in made), reading.model_dump_json()))
    assert count + len(marks_in(reading.model_dump_json())) >= 100 and given > 45
    case = read_case(image=made[0], notes=made[1], audio=made[2])
    analysis = analyse(case, load(tiny_model_dir, "cpu"))
    assert marks_in(*exported(analysis, reading)) == set()
    named = marks_in(*exported(analysis, reading, identified=True))
    assert len(named) > 45  # the same exports name them where that was asked for


def test_a_given_film_with_them_goes_along_without(tiny_model_dir, tmp_path):
    from pydicom import dcmread

    from mmbm.report import to_dicom

    made, count = planted(tmp_path)
    analysis = analyse(read_case(image=made[0]), load(tiny_model_dir, "cpu"))
    source = dcmread(made[0])
    source.StudyInstanceUID, source.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    export = to_dicom(analysis, read_by(count), source=source)
    assert export.film is not None
    for name, _ in export.named():
        assert marks_in(export.file(name)) == set(), name
