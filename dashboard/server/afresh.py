"""Where a run begins to draw.

The thread that ran a fragment may take the next request itself, and still has that fragment's
container open: it would draw the whole page inside it, and the browser, which has no such container
any more, shows an empty page. Here each run begins at the top of the page.
"""

from __future__ import annotations

from streamlit.delta_generator_singletons import context_dg_stack, get_default_dg_stack_value
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

__all__ = ["begin_at_the_page"]

_run = ScriptRunner._run_script


def begin_at_the_page() -> None:
    """Have every run begin at the top of the page; a fragment opens its own container."""
    ScriptRunner._run_script = _run_at_the_page  # type: ignore[assignment,method-assign]


def _run_at_the_page(runner: ScriptRunner, wanted: RerunData) -> None:
    """``ScriptRunner._run_script``, in no container."""
    context_dg_stack.set(get_default_dg_stack_value())
    _run(runner, wanted)
