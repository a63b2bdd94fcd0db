"""The result of one case as DICOM objects in the study of its film."""
