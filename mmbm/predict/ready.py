"""A case as its encoders read it: what a process without the network can do of a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mmbm.branches.branch import Reader
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import branch_of
from mmbm.case import Case
from mmbm.errors import MMBMError, NoSignal
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.config import ModelConfig
from mmbm.text import name_of, sentence

__all__ = ["Ready", "make_many_ready", "make_ready", "need_parts", "readers_of"]


@dataclass(frozen=True, eq=False)
class Ready:
    """One case prepared, without its files' content; it can go to another process."""

    prepared: Mapping[str, PreparedPart]  # of the parts that the model reads, in its order
    cues: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """How strange each part is beside its feature; empty where nobody asked."""
    warnings: tuple[str, ...] = ()  # of the case, not of its preparation
    unread: tuple[str, ...] = ()  # modalities that were given and that the model does not read


def readers_of(loaded: LoadedModel) -> dict[str, Reader]:
    """What prepares each modality for this model."""
    config = loaded.network.config
    return {
        m: branch_of(m).reader(config.of(m), loaded.network.encoders[m], loaded.tools.get(m))
        for m in config.modalities
    }


def make_ready(
    case: Case, config: ModelConfig, readers: Mapping[str, Reader], *, cues: bool = False
) -> Ready:
    """Prepare every part of a case that the model reads.

    ``cues`` asks how strange each part is as well, for which films need their lungs found.

    Raises
    ------
    NoSignal
        The case has no part that the model reads.
    """
    need_parts(case, config)
    present = [m for m in config.modalities if m in case.parts]
    prepared = {m: readers[m](case.parts[m]) for m in present}
    found = {
        m: branch_of(m).cues(case.parts[m], part, config.of(m)) if cues else {}
        for m, part in prepared.items()
    }
    unread = tuple(m for m in case.present if m not in prepared)
    return Ready(prepared, found, case.warnings, unread)


def need_parts(case: Case, config: ModelConfig) -> None:
    """Raise NoSignal, where a case has no part that the model reads."""
    if not case.present:
        raise NoSignal(sentence("io.case.empty"))
    if not set(case.present) & set(config.modalities):
        read = tuple(name_of("modality", m) for m in config.modalities)
        raise NoSignal(sentence("predict.modalities", modalities=read))


def make_many_ready(
    cases: Iterable[Case], config: ModelConfig, readers: Mapping[str, Reader]
) -> tuple[list[Ready], MMBMError | None]:
    """Cases up to the first that is refused, and why it is."""
    ready: list[Ready] = []
    for case in cases:
        try:
            ready.append(make_ready(case, config, readers))
        except MMBMError as exc:
            return ready, exc
    return ready, None
