"""Export: a model as an ONNX file and a ``torch.export`` program, for other programs."""

from mmbm.export.cases import prepared
from mmbm.export.write import Written, export_model

__all__ = ["Written", "export_model", "prepared"]
