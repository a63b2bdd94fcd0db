"""An identifier planted anywhere in a file is in no result, message, warning or temporary file."""

import pytest
from typer.testing import CliRunner

from mmbm.cli import app
from mmbm.errors import MMBMError
from mmbm.io import read_notes, read_picture, read_sound
from tests.made_planted import marks_in, planted


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
