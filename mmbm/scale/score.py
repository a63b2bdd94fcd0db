"""A manifest to a table of scores, from where an earlier run ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from mmbm.data.manifest import further_columns
from mmbm.device import cores, probe_device
from mmbm.model import checkpoint
from mmbm.scale.ahead import Ahead
from mmbm.scale.options import Options, Outcome, Stopped
from mmbm.scale.rows import Chunk, Index, Row, index_of, rows_of
from mmbm.scale.shards import Shards, check_out, shards_of
from mmbm.scale.work import Done, Scorer, Task, lines_of
from mmbm.trust.judge import check_level

__all__ = ["Progress", "score", "score_chunks"]

Progress = Callable[[int, int], None]  # rows done, of how many
DEFAULTS = Options()
GROUP = 8  # rows that a worker is handed at a time


def score(
    manifest: str,
    out: str,
    options: Options = DEFAULTS,
    progress: Progress = lambda _done, _of: None,
) -> Outcome:
    """Score every row of a manifest into ``out``, a Parquet or CSV file; both are paths or URLs.

    Each row gets the numbers that the page shows of its case. A row that cannot be scored goes
    into ``….refused.csv`` with the reason. A run that was stopped or killed goes on where it was,
    when it is started again with the same options.

    Raises
    ------
    ManifestError, ModelError, ConfigError, OutOfMemory
    Stopped
        Ctrl-C; it says how many rows are kept.
    """
    begun = time.perf_counter()
    _check(out, options)
    loaded = checkpoint.read(options.model)
    index = index_of(manifest, options.shard_rows, further_columns())
    shards = shards_of(index, loaded, options, out)
    missing = shards.missing()
    found = done = shards.kept
    try:
        progress(done, index.rows)
        for chunk in _written(shards, missing, options):
            done += chunk
            progress(done, index.rows)
        scored, refused = shards.merge()
    except KeyboardInterrupt as exc:
        raise Stopped(shards.kept, index.rows) from exc
    return Outcome(scored, refused, found, time.perf_counter() - begun)


def _check(out: str, options: Options) -> None:
    """Refuse, before anything is read, what is known to fail. Raises ConfigError, ModelError."""
    check_level(options.level)
    check_out(out)
    if options.ray is None:
        probe_device(options.device)


def _written(shards: Shards, missing: Sequence[Chunk], options: Options) -> Iterator[int]:
    """Write the missing shards; yields how many rows each step has done."""
    if not missing:
        return
    if options.ray is not None:
        from mmbm.scale.cluster import score_on_ray

        yield from score_on_ray(shards, missing, options)
        return
    workers = options.workers or cores()
    device = probe_device(options.device)
    if device.type == "cpu":
        with Ahead(Task(shards.index, options, whole=True), workers) as ahead:
            yield from score_chunks(shards, missing, ahead, None)
        return
    scorer = Scorer(shards.index, options)
    with Ahead(Task(shards.index, options, whole=False), workers) as ahead:
        yield from score_chunks(shards, missing, ahead, scorer)


def score_chunks(
    shards: Shards,
    chunks: Sequence[Chunk],
    work: Callable[[Iterable[Sequence[Row]]], Iterable[Done]],
    scorer: Scorer | None,
) -> Iterator[int]:
    """Write the shards of chunks, of rows that ``work`` scores or, for ``scorer``, prepares.

    Yields how many rows each step has done.
    """
    landed = iter(work(_groups(shards.index, chunks)))
    for chunk in chunks:
        done: Done = []
        waiting: Done = []
        while len(done) + len(waiting) < chunk.rows:
            got = next(landed)
            waiting += got
            whole = len(done) + len(waiting) == chunk.rows
            if scorer is None:
                done, waiting = done + waiting, []
            elif whole or len(waiting) >= scorer.together:
                done, waiting = done + scorer.lines(waiting), []
            yield len(got)
        shards.write(chunk, lines_of(shards.index, done, shards.language))


def _groups(index: Index, chunks: Iterable[Chunk]) -> Iterator[Sequence[Row]]:
    """The rows of the chunks, a few at a time, never of two chunks."""
    for chunk in chunks:
        rows = iter(rows_of(index, chunk))
        while some := list(islice(rows, GROUP)):
            yield some
