"""What leads to a patient, taken out of DICOM objects and notes before they leave."""

from mmbm.privacy.dicom import deidentified
from mmbm.privacy.mask import Kind, Masked, Span, mask
from mmbm.privacy.quiet import quote_nothing

__all__ = ["Kind", "Masked", "Span", "deidentified", "mask", "quote_nothing"]
