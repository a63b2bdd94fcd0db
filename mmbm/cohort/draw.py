"""A cohort's figures as SVG, to print and to put into a report."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from mmbm.cohort.figures import CohortReport, Survival
from mmbm.cohort.said import group_name
from mmbm.text import Language, into, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

COLOURS = ("#0b6e99", "#c75000", "#00795a", "#a8568a", "#7a5c00", "#55626d")
DASHES = ("-", "--", "-.", ":")
SIZE = (7.0, 4.2)  # inches


def figures(report: CohortReport, language: Language = "en") -> dict[str, bytes]:
    """Every figure of a report by its file's name."""
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False}):  # an arm's name may hold dollars
        drawn = {"distribution.svg": distribution(report, language)}
        if report.changes:
            drawn["change.svg"] = change(report, language)
        for compared in report.survival:
            drawn[f"survival_by_{compared.by}.svg"] = survival(report, compared, language)
    return drawn


def _begun(report: CohortReport, language: Language) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(SIZE, layout="constrained")
    notice = sentence("cohort.below", notice=sentence("report.notice"))
    figure.supxlabel(notice.into(language), fontsize=8)
    figure.suptitle(report.endpoint, fontsize=11)
    return figure


def distribution(report: CohortReport, language: Language) -> bytes:
    """Boxes from quartile to quartile, whiskers to the extremes, by visit and arm."""
    figure = _begun(report, language)
    axes = figure.subplots()
    width = 0.8 / len(report.arms)
    for k, arm in enumerate(report.arms):
        shown = [g for g in report.groups if g.arm == arm]
        boxes = [
            {
                "whislo": g.low,
                "q1": g.quartiles[0],
                "med": g.quartiles[1],
                "q3": g.quartiles[2],
                "whishi": g.high,
            }
            for g in shown
        ]
        at = [
            report.visits.index(g.visit) + (k - (len(report.arms) - 1) / 2) * width for g in shown
        ]
        colour = COLOURS[k % len(COLOURS)]
        made = axes.bxp(
            boxes, positions=at, widths=0.8 * width, showfliers=False, manage_ticks=False,
            patch_artist=True, boxprops={"facecolor": colour, "alpha": 0.6},
            medianprops={"color": "black"},
        )  # fmt: skip
        made["boxes"][0].set_label(_shown(arm))
    axes.set_xticks(range(len(report.visits)), list(report.visits))
    axes.legend(frameon=False)
    return _svg(figure)


def change(report: CohortReport, language: Language) -> bytes:
    """The mean change from baseline of each arm, with its interval."""
    figure = _begun(report, language)
    axes = figure.subplots()
    axes.axhline(0, color="#888888", linewidth=0.8)
    for k, arm in enumerate(report.arms):
        shown = [c for c in report.changes if c.arm == arm and c.mean_ci is not None]
        at = [report.visits.index(c.visit) + 0.06 * k for c in shown]
        means = [c.mean for c in shown]
        ends = [c.mean_ci or (c.mean, c.mean) for c in shown]
        reach = [
            [mean - low for mean, (low, _) in zip(means, ends, strict=True)],
            [high - mean for mean, (_, high) in zip(means, ends, strict=True)],
        ]
        axes.errorbar(
            at, means, yerr=reach, marker="o", capsize=4, label=_shown(arm),
            color=COLOURS[k % len(COLOURS)], linestyle=DASHES[k % len(DASHES)],
        )  # fmt: skip
    axes.set_xticks(range(1, len(report.visits)), list(report.visits[1:]))
    axes.legend(frameon=False)
    return _svg(figure)


def survival(report: CohortReport, compared: Survival, language: Language) -> bytes:
    """The curves with their pointwise intervals."""
    figure = _begun(report, language)
    axes = figure.subplots()
    for k, curve in enumerate(compared.curves):
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        named = group_name(curve.group, compared.by, report)
        times, low = (0.0, *curve.times), (1.0, *(b[0] for b in curve.bounds))
        high = (1.0, *(b[1] for b in curve.bounds))
        axes.step(
            times, (1.0, *curve.survival), where="post", color=colour, linestyle=dash,
            label=_shown(f"{into(language, named)} ({curve.events}/{curve.patients})"),
        )  # fmt: skip
        axes.fill_between(times, low, high, step="post", alpha=0.15, color=colour, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)
    return _svg(figure)


def _shown(name: str) -> str:
    """A legend's label; matplotlib leaves out one that begins with an underscore."""
    return f" {name}" if name.startswith("_") else name


def _svg(figure: Figure) -> bytes:
    from matplotlib import rc_context

    kept = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "mmbm"}), warnings.catch_warnings():
        # words stay words, drawn in the fonts of whoever opens the file: none need be here
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(kept, format="svg", metadata={"Date": None, "Creator": None})
    return kept.getvalue()
