"""Writes the sample cases: three made-up patients, each with a film, a note and a recording.

Film and sound are synthesised, the notes were composed; nothing comes from a patient. They show
the program at work and test it. They say nothing of how well it does on real cases.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    generate_uid,
)

from mmbm.data.synthesis.lung_sounds import RATE, Crackles, synthesise
from mmbm.data.synthesis.phantom import FIELD_CM, Build, Patch, draw_film

__all__ = ["SAMPLES", "Sample", "write_samples"]

WHITE = 4095  # of 12 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One made-up patient."""

    name: str  # of the folder
    patient: str  # DICOM person name
    sex: str
    age: int  # years
    seed: int  # of the film
    sound_seed: int
    pixels: int  # a side
    build: Build
    inverted: bool = False  # stored as MONOCHROME1
    breaths: float  # a minute, as the note says
    beats: float
    crackles: Crackles
    note: str


SAMPLES = (
    Sample(
        name="adult-opacity",
        patient="SYNTHETIC^ONE",
        sex="M",
        age=58,
        seed=5,
        sound_seed=62,
        pixels=1024,
        build=Build(patches=(Patch(-9.2, 26.6, 4.4, 3.9, 0.62), Patch(-5.6, 24.0, 2.0, 2.0, 0.3))),
        breaths=24,
        beats=108,
        crackles="coarse",
        note="""\
58-year-old man, walked into the emergency department.
HPI: productive cough with yellow sputum for 4 days, fever and rigors since Monday, sharp pain \
on the right side of the chest when breathing in. Short of breath on stairs, off food. \
No haemoptysis, no leg swelling, no recent travel.
PMH: hypertension, takes amlodipine 5 mg. Ex-smoker, 20 pack-years. No known drug allergies.
Obs: T 38.7 °C, HR 108, RR 24, BP 132/78, SpO2 93% on air.
Exam: alert and oriented. Dull percussion note and coarse crackles at the right base. \
No wheeze. Heart sounds normal.
Plan: chest film and bloods.
""",
    ),
    Sample(
        name="adult-clear",
        patient="SYNTHETIC^TWO",
        sex="F",
        age=34,
        seed=3,
        sound_seed=77,
        pixels=1024,
        build=Build(heart_width=0.93),
        inverted=True,
        breaths=16,
        beats=68,
        crackles="none",
        note="""\
34-year-old woman, annual review before a new job.
Feels well. Denies cough, fever, chills and night sweats. No sputum, no chest pain, not short of \
breath on stairs. Appetite good. Her mother had a cough last month.
Background: hay fever in spring, left wrist fracture in 2012. No regular medication. Never smoked.
T 36.6 °C, HR 68, RR 16, BP 118/74, SpO2 99% on air.
Chest clear to auscultation, no crackles, no wheeze, percussion resonant on both sides.
Film requested as part of the review.
""",
    ),
    Sample(
        name="child-zh",
        patient="SYNTHETIC^THREE",
        sex="M",
        age=5,
        seed=16,
        sound_seed=81,
        pixels=768,
        build=Build(
            scale=0.62,
            heart_width=1.08,
            heart_lift=2.2,
            rib_drop=0.72,
            marrow=0.8,
            patches=(Patch(9.2, 19.2, 3.9, 3.6, 0.6),),
        ),
        breaths=44,
        beats=132,
        crackles="fine",
        note="""\
患儿男，5岁，家属陪同就诊。
主诉：发热、咳嗽3天。
现病史：3天前出现咳嗽，咳黄痰，体温最高39.2℃，纳差，精神差，夜间咳嗽明显。无呕吐，无皮疹，否认胸痛。
既往史：足月顺产，按计划接种疫苗，否认食物药物过敏。母亲上月咳嗽，已愈。
查体：T 38.9℃，P 132次/分，R 44次/分，SpO2 94%。鼻翼扇动，轻度三凹征。\
左肺可闻及细湿啰音，未闻及哮鸣音。心音有力，律齐。
处理：查血常规、胸片。
""",
    ),
)


