"""Malformed model folders, made by rule from a whole one.

A mutant changes a folder whose checksums are then made anew, so that they fit and only the content
tells. A damage flips bits or cuts files and leaves the checksums as they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load, save

from mmbm.storage import CHECKSUMS

WEIGHTS, TRUST = "model.safetensors", "trust.safetensors"
NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**9
DEEP = b"[" * 100_000


class Mutant(NamedTuple):
    """One way to spoil a folder."""

    name: str
    spoil: Callable[[Path], None]


def resign(folder: Path) -> None:
    """Checksums that fit whatever lies there, links followed, with no question asked."""
    listed = {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.iterdir()
        if p.is_file() and p.name != CHECKSUMS
    }
    (folder / CHECKSUMS).write_text(json.dumps(listed))


def mutants(whole: Path) -> dict[str, list[Mutant]]:
    """By kind; each of them to be refused."""
    return {
        "config": [*texts("config.json"), *configs(whole)],
        "tokenizer": [*texts("tokenizer.json"), *tokenizers(whole)],
        "card": [*texts("card.json"), *cards(whole)],
        "weights": [*broken(WEIGHTS), *weights(whole)],
        "trust": [*broken(TRUST), *trusts(whole)],
        "record": [*texts("evaluation.json"), *records(whole), *others()],
        "files": list(files(whole)),
    }


def damages(whole: Path, count: int) -> list[Mutant]:
    """So many flipped bits and cut files, no checksum made anew."""
    draw, made = random.Random(1), []
    names = sorted(p.name for p in whole.iterdir())
    for i in range(count):
        name = names[i % len(names)]
        size = (whole / name).stat().st_size
        place, bit = draw.randrange(size), draw.randrange(8)
        cut = i // len(names) % 2 == 1

        def spoil(
            folder: Path, name: str = name, place: int = place, bit: int = bit, cut: bool = cut
        ) -> None:
            content = bytearray((folder / name).read_bytes())
            if cut:
                del content[place:]
            else:
                content[place] ^= 1 << bit
            (folder / name).write_bytes(content)

        made.append(Mutant(f"{name} {'cut' if cut else 'flipped'} at {place}.{bit}", spoil))
    return made


def instead(name: str, what: str, content: bytes) -> Mutant:
    """A file with another content, signed."""

    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(content)
        resign(folder)

    return Mutant(f"{name}: {what}", spoil)


NO_OBJECT = {
    "empty": b"",
    "cut": b'{"name": "ti',
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "a text": b'"name"',
    "deep lists": DEEP,
    "deep objects": b'{"a":' * 100_000,
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "tiny"}'.encode("utf-16"),
    "zeros": bytes(1000),
    "too large": b" " * (33 * 2**20),
    "a huge number": b'{"features": ' + b"9" * 10_000 + b"}",
}


def texts(name: str) -> Iterator[Mutant]:
    """What no JSON object is."""
    for what, content in NO_OBJECT.items():
        yield instead(name, what, content)


def changed(name: str, whole: dict[str, Any], path: tuple[Any, ...], value: Any) -> Mutant:
    """One entry of a JSON file with another value; the text of ``...`` takes it out."""
    other = json.loads(json.dumps(whole))
    place = other
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    said = f"{'.'.join(map(str, path))} = {str(value)[:40]}"
    return instead(name, said, json.dumps(other).encode())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every entry that is no object, with where it stands; a list is one entry."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def spoilt(value: Any) -> list[Any]:
    """Values that cannot stand where this one does."""
    if isinstance(value, bool):
        return [2, "yes", None, []]
    if isinstance(value, int):
        return [-1, HUGE, 10**18, "7", None, [7], True, 7.5, {}]
    if isinstance(value, float):
        return [-1.0, 1e9, NAN, INFINITE, "7", None, [7.0], True]
    if isinstance(value, str):
        return [7, None, [], "", "a\nb", "x" * 5000, " x"]
    if isinstance(value, list):
        odd = [[None], "image", 7, {}, [HUGE], [["a"]], [f"a{i}" for i in range(100_000)]]
        return [*odd, [], [*value, value[0]]] if value else odd
    return [7, "x", [], {"model_type": "vit"}, {}]


def configs(whole: Path) -> Iterator[Mutant]:
    config = json.loads((whole / "config.json").read_text())
    for path, value in leaves(config):
        for other in spoilt(value):
            yield changed("config.json", config, path, other)
    for missing in ("name", "version", "features", "image.backbone", "notes.vocabulary",
                    "notes.embedding", "notes.hidden", "audio.channels"):  # fmt: skip
        yield changed("config.json", config, tuple(missing.split(".")), ...)
    for name in (
        "hf-hub:timm/resnet18.a1_in1k", "hf_hub:timm/resnet18", "local-dir:/etc", "timm/resnet18",
        "https://example.org/net", "file:///etc/passwd", "../resnet18", "torchvision/../resnet18",
        "torchvision/fasterrcnn_resnet50_fpn", "torchvision/deeplabv3_resnet50",
        "torchvision/vit_b_16", "eva02_enormous_patch14_clip_224", "vit_giant_patch14_224",
        "resnet18", "abacus", "torchvision/", "hf-hub:" + "x" * 3000, "resnet18\n", "data:,x",
    ):  # fmt: skip
        yield changed("config.json", config, ("image", "backbone"), name)
    for extra in ("backbone_url", "auto_map", "pretrained", "x" * 100_000, "a\nb"):
        yield changed("config.json", config, (extra,), "x/y")
    for about in (
        {"model_type": "bert", "hidden_size": HUGE},
        {"model_type": "bert", "num_hidden_layers": 10**6},
        {"model_type": "bert", "num_attention_heads": 0},
        {"model_type": "bert", "hidden_act": "nothing"},
        {"model_type": "bert", "auto_map": {"AutoModel": "a/b--c.D"}},
        {"model_type": "bert", "quantization_config": {"quant_method": "bitsandbytes"}},
        {"model_type": "detr", "use_pretrained_backbone": True},
        {"model_type": "timm_backbone", "backbone": "resnet18"},
        {"model_type": ["bert"]},
        {"model_type": "../bert"},
    ):
        notes = config["notes"] | {"transformer": about, "encoder": "transformers"}
        yield changed("config.json", config, ("notes",), notes)
    yield changed("config.json", config, ("notes", "encoder"), "net")
    twice = json.dumps(config).replace('"features"', '"features": 16, "features"', 1)
    yield instead("config.json", "a key twice", twice.encode())


def tokenizers(whole: Path) -> Iterator[Mutant]:
    known = json.loads((whole / "tokenizer.json").read_text())
    for key in ("model", "added_tokens"):
        for other in (7, "x", [7], {}):
            yield changed("tokenizer.json", known, (key,), other)
    yield changed("tokenizer.json", known, ("model",), ...)
    for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        for other in (7, [], {"type": "Nothing"}, {"type": 7}):
            yield changed("tokenizer.json", known, (key,), other)
    for key in ("type", "vocab", "merges"):
        for other in (7, "x", None, [7]):
            yield changed("tokenizer.json", known, ("model", key), other)
    word = next(iter(known["model"]["vocab"]))
    for number in (-1, 10**4, HUGE, 2**32, "7", None, 1.5):
        yield changed("tokenizer.json", known, ("model", "vocab", word), number)
    yield changed("tokenizer.json", known, ("model", "merges"), [["no", "such"]])
    yield changed("tokenizer.json", known, ("model", "unk_token"), "[NONE]")
    yield changed("tokenizer.json", known, ("model", "dropout"), 0.5)
    vocabulary = {f"w{i}": i for i in range(200_000)}
    yield changed("tokenizer.json", known, ("model", "vocab"), vocabulary)
    token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    for number in (5000, 2**31):
        extra = token | {"id": number, "content": "<x>", "special": True}
        yield changed("tokenizer.json", known, ("added_tokens",), [*known["added_tokens"], extra])
    for number in (5000, 2**31):
        post = {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[C]", "type_id": 0}}],
            "pair": [],
            "special_tokens": {"[C]": {"id": "[C]", "ids": [number], "tokens": ["[C]"]}},
        }
        yield changed("tokenizer.json", known, ("post_processor",), post)
    grown = {"type": "Replace", "pattern": {"String": "e"}, "content": "fever " * 1000}
    yield changed("tokenizer.json", known, ("normalizer",), grown)
    spoken = {"type": "Replace", "pattern": {"Regex": "(("}, "content": "x"}
    yield changed("tokenizer.json", known, ("normalizer",), spoken)


def cards(whole: Path) -> Iterator[Mutant]:
    card = json.loads((whole / "card.json").read_text())
    rows = card["data"]
    for path, others in {
        ("name",): [..., 7, None, "", "another", "x" * 5000],
        ("version",): [..., 7, None, "", "9.9.9"],
        ("mmbm_version",): [7, None, []],
        ("manifest_sha256",): [7, None, {}],
        ("leave_out",): [7, "all", None, [7], [None]],
        ("trained_on",): [7, "all", None, [7], [None]],
        ("lineage",): [7, "films", None, [7], {"kind": "train"}],
        ("data",): [
            *(7, None, {}, [7], [{}], [rows[0] | {"cases": -1}], [rows[0] | {"source": 7}]),
            *([rows[0] | {"pneumonia": "many"}], [rows[0] | {"split": None}]),
        ],
        ("operating_point",): [7, [], "half", {}, {"name": 7}, {"name": "x", "thresholds": []}],
        ("operating_point", "thresholds", "pneumonia"): [2, -1, NAN, INFINITE, "0.5", None, [], {}],
        ("lung_finder_sha256",): [7, None, []],
        ("card",): [7, [], None],
    }.items():
        for other in others:
            yield changed("card.json", card, path, other)


def stored(tensors: dict[str, torch.Tensor]) -> bytes:
    return save({name: t.contiguous() for name, t in tensors.items()})


def broken(name: str) -> Iterator[Mutant]:
    """What no safetensors file is."""

    def header(about: object, tail: bytes = b"") -> bytes:
        text = json.dumps(about).encode() if not isinstance(about, bytes) else about
        return struct.pack("<Q", len(text)) + text + tail

    def tensor(shape: list[int], start: int, stop: int, dtype: str = "F32") -> dict[str, Any]:
        return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}

    for what, content in {
        "empty": b"",
        "seven bytes": bytes(7),
        "a header past the end": struct.pack("<Q", 1000) + b"{}",
        "a header of 2^63 bytes": struct.pack("<Q", 2**63) + b"{}",
        "a header of 2^64 - 1 bytes": struct.pack("<Q", 2**64 - 1) + b"{}",
        "no header": header(b""),
        "a header of zeros": header(bytes(64)),
        "a header that is a list": header([]),
        "a header that is no UTF-8": header(b'{"\xff": 1}'),
        "a deep header": header(b'{"a":' + DEEP),
        "no tensors": header({}),
        "a tensor past the end": header({"a": tensor([4], 0, 16)}),
        "a shape of 10^18": header({"a": tensor([HUGE, HUGE], 0, 4)}, bytes(4)),
        "a shape that overflows": header({"a": tensor([2**63, 2], 0, 4)}, bytes(4)),
        "a shape of nothing times 10^18": header({"a": tensor([0, 10**18], 0, 0)}),
        "a negative shape": header({"a": tensor([-1], 0, 4)}, bytes(4)),
        "offsets that overlap": header({"a": tensor([1], 0, 4), "b": tensor([1], 2, 6)}, bytes(6)),
        "offsets with a hole": header({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, bytes(12)),
        "offsets turned round": header({"a": tensor([1], 4, 0)}, bytes(4)),
        "an unknown kind": header({"a": tensor([1], 0, 4, "F99")}, bytes(4)),
        "metadata of numbers": header({"__metadata__": {"a": 7}}),
        "bytes behind the end": header({"a": tensor([1], 0, 4)}, bytes(9)),
        "a pickle": b"\x80\x04\x95" + bytes(100),
        "a zip": b"PK\x03\x04" + bytes(100),
    }.items():
        yield instead(name, what, content)


def weights(whole: Path) -> Iterator[Mutant]:
    held = load((whole / WEIGHTS).read_bytes())
    floats = [name for name, t in held.items() if t.is_floating_point()]
    for name in floats[:: max(1, len(floats) // 12)]:
        t = held[name]
        yield instead(
            WEIGHTS, f"without {name}", stored({n: w for n, w in held.items() if n != name})
        )
        for what, other in {
            "longer": torch.cat([t, t]),
            "another rank": t[None],
            "NaN": torch.full_like(t, NAN),
            "infinite": torch.full_like(t, INFINITE),
            "float64": t.double(),
            "int8": t.to(torch.int8),
            "bool": t > 0,
            "empty": t[:0],
        }.items():
            yield instead(WEIGHTS, f"{name} {what}", stored(held | {name: other}))
    last = t.flatten()
    one = torch.cat([last[:-1], torch.tensor([NAN], dtype=t.dtype)]).reshape(t.shape)
    yield instead(WEIGHTS, f"one NaN in {name}", stored(held | {name: one}))
    for extra in ("head.extra", "x" * 10_000, "encoders.image.backbone.blocks.x.a"):
        yield instead(WEIGHTS, f"and {extra[:40]}", stored(held | {extra: torch.ones(3)}))
    norm = "normalise.image.running_var"
    yield instead(WEIGHTS, "a variance below 0", stored(held | {norm: -held[norm]}))
    count = "normalise.image.num_batches_tracked"
    yield instead(WEIGHTS, "a count that is a float", stored(held | {count: torch.tensor(1.0)}))
    scale = {"calibration_scale": torch.ones(7)}
    yield instead(WEIGHTS, "an older calibration of another size", stored(held | scale))


def trusts(whole: Path) -> Iterator[Mutant]:
    held = load((whole / TRUST).read_bytes())
    for name, t in held.items():
        if name not in ("population", "spread"):
            rest = {n: w for n, w in held.items() if n != name}
            yield instead(TRUST, f"without {name}", stored(rest))
        for what, other in {
            "another rank": t[None],
            "complex": t.to(torch.complex64),
            "float64": t.double(),
            "infinite": torch.full(t.shape, -INFINITE),
        }.items():
            yield instead(TRUST, f"{name} {what}", stored(held | {name: other}))

    def spelt(text: str) -> torch.Tensor:
        return torch.tensor(list(text.encode()), dtype=torch.uint8)

    for text in (
        "7",
        "null",
        "[7]",
        '["a", "a"]',
        "{",
        '{"a": 1}',
        '["a", "b", "c"]',
        "[" * 50_000,
    ):
        yield instead(TRUST, f"sources {text[:20]}", stored(held | {"sources": spelt(text)}))
    yield instead(TRUST, "one table too many", stored(held | {"more": torch.ones(3)}))


def records(whole: Path) -> Iterator[Mutant]:
    record = json.loads((whole / "evaluation.json").read_text())
    for key, value in record.items():
        for other in (7, "x", None, [7], {"a": 7}):
            free = key in ("abstention", "disagreement") and isinstance(other, dict)
            if not isinstance(other, type(value)) or isinstance(value, dict):
                if (
                    free
                    or (key == "conformal" and other == {"a": 7})
                    or (key == "shift" and other == {"a": 7})
                    or (key == "agreement" and other is None)  # not assessed
                ):
                    continue
                yield changed("evaluation.json", record, (key,), other)
    figures = record["overall"]["pneumonia"]
    for name in ("auroc", "ece", "n", "auroc_ci"):
        for other in (NAN, "x", [], {}):
            overall = {"pneumonia": figures | {name: other}}
            yield changed("evaluation.json", record, ("overall",), overall)
    for section in (
        {"levels": 7},
        {"levels": {"high": {}}},
        {"levels": {"0.9": {"pneumonia": {"all": {"n": 7}}}}},
        {"levels": {"0.9": {"pneumonia": {"all": 7}}}},
    ):
        yield changed("evaluation.json", record, ("conformal",), section)
    points = {"a": {"b": {"fpr": ["x"] * 500_000, "tpr": []}}}
    yield changed("evaluation.json", record, ("roc",), points)
    for section in ({"kinds": {"a": 7}}, {"kinds": {"a": {"n": 1}}}, {"false_alarms": {"x": {}}}):
        yield changed("evaluation.json", record, ("shift",), section)


def others() -> Iterator[Mutant]:
    """The sanity checks, the log and the card's text."""
    line = {"model": "a", "over": "words", "method": "b", "similarity": 0.5, "cases": 3}
    for entry in (
        7, [], {}, line | {"similarity": "x"}, line | {"similarity": NAN}, line | {"cases": -1},
        line | {"similarity": 7.0}, line | {"more": 1}, line | {"model": None},
    ):  # fmt: skip
        yield instead("sanity.jsonl", str(entry)[:60], json.dumps(entry).encode() + b"\n")
    yield instead("sanity.jsonl", "not UTF-8", b"\xff\n")
    yield instead("sanity.jsonl", "deep", DEEP)
    for what, content in {
        "empty": b"",
        "words": b"epoch,loss\n1,much\n",
        "zeros": bytes(500),
        "not UTF-8": b"\xff,a\n",
        "no epochs": b"loss\n1\n",
        "ragged": b"epoch,loss\n1,2,3,4\n5,6\n",
        "a quote": b'epoch\n"1\n',
    }.items():
        yield instead("training.csv", what, content)
    yield instead("card.md", "not UTF-8", b"# \xff\xfe")


