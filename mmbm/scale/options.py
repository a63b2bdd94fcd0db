"""What a run of scoring is asked for, and what it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmbm.text import Language, Sentence, sentence

__all__ = ["Options", "Outcome", "Stopped"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a manifest is scored."""

    model: str = "default"  # a shipped model's name, or its folder
    device: str = "auto"  # auto, cuda, mps or cpu
    level: float = 0.9  # share of cases whose answer shall hold the truth
    maps: Literal["none", "npz"] = "none"  # npz: the maps of every finding, beside the scores
    bf16: bool = False  # on a graphics card where it is faster; numbers keep three digits
    workers: int = 0  # processes; 0: as many as cores
    shard_rows: int = 1000  # what a kill can cost
    ray: str | None = None  # "local", or the address of a cluster; None: no Ray
    language: Language = "en"  # of the reasons in the list of refused rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    scored: int
    refused: int
    found: int  # rows of these that an earlier run had done
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second of this run."""
        return (self.scored + self.refused - self.found) / max(self.seconds, 1e-9)


class Stopped(KeyboardInterrupt):
    """Ctrl-C while rows were scored: some of them are kept, and the same run goes on."""

    def __init__(self, rows: int, of: int) -> None:
        super().__init__()
        self.rows, self.of = rows, of

    @property
    def sentence(self) -> Sentence:
        """What to say of it."""
        return sentence("scale.stopped", rows=self.rows, of=self.of)
