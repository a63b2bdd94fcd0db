"""The map on the film as a Secondary Capture (PS3.3 A.8.1), its words burned in."""

from __future__ import annotations

import numpy as np
from highdicom.sc import SCImage
from highdicom.sr import CodedConcept
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset
from pydicom.sr.codedict import codes

from mmbm.branches.branch import Drawing
from mmbm.case import Picture
from mmbm.report.dicom.codes import EVIDENCE_MAP
from mmbm.report.dicom.maker import Maker, dated
from mmbm.report.key_image import KeyImage
from mmbm.storage import assets_folder
from mmbm.text import name_of, sentence

__all__ = ["captured_map"]

STRIP = 0.045  # of the height, of a line of words


def captured_map(film: Dataset, picture: Picture, key: KeyImage, maker: Maker) -> Dataset:
    """The film with the map of one finding, in the film's study and referring to it.

    ``key.mapped`` must be there.
    """
    model = maker.report.model
    words = sentence(
        "report.dicom.burned_in",
        finding=name_of("finding", key.finding),
        model=f"{model.name} {model.version}",
        notice=maker.report.notice,
    )
    pixels = _burned(key.plain if key.mapped is None else key.mapped, str(words))
    capture = SCImage.from_ref_dataset(
        film,
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        series_number=902,
        instance_number=1,
        manufacturer=maker.manufacturer,
        patient_orientation=picture.orientation if all(picture.orientation) else ("L", "F"),
        specific_character_set="ISO_IR 192",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        **maker.uids(film, f"map of {key.finding}"),
    )
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.SeriesDescription = "Evidence map"
    capture.BurnedInAnnotation = "YES"
    capture.DerivationDescription = str(words)
    capture.DerivationCodeSequence = [EVIDENCE_MAP]
    source = Dataset()
    source.ReferencedSOPClassUID = film.SOPClassUID
    source.ReferencedSOPInstanceUID = film.SOPInstanceUID
    if "NumberOfFrames" in film:
        source.ReferencedFrameNumber = picture.frame + 1
    source.PurposeOfReferenceCodeSequence = [
        CodedConcept.from_code(codes.DCM.SourceImageForImageProcessingOperation)
    ]
    capture.SourceImageSequence = [source]
    maker.sign(capture)
    dated(capture, maker.made)
    return capture


def _burned(picture: Drawing, words: str) -> Drawing:
    """The picture with a dark strip of words below it."""
    height, width = picture.shape[:2]
    face = str(assets_folder() / "fonts" / "DejaVuSansCondensed.ttf")
    size = max(8, round(STRIP * height * 0.6))
    font = ImageFont.truetype(face, size)
    while size > 6 and font.getlength(words) > width - 8:
        size -= 1
        font = ImageFont.truetype(face, size)
    strip = Image.new("RGB", (width, round(size * 1.8)))
    ImageDraw.Draw(strip).text((4, size * 0.3), words, fill=(255, 255, 255), font=font)
    return np.concatenate([picture, np.asarray(strip)])
