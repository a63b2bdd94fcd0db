"""A process that fills a store and is killed at a random moment, again and again.

    python -m tests.made_killed FOLDER ROUNDS SEED LONGEST

It prints what was acknowledged, what of it was lost, and how often the store opened, as JSON. The
writer is a fork, so each round begins at once; SIGKILL comes at any moment from its start on, also
while it opens the store, migrates it, purges or takes old bytes away.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from mmbm.analysis import Analysis, analyse
from mmbm.errors import StoreError
from mmbm.predict import load
from mmbm.reading import Decision, Reading
from mmbm.report import case_report
from mmbm.store import Given, open_store
from tests.made_cases import case, write_model

Said = dict[str, Any]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_until_killed(folder: Path, analysis: Analysis, round_: int, pipe: int) -> None:
    """Fill the store; each act is said on the pipe once it is acknowledged."""

    def tell(**said: Any) -> None:
        os.write(pipe, (json.dumps(said) + "\n").encode())

    store, draw, before = open_store(folder), random.Random(), ""
    for number in range(1_000_000):
        tag = f"round {round_} case {number}."
        film = tag.encode() + draw.randbytes(draw.choice((100, 20_000, 300_000)))
        parts = {
            m: Given(name=f"{m}.bin", content=m.encode() + film) for m in analysis.case.present
        }
        case_id = store.add_case(parts, patient=f"patient of {tag}")
        tell(act="add", case=case_id, image=sha(parts["image"].content))
        store.save_analysis(case_id, analysis)
        tell(act="analyse", case=case_id)
        decisions = (Decision(finding="pneumonia", final="yes"),)
        store.save_reading(case_id, Reading(decisions=decisions, comment=tag))
        tell(act="read", case=case_id, comment=tag)
        if number % 3 == 1:
            store.save_export(case_id, "pdf", Given(name="report.pdf", content=film[:50]))
            tell(act="export", case=case_id, sha256=sha(film[:50]))
        if number % 4 == 2:
            tell(act="purge begins", case=before)
            store.purge(before)
            tell(act="purge", case=before, tag=f"round {round_} case {number - 1}.")
        before = case_id


def killed(folder: Path, analysis: Analysis, round_: int, after: float) -> list[Said]:
    """What a writer had acknowledged when it was killed."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            write_until_killed(folder, analysis, round_, into)
        finally:
            os._exit(1)
    os.close(into)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(out, "rb") as pipe:
        lines = pipe.read().splitlines()
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the writer ended by itself")
    return [json.loads(line) for line in lines]


def lost(folder: Path, told: list[Said], logits: dict[str, str]) -> list[Said]:
    """What was acknowledged and is not there; opens the store anew."""
    store, missing = open_store(folder), []
    may_be_gone = {said["case"] for said in told if said["act"] == "purge begins"}
    purged = {said["case"] for said in told if said["act"] == "purge"}
    for said in told:
        case_id = said["case"]
        if said["act"].startswith("purge") or case_id in purged:
            continue
        try:
            found = {
                "add": lambda s=said: sha(store.parts(s["case"])["image"].content) == s["image"],
                "analyse": lambda s=said: store.analysis(s["case"]).logits == logits,
                "read": lambda s=said: store.reading(s["case"]).comment == s["comment"],
                "export": lambda s=said: sha(store.exports(s["case"])[0][1]) == s["sha256"],
            }[said["act"]]()
        except (StoreError, AttributeError, KeyError, IndexError):
            found = case_id in may_be_gone
        if not found and case_id not in may_be_gone:
            missing.append(said)
    for case_id in purged:
        try:
            store.case(case_id)
        except StoreError:
            continue
        missing.append({"act": "purge", "case": case_id})
    store.close()
    return missing


def trial(folder: Path, rounds: int, seed: int, longest: float) -> Said:
    """Kill a writer within ``longest`` seconds, so many times; look at the store each time."""
    torch.set_num_threads(1)
    analysis = analyse(case(), load(write_model(folder / "model", "weighted_sum"), "cpu", 1))
    case_report(analysis)
    logits = {finding.name: finding.logit.hex() for finding in analysis.prediction.findings}
    draw, everything, missing, opened = random.Random(seed), [], [], 0
    for round_ in range(rounds):
        told = killed(folder / "store", analysis, round_, draw.uniform(0.0, longest))
        everything += told
        missing += lost(folder / "store", told, logits)
        opened += 1
    missing += lost(folder / "store", everything, logits)
    store = open_store(folder / "store")
    faults = [str(fault) for fault in store.faults()]
    store.close()
    left = b"".join(p.read_bytes() for p in (folder / "store").rglob("*") if p.is_file())
    tags = [said["tag"] for said in everything if said["act"] == "purge"]
    return {
        "rounds": rounds,
        "opened": opened,
        "acknowledged": dict(Counter(said["act"] for said in everything)),
        "lost": missing,
        "faults": faults,
        "bytes of purged cases": [tag for tag in tags if b"patient of " + tag.encode() in left],
    }


if __name__ == "__main__":
    found = trial(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
