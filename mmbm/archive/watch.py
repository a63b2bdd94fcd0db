"""Watching: the inbox, and while it is looked at the service that the archive sends to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mmbm.archive.chain import Kept, take_arrived
from mmbm.archive.config import ArchiveConfig
from mmbm.archive.inbox import Inbox
from mmbm.archive.outbox import Outbox
from mmbm.archive.pull import Refused
from mmbm.archive.receive import Bounds, Receiver
from mmbm.archive.results import to_send
from mmbm.config import Limits
from mmbm.errors import ConfigError
from mmbm.text import sentence

if TYPE_CHECKING:
    from mmbm.store.store import Store

__all__ = ["Watch"]


class Watch:
    """One watched folder with its outbox, while it is entered.

    Raises: ConfigError where the configuration names no inbox; ArchiveError where a folder or the
    port cannot be used.
    """

    def __init__(self, config: ArchiveConfig, store: Store) -> None:
        if config.inbox is None:
            raise ConfigError(sentence("archive.config.no_inbox"))
        self._config, self._store = config, store
        self.inbox, self.outbox = Inbox(config.inbox, config.settled), Outbox(config.outbox)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._config.dicom.host:
            bounds = Bounds(Limits().file_bytes)
            self._open.enter_context(Receiver(self._config, self.inbox.take, bounds))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def arrived(self) -> Iterator[Kept | Refused]:
        """Each study that came to rest, as a stored case."""
        return take_arrived(self._store, self._config, self.inbox)

    def to_send(self) -> tuple[str, ...]:
        """The cases whose results may go back."""
        return to_send(self._store, self._config)
