"""Fifty chest X-ray studies through a real Orthanc: pulled, scored, read, reported, sent back.

Then everything once more, by a program that has lost its outbox; then with Orthanc killed in the
middle of sending and of receiving. Among the fifty are CT, MR and other studies, to be refused by
name. Chest X-rays come from public test files where their folder is given, the rest are made up.

    python benchmarks/archive_chain.py --data DATA/dicom --pull dicomweb --send dicomweb
"""

from __future__ import annotations

import argparse
import csv
import io
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from mmbm.archive.chain import Kept, pull_into
from mmbm.archive.connect import for_pulling, for_sending
from mmbm.archive.outbox import Outbox, deliver
from mmbm.archive.query import Query
from mmbm.archive.results import queue, to_send
from mmbm.predict import load
from mmbm.reading import Decision, Reading
from mmbm.store import open_store
from mmbm.store.scoring import score_waiting
from tests.made_archive import Orthanc
from tests.made_studies import film

STUDIES, DAY = 50, date(2026, 1, 1)
ALL = Query(since=DAY, until=date(2026, 12, 31))


def as_study(content: bytes, number: int) -> bytes:
    """A public file as the only one of a study of its own."""
    dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    study = generate_uid(entropy_srcs=["study", str(number)])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study[:60]}.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{study[:60]}.1.1"
    dataset.AccessionNumber, dataset.PatientID = f"B{number}", f"Q{number}"
    dataset.StudyDate = "20260601"
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def public(folder: Path | None) -> tuple[list[bytes], list[tuple[str, bytes]]]:
    """Chest X-rays that can be read, and others with their modality."""
    films: list[bytes] = []
    others: list[tuple[str, bytes]] = []
    if folder is None:
        return films, others
    with (folder / "index.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    kinds: Counter[str] = Counter()
    for number, row in enumerate(rows):
        film_wanted = row["expected"] == "accept_chest_radiograph"
        other = row["modality"] in ("CT", "MR", "US", "NM", "XA") and kinds[row["modality"]] < 2
        if row["modality"] and (film_wanted or other) and row["has_pixels"] == "True":
            try:
                content = as_study((folder / row["file"]).read_bytes(), number)
            except (OSError, ValueError, AttributeError, KeyError, TypeError):
                continue
            if film_wanted:
                films.append(content)
            else:
                kinds[row["modality"]] += 1
                others.append((row["modality"], content))
    return films, others


def read_all(store, case_ids) -> None:
    for case_id in case_ids:
        decision = Decision(finding="pneumonia", final="no", act="override", reason="by hand")
        decided = datetime(2026, 6, 1, tzinfo=UTC)
        store.save_reading(
            case_id, Reading(reader="bench", decisions=(decision,), decided_at=decided)
        )


def of_the_films(orthanc: Orthanc, before: dict) -> tuple[set[str], int, int]:
    """Studies with a report that refers to their own X-ray; objects sent back; in a wrong study."""
    film_of = {of["study"]: uid for uid, of in before.items()}
    reported, wrong = set(), 0
    sent = {uid: of for uid, of in orthanc.held().items() if uid not in before}
    for uid, of in sent.items():
        (found,) = orthanc.ask("/tools/lookup", uid.encode(), "POST")
        tags = str(orthanc.ask(f"/instances/{found['ID']}/simplified-tags"))
        if film_of.get(of["study"], "-") not in tags:
            wrong += 1
        elif of["modality"] == "SR":
            reported.add(of["study"])
    return reported, len(sent), wrong


def killing_keep(archive, orthanc, at):
    """Kill Orthanc while it takes the ``at``-th object."""
    inner, count = archive.keep, iter(range(10**6))

    def keep(content):
        if next(count) == at:
            threading.Timer(0.004, orthanc.kill).start()
        inner(content)

    archive.keep = keep
    return archive


def killing_fetch(archive, orthanc, at):
    """Kill Orthanc while it hands out the ``at``-th study."""
    inner, count = archive.fetch, iter(range(10**6))

    def fetch(study, series):
        if next(count) == at:
            threading.Timer(0.002, orthanc.kill).start()
        yield from inner(study, series)

    archive.fetch = fetch
    return archive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pull", default="dicomweb", choices=["dicomweb", "c-get", "c-move"])
    parser.add_argument("--send", default="dicomweb", choices=["dicomweb", "c-store"])
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    films, others = public(given.data)
    print(f"public chest X-rays: {len(films)}; others: {dict(Counter(kind for kind, _ in others))}")
    for number in range(STUDIES - len(films)):
        own = {"StudyInstanceUID": f"1.2.3.9.{number}", "AccessionNumber": f"M{number}"}
        films.append(film(number % 28 + 1, number, 1, **own))
    with tempfile.TemporaryDirectory() as folder:
        orthanc = Orthanc(Path(folder) / "orthanc").start()
        try:
            through(orthanc, Path(folder), films, others, given)
        finally:
            orthanc.stop()


def through(orthanc, folder, films, others, given) -> None:
    refused_by_orthanc = 0
    for content in [*films, *(content for _, content in others)]:
        try:
            orthanc.hold(content)
        except OSError:
            refused_by_orthanc += 1
    before = orthanc.held()
    print(f"held by Orthanc: {len(before)}; not taken by it: {refused_by_orthanc}")
    config = orthanc.config(folder, pull=given.pull, send=given.send)
    store, predictor = open_store(config.store), load(given.model, "cpu")

    def kept(archive=None):
        found = list(pull_into(store, config, ALL, archive))
        return [each for each in found if isinstance(each, Kept)], [
            each for each in found if not isinstance(each, Kept)
        ]

    start = time.monotonic()
    first, stopped = kept(killing_fetch(for_pulling(config), orthanc, 20))
    orthanc.start()
    print(f"killed while it sends: {len(first)} cases before; {stopped[-1]}")
    cases, refused = kept()
    print(f"pulled: {len({each.case_id for each in cases})} cases, stored {store.counts()['all']}")
    for reason, count in Counter(str(each.reason) for each in refused).items():
        print(f"  refused {count}: {reason}")
    print(f"scored: {score_waiting(store, predictor).done}")
    read_all(store, [each.case_id for each in cases])
    outbox = Outbox(config.outbox)
    queued = queue(store, predictor, outbox, to_send(store, config))
    print(
        f"reported: {queued.cases}; could not be: {len(queued.refused)}; objects {outbox.count()}"
    )
    cut = deliver(outbox, killing_keep(for_sending(config), orthanc, 40), pause=None)
    orthanc.start()
    print(f"killed while it receives: sent {cut.sent}, waiting {cut.waiting}; {cut.stopped}")
    rest = deliver(Outbox(config.outbox), for_sending(config))
    print(f"after the restart: sent {rest.sent}, waiting {rest.waiting}, {rest.declined}")
    reported, objects, wrong = of_the_films(orthanc, before)
    print(f"sent back into the right study: {len(reported)} of {len(cases)}; objects {objects}; "
          f"in a wrong study {wrong}")  # fmt: skip
    again = Outbox(folder / "lost")
    queue(store, predictor, again, to_send(store, config))
    repeated = deliver(again, for_sending(config))
    _, now, _ = of_the_films(orthanc, before)
    print(f"repeated: sent {repeated.sent}; new objects {now - objects}; "
          f"cases after a second pull {len({e.case_id for e in kept()[0]})}, "
          f"stored {store.counts()['all']}")  # fmt: skip
    print(f"in {time.monotonic() - start:.0f} s")
    store.close()


if __name__ == "__main__":
    main()
