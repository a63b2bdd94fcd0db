"""What stays as it is in a Chinese sentence, and what of a text does not belong there."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Formats, standards, programs, quantities and units.
TERMS = """
AP AVIF BMP CDA CSV CT DICOM DICOMDIR DOC DOCX Deflate EML EPUB Excel FDF FHIR FLAC GB GIF HEIC
HTML Hz JPEG JPEG-LS JSON M4A MB MD MP3 MPEG MSG OGG ODT OT Office Ogg OpenDocument Outlook PA PDF
PET PNG Parquet PostScript PowerPoint RGB RLE RTF S/MIME SVG Safari TIFF TOML TXT UTF-8 WAV WebM
WebP Word XFA XML ZIP base64 sha256 winmail.dat AUPRC AURC AUROC DeLong GRU Holm Platt logit
EfficientNet ImageNet MMBM NIH RSNA SIIM SPRSound ieee8023 safetensors tf_efficientnet_lite0
AutoTokenizer ONNX Systran Triton faster-whisper statsmodels timm torch torchvision transformer
transformers
C-GET C-MOVE C-STORE DICOMweb HTTP PEM TLS UID http https
"""
LONG_TERMS = (
    "Adobe Reader", "Cramér's V", "HL7 v2", "JPEG 2000", "JPEG XL", "Photometric Interpretation",
    "Theil's U", "CC BY-NC-SA", "CC BY-NC-ND", "CC BY", "Word 2003", "pip install",
    "AE Title", "SOP Instance UID", "Study Instance UID",
)  # fmt: skip
# Settings, options, columns and their values, which the command line names.
SETTINGS = """
architecture archive auto certificate channels compile cpu cycles dicom drawn encoder encoders false
folder frozen learning_rate_factor
freeze frozen_stages fusion greys host image_weights inbox key localise lungs max_seconds mels
notes notes_text own_title pneumonia sources stored tls train true unknown url web wheezing
"""
# Methods, their makers, keys and data sets that the pages and cards name.
NAMES = """
Captum DeepLIFT DeepLift GradientShap IntegratedGradients FeatureAblation Occlusion Saliency Shapley
ShapleyValues SHAP InputXGradient Wilson ROC ECE F1 Ctrl Enter Shift Alt Esc kHz dB KB px English
Kermany HLS-CMDS Open-I CheXpert ICBHI MIMIC-CXR KAUH ChestX-ray14 SIIM-FISABIO-RSNA COVID-19
NVIDIA H200 GPU IEEE TBioCAS CVPR JAMIA Cell Radiology JavaScript Streamlit
"""
CODE = re.compile(
    r"--[a-z-]+|“mmbm [^”]*”|mmbm(?: [a-z]+)+|\"[^\"]*\"|[\w*-]*[._/=](?=[\w*])[\w./=…*()-]*",
    re.ASCII,
)
WORD = re.compile(r"[A-Za-z]{2,}")


def pattern(*lists: str) -> re.Pattern[str]:
    """Any of the terms, or of the words in lists of them, by itself."""
    words = [word for words in lists for word in words.split()]
    known = sorted([*LONG_TERMS, *words], key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, known))})(?![A-Za-z])")


SENTENCE = pattern(TERMS, SETTINGS)
SCREEN = pattern(TERMS, NAMES)


def english(text: str, terms: re.Pattern[str] = SENTENCE, code: bool = True) -> list[str]:
    """The words of Latin letters in a text that are no terms, and no code where it may hold any."""
    return WORD.findall(terms.sub("", CODE.sub("", text) if code else text))


def without(text: str, given: Iterable[str]) -> str:
    """A text without what stands in it of the reader's own: file names, notes."""
    for part in sorted(given, key=len, reverse=True):
        text = text.replace(part, "")
    return text
