"""The image branch: a chest X-ray through a convolutional backbone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from mmbm.branches.branch import Array, Begun, Branch, Drawing, Reader
from mmbm.branches.folding import fold, lean
from mmbm.branches.image.config import ImageConfig
from mmbm.branches.image.encoder import ImageEncoder, load_imagenet
from mmbm.branches.image.evidence import FilmEvidence, finer, share_inside
from mmbm.branches.image.lungs import LungFinder, lung_cue, lung_digest
from mmbm.branches.image.prepare import PreparedImage, prepare
from mmbm.branches.parts import WHOLE, Box, Evidence, Piece, Place, TensorInput, spread
from mmbm.case import Picture
from mmbm.errors import ModelError
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.branches.space import InputSpace

__all__ = ["ImageBranch"]

CLOSE = 1e-3  # of cells that are a few units wide
LUNGS = "lungs.safetensors"  # the file of a model's own lung finder
REGIONS = 8  # a side of the film, of what can be taken out of it


class ImageBranch(Branch):
    """Reads a :class:`mmbm.case.Picture`; its tool is a lung finder, None: the shipped one."""

    name = "image"
    settings = ImageConfig
    by_source = True
    loose = ("lungs",)

    @property
    def spaces(self) -> Sequence[InputSpace]:
        from mmbm.branches.image.space import PIXELS

        return (PIXELS,)

    def encoder(self, settings: ImageConfig, features: int) -> ImageEncoder:
        return ImageEncoder(settings, features)

    def reader(self, settings: ImageConfig, encoder: Any, tool: LungFinder | None) -> Reader:
        mean_film = encoder.mean_film.cpu()
        return lambda picture: prepare(picture, settings, mean_film, tool)

    def blank(self, settings: ImageConfig) -> tuple[Tensor, ...]:
        return (torch.ones(1, 2 if settings.lungs else 1, settings.size, settings.size),)

    def inputs(self, settings: ImageConfig) -> tuple[TensorInput, ...]:
        planes, said = 1, sentence("export.input.film")
        if settings.lungs:
            planes, said = 2, sentence("export.input.film_lungs")
        return (TensorInput(self.name, (planes, settings.size, settings.size), said),)

    def trial(self, settings: ImageConfig, rows: int, draw: torch.Generator) -> tuple[Tensor, ...]:
        (planes,) = super().trial(settings, rows, draw)
        planes[:, :1] = 2 * planes[:, :1] - 1  # the greys; the lungs stay from 0 to 1
        return (planes,)

    def counted(self, settings: ImageConfig, cells: Tensor, *tensors: Tensor) -> Tensor | None:
        if not settings.lungs:
            return None
        return adaptive_avg_pool2d(tensors[0][:, 1:], (cells.shape[2], cells.shape[3])).flatten(1)

    @torch.no_grad()
    def folded(self, settings: ImageConfig, encoder: Any) -> ImageEncoder:
        """With the norms folded and without needless copies, where that says the same."""
        if settings.of_transformers:
            return encoder  # type: ignore[no-any-return]
        film = torch.linspace(-1, 1, settings.size**2).view(1, 1, settings.size, settings.size)
        cells = encoder.cpu()(film)
        for bounds in (True, False):
            leaner: ImageEncoder = copy.deepcopy(encoder).eval()
            lean(fold(leaner), bounds=bounds)
            with torch.inference_mode():  # as it will read
                found = leaner(film)
            if torch.allclose(found, cells, rtol=CLOSE, atol=CLOSE):
                return leaner
        return encoder  # type: ignore[no-any-return]

    def tool(
        self, held: Mapping[str, bytes], settings: ImageConfig, encoder: Any, of: str
    ) -> LungFinder | None:
        if not settings.lung_finder:
            return None
        if LUNGS not in held:
            raise ModelError(sentence("model.incomplete", model=of, file=LUNGS))
        what = sentence("model.file", file=LUNGS, model=of)
        return LungFinder.from_bytes(held[LUNGS], what)

    def tool_files(self, tool: LungFinder | None) -> dict[str, bytes]:
        return {} if tool is None else {LUNGS: tool.to_bytes()}

    def begun(self, settings: ImageConfig, texts: Sequence[str]) -> Begun:
        begun = Begun(settings)
        if settings.folder:
            from mmbm.branches.image.own import begun_from_folder

            begun = begun_from_folder(settings)
        if not settings.lung_finder:
            return begun
        folder = Path(settings.lung_finder)
        named = begun.settings.model_copy(update={"lung_finder": folder.name})
        return begun._replace(settings=named, tool=LungFinder.load(folder))

    def facts(self, settings: ImageConfig) -> dict[str, Any]:
        shipped = settings.lungs and not settings.lung_finder
        return {"lung_finder_sha256": lung_digest()} if shipped else {}

    def pretrained(self, settings: Any, encoder: Any, weights: str) -> None:
        if weights == "imagenet" and not settings.folder:
            load_imagenet(encoder)

    def still(self, encoder: Any, stages: int) -> None:
        encoder.freeze(stages)

    def slow(self, encoder: Any) -> Sequence[nn.Module]:
        return [encoder.backbone]

    def fit(self, encoder: Any, corpus: Any) -> None:
        used = np.unique(corpus.film_of[corpus.film_of >= 0])
        if len(used):
            encoder.mean_film.copy_(corpus.thumbnails[torch.from_numpy(used)].mean(0))

    def evidence(self, shares: Array, prepared: PreparedImage) -> Sequence[Evidence]:
        lungs, box = prepared.cut_around, prepared.box
        return [FilmEvidence(cells, lungs, box) for cells in shares]

    def finer(
        self,
        encode: Callable[..., Tensor],
        directions: Tensor,
        contributions: Tensor,
        grid: tuple[int, ...],
        prepared: PreparedImage,
    ) -> Sequence[Evidence]:
        return finer(encode, directions, contributions, grid, prepared)

    def pieces(self, values: Any, prepared: Any, part: Any) -> list[Piece]:
        shares = spread(values.astype(np.float64), WHOLE, REGIONS)
        edges = [i / REGIONS for i in range(REGIONS + 1)]
        return [
            Piece(Box(edges[i], edges[i + 1], edges[j], edges[j + 1]), float(shares[i, j]))
            for i in range(REGIONS)
            for j in range(REGIONS)
        ]

    def without(self, part: Picture, places: Sequence[Place]) -> Picture:
        from mmbm.branches.image.edits import erase

        return erase(part, *(place for place in places if isinstance(place, Box)))

    def takes(self, settings: ImageConfig) -> str:
        return sentence("card.takes.image")

    def built(self, settings: ImageConfig) -> str:
        named = settings.backbone
        if settings.transformer is not None:
            named = settings.transformer["model_type"]
        said = sentence("card.backbone", backbone=named, size=settings.size)
        if settings.lungs:
            said = sentence("card.backbone_lungs", image=said)
        if settings.cycles:
            said = sentence("card.backbone_spectrum", image=said, cycles=settings.cycles)
        return said

    def cues(self, part: Any, prepared: PreparedImage, settings: Any) -> dict[str, float]:
        return lung_cue(prepared.lungs.area)

    def late_warnings(self, prepared: PreparedImage) -> tuple[str, ...]:
        return prepared.lungs.warnings

    def drawn(self, part: Picture, evidence: Evidence | None, scale: float) -> Drawing:
        from mmbm.branches.image.drawn import drawn

        return drawn(part.shown, None if evidence is None else evidence.values, scale)

    def described(
        self, part: Picture, prepared: PreparedImage | None, evidence: Mapping[str, Evidence]
    ) -> dict[str, Any]:
        height, width = part.shown.shape
        said: dict[str, Any] = {
            "format": part.file_format,
            "height": height,
            "width": width,
            "spacing_mm": part.spacing_mm,
            "frame": part.frame,
            "frames": part.frames,
            "photometric": part.photometric,
            "window": next((list(w[:2]) for w in part.windows[:1] if w.of_file), None),
        }
        if prepared is not None:
            lungs = prepared.lungs
            said["lungs"] = {
                "found": lungs.found,
                "area": lungs.area,
                "evidence_inside": {
                    finding: share_inside(of.values, lungs) for finding, of in evidence.items()
                },
            }
        return said
