"""Energy, where the machine tells: RAPL of the processor, nvidia-smi of a graphics card."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import perf_counter

import torch

__all__ = ["RAPL", "Meter", "metered", "used"]

RAPL = Path("/sys/class/powercap")
ASKED_MS = 200  # between two readings of the card's power


@dataclass(slots=True)
class Meter:
    """Joules by what they are of; empty where nothing tells."""

    joules: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float | None:
        """All of them together."""
        return sum(self.joules.values()) if self.joules else None


@contextmanager
def metered(device: torch.device, rapl: Path = RAPL) -> Iterator[Meter]:
    """Measure what the machine takes while the block runs, its neighbours' share included."""
    meter, before, begun = Meter(), _counters(rapl), perf_counter()
    asking = _ask(device)
    try:
        yield meter
    finally:
        seconds, after = perf_counter() - begun, _counters(rapl)
        watts = _told(asking) if asking is not None else []
        if before and before.keys() == after.keys():
            meter.joules["cpu"] = sum(used(before[k], after[k]) for k in before)
        if watts:
            meter.joules["gpu"] = fmean(watts) * seconds


def _counters(rapl: Path) -> dict[str, tuple[int, int]]:
    """Microjoules of each processor, and where its counter begins anew; only root may read them."""
    found = {}
    for zone in sorted(rapl.glob("intel-rapl:[0-9]*")):
        if zone.name.count(":") > 1:
            continue  # a part of a processor, counted with it
        try:
            now, end = (
                int((zone / name).read_text(encoding="ascii"))
                for name in ("energy_uj", "max_energy_range_uj")
            )
        except (OSError, ValueError):
            continue
        found[zone.name] = (now, end)
    return found


def used(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Joules between two readings of a counter that may have begun anew once."""
    microjoules = after[0] - before[0]
    return (microjoules + after[1] * (microjoules < 0)) / 1e6


def _ask(device: torch.device) -> subprocess.Popen[str] | None:
    """nvidia-smi, telling the card's power in watts line by line; None where there is none."""
    if device.type != "cuda":
        return None
    card = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
    asked = ("--query-gpu=power.draw", "--format=csv,noheader,nounits", f"-lms={ASKED_MS}")
    try:
        return subprocess.Popen(
            ["nvidia-smi", f"--id={card}", *asked],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return None


def _told(asking: subprocess.Popen[str]) -> list[float]:
    """What it said; nothing where the card does not tell its power."""
    asking.terminate()
    said, _ = asking.communicate()
    return [float(word) for word in said.split() if word.replace(".", "", 1).isdigit()]