def write_samples(folder: Path, samples: Sequence[Sample] = SAMPLES) -> list[Path]:
    """Write ``image.dcm``, ``notes.txt`` and ``sound.wav`` of each case; the same bytes each time.

    Returns the files, in the order of writing.
    """
    written = []
    for sample in samples:
        into = folder / sample.name
        into.mkdir(parents=True, exist_ok=True)
        film_rng, _ = np.random.default_rng(sample.seed).spawn(2)
        _, sound_rng = np.random.default_rng(sample.sound_seed).spawn(2)
        film = draw_film(sample.build, sample.pixels, film_rng)
        make_dicom(sample, film).save_as(into / "image.dcm", enforce_file_format=True)
        (into / "notes.txt").write_text(sample.note, encoding="utf-8", newline="\n")
        sound = synthesise(
            sound_rng,
            seconds=14.0,
            breaths_per_minute=sample.breaths,
            beats_per_minute=sample.beats,
            crackles=sample.crackles,
        )
        write_wav(into / "sound.wav", sound)
        written += [into / name for name in ("image.dcm", "notes.txt", "sound.wav")]
    return written


def make_dicom(sample: Sample, film: NDArray[np.uint16]) -> Dataset:
    """Make a DX object, JPEG 2000 lossless, of ``film`` (rows, columns), 12 bits, bone bright."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    uids = [generate_uid(entropy_srcs=["mmbm sample", sample.name, part]) for part in "123"]
    ds.SOPClassUID = DigitalXRayImageStorageForPresentation
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = uids
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.PatientName, ds.PatientID = sample.patient, f"SYNTHETIC-{sample.name}"
    ds.PatientSex, ds.PatientAge, ds.PatientBirthDate = sample.sex, f"{sample.age:03d}Y", ""
    ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "Synthetic, no patient"
    ds.StudyDescription = "Synthetic phantom, not a patient"
    ds.SeriesDescription = "Synthetic case"
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20000101", "120000", "", "1"
    ds.SeriesNumber, ds.InstanceNumber, ds.ReferringPhysicianName = 1, 1, ""
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "DX", "MMBM", "mmbm sample"
    ds.BodyPartExamined, ds.ViewPosition, ds.ImageLaterality = "CHEST", "PA", "U"
    ds.PatientOrientation = ["L", "F"]
    ds.ImageType = ["DERIVED", "PRIMARY", ""]
    ds.PresentationIntentType, ds.BurnedInAnnotation = "FOR PRESENTATION", "NO"
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = 1 if sample.inverted else -1
    ds.PresentationLUTShape = "INVERSE" if sample.inverted else "IDENTITY"
    pitch = round(FIELD_CM * 10 * sample.build.scale / sample.pixels, 4)  # mm
    ds.PixelSpacing = ds.ImagerPixelSpacing = [pitch, pitch]
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME1" if sample.inverted else "MONOCHROME2"
    ds.Rows, ds.Columns = film.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
    low, high = (int(v) for v in np.percentile(film, (1.0, 99.8)))
    width = (high - low) * 112 // 100  # the densest parts keep some grey
    center = low + width // 2
    ds.WindowCenter = WHITE - center if sample.inverted else center
    ds.WindowWidth = width
    stored = (WHITE - film if sample.inverted else film).astype(np.uint16)
    ds.LossyImageCompression = "00"
    packed = imagecodecs.jpeg2k_encode(
        stored, codecformat="j2k", reversible=True, bitspersample=12, numthreads=1
    )
    ds.PixelData = encapsulate([bytes(packed)])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    return ds


def write_wav(path: Path, sound: NDArray[np.float32]) -> None:
    """Write ``sound`` (n_samples,) in [-1, 1] as 16-bit mono."""
    with wave.open(str(path), "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(RATE)
        clip.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
