"""Small valid files of every kind that is read, made from arrays."""

import io
import wave

import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

CR_IMAGE = "1.2.840.10008.5.1.4.1.1.1"


def ramp(height=240, width=256, top=4095):
    """(height, width) uint16 from 0 to ``top``, every row the same."""
    return np.tile(np.linspace(0, top, width).round().astype(np.uint16), (height, 1))


def dicom(stored=None, syntax=ExplicitVRLittleEndian, *, bits=12, preamble=True, **attributes):
    """DICOM bytes of a chest film; ``attributes`` overrule or add, None takes away."""
    stored = ramp() if stored is None else stored
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CR_IMAGE
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.SOPClassUID, dataset.SOPInstanceUID = CR_IMAGE, "1.2.3"
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "CR", "CHEST", "PA"
    dataset.PatientName = "Secret^Patient"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    if stored.ndim == 3:
        dataset.NumberOfFrames = len(stored)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored = min(bits, dataset.BitsAllocated)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    order = stored.dtype.newbyteorder(">" if syntax == ExplicitVRBigEndian else "<")
    dataset["PixelData"] = _pixel_element(stored.astype(order).tobytes())
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    if syntax == JPEGBaseline8Bit:
        dataset["PixelData"] = _pixel_element(encapsulate([jpeg(stored)]), "OB", True)
        dataset.file_meta.TransferSyntaxUID = syntax
    elif syntax == RLELossless or (syntax.is_compressed and not syntax.is_deflated):
        dataset.compress(syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    return content if preamble else content[132:]


def _pixel_element(content, representation="OW", undefined_length=False):
    from pydicom import DataElement

    element = DataElement("PixelData", representation, content + b"\0" * (len(content) % 2))
    element.is_undefined_length = undefined_length
    return element


def picture(array, kind="PNG", **options):
    """PNG or JPEG bytes of an array, or of a Pillow image."""
    buffer = io.BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(array):
    return picture(array.astype(np.uint8), "JPEG", quality=95)


def tone(seconds=6.0, rate=16_000, hertz=300.0, level=0.3):
    """(n_samples,) float64."""
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def wav(samples, rate=16_000):
    """16-bit WAV of (n_samples,) or (channels, n_samples) in [-1, 1]."""
    samples = np.atleast_2d(samples)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T * 32767).round().astype("<i2").tobytes())
    return buffer.getvalue()


def sound(samples, rate=16_000, kind="FLAC", **options):
    """The bytes libsndfile writes for (n_samples,) or (channels, n_samples)."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples).T, rate, format=kind, **options)
    return buffer.getvalue()


def docx(paragraphs, table=()):
    from tests.made_notes import paragraph, word
    from tests.made_notes import table as grid

    rows = [[paragraph(text) for text in row] for row in table]
    return word("".join(map(paragraph, paragraphs)) + (grid(*rows) if rows else ""))


def pdf(*pages, password=""):
    """A PDF with one line of text a page; blank text makes a page without any."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        named = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
        fonts = DictionaryObject({NameObject("/F1"): named})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
