"""The store: add, list, score, rerun, purge, export, verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmbm.cli.shared import DeviceOption, ModelOption, echo, one_line_errors, progress, say
from mmbm.errors import ConfigError, StoreError
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="MMBM_STORE", help="The folder of the store.")
]
Cases = Annotated[list[str] | None, typer.Argument(help="Numbers of cases.")]


@contextmanager
def opened(folder: Path | None) -> Iterator[Store]:
    """The store that was named; a refusal is one line."""
    with one_line_errors():
        if folder is None:
            raise ConfigError(sentence("store.no_folder"))
        from mmbm.store import open_store

        store = open_store(folder)
        try:
            yield store
        finally:
            store.close()


def day(said: str) -> date:
    """A date as ``2026-03-31``. Raises ConfigError."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ConfigError(sentence("cli.store.day", said=said[:40])) from None


def add(
    manifest: Annotated[
        Path | None, typer.Argument(help="CSV, one row a case; or give one case's files.")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="DICOM, PNG or JPEG.")] = None,
    notes: Annotated[Path | None, typer.Option(help="The notes, as a file.")] = None,
    audio: Annotated[Path | None, typer.Option(help="The lung sound, as a file.")] = None,
    patient: Annotated[str, typer.Option(help="Else as the X-ray's header says.")] = "",
    taken: Annotated[str, typer.Option(help="Date as 2026-03-31; else as the header says.")] = "",
    source: Annotated[str, typer.Option(help="Hospital or collection.")] = "",
    labels: Annotated[
        bool, typer.Option(help="Keep a manifest's labels as the reference of the team table.")
    ] = True,
    store: StoreOption = None,
) -> None:
    """Add cases: one by its files, or all of a manifest; the same inputs are added once."""
    with opened(store) as kept:
        from mmbm.store.importing import add_files, add_manifest

        if manifest is not None:
            with progress() as (reading, _):
                added = add_manifest(
                    kept,
                    manifest,
                    labels=labels,
                    progress=lambda done, of: reading("cases", done, of),
                )
        else:
            files = {"image": image, "notes": notes, "audio": audio}
            given = {modality: path for modality, path in files.items() if path is not None}
            known = day(taken) if taken else None
            added = [add_files(kept, given, patient=patient, taken=known, source=source)]
    for case_id in added if manifest is None else ():
        typer.echo(case_id)
    echo(sentence("cli.store.added", cases=len(set(added))))


def listed(
    status: Annotated[
        Literal["all", "unscored", "waiting", "read", "disagreed", "odd", "due"],
        typer.Option(help="Which cases."),
    ] = "all",
    search: Annotated[str, typer.Option(help="In patient, source, date and number.")] = "",
    order: Annotated[
        Literal["attention", "newest", "oldest", "patient"],
        typer.Option(help="What comes first; attention: what needs eyes."),
    ] = "attention",
    size: Annotated[int, typer.Option(help="Cases a page.", min=1, max=500)] = 50,
    page: Annotated[int, typer.Option(help="From 0.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the page as JSON.")] = False,
    store: StoreOption = None,
) -> None:
    """List cases."""
    with opened(store) as kept:
        from mmbm.store import Wanted

        wanted = Wanted(status=status, search=search, order=order, size=size, page=page)
        found = kept.worklist(wanted)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for head in ("case", "patient", "taken", "source", "state"):
        table.add_column(say(sentence(f"cli.store.head.{head}")))
    for row in found.rows:
        case = row.case
        state = "read" if case.read else "scored" if case.scored else "unscored"
        cells = (case.case_id, case.patient, str(case.taken or ""), case.source)
        table.add_row(*map(escape, cells), say(sentence(f"cli.store.state.{state}")))
    Console().print(table)
    echo(sentence("cli.store.total", shown=len(found.rows), total=found.total))


def score(
    model: ModelOption = "default",
    device: DeviceOption = "auto",
    limit: Annotated[int, typer.Option(help="At most so many; 0: all.", min=0)] = 0,
    store: StoreOption = None,
) -> None:
    """Score what waits; exit code 1 where a case could not be."""
    with opened(store) as kept:
        from mmbm.predict import load
        from mmbm.store.scoring import score_waiting

        predictor = load(model, device)
        with progress() as (reading, _):
            scored = score_waiting(
                kept,
                predictor,
                limit=limit,
                progress=lambda done, of: reading("cases", done, of),
            )
    for case_id, reason in scored.refused.items():
        typer.echo(say(sentence("cli.store.refused", case=case_id, reason=reason)), err=True)
    echo(sentence("cli.store.scored", cases=scored.done))
    if scored.refused:
        raise typer.Exit(1)


