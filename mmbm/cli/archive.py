"""The archive (PACS): pull, score, send, watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, say
from mmbm.cli.store import day
from mmbm.text import Sentence, sentence

if TYPE_CHECKING:
    from mmbm.archive.chain import Kept
    from mmbm.archive.config import ArchiveConfig
    from mmbm.archive.outbox import Outbox
    from mmbm.archive.pull import Refused
    from mmbm.predict import Predictor
    from mmbm.store.store import Store

ConfigOption = Annotated[
    Path, typer.Option(help="The archive's configuration.", envvar="MMBM_ARCHIVE")
]
BESIDE = Path("archive.toml")


@contextmanager
def opened(path: Path) -> Iterator[tuple[ArchiveConfig, Store]]:
    """The configuration and its store; a refusal is one line."""
    with one_line_errors():
        from mmbm.archive.config import read_config
        from mmbm.store import open_store

        config = read_config(path)
        store = open_store(config.store)
        try:
            yield config, store
        finally:
            store.close()


def pull(
    config: ConfigOption = BESIDE,
    accession: Annotated[str, typer.Option(help="One accession number.")] = "",
    study: Annotated[str, typer.Option(help="One Study Instance UID.")] = "",
    patient: Annotated[str, typer.Option(help="One patient's number.")] = "",
    since: Annotated[str, typer.Option(help="First day of the study, as 2026-03-31.")] = "",
    until: Annotated[str, typer.Option(help="Last day, likewise.")] = "",
) -> None:
    """Fetch chest X-rays into the store; exit code 1 where the archive brought not all."""
    with opened(config) as (settings, store):
        from mmbm.archive.chain import pull_into
        from mmbm.archive.query import Query

        query = Query(
            accession=accession,
            study_uid=study,
            patient_id=patient,
            since=day(since) if since else None,
            until=day(until) if until else None,
        )
        stopped = _told(pull_into(store, settings, query))
    if stopped:
        raise typer.Exit(1)


def score(
    config: ConfigOption = BESIDE, model: ModelOption = "default", device: DeviceOption = "auto"
) -> None:
    """Score the stored cases that wait; exit code 1 where one could not be."""
    with opened(config) as (_, store):
        from mmbm.predict import load

        refused = _score(store, load(model, device))
    if refused:
        raise typer.Exit(1)


def send(
    cases: Annotated[
        list[str] | None, typer.Argument(help="Numbers of cases; else all that were read.")
    ] = None,
    config: ConfigOption = BESIDE,
    model: ModelOption = "default",
    device: DeviceOption = "auto",
) -> None:
    """Send results back into their studies; exit code 1 where some still wait."""
    with opened(config) as (settings, store):
        from mmbm.archive.outbox import Outbox
        from mmbm.archive.results import to_send
        from mmbm.predict import load

        chosen = tuple(cases) if cases else to_send(store, settings)
        left = _send(store, settings, load(model, device), Outbox(settings.outbox), chosen)
    if left:
        raise typer.Exit(1)


def watch(
    config: ConfigOption = BESIDE,
    model: ModelOption = "default",
    device: DeviceOption = "auto",
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, then end.")] = False,
) -> None:
    """Take what comes into the inbox, score it, and send back what was read, until it is ended.

    With a host under [dicom] the archive may send pictures here (C-STORE).
    """
    with opened(config) as (settings, store):
        from mmbm.archive.watch import Watch
        from mmbm.predict import load

        predictor = load(model, device)
        with Watch(settings, store) as watching:
            while True:
                _told(watching.arrived())
                _score(store, predictor)
                _send(store, settings, predictor, watching.outbox, watching.to_send())
                if once:
                    return
                time.sleep(every)


def _told(found: Iterator[Kept | Refused | Sentence]) -> bool:
    """Say what became of each study; whether a sentence said that not all came."""
    from mmbm.archive.chain import Kept
    from mmbm.archive.pull import Refused

    kept = refused = 0
    stopped: Sentence | None = None
    for each in found:
        if isinstance(each, Kept):
            kept += 1
            echo(sentence("cli.archive.case", case=each.case_id))
            for said in each.said:
                echo(sentence("cli.archive.said", said=said))
        elif isinstance(each, Refused):
            refused += 1
            echo(sentence("cli.archive.refused", reason=each.reason))
        else:
            stopped = each
    if kept or refused or stopped is None:
        echo(sentence("cli.archive.pulled", cases=kept, refused=refused))
    if stopped is not None:
        typer.echo(say(stopped), err=True)
    return stopped is not None


def _score(store: Store, predictor: Predictor) -> bool:
    """Whether a case could not be scored."""
    from mmbm.store.scoring import score_waiting

    scored = score_waiting(store, predictor)
    for case_id, reason in scored.refused.items():
        typer.echo(say(sentence("cli.store.refused", case=case_id, reason=reason)), err=True)
    echo(sentence("cli.store.scored", cases=scored.done))
    return bool(scored.refused)


def _send(
    store: Store,
    config: ArchiveConfig,
    predictor: Predictor,
    outbox: Outbox,
    cases: tuple[str, ...],
) -> bool:
    """Whether something still waits, or could not be made."""
    from mmbm.archive.connect import for_sending
    from mmbm.archive.outbox import deliver
    from mmbm.archive.results import queue

    queued = queue(store, predictor, outbox, cases)
    delivered = deliver(outbox, for_sending(config))
    for case_id, reason in queued.refused.items():
        typer.echo(say(sentence("cli.archive.not_made", case=case_id, reason=reason)), err=True)
    for reason in {*delivered.declined, *([delivered.stopped] if delivered.stopped else [])}:
        typer.echo(say(reason), err=True)
    echo(sentence("cli.archive.sent", objects=delivered.sent, waiting=delivered.waiting))
    return bool(delivered.waiting or queued.refused)
