"""The configuration of an archive."""

from __future__ import annotations

import pytest

from mmbm.archive.config import ArchiveConfig, client_context, read_config, server_context
from mmbm.errors import ConfigError

WEB = '[web]\nurl = "https://archive.example/dicom-web"\n'


def read(tmp_path, text):
    (tmp_path / "archive.toml").write_text(text)
    return read_config(tmp_path / "archive.toml")


def test_folders_lie_beside_the_file(tmp_path):
    config = read(tmp_path, f'notes = "notes.csv"\n{WEB}[tls]\nca = "ca.pem"\n')
    assert config.store == tmp_path / "cases" and config.notes == tmp_path / "notes.csv"
    assert config.inbox is None and config.tls.ca == tmp_path / "ca.pem"
    assert config.web.url == "https://archive.example/dicom-web"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "needs the archive's url"),
        ('pull = "c-get"\n' + WEB, "need the archive's host"),
        ("urk = 1\n" + WEB, "urk.*pull, send, store"),
        (WEB + "urk = 1\n", "urk.*url"),
        ('pull = "ftp"\n' + WEB, "pull"),
        ('[web]\nurl = "http://archive.example/dicom-web"\n', "https"),
        ('[web]\nurl = "https://me:secret@archive.example/"\n', "without a user name"),
        ('[web]\nurl = "file:///etc"\n', "https"),
        (WEB + '[dicom]\ntitle = "TOO LONG FOR A TITLE"\n', "title"),
        (WEB + '[dicom]\ntitle = "A\\\\B"\n', "application entity title"),
        (WEB + "[dicom]\nport = 0\n", "port"),
        (WEB + '[tls]\nkey = "key.pem"\n', "belong together"),
        ("no toml at all", "archive.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, match):
    with pytest.raises(ConfigError, match=match) as found:
        read(tmp_path, text)
    assert "secret" not in str(found.value)


def test_plain_http_is_for_this_machine(tmp_path):
    assert read(tmp_path, '[web]\nurl = "http://localhost:8042/dicom-web/"\n').web.url.endswith("b")


def test_certificates_that_cannot_be_used_are_said(tmp_path):
    config = ArchiveConfig.parse({"tls": {"on": True}})
    with pytest.raises(ConfigError, match="certificate and key"):
        server_context(config.tls)
    for name in ("ca", "certificate", "key"):
        (tmp_path / name).write_text("none")
    tls = ArchiveConfig.parse(
        {"tls": {name: str(tmp_path / name) for name in ("ca", "certificate", "key")}}
    ).tls
    for make in (client_context, server_context):
        with pytest.raises(ConfigError, match="PEM"):
            make(tls)
