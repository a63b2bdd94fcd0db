"""The menu of exports on the Review page."""

import io
import zipfile

import pypdfium2
import pytest
from playwright.sync_api import expect

from tests.browser.exports import exported, result
from tests.browser.test_review import app, open_sample, page, server, settled  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENT = "SYNTHETIC-adult-opacity"


def words(content):
    document = pypdfium2.PdfDocument(content)
    text = document[0].get_textpage().get_text_bounded()
    assert len(document) == 1
    document.close()
    return text


def test_every_format_is_made_when_it_is_asked_for(page, server):  # noqa: F811
    open_sample(page, server)
    settled(page)
    plain = result(page)
    assert plain["study"] is None and plain["schema_version"] == "1.0"
    assert PATIENT not in words(exported(page, "pdf"))
    with zipfile.ZipFile(io.BytesIO(exported(page, "dicom"))) as archive:
        assert set(archive.namelist()) == {
            "film.dcm", "map.dcm", "presentation.dcm", "report.dcm"
        }  # fmt: skip
    assert b'"DiagnosticReport"' in exported(page, "fhir")
    assert result(page, identified=True)["study"]["patient_id"] == PATIENT
    assert PATIENT in words(exported(page, "pdf", identified=True))
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_role("button", name="导出")).to_be_visible()
    assert "病例报告" in words(exported(page, "pdf"))
