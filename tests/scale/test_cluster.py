from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from mmbm.errors import ConfigError, ManifestError
from mmbm.model import checkpoint
from mmbm.scale import Options
from mmbm.scale.cluster import Actor, _decoded, score_on_ray
from mmbm.scale.rows import index_of
from mmbm.scale.shards import shards_of
from tests.made_archives import BAD, write_archive

ACTOR = "ray::MapWorker"


def test_without_ray_one_sentence_says_what_to_install(tmp_path, tiny_model_dir, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    options = Options(str(tiny_model_dir), "cpu", ray="local")
    index = index_of(str(write_archive(tmp_path, 12)), 100)
    shards = shards_of(index, checkpoint.read(options.model), options, str(tmp_path / "s.parquet"))
    with pytest.raises(ConfigError, match=r'pip install "mmbm\[scale\]"'):
        list(score_on_ray(shards, shards.missing(), options))


def test_an_actors_refusal_comes_back_as_what_it_is(tmp_path, tiny_model_dir):
    pytest.importorskip("ray")
    options = Options(str(tiny_model_dir), "cpu", ray="local", workers=1)
    manifest = write_archive(tmp_path, 12)
    index = index_of(str(manifest), 6)
    shards = shards_of(index, checkpoint.read(options.model), options, str(tmp_path / "s.parquet"))
    manifest.write_bytes(manifest.read_bytes().replace(b"case11", b"case12"))
    actor = Actor(shards, options)
    done = [actor({"number": np.array([chunk.number])}) for chunk in index.chunks]
    (refused,) = (told for each in done if (told := str(each["refused"][0])))
    with pytest.raises(ManifestError, match="was changed while it was read"):
        raise _decoded(refused)
    assert len(shards.missing()) == 1


@pytest.mark.slow
def test_a_run_on_ray_says_why_it_ended(tmp_path, tiny_model_dir):
    pytest.importorskip("ray")
    command = [sys.executable, "-c", CHANGED, str(write_archive(tmp_path, 12)), str(tiny_model_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "ManifestError: The manifest 'archive.csv' was changed while it was read" in done.stdout


CHANGED = """
import sys
from pathlib import Path

from mmbm.errors import MMBMError
from mmbm.model import checkpoint
from mmbm.scale import Options
from mmbm.scale.cluster import score_on_ray
from mmbm.scale.rows import index_of
from mmbm.scale.shards import shards_of

manifest, model = map(Path, sys.argv[1:])
options = Options(str(model), "cpu", ray="local", workers=1)
out = str(manifest.with_name("s.parquet"))
shards = shards_of(index_of(str(manifest), 6), checkpoint.read(model), options, out)
manifest.write_bytes(manifest.read_bytes().replace(b"case11", b"case12"))
try:
    list(score_on_ray(shards, shards.missing(), options))
except MMBMError as error:
    print(f"{type(error).__name__}: {error}")
"""


def parents() -> dict[int, tuple[int, str]]:
    """Of each process: its parent, and its command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue  # it has ended
        found[int(folder.name)] = (int(status[1]), command)
    return found


def actors_of(driver: int) -> list[int]:
    """The processes of a run's actors, of this run alone."""
    known = parents()

    def ours(pid: int) -> bool:
        while pid in known:
            pid = known[pid][0]
            if pid == driver:
                return True
        return False

    return [pid for pid, (_, command) in known.items() if command.startswith(ACTOR) and ours(pid)]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_two_workers_lose_no_row_when_one_of_them_and_then_the_driver_is_killed(
    tmp_path, tiny_model_dir
):
    pytest.importorskip("ray")
    archive, out = write_archive(tmp_path / "archive", 24), tmp_path / "scores.parquet"
    command = [sys.executable, "-m", "mmbm", "score", str(archive), "--out", str(out)]
    command += ["--model", str(tiny_model_dir), "--device", "cpu", "--shard-rows", "2"]
    command += ["--ray", "local", "--workers", "2"]
    parts = out.with_name("scores.parquet.parts")

    def there() -> int:
        return len(list(parts.glob("part-*.parquet")))

    def wait_for(shards: int, run: subprocess.Popen[bytes]) -> None:
        while there() < shards:
            assert run.poll() is None
            time.sleep(0.01)

    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(1, run)
    actors = actors_of(run.pid)
    assert actors
    os.kill(actors[0], signal.SIGKILL)
    wait_for(4, run)
    run.kill()
    run.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "24 scored" in done.stdout and f"{len(BAD)} refused" in done.stdout
    lines = pq.read_table(out, columns=["row", "case_id"]).to_pylist()
    assert [line["case_id"] for line in lines] == [f"case{i}" for i in range(24)]
    assert not parts.exists()
