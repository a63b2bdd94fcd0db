"""Energy from counters and power, by made-up ones."""

import os
import sys

import pytest
import torch

from mmbm.cost import energy
from mmbm.cost.energy import metered, used

CPU = torch.device("cpu")


def zone(folder, name, now, end=10_000_000):
    made = folder / name
    made.mkdir(exist_ok=True)
    (made / "energy_uj").write_text(f"{now}\n")
    (made / "max_energy_range_uj").write_text(f"{end}\n")


def test_processors_are_added_up_and_their_parts_are_not(tmp_path):
    zone(tmp_path, "intel-rapl:0", 1_000_000)
    zone(tmp_path, "intel-rapl:1", 9_500_000)
    zone(tmp_path, "intel-rapl:0:0", 0)
    with metered(CPU, tmp_path) as meter:
        zone(tmp_path, "intel-rapl:0", 3_000_000)
        zone(tmp_path, "intel-rapl:1", 500_000)  # began anew
        zone(tmp_path, "intel-rapl:0:0", 5_000_000)
    assert meter.joules == {"cpu": pytest.approx(2.0 + 1.0)}
    assert meter.total == pytest.approx(3.0)


def test_a_machine_that_tells_nothing_is_not_assessed(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()
    with metered(CPU, tmp_path) as meter:
        pass
    assert meter.joules == {} and meter.total is None


def test_a_counter_begins_anew_at_its_end():
    assert used((5, 100), (25, 100)) == pytest.approx(20e-6)
    assert used((90, 100), (10, 100)) == pytest.approx(20e-6)


def test_a_cards_power_is_read_line_by_line(tmp_path, monkeypatch):
    said = "100.0\n[N/A]\n300.0\n"
    (tmp_path / "nvidia-smi").write_text(f"#!{sys.executable}\nprint({said!r}, end='')\n")
    (tmp_path / "nvidia-smi").chmod(0o755)

    class Card:
        uuid = "0-1"

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Card)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    asking = energy._ask(torch.device("cuda"))
    asking.wait()
    assert energy._told(asking) == [100.0, 300.0]
    monkeypatch.setenv("PATH", "/nowhere")
    assert energy._ask(torch.device("cuda")) is None
