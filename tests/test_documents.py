"""What the documents say of commands, flags, settings, pages, figures and files is true."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mmbm
from mmbm.branches.registry import spaces
from mmbm.cli import app
from mmbm.explain.verdict import LIMITS
from mmbm.model.checkpoint import find
from mmbm.record import read_record
from tests.made_workplace import blocks, run, write_workplace

ROOT = Path(__file__).parents[1]
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
RUN = ["README.md", *DOCS]  # every block of these runs, or says why not
PAPERS = [*RUN, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "assets/samples/README.md"]
LANGUAGES = {"sh", "python", "toml", "csv", "text", "mermaid", ""}
QUICK = {"docs/manifest.md", "docs/settings.md", "docs/evaluation.md"}
MOST_LEFT_OUT = 10  # blocks that no test runs


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(group=None, before=""):
    """Every command by its full name."""
    group = group or typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found |= commands(command, f"{before}{name} ") if inner else {f"{before}{name}": command}
    return found


@pytest.mark.parametrize(
    "name", ["command-line.md", "settings.md", "architecture.md", "archive.md"]
)
def test_the_generated_parts_are_up_to_date(name):
    generate = generator()
    said = text_of(f"docs/{name}").partition(generate.BEGINS)
    assert said[1] + said[2] == generate.generated(name), "run: python docs/generate.py"


def test_the_published_schema_is_up_to_date():
    generate = generator()
    assert text_of("mmbm/report/schema.json") == generate.json_schema(), "docs/generate.py"


def test_every_command_and_flag_that_is_shown_exists():
    known = commands()
    shown = set()
    for name in RUN:
        for block in blocks(text_of(name)):
            text = block.text.replace("\\\n", " ") if block.language == "sh" else ""
            for line in re.findall(r"(?:^|/)mmbm (?:--with \S+ )?([a-z].*)$", text, re.MULTILINE):
                command = max((c for c in known if f"{line} ".startswith(f"{c} ")), key=len)
                flags = {flag for option in known[command].params for flag in option.opts}
                assert set(re.findall(r"(?<= )--[a-z-]+", line.split("#")[0])) <= flags, line
                shown.add(command)
    assert shown == set(known)


def test_every_command_and_flag_says_what_it_is_for():
    for name, command in commands().items():
        assert command.help, name
        assert all(getattr(option, "help", "") for option in command.params), name


def test_every_setting_says_what_it_is_for():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", text_of("docs/settings.md"), re.MULTILINE)
    assert rows and [key for key, meaning in rows if not meaning] == []


@pytest.mark.parametrize("name", RUN)
def test_every_block_runs_or_says_why_not(name):
    found = list(blocks(text_of(name)))
    assert {block.language for block in found} <= LANGUAGES
    for block in found:
        assert set(block.marks) <= {"not-run", "needs"}, f"{name}:{block.line}"
    left_out = [b for other in RUN for b in blocks(text_of(other)) if "not-run" in b.marks]
    assert len(left_out) <= MOST_LEFT_OUT


def runs(data: bool):
    """The documents with blocks to run; of those that need the public recordings, or of others."""
    for name in RUN:
        code = [b for b in blocks(text_of(name)) if b.language not in ("", "text", "mermaid")]
        if any(("needs" in b.marks) == data and "not-run" not in b.marks for b in code):
            yield pytest.param(name, marks=[pytest.mark.slow] * (data or name not in QUICK))


@pytest.mark.parametrize("name", list(runs(data=False)))
def test_the_blocks_run(name, tiny_model_dir, tmp_path, monkeypatch):
    write_workplace(tmp_path)
    shutil.copytree(tiny_model_dir, tmp_path / "runs" / "mine" / "model")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks(text_of(name)):
        if block.language not in ("", "text", "mermaid") and not block.marks:
            run(block, names)


@pytest.mark.real
@pytest.mark.parametrize("name", list(runs(data=True)))
def test_the_blocks_run_on_public_recordings(name, real_data, tmp_path, monkeypatch):
    (tmp_path / "DATA").symlink_to(real_data.resolve())
    monkeypatch.chdir(tmp_path)
    for block in blocks(text_of(name)):
        if "needs" in block.marks:
            run(block, {})


def slugs(name: str) -> set[str]:
    """The anchors of a document's headings, as they are shown on the web."""
    plain = re.sub(r"^```.*?^```", "", text_of(name), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_link_leads_somewhere(paper):
    for target in re.findall(r"\]\(([^)]+)\)", text_of(paper)):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / paper).parent / file if file else ROOT / paper
        assert path.exists(), target
        if anchor:
            assert anchor in slugs(path.resolve().relative_to(ROOT).as_posix()), target


