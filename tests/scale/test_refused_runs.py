from __future__ import annotations

import csv
import errno
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pyarrow.parquet as pq
import pytest

from mmbm.compare.scores import parse_scores
from mmbm.data.manifest import read_manifest
from mmbm.errors import ConfigError, ManifestError
from mmbm.scale import score
from mmbm.scale.places import Place
from mmbm.scale.rows import index_of
from mmbm.scale.score import score_chunks
from mmbm.scale.work import Scorer
from tests.made_archives import begun

HEAD = "case_id,patient_id,source,split,notes_text\n"


def written(archive, options, out):
    """A whole run in this process."""
    shards = begun(archive, options, out)
    scorer = Scorer(shards.index, options, 1)
    list(score_chunks(shards, shards.missing(), lambda groups: map(scorer, groups), None))
    return shards.merge()


def test_what_cannot_be_is_refused_before_the_manifest_is_read(options, tmp_path):
    (tmp_path / "there.csv").write_text("")
    for out, asked, said in (
        ("s.parquet", replace(options, level=0.85), r"0\.85 was not fitted\. Choose 0\.8, 0\.9"),
        ("s.xlsx", options, "must end in"),
        ("there.csv", options, "exists already"),
        ("s.csv", replace(options, device="nowhere"), "nowhere"),
    ):
        with pytest.raises(Exception, match=said):
            score(str(tmp_path / "absent.csv"), str(tmp_path / out), asked)


def test_a_result_that_ends_in_csv_is_one(archive, options, tmp_path):
    table, plain = tmp_path / "scores.parquet", tmp_path / "scores.csv"
    assert written(archive, options, table) == (20, 6) == written(archive, options, plain)
    content = plain.read_bytes()
    rows = list(csv.DictReader(content.decode().splitlines()))
    whole = pq.read_table(table).to_pylist()
    for row, same in zip(rows, whole, strict=True):
        assert row["case_id"] == same["case_id"]
        assert float(row["pneumonia.logit"]) == pytest.approx(same["pneumonia.logit"])
        assert row["warnings"].split() == same["warnings"]
        assert row["notice"] == "Research use, not a medical device."
    assert parse_scores("scores.csv", content).findings == ("pneumonia", "no_finding")
    assert (tmp_path / "scores.refused.csv").exists()


def test_no_cell_of_a_csv_is_a_formula_and_no_column_is_lost(options, tmp_path):
    """A spreadsheet would run what begins so; a table for programs keeps every text as it is."""
    manifest = tmp_path / "m.csv"
    head = ["case_id", "notes_text", "site", "score", "notice", "=head()"]
    scored = ["=1+1", "Fever.", "@site", "-0.5", "mine", "x"]
    refused = ["+cmd|' /C calc'!A0", "", "north", "1", "", ""]
    with manifest.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, scored, refused])
    for name in ("s.csv", "s.parquet"):
        assert written(manifest, options, tmp_path / name) == (1, 1)
    (row,) = csv.DictReader((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines())
    assert (row["case_id"], row["site"], row["score"]) == ("'=1+1", "'@site", "-0.5")
    assert row["'=head()"] == "x"
    assert row["manifest.notice"] == "mine" and row["notice"].startswith("Research use")
    (whole,) = pq.read_table(tmp_path / "s.parquet").to_pylist()
    assert (whole["case_id"], whole["site"], whole["=head()"]) == ("=1+1", "@site", "x")
    listed = (tmp_path / "s.refused.csv").read_text(encoding="utf-8")
    (row,) = csv.DictReader(listed.splitlines())
    assert row["case_id"] == "'+cmd|' /C calc'!A0"


def test_maps_of_another_run_are_not_mixed_with_new_ones(archive, options, tmp_path):
    out = tmp_path / "s.parquet"
    (tmp_path / "s.maps").mkdir()
    (tmp_path / "s.maps" / "part-000009.parquet.npz").write_bytes(b"of another run")
    with pytest.raises(ConfigError, match=r"'s\.maps' holds the maps of another run"):
        begun(archive, options, out)
    (tmp_path / "s.maps" / "part-000009.parquet.npz").unlink()
    (tmp_path / "s.maps").rmdir()
    begun(archive, options, out)
    (tmp_path / "s.maps").mkdir()  # by this run, before it was stopped
    begun(archive, options, out)


def test_reasons_are_in_the_language_that_was_asked_for(archive, options, tmp_path):
    written(archive, replace(options, language="zh"), tmp_path / "s.parquet")
    listed = (tmp_path / "s.refused.csv").read_text(encoding="utf-8")
    assert "文件不存在" in listed and "首次见于第 2 行" in listed and "Line" not in listed


def test_a_place_that_cannot_be_written_to_is_refused(archive, options, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="'file' cannot be written to"):
        begun(archive, options, tmp_path / "file" / "s.parquet")


def test_a_full_disk_keeps_the_rows_and_leaves_no_half_of_a_file(
    archive, options, tmp_path, monkeypatch
):
    out = tmp_path / "s.parquet"
    shards = begun(archive, options, out)
    scorer = Scorer(shards.index, options, 1)

    def some(chunks):
        return list(score_chunks(shards, chunks, lambda groups: map(scorer, groups), None))

    some(shards.missing()[:2])
    with monkeypatch.context() as full:

        def no_room(self, to):
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr(Place, "move", no_room)
        with pytest.raises(ConfigError, match=r"full\. Rows kept: 14 of 26\. Make room"):
            some(shards.missing()[:1])
    assert not list(tmp_path.rglob("*.tmp"))
    some(shards.missing())
    assert shards.merge() == (20, 6)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_ctrl_c_says_what_is_kept(archive, options, tmp_path):
    out = tmp_path / "s.parquet"
    command = [sys.executable, "-m", "mmbm", "score", str(archive), "--out", str(out)]
    command += ["--model", options.model, "--device", "cpu", "--workers", "1", "--shard-rows", "2"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's "&" leaves it ignored
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    while not list(tmp_path.glob("s.parquet.parts/part-*.parquet")):
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130 and "of 26. The same command goes on." in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD.replace(",", ";").encode(), "parted by semicolons"),
        (HEAD.replace(",", "\t").encode(), "parted by tabs"),
        (HEAD.replace("case_id", "Case_ID").encode(), "'Case_ID' of 'm.csv' must be called"),
        ((HEAD + 'a,p,s,test,ok\nb,p,s,test,"no end\n').encode(), "from line 3 of"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xff\xfe", "is a ZIP file"),
        (b"\xff\xfea\0", "as UTF-8 CSV"),
        ((HEAD + "a" * 200_000).encode(), "line 2 on is too long"),
    ],
)
def test_a_file_that_is_no_manifest_is_told_what_it_is(tmp_path, content, said):
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    for read in (lambda: read_manifest(path), lambda: index_of(str(path), 10)):
        with pytest.raises(ManifestError, match=said):
            read()


def test_a_manifest_that_is_absent_or_a_folder_is_called_so(tmp_path):
    for name, said in (("absent.csv", "does not exist"), ("", "is a folder")):
        path = tmp_path / name
        for read in (lambda p=path: read_manifest(p), lambda p=path: index_of(str(p), 10)):
            with pytest.raises(ManifestError, match=said):
                read()
