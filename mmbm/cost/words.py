"""A measurement in words, for the command line and the page."""

from __future__ import annotations

from collections.abc import Iterator

from mmbm.cost.figures import CostReport
from mmbm.text import Sentence, name_of, sentence

__all__ = ["told"]

STEPS = ("decode", "prepare", "head", "explain")  # the others are encoders, one a modality


def told(report: CostReport) -> Iterator[tuple[Sentence, Sentence]]:
    """The name of each figure, and its value."""
    yield (
        sentence("cost.machine"),
        sentence(
            "cost.machine.of",
            processor=report.processor,
            cores=report.cores,
            device=report.device,
        ),
    )
    if report.load is not None:
        yield sentence("cost.load"), sentence("cost.load.of", load=report.load)
    yield sentence("cost.one_by_one"), sentence("cost.rate", rate=report.one_by_one)
    yield (
        sentence("cost.case"),
        sentence("cost.seconds", median=report.seconds_median, p95=report.seconds_p95),
    )
    for step, seconds in report.steps.items():
        named = sentence(f"cost.step.{step}") if step in STEPS else name_of("modality", step)
        yield sentence("cost.step", step=named), sentence("cost.ms", ms=1e3 * seconds)
    yield sentence("cost.batched"), sentence("cost.rate", rate=report.batched)
    for name, mebibytes in (
        (sentence("cost.memory"), report.memory_mb),
        (sentence("cost.device_memory"), report.device_memory_mb),
    ):
        if mebibytes is not None:
            yield name, sentence("cost.mb", mb=mebibytes)
    for name, joules in (
        (sentence("cost.energy"), report.joules),
        (sentence("cost.energy_batched"), report.joules_batched),
    ):
        value = sentence("cost.not_assessed")
        if joules is not None:
            of = tuple(sentence(f"cost.of.{one}") for one in report.metered)
            value = sentence("cost.joules", joules=joules, of=of)
        yield name, value
