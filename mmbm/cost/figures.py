"""What a measurement of cost holds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["CostReport"]


class CostReport(BaseModel):
    """One model on one machine, on the sample cases that come with the program."""

    model_config = ConfigDict(frozen=True)

    notice: str
    model: str
    model_sha256: str
    mmbm_version: str
    torch_version: str
    day: str  # as 2026-03-31
    processor: str
    cores: int
    threads: int  # of torch
    device: str
    load: float | None  # of the machine before it began; None where it does not tell
    cases: int  # that were scored in either way
    parts: tuple[str, ...]  # modalities of each case
    one_by_one: float  # cases a second, from files to findings, account and maps
    seconds_median: float  # of a case, one by one
    seconds_p95: float
    batched: float  # cases a second, from decoded parts to findings
    steps: dict[str, float]  # median seconds of a case by step; some run side by side
    memory_mb: float | None  # peak of this process and its largest decoder, MiB
    device_memory_mb: float | None  # peak on a graphics card, MiB
    joules: float | None  # a case, one by one; None: the machine does not tell
    joules_batched: float | None
    metered: tuple[str, ...]  # "cpu", "gpu": what the joules are of
