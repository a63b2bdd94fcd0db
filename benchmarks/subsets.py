"""What one model for all subsets costs, and what fusing earns, case by case on a test split.

    python benchmarks/subsets.py manifest.csv --whole runs/joint/model \\
        --alone image=runs/image/model notes=runs/notes/model image+notes=runs/film-note/model … \\
        --seeds runs/seed0/model runs/seed1/model … [--cache runs/subsets]

Prints one JSON line. ``subsets``: AUROC of the whole model with only that subset heard, less that
of the model trained for the subset alone. ``fused``: AUROC of all three parts less that of the best
single one, on cases that have all three, for each seed and over the seeds. Both are the mean over
sources, with 95 % intervals over resampled patients that are the same for both scores; over the
seeds, the mean of the seeds' differences on each resample. Most notes and sounds are assembled:
``assembled`` counts the cases that lean on a drawn part.

The models are trained as the whole one was, but for one key of its TOML file:

    for parts in '"image"' '"notes"' '"audio"' '"image", "notes"' '"image", "audio"' \\
                 '"notes", "audio"'; do
        name=$(echo $parts | tr -d '", ')
        sed "s/^\\[model\\]/[model]\\nmodalities = [$parts]/" joint.toml > runs/$name.toml
        mmbm train manifest.csv --out runs/$name --config runs/$name.toml
    done
    for seed in 0 1 2 3 4; do
        (echo "seed = $seed"; cat joint.toml) > runs/seed$seed.toml    # joint.toml without a seed
        mmbm train manifest.csv --out runs/seed$seed --config runs/seed$seed.toml
    done

Features are kept in ``--cache`` by weights and test cases, so a second run reads them back.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

import mmbm
from mmbm.case import MODALITIES
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.device import probe_device
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.metrics import compare, resample, weighted_aurocs
from mmbm.evaluate.scores import Scores, extract
from mmbm.evaluate.tested import Tested, subsets, tested
from mmbm.model import checkpoint

Values = NDArray[np.float64]
COLUMNS = {"image": ["image"], "notes": ["notes", "notes_text"], "audio": ["audio"]}


def scores_of(model: str, test: Manifest, cache: Path) -> dict[str, Tested]:
    """A model's scores of every test case by finding, from the cache where they are there."""
    loaded = checkpoint.read(model)
    kept = cache / f"{loaded.identity.sha256[:16]}-{cases_sha256(test)[:16]}.safetensors"
    config = loaded.network.config
    unread = [c for m, names in COLUMNS.items() if m not in config.modalities for c in names]
    test = replace(test, rows=test.rows.assign(**dict.fromkeys(unread, "")))  # same rows, in order
    corpus = read_corpus(test, read_texts(test), config, loaded.tools, cache=cache)
    if kept.is_file():
        features = load_file(kept)["features"]
    else:
        device = probe_device("auto")
        features = extract(loaded.network.to(device), corpus, device).features
        save_file({"features": features}, kept)
    network = loaded.network.cpu()
    nothing = np.full((len(corpus), len(config.events.get("audio", ()))), np.nan)
    return tested(network, corpus, Scores(features, corpus.present, nothing), {})


def against_alone(whole: Tested, alone: Tested, subset: str) -> dict[str, object] | None:
    """The whole model with one subset heard, less the model trained for it."""
    kept = whole.known & whole.offered[subset]
    pair = compare(
        ("whole", whole.heard[subset][kept]),
        ("alone", alone.heard[subset][kept]),
        whole.labels[kept],
        whole.patients[kept],
        sources=whole.sources[kept],
        assembled=int(whole.drawn[subset][kept].sum()),
    )
    return pair.model_dump() if pair else None


def fused_less_best(seeds: Sequence[Tested]) -> dict[str, object]:
    """Fused less the single modality that is best over the seeds, each seed and their mean."""
    first = seeds[0]
    kept = first.known & first.offered[first.whole]
    labels, sources, patients = (a[kept] for a in (first.labels, first.sources, first.patients))
    groups = [s for s in np.unique(sources) if len(np.unique(labels[sources == s])) == 2]
    if not groups:
        return {}
    aurocs: dict[str, list[Values]] = {name: [] for name in ("fused", *first.modalities)}
    for seed in seeds:
        for name, found in aurocs.items():
            score = (seed.fused if name == "fused" else seed.heard[name])[kept]
            found.append(np.mean([drawn(score, labels, patients, sources == s) for s in groups], 0))
    means = {name: np.mean(found, 0) for name, found in aurocs.items()}  # (1 + draws,)
    best = max(first.modalities, key=lambda name: means[name][0])
    gain = means["fused"] - means[best]
    return {
        "best": best,
        "cases": int(np.isin(sources, groups).sum()),
        "assembled": int(first.assembled[kept].sum()),
        "by_seed": [
            round(float(f[0] - b[0]), 4) for f, b in zip(aurocs["fused"], aurocs[best], strict=True)
        ],
        "difference": round(float(gain[0]), 4),
        "difference_ci": [round(float(q), 4) for q in np.nanpercentile(gain[1:], [2.5, 97.5])],
    }


def drawn(
    score: Values, labels: Values, patients: NDArray[np.str_], mine: NDArray[np.bool_]
) -> Values:
    """AUROC on the cases, then on each resample of their patients: (1 + draws,)."""
    weights = np.concatenate([np.ones((1, mine.sum())), resample(patients[mine])])
    return weighted_aurocs(score[mine], labels[mine], weights)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--whole", default="default")
    parser.add_argument("--alone", nargs="*", default=[], metavar="SUBSET=MODEL")
    parser.add_argument("--seeds", nargs="*", default=[], metavar="MODEL")
    parser.add_argument("--cache", type=Path, default=Path("runs/subsets"))
    given = parser.parse_args()
    alone = dict(pair.split("=", 1) for pair in given.alone)
    if unknown := set(alone) - set(known := subsets(MODALITIES)):
        parser.error(f"no subset '{min(unknown)}'; there are {', '.join(known)}")
    began = time.perf_counter()
    given.cache.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    manifest = read_manifest(given.manifest)
    test = manifest.take((manifest.rows["split"] == "test").to_numpy())
    about = {"mmbm": mmbm.__version__, "test_sha256": cases_sha256(test)}
    found: dict[str, object] = {}
    if alone:
        whole = scores_of(given.whole, test, given.cache)
        found["subsets"] = {
            subset: {
                finding: against_alone(whole[finding], other, subset)
                for finding, other in scores_of(model, test, given.cache).items()
                if finding in whole
            }
            for subset, model in alone.items()
        }
    if given.seeds:
        runs = [scores_of(model, test, given.cache) for model in given.seeds]
        found["fused"] = {
            finding: fused_less_best([r[finding] for r in runs]) for finding in runs[0]
        }
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps(about | found | {"seconds": seconds}))


if __name__ == "__main__":
    main()
