"""Store: every act on the cases that are kept, each whole on the disk before it returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from mmbm.analysis import Analysis
from mmbm.case import Case, Modality
from mmbm.errors import StoreDamaged, StoreError
from mmbm.predict import Predictor
from mmbm.readers import DecidedCase
from mmbm.reading import Reading
from mmbm.store import analyses, audit, cases, readings, worklist
from mmbm.store import tables as t
from mmbm.store.cases import About
from mmbm.store.decided import decided
from mmbm.store.keeper import Keeper
from mmbm.store.records import (
    DueCase,
    Export,
    Given,
    Rerun,
    StoredAnalysis,
    StoredCase,
    Wanted,
    WorklistPage,
)
from mmbm.store.scored import scored
from mmbm.text import sentence

__all__ = ["Store"]


class Store(Keeper):
    """The cases in a folder. Every method may raise StoreError or StoreDamaged.

    What a method has written is on the disk when it returns; what it had not finished when the
    process died is not there at all.
    """

    # cases

    def add_case(
        self,
        parts: Mapping[Modality, Given],
        *,
        case: Case | None = None,
        patient: str = "",
        taken: date | None = None,
        source: str = "",
        sex: str = "",
        age: float | None = None,
        view: str = "",
        key: str = "",
        who: str = "",
    ) -> str:
        """Keep a case; the same inputs are one case, however often they are added.

        The same notes or numbers of two patients, without a picture or a sound, are two.

        What is not said is taken from the header of the X-ray, if ``case`` is the parts as read.
        ``key`` stands for the sha256 of the parts, where others know the case by a number of its
        own.
        """
        if not parts:
            raise StoreError(sentence("store.no_parts"))
        known = About(patient, taken, source, sex, age, view).filled(cases.about(case))
        for given in parts.values():
            self._blobs.put(given.content)  # the slow half, before others are kept waiting
        with self._database.writing() as connection:
            key = key or cases.case_key(parts)
            case_id, new = cases.insert(connection, self._blobs, parts, known, key, self.now())
            if new:
                audit.append(connection, self.now(), "add", case_id, who)
        return case_id

    def parts(self, case_id: str) -> dict[Modality, Given]:
        """The parts as they were handed in, each checked against its sha256."""
        try:
            with self._database.reading() as connection:
                return cases.stored_parts(connection, self._blobs, case_id)
        except StoreDamaged:
            self.case(case_id)  # it may have been purged just now, with its files
            raise

    def read(self, case_id: str) -> Case:
        """The parts, read. Raises InputError as well."""
        return cases.whole(self.parts(case_id))

    def case(self, case_id: str) -> StoredCase:
        """One case."""
        with self._database.reading() as connection:
            query = sa.select(t.cases).where(t.cases.c.case_id == case_id)
            found = cases.stored(connection, query)
        if not found:
            raise StoreError(sentence("store.no_case"))
        return found[0]

    def patient_cases(self, patient: str) -> list[StoredCase]:
        """One patient's cases, the oldest first; none for a blank."""
        c = t.cases.c
        query = sa.select(t.cases).where(c.patient == patient).order_by(c.taken, c.added)
        with self._database.reading() as connection:
            return list(cases.stored(connection, query)) if patient else []

    def set_follow_up(self, case_id: str, day: date | None, who: str = "") -> None:
        """When the patient shall be seen again; None: not."""
        with self._writing("follow up", case_id, who) as connection:
            readings.known(connection, case_id)
            readings.follow_up(connection, case_id, day)

    def due(self, today: date) -> list[DueCase]:
        """The follow-ups whose day has come, the longest due first."""
        c = t.cases.c
        query = sa.select(c.case_id, c.follow_up).where(c.follow_up <= today).order_by(c.follow_up)
        with self._database.reading() as connection:
            found = connection.execute(query).all()
        return [DueCase(case_id=row.case_id, follow_up=row.follow_up) for row in found]

    # what the model said

    def save_analysis(self, case_id: str, analysis: Analysis, who: str = "") -> int:
        """Keep an analysis of a case's own parts; returns its number."""
        with self._writing("analyse", case_id, who) as connection:
            number = analyses.insert(connection, case_id, analysis, self.now())
            cases.fill(connection, case_id, cases.about(analysis.case))
            readings.refresh(connection, case_id)
        return number

    def analysis(self, case_id: str) -> StoredAnalysis | None:
        """The newest one; None before the case is scored."""
        with self._database.reading() as connection:
            return analyses.newest(connection, case_id)

    def analyses(self, case_id: str) -> tuple[StoredAnalysis, ...]:
        """All of them, the oldest first."""
        with self._database.reading() as connection:
            return analyses.versions(connection, case_id)

    def rerun(self, case_id: str, predictor: Predictor) -> Rerun:
        """Make the newest analysis again from the parts, and compare every number."""
        kept = self.analysis(case_id)
        if kept is None:
            raise StoreError(sentence("store.not_scored"))
        return analyses.again(kept, self.parts(case_id), predictor)

    def unscored(self) -> tuple[str, ...]:
        """The cases that wait to be scored, the oldest first."""
        return self.wanted_ids(Wanted(status="unscored", order="oldest"))

    # what the readers said

    def mark_shown(self, case_id: str, who: str = "") -> None:
        """Note that a reader sees the model's answers now: his first answers come too late then."""
        with self._database.writing() as connection:
            if readings.show(connection, case_id, who, self.now()):
                audit.append(connection, self.now(), "show", case_id, who)

    def lock_first(self, case_id: str, reading: Reading) -> Reading:
        """Fix a reader's first answers before the model's are shown; returns the locked reading."""
        with self._writing("lock", case_id, reading.reader) as connection:
            return readings.lock(connection, case_id, reading, self.now())

    def save_reading(self, case_id: str, reading: Reading) -> None:
        """Keep a reading as its reader's newest; first answers that are fixed stay.

        Where it names another day for the follow-up than this reader did before, the case does too.
        """
        with self._writing("read", case_id, reading.reader) as connection:
            before = readings.newest(connection, case_id, reading.reader)
            readings.insert(connection, case_id, reading, self.now())
            if reading.follow_up != (None if before is None else before.follow_up):
                readings.follow_up(connection, case_id, reading.follow_up)

    def reading(self, case_id: str, reader: str | None = None) -> Reading | None:
        """The newest one, whoever's or of one reader."""
        with self._database.reading() as connection:
            return readings.newest(connection, case_id, reader)

    def decision(self, case_id: str) -> Reading | None:
        """The newest one with a final answer that its reader did not take back, else the newest."""
        with self._database.reading() as connection:
            return readings.decision(connection, case_id)

    def readings(self, case_id: str) -> list[Reading]:
        """Every version, the oldest first."""
        with self._database.reading() as connection:
            return readings.versions(connection, case_id)

    # many cases

    def worklist(self, wanted: Wanted | None = None) -> WorklistPage:
        """One page of cases."""
        with self._database.reading() as connection:
            return worklist.page(connection, wanted or Wanted(), self.now().date())

    def wanted_ids(self, wanted: Wanted) -> tuple[str, ...]:
        """The numbers of all cases that are wanted, whatever the page: for acts on all of them."""
        with self._database.reading() as connection:
            return worklist.wanted_ids(connection, wanted, self.now().date())

    def counts(self) -> dict[str, int]:
        """How many cases each status has."""
        with self._database.reading() as connection:
            return worklist.counts(connection, self.now().date())

    def sources(self) -> tuple[str, ...]:
        """Where cases come from."""
        query = sa.select(t.cases.c.source).distinct().order_by(t.cases.c.source)
        with self._database.reading() as connection:
            return tuple(source for source in connection.execute(query).scalars() if source)

    def decided(self) -> tuple[DecidedCase, ...]:
        """Every case that somebody gave an answer to, once a reader: for team table and export."""
        with self._database.reading() as connection:
            return decided(connection)

    def scored(self) -> list[dict[str, str | float]]:
        """What the newest analysis of each scored case says, one row a case."""
        with self._database.reading() as connection:
            return scored(connection)

    def set_labels(self, case_id: str, labels: Mapping[str, bool], who: str = "") -> None:
        """What is known of a case from elsewhere, such as a biopsy, by finding."""
        with self._writing("label", case_id, who) as connection:
            readings.known(connection, case_id)
            where = t.labels.c.case_id == case_id
            connection.execute(sa.delete(t.labels).where(where))
            rows = [{"case_id": case_id, "finding": f, "label": v} for f, v in labels.items()]
            if rows:
                connection.execute(sa.insert(t.labels), rows)

    def labels(self, finding: str) -> dict[str, bool]:
        """What is known of a finding from elsewhere, by case."""
        query = sa.select(t.labels).where(t.labels.c.finding == finding)
        with self._database.reading() as connection:
            return {row.case_id: row.label for row in connection.execute(query)}

    # documents

    def save_export(
        self, case_id: str, kind: str, document: Given, who: str = "", *, act: str = ""
    ) -> Export:
        """Keep a document that was made of a case, such as a report.

        ``act`` is what the audit says of it, by default that this kind was exported.
        """
        sha256 = self._blobs.put(document.content)
        made = Export(kind=kind, name=document.name, sha256=sha256, created=self.now())
        row = made.model_dump() | {"created": made.created.isoformat(), "case_id": case_id}
        with self._writing(act or f"export {kind}", case_id, who) as connection:
            readings.known(connection, case_id)
            self._blobs.put(document.content)
            connection.execute(sa.insert(t.exports).values(row))
        return made

    def exports(self, case_id: str) -> tuple[tuple[Export, bytes], ...]:
        """A case's documents, the oldest first."""
        e = t.exports.c
        query = sa.select(e.kind, e.name, e.sha256, e.created).where(e.case_id == case_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(e.export_id)).mappings().all()
            found = [Export.model_validate(dict(row)) for row in rows]
            return tuple((made, self._blobs.get(made.sha256)) for made in found)
