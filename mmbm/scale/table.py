"""The result's columns, its shards, and the one file that they become."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.csv import CSVWriter

from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig
from mmbm.scale.line import column_of
from mmbm.scale.places import Place
from mmbm.scale.rows import Index
from mmbm.storage.tables import FORMULA, NUMBER, plain_cell
from mmbm.text import sentence

__all__ = [
    "TOLD",
    "maps_bytes",
    "read_shard",
    "refused_rows",
    "schema_of",
    "shard_bytes",
    "write_merged",
]

GROUP = 100_000  # rows of the merged file that are held at a time
TOLD = ("row", "line", "case_id", "refused_code", "refused")  # of a refused row


def schema_of(index: Index, config: ModelConfig, about: dict[str, Any]) -> pa.Schema:
    """The columns of a shard, in their order; ``about`` is what holds for all of the run."""
    text, number, switch = pa.string(), pa.float64(), pa.bool_()
    columns = [("row", pa.int64()), ("line", pa.int64()), ("case_id", text)]
    columns += [(column_of(name), text) for name in index.about]
    columns += [(f"{modality}.present", switch) for modality in config.modalities]
    for finding in config.findings:
        values = ("probability", "logit", "base", "interaction")
        columns += [(f"{finding}.{name}", number) for name in values]
        columns += [
            (f"{finding}.{name}.{modality}", number)
            for name in ("contribution", "low", "high")
            for modality in config.modalities
        ]
        columns += [(f"{finding}.{name}", text) for name in ("answer", "status")]
    for modality in config.modalities:
        columns += [(f"{modality}.shift", text), (f"{modality}.strangeness", number)]
        columns += [(f"{modality}.flagged", switch)]
        columns += [(f"{modality}.event.{e}", number) for e in config.events.get(modality, ())]
    columns += [("disagree", pa.list_(text)), ("warnings", pa.list_(text))]
    columns += [(name, text) for name in ("model", "model_sha256", "device")]
    columns += [(name, text) for name in ("refused_code", "refused")]
    return pa.schema(columns, {"mmbm": json.dumps(about)})


def shard_bytes(lines: Sequence[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Lines as a parquet file."""
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(lines, schema), content, compression="zstd")
    return content.getvalue()


def read_shard(place: Place, schema: pa.Schema) -> pa.Table:
    """A shard as it was written. Raises ConfigError for what is none of this run's."""
    try:
        table = pq.read_table(io.BytesIO(place.read()))
    except (OSError, pa.ArrowException) as exc:
        raise ConfigError(sentence("scale.shard", file=place.name)) from exc
    if table.schema != schema:
        raise ConfigError(sentence("scale.shard", file=place.name))
    return table


def write_merged(shards: Iterable[pa.Table], schema: pa.Schema, out: Place) -> tuple[int, int]:
    """All scored rows of the shards as one file, CSV or Parquet by its ending.

    Returns how many were scored, and how many refused.
    """
    kept = schema
    for name in ("refused_code", "refused"):
        kept = kept.remove(kept.get_field_index(name))
    scored = refused = 0
    as_csv = out.name.lower().endswith(".csv")
    with out.whole() as file, _writer(file, kept, as_csv) as writer:
        for table in _grouped(shards):
            whole = table.filter(pc.is_null(table["refused_code"])).select(kept.names).cast(kept)
            writer.write_table(_plain(whole) if as_csv else whole)
            scored, refused = scored + len(whole), refused + len(table) - len(whole)
    return scored, refused


def _writer(file: Any, schema: pa.Schema, as_csv: bool) -> Any:
    if as_csv:
        return CSVWriter(file, _plain(schema.empty_table()).schema)
    return pq.ParquetWriter(file, schema, compression="zstd")


def _plain(table: pa.Table) -> pa.Table:
    """A table as a CSV file can hold it: lists as words, no formula, the notice in a column."""
    columns = {plain_cell(name): _words(table[name]) for name in table.column_names}
    notice = pa.array([str(sentence("report.notice"))] * len(table), pa.string())
    return pa.table(columns | {"notice": notice})


def _words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text without formulas, one of lists as such text; another as it is."""
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, " ")
    if not pa.types.is_string(column.type):
        return column
    number = pc.match_substring_regex(column, NUMBER)
    taken = pc.and_not(pc.match_substring_regex(column, FORMULA), number)
    return pc.if_else(taken, pc.binary_join_element_wise("'", column, ""), column)


def refused_rows(shards: Iterable[pa.Table]) -> Iterator[dict[str, Any]]:
    """Every refused row as a CSV file can hold it."""
    for table in shards:
        bad = table.filter(pc.is_valid(table["refused_code"])).select(TOLD)
        for row in bad.to_pylist():
            yield row | {name: plain_cell(row[name]) for name in ("case_id", "refused")}


def _grouped(shards: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in larger tables."""
    held: list[pa.Table] = []
    for table in shards:
        held.append(table)
        if sum(map(len, held)) >= GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def maps_bytes(maps: dict[str, np.ndarray[Any, Any]]) -> bytes:
    """Maps as a compressed NPZ file."""
    content = io.BytesIO()
    np.savez_compressed(content, **maps)  # type: ignore[arg-type]
    return content.getvalue()
