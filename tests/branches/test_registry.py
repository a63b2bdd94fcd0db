"""Modalities by name: the built-in ones stand, others join them, and none takes another's name."""

from __future__ import annotations

from types import MappingProxyType

import pytest
import torch
from torch import nn

from mmbm.branches import registry
from mmbm.branches.branch import Branch
from mmbm.branches.parts import PreparedPart
from mmbm.branches.registry import (
    branch_of,
    built_in,
    known,
    register,
    space_named,
    spaces,
)
from mmbm.branches.space import InputSpace, Opened
from mmbm.case import MODALITIES
from mmbm.errors import ConfigError
from mmbm.model.config import ModelConfig


class Fields(InputSpace):
    """Three numbers."""

    over = "fields"
    baselines = MappingProxyType({"zero": "nothing"})
    methods = ("Saliency",)

    def open(self, scene):
        (given,) = scene.tensors
        return Opened(given, scene.contribution, {"zero": lambda: torch.zeros_like(given)})


class Pulse(Branch):
    """The pulse, three times."""

    name = "pulse"
    spaces = (Fields(),)

    def encoder(self, settings, features):
        return nn.Sequential(nn.Unflatten(1, (3, 1)), nn.Conv1d(3, features, 1))

    def reader(self, settings, encoder, tool):
        return lambda part: PreparedPart((torch.tensor(part)[None],))

    def blank(self, settings):
        return (torch.zeros(1, 3),)


def called(name, over="fields"):
    """The same branch under another name, with a map of that name."""
    space = type("Space", (Fields,), {"over": over})()
    return type("Other", (Pulse,), {"name": name, "spaces": (space,)})()


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(registry, "_added", {})


def test_the_built_in_ones_are_those_of_a_case_and_of_a_model_by_default():
    assert built_in() == known() == MODALITIES == ModelConfig().modalities
    assert [branch_of(m).name for m in MODALITIES] == [*MODALITIES]
    assert list(spaces()) == ["pixels", "words", "bands", "samples"]


@pytest.mark.parametrize("name", ["pulse", "", "Image", "images"])
def test_an_unknown_modality_is_refused_by_name(name):
    with pytest.raises(ConfigError, match=rf"^No modality '{name}'\. Known: image, notes, audio"):
        branch_of(name)
    with pytest.raises(ConfigError, match="must be one of image, notes, audio"):
        ModelConfig.parse({"modalities": [name]})


def test_a_map_over_nothing_known_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"over 'fields'\. Choose pixels, words, bands, samples"):
        space_named("fields")


def test_a_registered_branch_is_known_behind_the_built_in_ones():
    branch = Pulse()
    register(branch)
    assert known() == (*MODALITIES, "pulse") and built_in() == MODALITIES
    assert branch_of("pulse") is branch and space_named("fields") == (branch, branch.spaces[0])
    assert ModelConfig().modalities == MODALITIES
    assert ModelConfig.parse({"modalities": ["pulse"]}).modalities == ("pulse",)
    with pytest.raises(ConfigError, match="Known: image, notes, audio, pulse"):
        branch_of("gait")


@pytest.mark.parametrize("name", MODALITIES)
def test_the_name_of_a_built_in_one_cannot_be_registered(name):
    with pytest.raises(
        ConfigError, match=rf"^The modality '{name}' is built in\. Give yours anoth"
    ):
        register(called(name))
    assert branch_of(name).spaces[0].over != "fields" and known() == MODALITIES


@pytest.mark.parametrize("over", ["pixels", "words", "bands", "samples", "fields"])
def test_the_name_of_a_map_cannot_be_taken_twice(over):
    register(Pulse())
    with pytest.raises(ConfigError, match=f"^A map over '{over}' belongs to another modality"):
        register(called("gait", over))
    assert known() == (*MODALITIES, "pulse")


def test_a_branch_may_be_put_in_the_place_of_the_one_of_its_name():
    register(Pulse())
    again = Pulse()
    register(again)
    assert branch_of("pulse") is again and known() == (*MODALITIES, "pulse")
