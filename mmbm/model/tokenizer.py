"""A model's tokeniser, read from ``tokenizer.json`` and tried before it is used."""

from __future__ import annotations

from tokenizers import Tokenizer

from mmbm.config import NotesConfig
from mmbm.errors import ModelError

__all__ = ["read_tokenizer"]

# words, figures, Chinese, a control sign and a letter that no vocabulary holds
TRIAL = "Fever 38.6, denies chest pain. 发热三天 \x01 \U000143f0"
MOST = 1000  # tokens of the trial
ROOM, EACH = 2**20, 2**10  # bytes of the file, and for each token


def read_tokenizer(content: bytes, what: str, tokens: int, config: NotesConfig) -> Tokenizer:
    """A tokeniser whose every token is one of the ``tokens`` that the net knows.

    It neither pads nor cuts, whatever the file says: the model does that.

    Raises
    ------
    ModelError
        Calling the file ``what``.
    """
    if len(content) > ROOM + EACH * tokens:
        raise ModelError(f"{what} is far larger than the {tokens} tokens that the model knows.")
    try:
        tokenizer = Tokenizer.from_str(content.decode("utf-8"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tried = [*tokenizer.encode(TRIAL).ids, *tokenizer.encode("").ids]
    except BaseException as exc:  # the library raises bare Exception, and panics past it
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        raise ModelError(f"{what} is damaged: it is no tokeniser that reads a note.") from exc
    if getattr(tokenizer.model, "dropout", None):
        raise ModelError(f"{what} drops tokens at random; a model must read a note the same twice.")
    if len(tried) > MOST:
        raise ModelError(f"{what} makes {len(tried):,} tokens of one short line.")
    highest = max([*tokenizer.get_vocab().values(), *tried, config.unknown], default=0)
    if highest >= tokens:
        raise ModelError(
            f"{what} has a token numbered {highest}, but the model knows {tokens}, from 0."
        )
    return tokenizer
