"""A run's folder: a shard for each chunk of rows, whole or absent, so that a run can go on.

``scores.parquet.parts/`` holds ``run.json``, which says what the run is, and a file
``part-000000.parquet`` for each chunk, put there in one step by whoever scored its rows. When all
are there they become ``scores.parquet`` and ``scores.refused.csv``, in the order of the manifest,
and the folder goes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mmbm.errors import ConfigError
from mmbm.model.checkpoint import LoadedModel
from mmbm.record import PIPELINE_VERSION
from mmbm.scale.line import Line
from mmbm.scale.options import Options
from mmbm.scale.places import Place
from mmbm.scale.rows import Chunk, Index
from mmbm.scale.table import (
    TOLD,
    maps_bytes,
    read_shard,
    refused_rows,
    schema_of,
    shard_bytes,
    write_merged,
)
from mmbm.storage.folder import checksums
from mmbm.text import sentence

__all__ = ["Shards", "shards_of"]


@dataclass(frozen=True)
class Shards:
    """Where a run writes, and what it has written."""

    out: str  # path or URL of the result
    index: Index
    schema: pa.Schema

    @property
    def folder(self) -> Place:
        """Of the shards."""
        return Place.of(self.out).plus(".parts")

    @property
    def maps_folder(self) -> Place:
        """Of the maps, which stay in shards."""
        return Place.of(_stem(self.out) + ".maps")

    def missing(self) -> tuple[Chunk, ...]:
        """The chunks that no shard is there of."""
        there = self.folder.names()
        return tuple(chunk for chunk in self.index.chunks if _name(chunk) not in there)

    def write(self, chunk: Chunk, lines: list[Line]) -> None:
        """Put the shard of a chunk there, its maps before it."""
        maps = {name: values for line in lines for name, values in line.maps.items()}
        if maps:
            self.maps_folder.make_folder()
            (self.maps_folder / f"{_name(chunk)}.npz").write(maps_bytes(maps))
        content = shard_bytes([line.values for line in lines], self.schema)
        (self.folder / _name(chunk)).write(content)

    def merge(self) -> tuple[int, int]:
        """Make the result of all shards; how many rows were scored, and how many refused.

        Raises
        ------
        ConfigError
            A shard is missing, or is not of this run.
        """
        self._write_refused()
        counts = write_merged(self._tables(), self.schema, Place.of(self.out))
        self.folder.remove()
        return counts

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
        The result is there already, or the folder is of another run.
    """
    hashes = checksums(loaded.folder)
    config = loaded.network.config
    run = {
        "notice": str(sentence("report.notice")),
        "model": f"{config.name} {config.version}",
        "model_sha256": hashes["model.safetensors"],
        "trust_sha256": hashes.get("trust.safetensors", ""),
        "manifest_sha256": index.sha256,
        "pipeline_version": PIPELINE_VERSION,
        "level": options.level,
        "bf16": options.bf16,
        "maps": options.maps,
        "shard_rows": options.shard_rows,
    }
    shards = Shards(out, index, schema_of(index, config, run))
    if Place.of(out).exists():
        raise ConfigError(sentence("scale.exists", file=Place.of(out).name))
    written = json.dumps(run, indent=2).encode("utf-8")
    note = shards.folder / "run.json"
    if shards.folder.exists() and (not note.exists() or note.read() != written):
        raise ConfigError(sentence("scale.other_run", folder=shards.folder.name))
    shards.folder.make_folder()
    note.write(written)
    return shards


def _name(chunk: Chunk) -> str:
    return f"part-{chunk.number:06d}.parquet"


def _stem(out: str) -> str:
    return out.removesuffix(".parquet")


def about_of(schema: pa.Schema) -> dict[str, Any]:
    """What a result says of its run."""
    about: dict[str, Any] = json.loads(schema.metadata[b"mmbm"])
    return about
