"""Cases with a reading, and what a reader of each export finds in it."""

import io
import json
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

from pydicom import dcmread

from mmbm.case import Case
from mmbm.reading import Decision, Mark, Reading
from tests.made_cases import case

WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MARKS = (
    Mark(kind="box", points=((0.2, 0.5), (0.4, 0.8)), text="opacity?"),
    Mark(kind="arrow", points=((0.9, 0.2), (0.7, 0.4))),
    Mark(kind="length", points=((0.1, 0.1), (0.3, 0.1)), text="52 mm"),
    Mark(kind="angle", points=((0.5, 0.1), (0.6, 0.2), (0.7, 0.1))),
    Mark(kind="text", points=((0.9, 0.9),), text="see here"),
)
READING = Reading(
    reader="Dr. Zhang 张伟",
    decisions=(
        Decision(finding="pneumonia", first="no", final="yes", act="change"),
        Decision(finding="no_finding", final="not sure", act="override", reason="角度不清"),
    ),
    marks=MARKS,
    comment="Compare with the earlier film. 请与旧片对照。",
    decided_at=WHEN,
    follow_up=date(2026, 4, 5),
)


def film_case(source=None, **parts):
    """A made case; with the picture of a DICOM file's bytes where one is given."""
    given = case()
    if source is None:
        return given
    from mmbm.io import read_picture

    return Case(image=read_picture(source, "film.dcm"), notes=given.notes, audio=given.audio)


def without_picture():
    return Case(notes=case().notes)


def coded(item):
    """A code's value, short or long."""
    return item.get("CodeValue") or item.get("LongCodeValue")


def told_by_sr(dataset):
    """Of a structured report: by finding, its numbers and codes; the model; all texts."""
    found = {}
    measured = next(
        item
        for item in dataset.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Imaging Measurements"
    )
    for group in measured.ContentSequence:
        told = {}
        for item in group.ContentSequence:
            name = coded(item.ConceptNameCodeSequence[0])
            if item.ValueType == "NUM":
                told[name] = float(item.MeasuredValueSequence[0].FloatingPointValue)
            elif item.ValueType == "CODE":
                told[name] = item.ConceptCodeSequence[0].CodeMeaning
            elif item.ValueType == "TEXT":
                told.setdefault(name, item.TextValue)
        found[told["112039"]] = told  # the tracking identifier
    return found


def told_by_fhir(text):
    """Of a Bundle: (finding, who) -> its Observation; and the Device."""
    resources = [entry["resource"] for entry in json.loads(text)["entry"]]
    device = next(r for r in resources if r["resourceType"] == "Device")
    observations = {
        (r["code"]["coding"][0]["code"], r["method"]["coding"][0]["code"]): r
        for r in resources
        if r["resourceType"] == "Observation"
    }
    return observations, device


def component(observation, code):
    """A component's value: a number, or the code of a concept."""
    for part in observation["component"]:
        if part["code"]["coding"][0]["code"] == code:
            if "valueQuantity" in part:
                return part["valueQuantity"]["value"]
            return part["valueCodeableConcept"]["coding"][0]["code"]
    return None


def unzipped(content):
    """The datasets of an archive by their files' names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def errors_of(folder, content):
    """What dciodvfy calls an error, in every object of an archive."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            path = folder / name
            path.write_bytes(archive.read(name))
            done = subprocess.run(
                ["dciodvfy", "-new", str(path)], capture_output=True, text=True, errors="replace"
            )
            lines = (done.stdout + done.stderr).splitlines()
            found += [f"{name}: {line}" for line in lines if line.startswith("Error")]
    return found


def named(picture, **study):
    """A picture that a header names."""
    return replace(picture, study=replace(picture.study, **study))
