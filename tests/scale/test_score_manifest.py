from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from mmbm.analysis import analyse
from mmbm.data.manifest import further_columns
from mmbm.errors import ConfigError, OutOfMemory
from mmbm.io import read_case
from mmbm.predict import Predictor
from mmbm.scale import score
from mmbm.scale.ahead import Ahead
from mmbm.scale.rows import index_of
from mmbm.scale.score import score_chunks
from mmbm.scale.work import Scorer, Task
from mmbm.text import as_sentence
from tests.made_archives import BAD, begun

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scored(archive, options, tmp_path_factory):
    """A run in a worker process: where its result is, what it said, and its progress."""
    out, told = tmp_path_factory.mktemp("scored") / "scores.parquet", []
    outcome = score(str(archive), str(out), options, lambda done, of: told.append((done, of)))
    return out, outcome, told


@pytest.fixture(scope="module")
def scorer(archive, options):
    """The same work, in this process."""
    return Scorer(index_of(str(archive), options.shard_rows, further_columns()), options, 1)


def in_this_process(shards, chunks, scorer):
    return list(score_chunks(shards, chunks, lambda groups: map(scorer, groups), None))


def lines(path):
    return pq.read_table(path).to_pylist()


def rows_of_csv(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_gets_the_numbers_of_its_case_alone(archive, scored, tiny_model_dir):
    predictor = Predictor.load(tiny_model_dir, "cpu", threads=1)
    found = {line["case_id"]: line for line in lines(scored[0])}
    good = [row for row in rows_of_csv(archive) if row["arm"] != "c"]
    assert list(found) == [row["case_id"] for row in good] and len(found) == 20
    for row in good:
        line = found[row["case_id"]]
        case = read_case(
            archive.parent / row["image"] if row["image"] else None,
            archive.parent / row["notes"] if row["notes"] else row["notes_text"] or None,
            archive.parent / row["audio"] if row["audio"] else None,
        )
        alone = analyse(case, predictor)
        answers = {a.finding: a.verdict for a in alone.judgement.answers}
        for account in alone.accounts:
            name = account.finding
            assert line[f"{name}.probability"] == pytest.approx(account.probability, abs=1e-5)
            assert line[f"{name}.logit"] == pytest.approx(account.logit, abs=1e-4)
            assert line[f"{name}.base"] == account.base
            assert line[f"{name}.answer"] == answers[name]
            assert line[f"{name}.status"] == alone.standing[name]
            for modality, share in account.contributions.items():
                assert line[f"{name}.contribution.{modality}"] == pytest.approx(share, abs=1e-4)
                low, _ = account.intervals.get(modality, (None, None))
                assert line[f"{name}.low.{modality}"] == pytest.approx(low, abs=1e-4)
        shifts = {shift.modality: shift for shift in alone.judgement.shifts}
        for modality in ("image", "notes", "audio"):
            assert line[f"{modality}.present"] == (modality in case.present)
            if modality in shifts:
                assert line[f"{modality}.flagged"] == shifts[modality].flagged
                strange = pytest.approx(shifts[modality].strangeness, abs=1e-4)
                assert line[f"{modality}.strangeness"] == strange
            else:
                assert line[f"{modality}.flagged"] is None
        for event in alone.prediction.events.get("audio", ()):
            assert line[f"audio.event.{event.name}"] == pytest.approx(event.probability, abs=1e-5)
        assert line["warnings"] == [as_sentence(w).code for w in alone.warnings]
        assert line["arm"] == row["arm"] and line["model"] == "tiny 0.0.1"
        assert line["model_sha256"] == predictor.identity.sha256


def test_bad_rows_are_listed_with_their_reasons(archive, scored):
    out, outcome, _ = scored
    refused = rows_of_csv(out.with_suffix(".refused.csv"))
    assert outcome.refused == len(BAD) == len(refused)
    assert {row["case_id"]: row["refused_code"] for row in refused} == {
        name: code for name, (_, code) in BAD.items()
    }
    whole = archive.read_text(encoding="utf-8").splitlines()
    for row in refused:
        assert whole[int(row["line"]) - 1].startswith(row["case_id"] + ",")
    assert "occurs twice" in next(r["refused"] for r in refused if r["case_id"] == "case0")


def test_the_result_says_what_it_is_of(scored, tiny_model_dir):
    out, outcome, told = scored
    about = json.loads(pq.read_schema(out).metadata[b"mmbm"])
    assert about["notice"] == "Research use, not a medical device."
    assert about["model_sha256"] == Predictor.load(tiny_model_dir, "cpu").identity.sha256
    assert told[0] == (0, 26) and told[-1] == (26, 26) and told == sorted(told)
    assert outcome.scored == 20 and outcome.found == 0 and outcome.rate > 0
    assert not out.with_name("scores.parquet.parts").exists()


def test_a_stopped_run_goes_on_and_scores_no_row_twice(archive, options, scorer, tmp_path):
    out = tmp_path / "scores.parquet"
    first = begun(archive, options, out)
    assert len(first.missing()) == 4
    in_this_process(first, first.missing()[1:3], scorer)
    again = begun(archive, options, out)
    assert [chunk.number for chunk in again.missing()] == [0, 3]
    in_this_process(again, again.missing(), scorer)
    assert again.missing() == () and again.merge() == (20, 6)
    rows = [line["row"] for line in lines(out)] + [
        int(row["row"]) for row in rows_of_csv(tmp_path / "scores.refused.csv")
    ]
    assert sorted(rows) == list(range(26))


def test_a_run_is_not_mixed_with_another(archive, options, scorer, tmp_path):
    out = tmp_path / "scores.parquet"
    shards = begun(archive, options, out)
    for other, had in (
        (replace(options, level=0.8), "it has --level 0.9"),
        (replace(options, shard_rows=5, bf16=True), "it has --shard-rows 7 and no --bf16"),
    ):
        with pytest.raises(ConfigError, match=had):
            begun(archive, other, out)
    note = tmp_path / "scores.parquet.parts" / "run.json"
    kept = note.read_bytes()
    for spoilt in (b"", b"[]", b"{}"):
        note.write_bytes(spoilt)
        with pytest.raises(ConfigError, match=r"scores\.parquet\.parts'"):
            begun(archive, options, out)
    note.write_bytes(kept)
    in_this_process(shards, shards.missing(), scorer)
    part = tmp_path / "scores.parquet.parts" / "part-000001.parquet"
    whole = part.read_bytes()
    for spoilt in (whole[:-9], (part.with_name("part-000002.parquet")).read_bytes()):
        part.write_bytes(spoilt)
        with pytest.raises(ConfigError, match=r"part-000001\.parquet' is damaged"):
            shards.merge()
        assert not out.exists()
    part.write_bytes(whole)
    shards.merge()
    with pytest.raises(ConfigError, match="exists already"):
        begun(archive, options, out)


def test_maps_are_those_of_the_page_and_sum_to_the_contributions(
    archive, options, tmp_path, tiny_model_dir
):
    asked = replace(options, maps="npz")
    scorer = Scorer(index_of(str(archive), 7), asked, 1)
    shards = begun(archive, asked, tmp_path / "scores.parquet")
    in_this_process(shards, shards.missing()[:1], scorer)
    (line,) = pq.read_table(tmp_path / "scores.parquet.parts" / "part-000000.parquet").to_pylist()[
        :1
    ]
    with np.load(tmp_path / "scores.maps" / "part-000000.parquet.npz") as maps:
        held = {name: maps[name] for name in maps.files}
    assert {name for name in held if name.startswith("0.")} == {
        "0.image", "0.notes", "0.notes.spans", "0.audio",
    }  # fmt: skip
    for modality in ("image", "notes", "audio"):
        shares = held[f"0.{modality}"].reshape(2, -1).sum(1)
        for finding, share in zip(("pneumonia", "no_finding"), shares, strict=True):
            contribution = line[f"{finding}.contribution.{modality}"]
            assert float(share) == pytest.approx(contribution, abs=1e-4)
    row = rows_of_csv(archive)[0]
    case = read_case(archive.parent / row["image"])
    page = analyse(case, Predictor.load(tiny_model_dir, "cpu")).map("pneumonia").values("image")
    np.testing.assert_allclose(held["0.image"][0], page, atol=1e-4)


def test_cases_prepared_in_workers_are_scored_here_alike(archive, options, scored, tmp_path):
    index = index_of(str(archive), options.shard_rows, further_columns())
    shards = begun(archive, options, tmp_path / "scores.parquet")
    scorer = Scorer(index, options, 1)
    with Ahead(Task(index, options, whole=False), 1) as ahead:
        list(score_chunks(shards, shards.missing(), ahead, scorer))
    shards.merge()
    for ours, theirs in zip(lines(tmp_path / "scores.parquet"), lines(scored[0]), strict=True):
        for column, value in theirs.items():
            if isinstance(value, float):
                value = pytest.approx(value, abs=1e-5)
            assert ours[column] == value, column


def test_a_worker_that_is_killed_costs_no_row(archive, options, scored, tmp_path):
    shards = begun(archive, options, tmp_path / "scores.parquet")
    with Ahead(Task(shards.index, options, whole=True), 2) as ahead:
        for done in score_chunks(shards, shards.missing(), ahead, None):
            if done and ahead.stopped == 0 and not getattr(ahead, "hit", False):
                ahead.hit = True
                os.kill(next(iter(ahead._pool._processes)), signal.SIGKILL)
    assert ahead.hit and shards.merge() == (20, 6)
    names = [line["case_id"] for line in lines(tmp_path / "scores.parquet")]
    assert names == [line["case_id"] for line in lines(scored[0])]


def test_workers_that_always_end_stop_the_run(archive, options, tmp_path, monkeypatch):
    shards = begun(archive, options, tmp_path / "scores.parquet")
    absent = replace(options, model=str(tmp_path / "absent"))  # each ends as it begins
    monkeypatch.setattr("mmbm.scale.ahead.TOO_MANY", 1)
    with (
        Ahead(Task(shards.index, absent, whole=True), 1) as ahead,
        pytest.raises(OutOfMemory, match="end again and again"),
    ):
        list(score_chunks(shards, shards.missing(), ahead, None))


def test_a_run_that_is_killed_is_finished_by_the_next(archive, options, scored, tmp_path):
    out = tmp_path / "scores.parquet"
    command = [sys.executable, "-m", "mmbm", "score", str(archive), "--out", str(out)]
    command += ["--model", options.model, "--device", "cpu", "--workers", "1", "--shard-rows", "2"]
    parts = out.with_name("scores.parquet.parts")
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while len(list(parts.glob("part-*.parquet"))) < 3:
        assert run.poll() is None
        time.sleep(0.02)
    run.kill()
    run.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "20 scored" in done.stdout and "6 refused" in done.stdout
    assert not parts.exists()
    assert [(x["row"], x["case_id"]) for x in lines(out)] == [
        (x["row"], x["case_id"]) for x in lines(scored[0])
    ]
