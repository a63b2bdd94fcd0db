"""Film + evidence map -> the bytes that the viewer in the browser reads."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dashboard.colours import LOWERS, RAISES, rgb
from dashboard.viewer.film import Film

__all__ = ["pack", "pack_overlay"]


def pack(
    film: Film,
    share: NDArray[np.floating] | None = None,
    *,
    scale: float = 1.0,
    window_names: tuple[str, ...],
    texts: Mapping[str, str],
    alt: str,
    name: str = "",
    borrowed: bool = False,
    marks_of: str | None = None,
    link: str = "",
    series: str = "",
) -> bytes:
    """Header, film, curve and map as one block of bytes.

    ``share`` is (rows, columns), in logits, over the whole film; ``scale`` is the share that is
    drawn at full colour. ``window_names`` stand beside ``film.windows``. A viewer with a ``name``
    takes its map from :func:`pack_overlay` instead. A ``borrowed`` film is not sent: another
    viewer on the page has it. It shows the reader's marks on the viewer ``marks_of``, its own where
    that is None. Viewers of one ``link`` share window, zoom, place, turns and inversion.
    Another film of the same ``series`` is another frame, and keeps all that.
    """
    content, curve = (b"", b"") if borrowed else (film.content, film.curve)
    header = {
        "name": name,
        "marks_of": name if marks_of is None else marks_of,
        "link": link,
        "picture_id": film.identity,
        "frame": film.frame,
        "frames": film.frames,
        "series": series,
        "borrowed": borrowed,
        "film_bytes": len(content),
        "curve_bytes": len(curve),
        "width": film.width,
        "height": film.height,
        "low": film.low,
        "top": film.top,
        "high": film.high,
        "spacing_mm": film.spacing_mm,
        "at_detector": film.at_detector,
        "orientation": film.orientation,
        "view": film.view,
        "reduction": film.reduction,
        "windows": [
            {"name": named, "center": window.center, "width": window.width}
            for named, window in zip(window_names, film.windows, strict=True)
        ],
        "map": None if share is None else _map_header(share, scale),
        "texts": dict(texts),
        "alt": alt,
    }
    return _headed(header, content, curve, b"" if share is None else _map_bytes(share))


def pack_overlay(
    film: Film, share: NDArray[np.floating], *, scale: float, alt: str, name: str
) -> bytes:
    """Header and map for the viewer of this name, which draws it if it shows this film."""
    header = {
        "name": name,
        "picture_id": film.identity,
        "map": _map_header(share, scale),
        "alt": alt,
    }
    return _headed(header, _map_bytes(share))


def _map_header(share: NDArray[np.floating], scale: float) -> dict[str, object]:
    rows, cols = share.shape
    raises, lowers = rgb(RAISES), rgb(LOWERS)
    return {"rows": rows, "cols": cols, "scale": scale, "raises": raises, "lowers": lowers}


def _map_bytes(share: NDArray[np.floating]) -> bytes:
    return np.ascontiguousarray(share, dtype="<f4").tobytes()


def _headed(header: Mapping[str, object], *body: bytes) -> bytes:
    head = json.dumps(header, ensure_ascii=False).encode()
    return b"".join((struct.pack("<I", len(head)), head, *body))
