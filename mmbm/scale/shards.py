"""A run's folder: a shard for each chunk of rows, whole or absent, so that a run can go on.

``scores.parquet.parts/`` holds ``run.json``, which says what the run is, and a file
``part-000000.parquet`` for each chunk, put there in one step by whoever scored its rows. When all
are there they become ``scores.parquet`` and ``scores.refused.csv``, in the order of the manifest,
and the folder goes.
"""

from __future__ import annotations

import csv
import errno
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mmbm.errors import ConfigError
from mmbm.model.checkpoint import LoadedModel
from mmbm.scale.line import Line
from mmbm.scale.options import Options
from mmbm.scale.places import Place
from mmbm.scale.rows import Chunk, Index
from mmbm.scale.run import RUN, refuse_other_run, run_of
from mmbm.scale.table import (
    TOLD,
    maps_bytes,
    read_shard,
    refused_rows,
    schema_of,
    shard_bytes,
    write_merged,
)
from mmbm.text import Language, Sentence, sentence

__all__ = ["Shards", "check_out", "shards_of"]

ENDINGS = (".parquet", ".csv")
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Shards:
    """Where a run writes, and what it has written."""

    out: str  # path or URL of the result
    index: Index
    schema: pa.Schema
    language: Language = "en"  # of the reasons why rows were refused

    @property
    def folder(self) -> Place:
        """Of the shards."""
        return Place.of(self.out).plus(".parts")

    @property
    def maps_folder(self) -> Place:
        """Of the maps, which stay in shards."""
        return Place.of(_stem(self.out) + ".maps")

    @property
    def kept(self) -> int:
        """How many rows are in shards, or in the result that these became."""
        return self.index.rows - sum(chunk.rows for chunk in self.missing())

    def missing(self) -> tuple[Chunk, ...]:
        """The chunks that no shard is there of."""
        there = self.folder.names()
        return tuple(chunk for chunk in self.index.chunks if _name(chunk) not in there)

    def write(self, chunk: Chunk, lines: list[Line]) -> None:
        """Put the shard of a chunk there, its maps before it. Raises ConfigError."""
        maps = {name: values for line in lines for name, values in line.maps.items()}
        content = shard_bytes([line.values for line in lines], self.schema)
        with self._writing():
            if maps:
                self.maps_folder.make_folder()
                (self.maps_folder / f"{_name(chunk)}.npz").write(maps_bytes(maps))
            (self.folder / _name(chunk)).write(content)

    def merge(self) -> tuple[int, int]:
        """Make the result of all shards; how many rows were scored, and how many refused.

        Raises
        ------
        ConfigError
            A shard is missing, or is not of this run; the disk is full.
        """
        with self._writing():
            self._write_refused()
            counts = write_merged(self._tables(), self.schema, Place.of(self.out))
            self.folder.remove()
        return counts

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if exc.errno in FULL:
                full = sentence("scale.full", rows=self.kept, of=self.index.rows)
                raise ConfigError(full) from exc
            raise ConfigError(_cannot_write(self.out)) from exc

    def _tables(self) -> Iterator[pa.Table]:
        """Every shard, in order, each with just the rows of its chunk."""
        for chunk in self.index.chunks:
            place = self.folder / _name(chunk)
            table = read_shard(place, self.schema)
            if table["row"].to_pylist() != list(range(chunk.first, chunk.first + chunk.rows)):
                raise ConfigError(sentence("scale.shard", file=place.name))
            yield table

    def _write_refused(self) -> None:
        content = io.StringIO()
        writer = csv.DictWriter(content, TOLD)
        writer.writeheader()
        writer.writerows(refused_rows(self._tables()))
        Place.of(_stem(self.out) + ".refused.csv").write(content.getvalue().encode("utf-8"))


def shards_of(index: Index, loaded: LoadedModel, options: Options, out: str) -> Shards:
    """The folder of a run, fresh or of one that was stopped.

    Raises
    ------
    ConfigError
        The result is there already or cannot be written, the folder is of another run, or maps of
        another run lie where this one's shall.
    """
    check_out(out)
    run = run_of(index, loaded, options)
    schema = schema_of(index, loaded.network.config, run)
    shards = Shards(out, index, schema, options.language)
    try:
        if shards.folder.exists():
            refuse_other_run(shards.folder, run)
        elif shards.maps_folder.exists():  # they would lie among those of this run
            maps = sentence("scale.maps_exist", folder=shards.maps_folder.name)
            raise ConfigError(maps)
        shards.folder.make_folder()
        (shards.folder / RUN).write(json.dumps(run, indent=2).encode("utf-8"))
    except OSError as exc:
        raise ConfigError(_cannot_write(out)) from exc
    return shards


def check_out(out: str) -> None:
    """Refuse a result that cannot be written under this name. Raises ConfigError."""
    place = Place.of(out)
    if not place.name.lower().endswith(ENDINGS):
        raise ConfigError(sentence("scale.ending", file=place.name))
    if place.exists():
        raise ConfigError(sentence("scale.exists", file=place.name))


def _cannot_write(out: str) -> Sentence:
    return sentence("scale.folder", folder=Place.of(out).folder)


def _name(chunk: Chunk) -> str:
    return f"part-{chunk.number:06d}.parquet"


def _stem(out: str) -> str:
    ending = next((e for e in ENDINGS if out.lower().endswith(e)), "")
    return out[: len(out) - len(ending)]


def about_of(schema: pa.Schema) -> dict[str, Any]:
    """What a result says of its run."""
    about: dict[str, Any] = json.loads(schema.metadata[b"mmbm"])
    return about