def files(whole: Path) -> Iterator[Mutant]:
    """Missing files, and what stands in place of a file."""
    names = sorted(p.name for p in whole.iterdir())

    def at(name: str, what: str, make: Callable[[Path], None], *, signed: bool) -> Mutant:
        def spoil(folder: Path) -> None:
            (folder / name).unlink(missing_ok=True)
            make(folder / name)
            if signed:
                resign(folder)

        return Mutant(f"{name} {what}", spoil)

    for name in names:
        outside = whole / name
        yield at(name, "is missing", lambda _: None, signed=False)
        if name in (WEIGHTS, "config.json", "tokenizer.json", "card.json"):
            yield at(name, "is missing, signed", lambda _: None, signed=True)
        yield at(name, "is a folder", lambda p: p.mkdir(), signed=name != CHECKSUMS)
        yield at(
            name, "is a link", lambda p, to=outside: p.symlink_to(to), signed=name != CHECKSUMS
        )
        yield at(name, "is a link to nowhere", lambda p: p.symlink_to("none"), signed=False)
        yield at(name, "is a link to itself", lambda p: p.symlink_to(p.name), signed=False)
        yield at(name, "is a pipe", lambda p: os.mkfifo(p), signed=False)
    yield at("more.json", "is not listed", lambda p: p.write_bytes(b"{}"), signed=False)
    yield at("more", "is a folder", lambda p: p.mkdir(), signed=True)
    listed, lists = json.loads((whole / CHECKSUMS).read_text()), dict(NO_OBJECT)
    for what, other in {
        "names a file elsewhere": listed | {"../model.safetensors": "0" * 64},
        "names a path": listed | {"/etc/passwd": "0" * 64},
        "names no file": listed | {"more.json": "0" * 64},
        "holds numbers": dict.fromkeys(listed, 7),
        "holds nothing": {},
        "holds null": dict.fromkeys(listed),
        "holds too many": listed | {f"a{i}": "0" * 64 for i in range(1000)},
        "lists a strange name": listed | {"a\x00b": "0" * 64},
        "lists the folder": listed | {"": "0" * 64, ".": "0" * 64},
    }.items():
        lists[what] = json.dumps(other).encode()
    for what, content in lists.items():

        def spoil(folder: Path, content: bytes = content) -> None:
            (folder / CHECKSUMS).write_bytes(content)

        yield Mutant(f"{CHECKSUMS} {what}", spoil)