def test_every_document_is_in_the_index():
    linked = set(re.findall(r"\]\(([\w-]+\.md)", text_of("docs/README.md")))
    assert {f"docs/{name}" for name in linked} == set(DOCS) - {"docs/README.md"}


def test_the_readme_is_short_and_says_what_this_is_not():
    readme = text_of("README.md")
    assert len(readme.splitlines()) <= 80
    assert "Research use, not a medical device" in readme


def test_the_readmes_figures_are_the_records():
    record = read_record(find("default"))
    rows = re.findall(
        r"^\| ([^|]+) \| (\d+), (\d+) \| (.+) \|$", text_of("README.md"), re.MULTILINE
    )
    figures = [
        record.real_parts["siim"]["pneumonia"],
        record.real_parts["kermany"]["pneumonia"],
        record.leave_one_source_out["nih"].by_finding["pneumonia"],
    ]
    assert len(rows) == len(figures)
    for (_, cases, patients, said), found in zip(rows, figures, strict=True):
        low, high = found.auroc_ci
        assert (int(cases), int(patients)) == (found.n, found.patients)
        assert said == f"{found.auroc:.3f} ({low:.3f} to {high:.3f})"


@pytest.mark.parametrize("name", RUN)
def test_a_figure_with_an_interval_stands_on_the_card(name):
    card = text_of("assets/models/chest-base/card.md")
    said = re.findall(r"\d\.\d+ \(\d\.\d+ to \d\.\d+\)", text_of(name))
    assert [figure for figure in said if figure not in card] == []


def test_every_page_is_described():
    texts = json.loads(text_of("dashboard/text/en.json"))
    frame = text_of("dashboard/frame.py")
    pages = [texts[key] for key in re.findall(r'title=say\("(nav\.\w+)"\)', frame)]
    heads = re.findall(r"^## (.+)$", text_of("docs/page.md"), re.MULTILINE)
    assert pages and pages == [head for head in heads if head in pages]


def test_the_walk_from_upload_to_page_names_what_is_there():
    walk = text_of("docs/architecture.md").partition("## From an upload")[2].partition("## ")[0]
    hops = re.findall(r"^\d+\. `([\w/.]+)` `([\w.]+)`", walk, re.MULTILINE)
    assert 0 < len(hops) <= 12
    for file, function in hops:
        tree = ast.parse(text_of(file))
        for name in function.split("."):
            inner = [node for node in tree.body if getattr(node, "name", "") == name]
            assert inner, f"{file} {function}"
            tree = inner[0]


def test_every_variable_of_the_environment_is_described():
    files = [*(ROOT / "mmbm").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    read = set(re.findall(r"\bMMBM_[A-Z]+\b", "".join(p.read_text("utf-8") for p in files)))
    assert read <= set(re.findall(r"`(MMBM_[A-Z]+)`", text_of("docs/install.md")))


def test_every_public_name_is_described():
    assert set(mmbm.__all__) <= set(re.findall(r"`(\w+)`", text_of("docs/library.md")))


def test_methods_baselines_and_limits_of_a_verdict_are_the_programs():
    said = text_of("docs/explanations.md")
    for over, (_, space) in spaces().items():
        methods = space.methods
        baselines = ", ".join(f"`{name}`" for name in space.baselines)
        assert f"| `{over}` | {', '.join(methods)} | {baselines} |" in said
    for check, (good, bad) in LIMITS.items():
        assert re.search(rf"^\| {check} \| .* \| {good:g} \| {bad:g} \|$", said, re.MULTILINE)


def test_every_dependency_is_pinned():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    lines = [line for line in text_of("constraints.txt").splitlines() if line[:1] != "#"]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line) for line in lines)
    pinned = dict(line.split("==") for line in lines)
    extras = project["optional-dependencies"].values()
    for wanted in map(Requirement, chain(project["dependencies"], *extras)):
        name = canonicalize_name(wanted.name)
        if name != "mmbm":
            assert wanted.specifier.contains(pinned[name]), name


def test_the_settings_of_the_server_are_the_safe_ones():
    settings = tomllib.loads(text_of(".streamlit/config.toml"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["maxUploadSize"] <= 64
