"""What leads to a patient, taken out of DICOM objects before they leave."""

from mmbm.privacy.dicom import deidentified

__all__ = ["deidentified"]
