"""Films are blended with those of the same labels from another source, and with no others."""

from __future__ import annotations

import math

import torch

from mmbm.data.augmentation.example import Example
from mmbm.data.augmentation.films import mix_films

CELLS = [("north", (1.0, 0.0)), ("south", (0.9, 0.2)), ("north", (0.0, 1.0)), ("north", (0.0, 1.0))]


def example(case, source, labels, *, film=True, where=True):
    """A film that is ``case`` everywhere, evidence known all over it."""
    return Example(
        case=case,
        source=source,
        parts={"image": torch.full((2, 4, 4), float(case))} if film else {},
        labels=torch.tensor(labels),
        events=torch.empty(0),
        where={"image": torch.ones(4, 4), "audio": torch.ones(3, 50)} if where else {},
    )


def test_films_are_blended_with_the_same_labels_of_another_source_only():
    """A probability counts as the likelier label."""
    examples = [example(case, *cell, where=False) for case, cell in enumerate(CELLS)]
    torch.manual_seed(0)
    rounds = [mix_films(examples, 0.5) for _ in range(20)]
    greys = torch.tensor([[float(e.parts["image"].mean()) for e in mixed] for mixed in rounds])
    assert bool((greys[:, 2:] == torch.tensor([2.0, 3.0])).all())
    assert bool(((greys[:, :2] > 0) & (greys[:, :2] < 1)).any(0).all())
    assert float(greys[:, :2].min()) >= 0 and float(greys[:, :2].max()) <= 1
    assert all(not e.where for mixed in rounds for e in mixed)


def test_a_blended_film_has_no_known_place():
    """What is known of the recording stays."""
    examples = [example(case, *cell) for case, cell in enumerate(CELLS)]
    torch.manual_seed(1)
    blended = 0
    for _ in range(10):
        for before, after in zip(examples, mix_films(examples, 0.5), strict=True):
            changed = not torch.equal(before.parts["image"], after.parts["image"])
            assert bool(after.where["image"].any()) != changed
            assert bool(after.where["audio"].all())
            blended += changed
    assert blended > 5


def test_what_is_unknown_is_no_label_and_a_case_without_a_film_gives_none():
    cells = [("north", (math.nan, 0.0)), ("south", (0.0, 0.0)), ("east", (math.nan, 0.0))]
    examples = [example(n, *c, film=n < 2, where=False) for n, c in enumerate(cells)]
    torch.manual_seed(2)
    for _ in range(10):
        assert all(a is b for a, b in zip(examples, mix_films(examples, 0.5), strict=True))
