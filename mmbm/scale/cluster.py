"""The same run on Ray: actors hold the model, take chunks as they come, and write their shards.

A chunk's shard is put in its place in one step, whoever writes it, so a worker that dies, or a
driver, costs the chunks that were being scored and nothing else. Ray sends no usage statistics and
opens no dashboard; a local one listens on 127.0.0.1.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmbm import errors
from mmbm.device import cores
from mmbm.errors import ConfigError, MMBMError
from mmbm.scale.ahead import Ahead
from mmbm.scale.options import Options
from mmbm.scale.rows import Chunk
from mmbm.scale.score import score_chunks
from mmbm.scale.shards import Shards
from mmbm.scale.work import Scorer, Task
from mmbm.text import Sentence, sentence

__all__ = ["score_on_ray"]

HERE = "127.0.0.1"


def score_on_ray(shards: Shards, chunks: Sequence[Chunk], options: Options) -> Iterator[int]:
    """Write the shards of chunks by Ray Data; yields how many rows each step has done.

    Raises
    ------
    ConfigError
        Ray is not installed, or no cluster answers at the address.
    ManifestError, ModelError, OutOfMemory
        As an actor met them.
    MMBMError
        Ray itself ended the run.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as exc:
        raise ConfigError(sentence("scale.no_ray")) from exc
    _join(ray, options)
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
        on_cards = options.device != "cpu" and resources.get("GPU", 0) > 0
        needs: dict[str, Any] = {"num_gpus": 1} if on_cards else {"num_cpus": 1}
        actors = int(resources.get("GPU" if on_cards else "CPU", 1))
        if options.workers and not on_cards:
            actors = min(actors, options.workers)
        items = [{"number": chunk.number} for chunk in chunks]
        done = ray.data.from_items(items, override_num_blocks=min(len(items), 10_000)).map_batches(
            Actor,
            fn_constructor_args=(shards, options),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=max(min(actors, len(items)), 1)),
            **needs,
        )
        for row in done.iter_rows():
            if row["refused"]:
                raise _decoded(row["refused"])
            yield int(row["rows"])
    except ray.exceptions.RayError as exc:
        raise MMBMError(sentence("scale.ray_failed", kind=type(exc).__name__)) from exc
    finally:
        ray.shutdown()


def _join(ray: Any, options: Options) -> None:
    """Start a local Ray, or join a cluster. Raises ConfigError."""
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    if options.ray == "local":
        ray.init(
            num_cpus=options.workers or cores(),
            include_dashboard=False,
            _node_ip_address=HERE,
            **quiet,
        )
        return
    try:
        ray.init(address=options.ray, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as exc:
        raise ConfigError(sentence("scale.no_cluster", address=str(options.ray))) from exc


class Actor:
    """Holds the model on one machine's core or card; writes the shard of each chunk it is given."""

    def __init__(self, shards: Shards, options: Options) -> None:
        self.shards = shards
        card = options.device != "cpu" and bool(os.environ.get("CUDA_VISIBLE_DEVICES"))
        self.scorer = Scorer(shards.index, options, 0 if card else 1)
        self.ahead = None
        if self.scorer.predictor.torch_device.type != "cpu":
            workers = options.workers or cores()
            self.ahead = Ahead(Task(shards.index, options, whole=False), workers)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """One chunk, as a batch of one."""
        chunk = self.shards.index.chunks[int(batch["number"][0])]
        if self.ahead is None:
            steps = score_chunks(self.shards, [chunk], lambda g: map(self.scorer, g), None)
        else:
            steps = score_chunks(self.shards, [chunk], self.ahead, self.scorer)
        rows, refused = 0, ""
        try:
            rows = sum(steps)
        except MMBMError as exc:  # Ray hands on no error's class or code
            refused = _coded(exc)
        return {"rows": np.array([rows]), "refused": np.array([refused])}


def _coded(error: MMBMError) -> str:
    return json.dumps({"kind": type(error).__name__, "said": error.sentence.coded()})


def _decoded(text: str) -> MMBMError:
    """The error that an actor has coded."""
    found = json.loads(text)
    kind = getattr(errors, found["kind"]) if found["kind"] in errors.__all__ else MMBMError
    made: MMBMError = kind(Sentence.decoded(found["said"]))
    return made
