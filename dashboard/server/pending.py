"""What a browser said and the server has not looked at yet.

A message holds the values of all widgets on the page. One that comes while another waits takes its
place, and with it the values of widgets that it does not name: those of a page that was left in
between. Here they stay, so that a file that was handed in just before is not lost. And they stand
in the order in which the reader changed them, in which the server calls them back.
"""

from __future__ import annotations

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils import script_requests

__all__ = ["keep_what_waits", "merged"]

_newer = script_requests._coalesce_widget_states  # a newer value wins, a click is kept


def keep_what_waits() -> None:
    """Have the server merge messages that wait, instead of dropping the older one."""
    script_requests._coalesce_widget_states = merged  # type: ignore[assignment]


def merged(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Both messages' widgets with their newest values, what the newer one changed last."""
    states = _newer(old, new)
    if not old or not new or states is None:
        return states
    now = {widget.id: widget for widget in states.widgets}
    as_before = [w for w in old.widgets if now.get(w.id, w) == w]
    known = {widget.id for widget in as_before}
    both = WidgetStates()
    both.widgets.extend(as_before)
    both.widgets.extend(w for name, w in now.items() if name not in known)
    return both
