"""``python -m dashboard``: what ``mmbm serve`` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from streamlit import config
from streamlit.web import cli

from dashboard.server.settings import refusal


def main() -> None:
    """Serve until stopped, or say in one sentence why not, before any port is opened."""
    parser = argparse.ArgumentParser(prog="mmbm serve")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int)
    asked = parser.parse_args()
    script = str(Path(__file__).with_name("app.py"))
    config._main_script_path = script  # the secrets of a login may stand beside it
    given = {"server.address": asked.address, "server.port": asked.port}
    flags = {name: value for name, value in given.items() if value is not None}
    config.get_config_options(options_from_flags=flags)  # as they are read again: else it warns
    refused = refusal(asked.address)
    if refused is not None:
        sys.stderr.write(f"error: {refused}\n")
        raise SystemExit(2)
    cli.main(["run", script, *(f"--{name}={value}" for name, value in flags.items())])


if __name__ == "__main__":
    main()
