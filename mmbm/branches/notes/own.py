"""The notes encoder's net from a folder, with the folder's tokeniser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from mmbm.branches.branch import Begun
from mmbm.branches.from_folder import FAULTS, open_net, parts_of, transformers
from mmbm.branches.notes.config import NotesConfig
from mmbm.branches.notes.prepare import UNKNOWN, UNKNOWN_ID, read_tokenizer
from mmbm.errors import ConfigError, ModelError
from mmbm.text import sentence

__all__ = ["begun_from_folder"]

FILE = "tokenizer.json"
OLDER = ("vocab.*", "*.model", "merges.txt")  # without one the library makes an empty tokeniser
# their positions are counted from the number of the pad on, so that the first two are lost
FROM_PAD = ("camembert", "data2vec-text", "longformer", "mpnet", "roberta", "xlm-roberta", "xmod")


def begun_from_folder(settings: NotesConfig) -> Begun:
    """What a run begins with whose notes are read by the net in ``settings.folder``.

    Raises
    ------
    ConfigError
        The folder does not hold a net, or no tokeniser that goes with it.
    """
    folder, opened = Path(settings.folder), open_net(settings)
    refusal = sentence("encoder.tokenizer", folder=folder.name)
    try:
        tokenizer = Tokenizer.from_str(_tokenizer_text(folder))
    except BaseException as exc:  # the library raises bare Exception, and panics past it
        if isinstance(exc, KeyboardInterrupt | SystemExit | ConfigError):
            raise
        raise ConfigError(refusal) from exc
    positions = int(getattr(opened.config, "max_position_embeddings", settings.max_tokens))
    if opened.about["model_type"] in FROM_PAD:
        positions -= 2
    known = {
        "folder": folder.name,
        "transformer": opened.about,
        "vocabulary": tokenizer.get_vocab_size(),
        "unknown": _unknown(tokenizer),
        "max_tokens": min(settings.max_tokens, positions),
    }
    own = NotesConfig.parse(settings.model_dump(exclude_unset=True) | known)
    try:
        content = tokenizer.to_str().encode("utf-8")
        tokens = int(opened.config.vocab_size)
        tokenizer = read_tokenizer(content, sentence("encoder.tokenizer_file"), tokens, own)
    except ModelError as exc:
        raise ConfigError(refusal) from exc
    return Begun(own, tokenizer, parts_of("net", opened.weights))


def _tokenizer_text(folder: Path) -> str:
    """The folder's tokenizer.json, or what AutoTokenizer makes of its other files."""
    if (folder / FILE).is_file():
        return (folder / FILE).read_text(encoding="utf-8")
    refusal = sentence("encoder.tokenizer", folder=folder.name)
    if not any(found for pattern in OLDER for found in folder.glob(pattern)):
        raise ConfigError(refusal)
    try:
        made: Any = transformers().AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_fast=True
        )
        text: str = made.backend_tokenizer.to_str()
    except FAULTS as exc:
        raise ConfigError(refusal) from exc
    return text


def _unknown(tokenizer: Tokenizer) -> int:
    """The number of the unknown token."""
    names = (getattr(tokenizer.model, "unk_token", None), UNKNOWN, "<unk>", "[unk]")
    found = [tokenizer.token_to_id(name) for name in names if name]
    return next((number for number in found if number is not None), UNKNOWN_ID)
