"""The results of stored cases as DICOM objects, into the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmbm.analysis import analyse
from mmbm.archive.chain import WHO
from mmbm.archive.config import ArchiveConfig
from mmbm.archive.identifiers import settle
from mmbm.archive.outbox import Outbox, part10
from mmbm.errors import InputError, StoreError
from mmbm.predict import Predictor
from mmbm.report import in_own_study, to_dicom
from mmbm.store import Given, StoredCase, Wanted
from mmbm.text import Sentence, sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["Queued", "queue", "to_send", "why_not_sent"]

EXPORT, REPORT = "archive", "report.dcm"  # what is kept of what was sent
SEND = "send identified"  # in the audit


@dataclass(frozen=True, slots=True)
class Queued:
    """What was put into the outbox: results of so many cases; and which could not be made."""

    cases: int
    refused: dict[str, Sentence]  # by case


def to_send(store: Store, config: ArchiveConfig) -> tuple[str, ...]:
    """The archive's cases whose results may go back: those that somebody has read.

    With ``send_unread`` also those that are scored and wait for a reader.
    """
    ids = store.wanted_ids(Wanted(source=config.source, order="oldest"))
    return tuple(each for each in ids if _may_be_sent(store, config, each))


def _may_be_sent(store: Store, config: ArchiveConfig, case_id: str) -> bool:
    """Whether the case's result may go back; not where it was purged meanwhile."""
    try:
        return why_not_sent(store.case(case_id), config) is None
    except StoreError as exc:
        if exc.sentence.code == "store.no_case":
            return False
        raise


def why_not_sent(case: StoredCase, config: ArchiveConfig) -> Sentence | None:
    """Why the result of a case may not go back, in words; None where it may."""
    if case.source != config.source:
        return sentence("archive.send.elsewhere")
    if not case.scored:
        return sentence("archive.send.unscored")
    if not (case.read or config.send_unread):
        return sentence("archive.send.unread")
    return None


def queue(
    store: Store,
    predictor: Predictor,
    outbox: Outbox,
    case_ids: Iterable[str],
    who: str = WHO,
) -> Queued:
    """Put the results of cases into the outbox; what is there already is not made again.

    ``who`` sends them, for the audit.

    Raises: ConfigError where an extra is missing; ArchiveError where the outbox is full.
    """
    count, refused = 0, {}
    for case_id in case_ids:
        try:
            count += _queued(store, predictor, outbox, case_id, who)
        except (InputError, StoreError) as exc:
            refused[case_id] = exc.sentence
    return Queued(count, refused)


def _queued(store: Store, predictor: Predictor, outbox: Outbox, case_id: str, who: str) -> bool:
    """Raises InputError, StoreError, ConfigError, ArchiveError."""
    reading = store.decision(case_id)
    case = store.read(case_id)
    source = "" if case.image is None else case.image.study.instance_uid
    if not source:
        raise InputError(sentence("archive.no_study"))
    if not in_own_study(case):
        raise InputError(sentence("archive.send.unsound"))
    sha256 = predictor.identity.sha256
    revision = "" if reading is None else reading.model_dump_json()
    errand = hashlib.sha256("\n".join([source, sha256, revision]).encode()).hexdigest()
    if outbox.knows(errand):
        return False
    kept = store.analysis(case_id)
    level, prevalences = (0.9, {}) if kept is None else (kept.level, kept.prevalences)
    analysis = analyse(case, predictor, level=level, prevalence=prevalences)
    if kept is None or kept.weights_sha256 != sha256:
        store.save_analysis(case_id, analysis, who)
    made = to_dicom(analysis, reading, identified=True)
    datasets = list(made)
    settle(datasets, source=source, model_sha256=sha256, revision=revision)
    report = Given(name=REPORT, content=part10(made.report))
    store.save_export(case_id, EXPORT, report, who, act=SEND)
    outbox.put(datasets)
    outbox.note(errand)
    return True
