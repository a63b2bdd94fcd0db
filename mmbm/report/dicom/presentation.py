"""How to show the film: its window, and what the reader drew on it (PS3.3 A.33.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from highdicom.content import PresentationLUTTransformation
from highdicom.enum import PresentationLUTShapeValues
from highdicom.pr import (
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from pydicom import Dataset

from mmbm.case import Picture
from mmbm.reading import Mark
from mmbm.report.dicom.maker import Maker, dated

__all__ = ["presentation_state", "stored_points"]

HEAD = 0.02  # of the film's height, of an arrow's head
Point = tuple[float, float]


def presentation_state(film: Dataset, picture: Picture, maker: Maker, *, turned: bool) -> Dataset:
    """The reader's marks and the notice on a grey film; ``turned``: it is stored as it came."""
    reading, frame = maker.report.reading, picture.frame
    marks = [mark for mark in reading.marks if mark.frame == frame] if reading else []
    layers = [GraphicLayer("NOTICE", 1, "Notice"), GraphicLayer("READER", 2, "Marks of the reader")]
    notice = TextObject(
        text_value=maker.report.notice,
        units="DISPLAY",
        bounding_box=(0.02, 0.95, 0.98, 0.99),
    )
    of_frame = frame + 1 if "NumberOfFrames" in film else None
    annotations = [
        GraphicAnnotation(
            [film], layers[0], text_objects=[notice], referenced_frame_number=of_frame
        )
    ]
    if marks:
        size, steps = (film.Columns, film.Rows), picture.turned if turned else ""
        lines = [line for mark in marks for line in _lines(mark, size, steps)]
        texts = [_words(mark, size, steps) for mark in marks if mark.text]
        annotations.append(
            GraphicAnnotation(
                [film],
                layers[1],
                graphic_objects=lines or None,
                text_objects=texts or None,
                referenced_frame_number=of_frame,
            )
        )
    dark_high = film.PhotometricInterpretation == "MONOCHROME1"
    shape = PresentationLUTShapeValues.INVERSE if dark_high else PresentationLUTShapeValues.IDENTITY
    state = GrayscaleSoftcopyPresentationState(
        [film],
        series_number=903,
        instance_number=1,
        content_label="MMBM",
        content_description="Window and marks",
        graphic_annotations=annotations,
        graphic_layers=layers if marks else layers[:1],
        presentation_lut_transformation=PresentationLUTTransformation(shape),
        specific_character_set="ISO_IR 192",
        **maker.device,
        **maker.uids(film, "presentation"),
    )
    state.SeriesDescription = "Marks of the reader"
    maker.sign(state)
    dated(state, maker.made)
    return state


def stored_points(points: Sequence[Point], steps: str) -> list[Point]:
    """Fractions of the upright picture as fractions of the stored one.

    ``steps`` are those that brought it upright: transposed, mirrored, upside down.
    """
    placed = []
    for x, y in points:
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        if "upside" in steps:
            y = 1.0 - y
        if "mirrored" in steps:
            x = 1.0 - x
        placed.append((y, x) if "transposed" in steps else (x, y))
    return placed


def _lines(mark: Mark, size: tuple[int, int], steps: str) -> list[GraphicObject]:
    """A mark as lines, in pixels of the stored film."""
    (left, top), (right, bottom) = mark.points[0], mark.points[-1]
    if mark.kind == "text":  # its place alone, where its words are left out
        place = _pixels(mark.points[:1], size, steps)
        return [] if mark.text else [GraphicObject("POINT", place, "PIXEL")]
    ways: list[list[Point]] = [list(mark.points)]
    if mark.kind == "box":
        ways = [[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]]
    if mark.kind == "arrow":
        way = math.atan2(bottom - top, right - left)
        for turn in (2.6, -2.6):
            at = (right + HEAD * math.cos(way + turn), bottom + HEAD * math.sin(way + turn))
            ways.append([(right, bottom), at])
    return [GraphicObject("POLYLINE", _pixels(way, size, steps), "PIXEL") for way in ways]


def _words(mark: Mark, size: tuple[int, int], steps: str) -> TextObject:
    """A mark's text at its first point."""
    anchor = _pixels(mark.points[:1], size, steps)[0]
    return TextObject(
        text_value=mark.text,
        units="PIXEL",
        anchor_point=(float(anchor[0]), float(anchor[1])),
        anchor_point_visible=mark.kind == "text",
    )


def _pixels(points: Sequence[Point], size: tuple[int, int], steps: str) -> np.ndarray:
    """(points, 2) float32, columns and rows from the left upper corner."""
    columns, rows = size
    return np.array([(x * columns, y * rows) for x, y in stored_points(points, steps)], np.float32)
