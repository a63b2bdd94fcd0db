"""The changes that films meet on the device keep boxes on what they mark."""

from __future__ import annotations

import torch

from benchmarks.film_changes import augment, letters, written


def test_boxes_move_with_films_and_greys_stay_in_range():
    torch.manual_seed(0)
    films, boxes = 0.1 * torch.rand(32, 1, 256, 256), torch.zeros(32, 1, 64, 64)
    films[:, :, 64:128, 64:128] += 0.8
    boxes[:, :, 16:32, 16:32] = 1
    seen, where = augment(films, boxes, 224, letters(torch.device("cpu")))
    assert seen.shape == (32, 1, 224, 224) and where.shape == (32, 28, 28)
    assert float(seen.min()) >= -1 and float(seen.max()) <= 1
    small = torch.nn.functional.adaptive_avg_pool2d(seen, 28)[:, 0]
    apart = [
        float(s[w > 0.5].mean() - s[w < 0.1].mean()) for s, w in zip(small, where, strict=True)
    ]
    assert sum(a > 0.2 for a in apart) >= 28


def test_letters_are_printed_on_as_many_films_as_asked():
    torch.manual_seed(0)
    films = torch.full((64, 1, 64, 64), 0.5)
    bank = letters(torch.device("cpu"))
    assert torch.equal(written(films, bank, 0.0), films)
    changed = (written(films, bank, 1.0) != films).flatten(1).any(1)
    assert int(changed.sum()) > 48  # a few lie beyond the edge
