"""A case with an identifier planted in every place where a file can hold one."""

import io
import re
import struct

from pydicom import Dataset, dcmread

from tests.made_files import dicom, tone, wav

MARK = re.compile(r"ZQ[A-Z]{4}\d\d", re.IGNORECASE)  # does not find its own source


def mark(number):
    """An identifier that is a valid value of every text representation, CS among them."""
    return f"ZQ{'JOHN'}{number:02d}"


def marks_in(*texts):
    """The identifiers in texts or bytes, UTF-16 as well."""
    found = set()
    for text in texts:
        content = text if isinstance(text, (bytes, bytearray)) else str(text).encode()
        for decoded in (content.decode("latin-1"), content.replace(b"\0", b"").decode("latin-1")):
            found |= {m.upper() for m in MARK.findall(decoded)}
    return found


# Person names, long and short strings, texts, coded strings, dates as text, application titles.
ATTRIBUTES = (
    "PatientName", "PatientID", "PatientBirthName", "PatientMotherBirthName", "PatientAddress",
    "PatientComments", "OtherPatientNames", "Occupation", "AccessionNumber", "InstitutionName",
    "InstitutionAddress", "InstitutionalDepartmentName", "ReferringPhysicianName", "OperatorsName",
    "StudyID", "StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments",
    "RequestedProcedureDescription", "Manufacturer", "StationName", "DeviceSerialNumber",
    "BodyPartExamined", "ViewPosition", "WindowCenterWidthExplanation",
    "AcquisitionDeviceProcessingDescription",
)  # fmt: skip


def film(numbers, modality="CR"):
    """A readable film with identifiers in its header; each takes the next of ``numbers``."""
    dataset = dcmread(io.BytesIO(dicom(WindowCenter=2000, WindowWidth=3000, Modality=modality)))
    for keyword in ATTRIBUTES:
        setattr(dataset, keyword, mark(next(numbers)))
    region, view = Dataset(), Dataset()
    region.CodeMeaning, view.CodeMeaning = mark(next(numbers)), mark(next(numbers))
    dataset.AnatomicRegionSequence, dataset.ViewCodeSequence = [region], [view]
    dataset.add_new(0x00090010, "LO", mark(next(numbers)))  # a private creator and its element
    dataset.add_new(0x00091001, "LT", mark(next(numbers)))
    dataset.file_meta.SourceApplicationEntityTitle = mark(next(numbers))
    dataset.file_meta.ImplementationVersionName = mark(next(numbers))
    dataset.preamble = mark(next(numbers)).encode().ljust(128)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def letter(numbers):
    """A Word file with identifiers in its properties and one in its text."""
    from docx import Document

    document = Document()
    document.add_paragraph(f"{mark(next(numbers))}: fever and cough, crackles at the right base.")
    for name in ("author", "title", "subject", "keywords", "comments", "last_modified_by"):
        setattr(document.core_properties, name, mark(next(numbers)))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def scan(numbers):
    """A PDF with identifiers in its information and one in its text."""
    from pypdf import PdfReader, PdfWriter

    from tests.made_files import pdf

    writer = PdfWriter(PdfReader(io.BytesIO(pdf(f"{mark(next(numbers))} has fever and a cough."))))
    writer.add_metadata({f"/{k}": mark(next(numbers)) for k in ("Author", "Title", "Subject")})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def recording(numbers):
    """A WAV with identifiers in its INFO list: artist, name, comment, copyright."""
    tags = b"INFO"
    for tag in (b"IART", b"INAM", b"ICMT", b"ICOP"):
        text = mark(next(numbers)).encode() + b"\0\0"
        tags += tag + struct.pack("<I", len(text)) + text
    content = wav(tone(3.0)) + b"LIST" + struct.pack("<I", len(tags)) + tags
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def read_by(first):
    """A reading with an identifier in every text that a reader can write, up to number 99."""
    from mmbm.reading import Decision, Mark, Reading

    numbers = iter(range(first, 100))
    decisions = tuple(
        Decision(finding=name, final="yes", act="override", reason=mark(next(numbers)))
        for name in ("pneumonia", "no_finding")
    )
    reader, comment = mark(next(numbers)), f"Compare with {mark(next(numbers))}."
    marks = tuple(Mark(kind="text", points=((0.5, 0.5),), text=mark(n)) for n in numbers)
    return Reading(reader=reader, decisions=decisions, marks=marks, comment=comment)


def planted(folder):
    """The files of a case, each name planted too: (image, notes, audio, an older PDF note)."""
    numbers = iter(range(100))
    made = []
    for suffix, make in (("dcm", film), ("docx", letter), ("wav", recording), ("pdf", scan)):
        content = make(numbers)
        path = folder / f"{mark(next(numbers))}.{suffix}"
        path.write_bytes(content)
        made.append(path)
    return made, next(numbers)
