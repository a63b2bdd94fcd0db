"""The findings, their account and the reader's decision as a structured report (TID 1500)."""

from __future__ import annotations

from collections.abc import Iterator

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from mmbm.case import Picture
from mmbm.reading import Decision
from mmbm.report.dicom import codes as words
from mmbm.report.dicom.maker import Maker, dated
from mmbm.report.form import CaseReport, FindingEntry
from mmbm.text import sentence

__all__ = ["structured_report"]


def structured_report(
    film: Dataset, picture: Picture, evidence: list[Dataset], maker: Maker
) -> Dataset:
    """The report, in the film's study; ``evidence`` are the objects that it goes with."""
    report = maker.report
    uids = maker.uids(film, "report")
    content = MeasurementReport(
        observation_context=_observers(report, uids["series_instance_uid"]),
        procedure_reported=codes.SCT.PlainRadiography,
        imaging_measurements=[_group(film, picture, finding, maker) for finding in report.findings],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept("en", "RFC5646", "English")
        ),
    )
    content[0].ContentSequence.append(_remarks(report))
    made = ComprehensiveSR(
        evidence=[film, *evidence],
        content=content[0],
        series_number=901,
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        specific_character_set="ISO_IR 192",
        manufacturer=maker.manufacturer,
        **uids,
    )
    made.SeriesDescription = "Findings, model and reader"
    maker.sign(made)
    dated(made, maker.made)
    return made


def _observers(report: CaseReport, uid: str) -> ObservationContext:
    """The program, and the reader where he is named."""
    device = DeviceObserverIdentifyingAttributes(
        uid=str(generate_uid(entropy_srcs=[report.model.sha256])),
        name="MMBM",
        manufacturer_name="MMBM",
        model_name=f"{report.model.name} {report.model.version}",
        serial_number=report.model.sha256,
    )
    person = None
    if report.reading and report.reading.reader:
        person = ObserverContext(
            codes.DCM.Person,
            PersonObserverIdentifyingAttributes(name=_person(report.reading.reader)),
        )
    return ObservationContext(
        observer_person_context=person,
        observer_device_context=ObserverContext(codes.DCM.Device, device),
    )


def _person(name: str) -> str:
    """A reader's own name as one of DICOM, in one component of 63 characters at most."""
    return "".join(c for c in name if c.isprintable() and c not in "\\^=")[:63] + "^"


def _group(
    film: Dataset, picture: Picture, finding: FindingEntry, maker: Maker
) -> MeasurementsAndQualitativeEvaluations:
    """One finding: probability, account, answer, standing, and what the reader decided."""
    report = maker.report
    made = report.reading.decision(finding.name) if report.reading else None
    model = report.model
    uid = generate_uid(entropy_srcs=[maker.uids(film, "report")["sop_instance_uid"], finding.name])
    frames = [picture.frame + 1] if "NumberOfFrames" in film else None
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=str(uid), identifier=finding.name),
        finding_type=words.finding_code(finding.name),
        algorithm_id=AlgorithmIdentification(
            name=model.name,
            version=model.version,
            parameters=[f"sha256 {model.sha256}", f"MMBM {report.mmbm_version}"],
            family=codes.cid7162.ArtificialIntelligence,
            manufacturer="MMBM",
        ),
        measurements=[
            Measurement(name=name, value=value, unit=words.RATIO)
            for name, value in _numbers(finding)
        ],
        qualitative_evaluations=list(_evaluations(report, finding, made)),
        source_images=[
            SourceImageForMeasurementGroup(film.SOPClassUID, film.SOPInstanceUID, frames)
        ],
    )
    if made is not None and made.reason:
        group[0].ContentSequence.append(_text(words.REASON, made.reason))
    return group


def _numbers(finding: FindingEntry) -> Iterator[tuple[CodedConcept, float]]:
    """The probability, and the account that it comes from."""
    yield words.PROBABILITY, finding.probability
    yield words.LOGIT, finding.logit
    yield words.BASE, finding.base
    for modality, value in finding.contributions.items():
        yield words.contribution(modality), value


def _evaluations(
    report: CaseReport, finding: FindingEntry, made: Decision | None
) -> Iterator[QualitativeEvaluation]:
    """The model's answer and its standing; the reader's answers."""
    answer = report.trust.answers[finding.name].verdict
    yield QualitativeEvaluation(words.ANSWER, words.ANSWERS[answer])
    status = words.own(finding.status, str(sentence(f"status.{finding.status}")))
    yield QualitativeEvaluation(words.STANDING, status)
    if made is None:
        return
    if made.first is not None:
        yield QualitativeEvaluation(words.READER_FIRST, words.ANSWERS[made.first])
    if made.final is not None:
        yield QualitativeEvaluation(words.READER_FINAL, words.ANSWERS[made.final])
    if made.act is not None:
        act = words.own(made.act, str(sentence(f"report.act.{made.act}")))
        yield QualitativeEvaluation(words.READER_ACT, act)


def _remarks(report: CaseReport) -> ContainerContentItem:
    """The notice, the warnings and the reader's comment, in words."""
    remarks = ContainerContentItem(
        name=CodedConcept("C0034375", "UMLS", "Qualitative Evaluations"),
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    texts = [_text(codes.DCM.Comment, report.notice)]
    texts += [_text(words.WARNING, warning.sentence) for warning in report.warnings]
    if report.reading and report.reading.comment:
        texts.append(_text(codes.DCM.Comment, report.reading.comment))
    remarks.ContentSequence = ContentSequence(texts)
    return remarks


def _text(name: CodedConcept, value: str) -> TextContentItem:
    return TextContentItem(name, value, RelationshipTypeValues.CONTAINS)
