# %% [markdown]
# # Score a case
#
# Read a case, score it, take the answer apart, and ask whether a map may be believed:
#
#     python examples/score_a_case.py
#
# Plots and the report are written to `scored/` in the working directory. Each `# %%` begins a cell
# for an editor that reads such cells. The case is a made-up patient that comes with the program.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mmbm
from mmbm.branches.notes.evidence import clauses
from mmbm.explain.attribution import attribute, evidence
from mmbm.explain.flips import flip
from mmbm.explain.verdict import read_sanity, verdict
from mmbm.explain.whatif import changes, exchanged, muted

SAMPLE = Path(mmbm.__file__).parents[1] / "assets" / "samples" / "adult-opacity"
FINDING = "pneumonia"
OUT = Path("scored")
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Read and score
#
# Each file is decoded in a child process with limits. A file that cannot be read raises an
# `mmbm.InputError` whose text is one sentence for the reader.

# %%
case = mmbm.read_case(SAMPLE / "image.dcm", SAMPLE / "notes.txt", SAMPLE / "sound.wav")
predictor = mmbm.load("default", "cpu")
analysis = mmbm.analyse(case, predictor, level=0.9)
for answer, found in zip(analysis.judgement.answers, analysis.prediction.findings, strict=True):
    said = f"{found.name}: {found.probability:.0%}, answer {answer.verdict}"
    print(f"{said}, status {analysis.standing[found.name]}")
for warning in analysis.warnings:
    print("warning:", warning)

# %% [markdown]
# ## The account
#
# base + contributions = logit, exactly. An interval says where the contribution would lie had the
# head been fitted on other patients.

# %%
account = analysis.account(FINDING)
print(account.base, account.contributions, account.logit, "residual", account.residual)
parts = list(account.contributions)
moved = np.array([account.contributions[part] for part in parts])
around = np.array([account.intervals[part] for part in parts])
fig, axis = plt.subplots(figsize=(6, 2.5), layout="constrained")
axis.barh(parts, moved, xerr=np.abs(around.T - moved), color="tab:orange")
axis.axvline(0, color="black", linewidth=0.8)
axis.set_xlabel("log-odds")
axis.set_title(f"{FINDING}: {account.base:+.2f} + parts = {account.logit:+.2f}")
fig.savefig(OUT / "account.png")

# %% [markdown]
# ## The maps
#
# The shares of each map sum to the contribution of its part.

# %%
maps = analysis.map(FINDING)
picture, sound = case.image, case.audio
cells, heard = maps.values("image"), maps.parts["audio"]
most = np.abs(cells).max()
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.imshow(picture.shown, cmap="gray", extent=(0, 1, 1, 0))
left.imshow(cells, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.4, extent=(0, 1, 1, 0))
left.set_title(f"image: {cells.sum():+.2f} log-odds")
right.plot(np.arange(len(sound.waveform)) / 16_000, sound.waveform, color="lightgrey")
shares = heard.values.sum(axis=0)  # over the bands
times = heard.start + (np.arange(len(shares)) + 0.5) * heard.seconds / len(shares)
right.twinx().bar(times, shares, width=heard.seconds / len(shares), color="tab:orange")
right.set_title(f"sound: {shares.sum():+.2f} log-odds")
right.set_xlabel("seconds")
fig.savefig(OUT / "maps.png")

said = sorted(clauses(case.notes.text, maps.values("notes")), key=lambda c: -abs(c.share))
for clause in said[:5]:
    print(f"{clause.share:+.3f}  {case.notes.text[clause.start : clause.end].strip()}")

# %% [markdown]
# ## Look closer, and judge the map
#
# The last layer says where evidence was gathered. DeepLIFT follows it down to single words. The
# verdict erases what the map names and compares that with random orders. Whether the maps change
# when the weights are shuffled was measured once and is stored with the model.

# %%
closer = attribute(predictor, analysis.prediction, "words", FINDING)
print(f"{closer.method} from {closer.baseline}: misses {closer.delta:.2%} of its sum")
measured = evidence(predictor, analysis.prediction, "words", FINDING)
stored = read_sanity(predictor.folder, predictor.identity.sha256)
sanity = next((s for s in stored if (s.over, s.method) == ("words", closer.method)), None)
judged = verdict(
    measured.shares, measured.erase, grid=measured.grid, delta=measured.delta, sanity=sanity
)
print("verdict:", judged.state)
for check in judged.checks:
    print(f"  {check.name}: {check.value:.3f}, {check.state}")

# %% [markdown]
# ## What if
#
# Without the notes; with other notes; and the fewest words without which the finding flips.

# %%
others = {
    "without notes": muted(analysis.prediction, "notes"),
    "well": exchanged(predictor, analysis.prediction, mmbm.read_case(notes="No fever, no cough.")),
}
for name, other in others.items():
    change = next(c for c in changes(analysis.prediction, other) if c.finding == FINDING)
    print(f"{name}: {change.before.probability:.0%} -> {change.after.probability:.0%}")
least = flip(predictor, case, analysis.prediction, "notes", FINDING)
print("no words of the notes flip it" if least is None else least)

# %% [markdown]
# ## The report
#
# Numbers and codes, never the content of the case: what `mmbm predict --json` prints.

# %%
report = mmbm.case_report(analysis).model_dump_json(indent=2)
(OUT / "report.json").write_text(report, encoding="utf-8")
print(report[:300])
