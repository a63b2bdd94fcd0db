"""Pictures that the archive sends: a C-STORE service for this archive alone (PS3.4 annex B).

A file's bytes are handed on as they came and are not parsed. Who calls must bear the archive's
title and come from its address; a file over the limit ends the connection before it is whole.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from mmbm.archive.config import ArchiveConfig, server_context
from mmbm.archive.wanted import installed
from mmbm.errors import ArchiveError, MMBMError, TooLarge
from mmbm.text import sentence

__all__ = ["Bounds", "Receiver", "films_and_syntaxes", "taken_in"]

_NO_MORE, _NOT_OURS = 0xA700, 0xC000
_FILMS = (  # PS3.4 annex B.5: the pictures that chest X-rays are kept as
    "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray, for processing
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
)
_SYNTAXES = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)),
    *(f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112, 201, 202, 203)),
    "1.2.840.10008.1.2.5",
)


def films_and_syntaxes() -> list[tuple[str, tuple[str, ...]]]:
    """What may be fetched: each kind of picture, in every transfer syntax that is read."""
    return [(film, _SYNTAXES) for film in _FILMS]


class Bounds:
    """How much may come: bytes of one file, and files, over all connections."""

    def __init__(self, file_bytes: int, files: int | None = None) -> None:
        self.file_bytes, self.files = file_bytes, files
        self.passed = False  # a file was over the limit
        self._messages: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # bytes by connection
        self._count = 0

    def more(self, connection: Any, n_bytes: int) -> bool:
        """Whether as many more bytes of one message may be taken."""
        self._messages[connection] = self._messages.get(connection, 0) + n_bytes
        within = self._messages[connection] <= self.file_bytes + 2**16
        self.passed = self.passed or not within
        return within

    def another(self, connection: Any) -> bool:
        """Whether the message that ended may be taken as a file."""
        self._messages[connection] = 0
        self._count += 1
        return not self.full

    @property
    def full(self) -> bool:
        """Whether more files came than may."""
        return self.files is not None and self._count > self.files

    def check(self) -> None:
        """Raises TooLarge where a file was over the limit."""
        if self.passed:
            raise TooLarge(sentence("archive.too_large", megabytes=self.file_bytes / 2**20))


def taken_in(take: Callable[[bytes], None], bounds: Bounds) -> list[Any]:
    """Handlers of an association that hand each file's bytes to ``take``."""
    from pynetdicom import evt

    def received(event: Any) -> int:
        if not bounds.another(event.assoc):
            return _NO_MORE
        try:
            take(event.encoded_dataset())
        except (MMBMError, OSError):
            return _NO_MORE  # the archive keeps it, and may send it again
        return 0x0000

    def counted(event: Any) -> None:
        if not bounds.more(event.assoc, len(event.data)):
            event.assoc.abort()

    return [(evt.EVT_C_STORE, received), (evt.EVT_DATA_RECV, counted)]


class Receiver:
    """Listens while it is entered.

    Raises: ConfigError where the extra is not installed; ArchiveError where nothing can be
    listened to at the address.
    """

    def __init__(
        self, config: ArchiveConfig, take: Callable[[bytes], None], bounds: Bounds
    ) -> None:
        installed("pynetdicom")
        self._config, self._take, self._bounds = config, take, bounds
        self._server: Any = None

    def __enter__(self) -> Self:
        from pynetdicom import AE, evt

        at = self._config.dicom
        entity = AE(at.own_title)
        entity.require_called_aet = True
        entity.require_calling_aet = [at.title]
        entity.maximum_associations = 4
        entity.network_timeout = entity.acse_timeout = self._config.timeout
        entity.dimse_timeout = self._config.timeout
        for film, syntaxes in films_and_syntaxes():
            entity.add_supported_context(film, list(syntaxes))
        entity.add_supported_context("1.2.840.10008.1.1")  # C-ECHO
        known = _addresses(at.host)

        def asked(event: Any) -> None:
            if event.assoc.requestor.address not in known:
                event.assoc.abort()

        handlers = [*taken_in(self._take, self._bounds), (evt.EVT_REQUESTED, asked)]
        tls = self._config.tls
        try:
            self._server = entity.start_server(
                (at.own_address, at.own_port),
                block=False,
                ssl_context=server_context(tls) if tls.on else None,
                evt_handlers=handlers,
            )
        except OSError as exc:
            raise ArchiveError(sentence("archive.port", port=at.own_port)) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()


def _addresses(host: str) -> set[str]:
    """The addresses of the archive; none where its name is not known: nobody is let in then."""
    with contextlib.suppress(OSError):
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    return set()
