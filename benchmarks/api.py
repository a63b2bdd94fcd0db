"""Eight clients, 400 cases: whether each gets its own analysis, and how long it waits.

    python benchmarks/api.py                       # starts mmbm serve with its pages, on 8790
    python benchmarks/api.py --alone --clients 16

The cases are the samples' X-rays and sounds in turn, each with a note of its own, so that an answer
given to another case shows. Each answer is compared with what the library says of the same files
(which is what the page shows), logits to 1e-5. Clients begin again as soon as they have an answer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import mmbm

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples"))
import api_client  # noqa: E402

PORT = 8790
SIGNS = ("Fever", "Cough", "Crackles", "Dyspnoea", "Chest pain", "Chills", "Wheeze", "Fatigue")


def cases(count: int) -> list[dict[str, bytes]]:
    samples = sorted(path for path in (ROOT / "assets" / "samples").iterdir() if path.is_dir())
    made = []
    for k in range(count):
        of = samples[k % len(samples)]
        signs = ", ".join(s.lower() for j, s in enumerate(SIGNS) if k >> j & 1)
        parts = {"notes": f"Day {k % 7 + 1} of illness. {signs or 'no signs'}. Case {k}.".encode()}
        if k % 4 != 1:
            parts["image"] = (of / "image.dcm").read_bytes()
        if k % 3 != 1:
            parts["audio"] = (of / "sound.wav").read_bytes()
        made.append(parts)
    return made


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/v1/model").close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    given = cases(asked.cases)
    command = [sys.executable, "-m", "mmbm", "serve", "--port", str(PORT), "--device", "cpu"]
    keep = os.environ | {"PYTHONPATH": str(ROOT)}
    keep.pop("MMBM_API_KEY", None)
    process = subprocess.Popen([*command, *["--api"] * asked.alone], env=keep)
    address = f"http://127.0.0.1:{PORT}"
    try:
        wait(address, process)
        api_client.analyse(given[0], address)  # the first case warms the encoders

        def ask(parts: dict[str, bytes]) -> tuple[float, list[float]]:
            begun = time.perf_counter()
            report = api_client.analyse(parts, address)
            return time.perf_counter() - begun, [f["logit"] for f in report["findings"]]

        begun = time.perf_counter()
        with ThreadPoolExecutor(asked.clients) as pool:
            answers = list(pool.map(ask, given))
        spent = time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait()
    predictor = mmbm.load("default", "cpu")
    wanted = [
        [a.logit for a in mmbm.analyse(mmbm.read_case(**parts), predictor).accounts]
        for parts in given
    ]
    far = np.abs(np.array([logits for _, logits in answers]) - np.array(wanted)).max(1)
    seconds = [s for s, _ in answers]
    print(f"{len(given)} cases, {asked.clients} clients: {len(given) / spent:.1f} a second")
    print(
        f"mixed or unlike the library's: {(far > 1e-5).sum()}, largest difference {far.max():.1e}"
    )
    print("seconds: " + ", ".join(f"p{q} {np.percentile(seconds, q):.2f}" for q in (50, 95, 99)))


if __name__ == "__main__":
    main()
