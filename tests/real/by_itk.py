"""Reads DICOM files with SimpleITK, in a process of its own: python by_itk.py OUT FILE [FILE ...].

OUT gets one .npy a file, named by its place: (height, width) after rescale; none where it cannot.
"""

import sys
from pathlib import Path

import numpy as np
import SimpleITK

out = Path(sys.argv[1])
SimpleITK.ProcessObject.GlobalWarningDisplayOff()
for place, name in enumerate(sys.argv[2:]):
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(name)
    reader.SetImageIO("GDCMImageIO")
    try:
        film = np.squeeze(SimpleITK.GetArrayFromImage(reader.Execute()))
    except RuntimeError:
        continue
    np.save(out / f"{place}.npy", film)
