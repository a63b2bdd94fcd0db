"""What fusing earns and what one model for all subsets costs, the encoders as they are.

    python benchmarks/heads.py manifest.csv --model MODEL [--seeds 5] [--cache runs/heads]

Reads the features of train and test cases once, then trains fusion, head and each branch's last
linear layer anew on those of the train split: for each subset of modalities by itself, and of all
three with several seeds (order of cases and first weights). ``benchmarks/subsets.py`` trains whole
models for the same questions and takes hours where this takes minutes; here the encoders, trained
together, stay.

Prints one JSON line with the same two entries: ``subsets``, AUROC of the model with only that
subset heard less that of the head trained for it alone, and ``fused``, AUROC of all parts less that
of the best single one, over the seeds. 95 % intervals over resampled patients. Most notes and
sounds are assembled: ``assembled`` counts the cases that lean on a drawn part.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from assembled import keep, store
from safetensors.torch import load_file
from subsets import against_alone, fused_less_best

import mmbm
from mmbm.data.corpus import Corpus
from mmbm.data.manifest import Manifest, read_manifest
from mmbm.data.reading import read_corpus, read_texts
from mmbm.evaluate.cases import cases_sha256
from mmbm.evaluate.scores import Scores, extract
from mmbm.evaluate.tested import Tested, subsets, tested
from mmbm.model import checkpoint
from mmbm.model.checkpoint import LoadedModel
from mmbm.model.config import ModelConfig
from mmbm.model.network import MultimodalBigModel
from mmbm.model.readout import coalitions
from mmbm.train.refit import Turn, refit


def features_of(loaded: LoadedModel, part: Manifest, cache: Path) -> tuple[Corpus, torch.Tensor]:
    """A split's cases and their features, (n, 3, d), from the cache where they are there."""
    kept = store(loaded.identity, part, cache)
    corpus = read_corpus(part, read_texts(part), loaded.network.config, loaded.tools, cache=cache)
    if not kept.is_file():
        keep(extract(loaded.network, corpus, torch.device("cpu")).features, kept)
    return corpus, load_file(kept)["features"]


Fitted = tuple[MultimodalBigModel, Turn]


def fit_head(
    config: ModelConfig, corpus: Corpus, features: torch.Tensor, heard: torch.Tensor, seed: int
) -> Fitted:
    """A net whose end is trained on these features, with only ``heard``, (3,) bool."""
    torch.manual_seed(seed)
    network = MultimodalBigModel(config)
    turn = refit(network, corpus, features, heard=tuple(heard.tolist()), seed=seed)
    return network.eval(), turn


def tested_on(fitted: Fitted, corpus: Corpus, features: torch.Tensor) -> dict[str, Tested]:
    """The test cases' scores by finding."""
    network, turn = fitted
    return as_stored(network, corpus, turn(features, corpus.present))


def as_stored(
    network: MultimodalBigModel, corpus: Corpus, features: torch.Tensor
) -> dict[str, Tested]:
    """The same of a network whose own features these are."""
    nothing = np.full((len(corpus), len(network.config.events.get("audio", ()))), np.nan)
    return tested(network, corpus, Scores(features, corpus.present, nothing), {})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path("runs/heads"))
    given = parser.parse_args()
    began = time.perf_counter()
    given.cache.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    loaded, manifest = checkpoint.read(given.model), read_manifest(given.manifest)
    config = loaded.network.config
    splits = manifest.rows["split"]
    (train, learned), (test, held) = (
        features_of(loaded, manifest.take((splits == name).to_numpy()), given.cache)
        for name in ("train", "test")
    )
    whole = as_stored(loaded.network, test, held)
    parts = config.modalities
    by_subset: dict[str, object] = {}
    for subset, heard in zip(subsets(parts)[:-1], coalitions(len(parts))[:-1], strict=True):
        alone = tested_on(fit_head(config, train, learned, heard, 0), test, held)
        by_subset[subset] = {f: against_alone(whole[f], alone[f], subset) for f in config.findings}
    every = torch.ones(len(parts), dtype=torch.bool)
    runs = [
        tested_on(fit_head(config, train, learned, every, seed), test, held)
        for seed in range(given.seeds)
    ]
    print(
        json.dumps(
            {
                "mmbm": mmbm.__version__,
                "model": loaded.identity.sha256,
                "test_sha256": cases_sha256(test.manifest),
                "subsets": by_subset,
                "fused": {f: fused_less_best([run[f] for run in runs]) for f in config.findings},
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
