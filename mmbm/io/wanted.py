"""The DICOM elements that are read; all others are passed over."""

from __future__ import annotations

from functools import cache

__all__ = ["sequence_tags", "wanted_tags"]

# Sequences that are looked into, at the top level or within functional groups.
_SEQUENCES = (
    "AnatomicRegionSequence ViewCodeSequence ModalityLUTSequence VOILUTSequence "
    "SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence FrameVOILUTSequence "
    "PixelValueTransformationSequence PixelMeasuresSequence FrameAnatomySequence "
    "PatientOrientationInFrameSequence"
)
_DESCRIBED = (
    "SpecificCharacterSet SOPClassUID Modality BodyPartExamined ViewPosition "
    "PatientOrientation ImageOrientationPatient BurnedInAnnotation LossyImageCompression "
    "SeriesDescription StudyDescription ProtocolName PerformedProcedureStepDescription "
    "AcquisitionDeviceProcessingDescription"
)
_KIND = "ImageType PresentationIntentType SeriesNumber InstanceNumber"
_PATIENT = "PatientID PatientBirthDate PatientSex PatientAge StudyDate AcquisitionDate ContentDate"
_STUDY = (
    "StudyInstanceUID SeriesInstanceUID SOPInstanceUID AccessionNumber PatientName StudyID "
    "StudyTime ReferringPhysicianName"
)
_PIXELS = (
    "SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns "
    "BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue "
    "PixelPaddingRangeLimit FloatPixelPaddingValue FloatPixelPaddingRangeLimit PixelSpacing "
    "ImagerPixelSpacing NominalScannedPixelSpacing"
)
_GREYS = (
    "WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction RescaleSlope "
    "RescaleIntercept"
)
_COLOURS = tuple(
    f"{segmented}{colour}PaletteColorLookupTableData"
    for segmented in ("", "Segmented")
    for colour in ("Red", "Green", "Blue")
) + tuple(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue"))


@cache
def wanted_tags() -> frozenset[int]:
    """The tags of all elements that are read at the top level."""
    listed = " ".join((_SEQUENCES, _DESCRIBED, _KIND, _PATIENT, _STUDY, _PIXELS, _GREYS, *_COLOURS))
    return _tags(listed)


@cache
def sequence_tags() -> frozenset[int]:
    """The tags of the sequences that are looked into, wherever they lie."""
    return _tags(_SEQUENCES)


def _tags(keywords: str) -> frozenset[int]:
    from pydicom.tag import Tag

    return frozenset(int(Tag(keyword)) for keyword in keywords.split())
