"""Does the account agree with Captum's ShapleyValues? On cases put together from public recordings.

    python benchmarks/agreement.py DATA [--model default] [--cases 300] [--write]

``DATA`` is the folder of the public sources. Each case is a film that radiologists read (NIH
ChestX-ray14), the indication of a report (Open-I) and a child's recording (SPRSound), drawn by a
fixed seed: real parts of three people. Every fourth lacks a part or two. It says nothing of how
well the model tells anything; the account is arithmetic, which holds on any case or on none.

Prints the section ``agreement`` of the evaluation record as JSON. With ``--write`` it is put into
the model's record and card, whose other sections stay as they are.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from mmbm.card import write_card
from mmbm.data.corpus import silent
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.select import corpus_of, mean_film_of
from mmbm.evaluate.agreement import agreement
from mmbm.evaluate.scores import extract
from mmbm.model import checkpoint
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.readout import coalitions
from mmbm.record import read_record, store_record
from mmbm.record.figures import Agreement

SEED = 0
SOURCES = {"image": "nih", "notes_text": "openi", "audio": "sprsound"}
FILMS = Path("images/nih_cxr14_talo1000/radiologists.csv")
REPORTS = Path("notes/openi/reports.csv")
RECORDINGS = Path("audio/sprsound_2022/metadata.csv")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a source's list."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parts_of(sources: Path) -> dict[str, list[str]]:
    """All films and recordings as paths, and all indications, by the manifest's column."""
    films, sounds = (sources / listed.parent for listed in (FILMS, RECORDINGS))
    told = (row["indication"].strip() for row in rows_of(sources / REPORTS))
    heard = rows_of(sources / RECORDINGS)
    return {
        "image": [str(films / row["image_path"]) for row in rows_of(sources / FILMS)],
        "notes_text": [indication for indication in told if indication],
        "audio": [str(sounds / r["audio_path"]) for r in heard if float(r["duration_s"]) >= 1.0],
    }


def put_together(sources: Path, count: int, path: Path) -> Manifest:
    """Write a manifest of so many cases from the folder of the public sources, and read it."""
    draw = np.random.default_rng(SEED)
    listed = parts_of(sources)
    drawn = {
        part: draw.choice(sorted(every), count, replace=False) for part, every in listed.items()
    }
    fewer = coalitions(len(listed))[:-1].tolist()
    rows = []
    for i in range(count):
        kept = fewer[i // 4 % len(fewer)] if i % 4 == 3 else [True] * len(listed)
        parts = {p: str(drawn[p][i]) if k else "" for p, k in zip(listed, kept, strict=True)}
        given = [part for part, content in parts.items() if content]
        others = "+".join(part.removesuffix("_text") for part in given[1:])
        about = {"case_id": i, "patient_id": i, "source": SOURCES[given[0]], "split": "test"}
        rows.append(about | parts | {"assembled": others})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return read_manifest(path)


def measured(loaded: LoadedModel, manifest: Manifest) -> Agreement | None:
    """The section on these cases."""
    network = loaded.network
    config = network.config
    mean_film = mean_film_of(network)
    corpus = corpus_of(manifest, config, loaded.tools, None, silent, mean_film, lungs=False)
    scores = extract(network, corpus, torch.device("cpu"))
    return agreement(network.readout(), corpus.manifest, scores, config.modalities)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder of the public sources")
    parser.add_argument("--model", default="default")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="put it into the model's folder")
    given = parser.parse_args()
    loaded = checkpoint.read(given.model)
    with TemporaryDirectory() as folder:
        manifest = put_together(given.data.resolve(), given.cases, Path(folder) / "manifest.csv")
        found = measured(loaded, manifest)
    print("null" if found is None else found.model_dump_json())
    record = read_record(loaded.folder) if given.write else None
    if record is not None:
        store_record(record.model_copy(update={"agreement": found}), loaded.folder)
        write_card(loaded.folder)


if __name__ == "__main__":
    main()
