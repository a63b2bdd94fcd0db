"""The archive behind the Worklist page: what is pulled and sent in the background.

The threads know nothing of Streamlit. Each writes into its errand, which the page looks at. Unlike
a calculation, an errand goes on where its reader turns to another page.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from dashboard import stored
from dashboard.jobs import Job
from mmbm.archive.chain import Kept, pull_into
from mmbm.archive.config import ArchiveConfig, read_config
from mmbm.archive.connect import for_sending
from mmbm.archive.outbox import Outbox, deliver
from mmbm.archive.pull import Refused
from mmbm.archive.query import Query
from mmbm.archive.results import queue, why_not_sent
from mmbm.errors import MMBMError, StoreError
from mmbm.predict import Predictor
from mmbm.text import Sentence

__all__ = ["Errand", "Pull", "Send", "archive_is_on", "configured"]

CONFIG = "MMBM_ARCHIVE"  # the environment variable that names the configuration
SENDING = Lock()  # one outbox, one at a time


def archive_is_on() -> bool:
    """Whether studies can be pulled: there is a store, and an archive is configured."""
    return stored.store_is_on() and bool(os.environ.get(CONFIG, "").strip())


def configured() -> ArchiveConfig:
    """The configuration that ``MMBM_ARCHIVE`` names. Raises ConfigError."""
    return read_config(Path(os.environ.get(CONFIG, "").strip()))


class Errand:
    """Something that is done with the archive, how far it is, and what became of it so far."""

    def __init__(self) -> None:
        self.done = self.of = 0
        self.refused: list[tuple[str, Sentence]] = []  # what by its name, and why
        self.stopped: Sentence | None = None  # why the archive did no more
        self._job: Job | None = None

    def begin(self, work: Callable[[], None]) -> None:
        """Do it on a thread of its own."""

        def task(job: Job) -> None:
            self._job = job
            try:
                work()
            except MMBMError as refusal:
                self.stopped = refusal.sentence

        self._job = Job(task)

    def running(self, patience: float = 0.0) -> bool:
        """Whether it goes on after so many seconds."""
        return self._job is not None and self._job.running(patience)

    def stop(self) -> None:
        """Ask it to end after the study or case at hand."""
        if self._job is not None:
            self._job.stop()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to."""
        return self._job is not None and self._job.stopping

    def answer(self) -> None:
        """Raise here what nobody foresaw."""
        if self._job is not None:
            self._job.answer()

    def far(self, done: int, of: int) -> None:
        """So many of so many are done."""
        self.done, self.of = done, of


class Pull(Errand):
    """Studies from the archive, each a case of the store before the next is asked for."""

    def __init__(self, config: ArchiveConfig, query: Query, who: str) -> None:
        super().__init__()
        self.kept: list[Kept] = []
        store = stored.store()

        def work() -> None:
            for found in pull_into(store, config, query, who=who, progress=self.far):
                if isinstance(found, Kept):
                    self.kept.append(found)
                elif isinstance(found, Refused):
                    self.refused.append((found.accession or found.study_uid, found.reason))
                else:
                    self.stopped = found
                if self.stopping:
                    break

        self.begin(work)


class Send(Errand):
    """The results of cases back into their studies: into the outbox, then to the archive."""

    def __init__(
        self, config: ArchiveConfig, predictor: Predictor, case_ids: tuple[str, ...], who: str
    ) -> None:
        super().__init__()
        self.sent = self.waiting = 0  # objects: that the archive holds now, that stay in the outbox
        store = stored.store()

        def work() -> None:
            outbox = Outbox(config.outbox)
            with SENDING:
                for number, case_id in enumerate(case_ids):
                    self.far(number, len(case_ids))
                    if self.stopping:
                        break
                    name = case_id[:8]
                    try:
                        case = store.case(case_id)
                        name = case.patient or name
                        reason = why_not_sent(case, config)
                    except StoreError as gone:  # purged since it was marked
                        reason = gone.sentence
                    if reason is None:
                        made = queue(store, predictor, outbox, [case_id], who)
                        reason = made.refused.get(case_id)
                    if reason is not None:
                        self.refused.append((name, reason))
                delivered = deliver(outbox, for_sending(config))
            self.sent, self.waiting = delivered.sent, delivered.waiting
            self.refused += [("", reason) for reason in dict.fromkeys(delivered.declined)]
            self.stopped = delivered.stopped

        self.begin(work)
