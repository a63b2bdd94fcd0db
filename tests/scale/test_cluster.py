from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mmbm.errors import ConfigError
from mmbm.model import checkpoint
from mmbm.scale import Options
from mmbm.scale.cluster import score_on_ray
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
    assert "24 cases in" in done.stdout and f"{len(BAD)} refused" in done.stdout
    lines = pq.read_table(out, columns=["row", "case_id"]).to_pylist()
    assert [line["case_id"] for line in lines] == [f"case{i}" for i in range(24)]
    assert not parts.exists()