def rerun(
    cases: Cases = None,
    model: ModelOption = "default",
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "cpu",
    store: StoreOption = None,
) -> None:
    """Make stored analyses again and compare every bit; exit code 1 where one differs."""
    with opened(store) as kept:
        from mmbm.predict import load
        from mmbm.store import Wanted

        held = {case_id: kept.case(case_id) for case_id in cases or kept.wanted_ids(Wanted())}
        if cases and not all(case.scored for case in held.values()):
            raise StoreError(sentence("store.not_scored"))
        chosen = [case_id for case_id, case in held.items() if case.scored]
        predictor = load(model, device)
        differing = {}
        with progress() as (reading, _):
            for number, case_id in enumerate(chosen):
                found = kept.rerun(case_id, predictor)
                if not found.equal:
                    differing[case_id] = found
                reading("cases", number + 1, len(chosen))
    for case_id, found in differing.items():
        code = "differs" if found.same_weights else "other_weights"
        echo(sentence(f"cli.store.rerun.{code}", case=case_id, difference=found.largest))
    echo(sentence("cli.store.rerun_equal", equal=len(chosen) - len(differing), of=len(chosen)))
    if differing:
        raise typer.Exit(1)


def purge(
    cases: Cases = None,
    due: Annotated[bool, typer.Option("--due", help="What was kept as long as it may be.")] = False,
    keep_days: Annotated[
        int | None, typer.Option(help="Keep cases so many days from now on; 0: without a limit.")
    ] = None,
    why: Annotated[
        Literal["by hand", "on request", "by mistake"], typer.Option(help="For the audit.")
    ] = "by hand",
    by: Annotated[str, typer.Option(help="Who, for the audit.")] = "",
    store: StoreOption = None,
) -> None:
    """Leave no byte of cases; the audit keeps that they were purged."""
    with opened(store) as kept:
        if keep_days is not None:
            kept.set_retention(keep_days or None, by)
        gone = kept.purge_all(cases, by, why) if cases else []
        gone += kept.purge_due(by=by) if due else []
    for proof in gone:
        entry = proof.entry
        echo(
            sentence(
                "cli.store.purged", case=proof.case_id, number=entry.number, digest=entry.digest
            )
        )
    if not all(proof.clean for proof in gone):
        echo(sentence("store.not_clean"))
        raise typer.Exit(1)


def export(
    decided: Annotated[Path, typer.Option(help="Write the decided cases as a manifest here.")],
    identified: Annotated[
        bool, typer.Option("--identified", help="The files as they were handed in, with names.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who, for the audit.")] = "",
    store: StoreOption = None,
) -> None:
    """Write what was decided as a manifest, for 'mmbm calibrate' and for training.

    De-identified: names go out of headers, files and notes; pixels stay as they are.
    """
    with opened(store) as kept:
        from mmbm.store.export import export_decided

        made = export_decided(kept, decided, by, identified=identified)
    counts = ", ".join(f"{name} {count}" for name, count in made.splits.items())
    echo(
        sentence(
            "cli.store.exported",
            cases=made.cases,
            patients=made.patients,
            splits=counts,
            file=str(made.manifest),
        )
    )
    if made.left_out:
        echo(sentence("cli.store.left_out", cases=made.left_out))
    if made.unclean:
        echo(sentence("cli.store.unclean", cases=made.unclean))
    for case_id in made.lettered:
        echo(sentence("cli.store.lettered", case=case_id))
    echo(sentence("cli.store.names" if identified else "cli.store.no_names"))


def audit(
    case: Annotated[str, typer.Argument(help="Number of a case; else all.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    store: StoreOption = None,
) -> None:
    """Show who saw, changed, exported and purged what; 'mmbm store verify' checks its chain."""
    with opened(store) as kept:
        entries = kept.audit(case)
    for entry in entries:
        if as_json:
            typer.echo(entry.model_dump_json())
        else:
            at = entry.at.isoformat(timespec="seconds")
            typer.echo(f"{entry.number}  {at}  {entry.who}  {entry.act}  {entry.case_id}".rstrip())


def verify(store: StoreOption = None) -> None:
    """Check the database, every file and the audit; exit code 1 where something is wrong."""
    with opened(store) as kept:
        faults = kept.faults()
        entries = kept.audit()
    for fault in faults:
        echo(fault)
    if faults:
        raise typer.Exit(1)
    last = entries[-1].digest if entries else "-"
    echo(sentence("cli.store.whole", entries=len(entries), digest=last))
