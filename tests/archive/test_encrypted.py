"""TLS to a real Orthanc with a self-made certificate, by DICOM and, behind a proxy, by DICOMweb."""

from __future__ import annotations

import gc
import io
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pydicom
import pytest

from mmbm.archive.connect import for_sending
from mmbm.archive.outbox import Outbox, deliver
from mmbm.archive.pull import pull
from mmbm.archive.query import Query
from mmbm.errors import ArchiveError
from tests.made_archive import ABSENT, Orthanc, present
from tests.made_studies import film, result

WAYS = [("dicomweb", "dicomweb"), ("c-get", "c-store")]


def certified(folder, name):
    """A certificate for this machine that signs itself, and its key, both in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


class Proxy:
    """A port that speaks TLS and hands all of it on to a plain one, as a hospital's proxy does."""

    def __init__(self, certificate, key, onward):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port, self.context, self.onward = self.door.getsockname()[1], context, onward
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        with suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)  # or accept goes on waiting
        self.door.close()

    def serve(self):
        with suppress(OSError):  # the door was closed
            while True:
                threading.Thread(target=self.hand_on, args=self.door.accept(), daemon=True).start()

    def hand_on(self, plain, _):
        with (
            plain,
            suppress(OSError),
            self.context.wrap_socket(plain, server_side=True) as caller,
            socket.create_connection(("127.0.0.1", self.onward)) as server,
        ):
            back = threading.Thread(target=pour, args=(server, caller), daemon=True)
            back.start()
            pour(caller, server)
            back.join(30)


def pour(source, target):
    """From one socket into another until it is closed."""
    with suppress(OSError):
        while piece := source.recv(2**16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """An Orthanc that speaks TLS alone, with one film; the paths of two certificates."""
    if not present():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("secure")
    own, key = certified(folder, "archive")
    other, _ = certified(folder, "other")
    server = Orthanc(folder / "orthanc", own, key).start()
    server.hold(film(1))
    proxy = Proxy(own, key, server.http)
    yield server, {"url": f"https://127.0.0.1:{proxy.port}/dicom-web"}, own, other
    proxy.close()
    server.stop()


@pytest.mark.parametrize(("way", "back"), WAYS)
def test_a_study_comes_and_a_result_goes_encrypted(secure, tmp_path, way, back):
    server, web, own, _ = secure
    tls = {"on": True, "ca": str(own)}
    config = server.config(tmp_path, pull=way, send=back, tls=tls, web=web)
    pulled = pull(config, Query(accession="A1"))
    assert [made.case.image.study.accession for made in pulled.cases] == ["A1"]
    outbox, number = Outbox(config.outbox), WAYS.index((way, back)) + 1
    outbox.put([pydicom.dcmread(io.BytesIO(result(1, number)))])
    assert deliver(outbox, for_sending(config)).waiting == 0
    assert sum(of["modality"] == "OT" for of in server.held().values()) >= 1


# pynetdicom leaves the socket of a refused connection to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("way", "back"), WAYS)
def test_a_certificate_that_nobody_known_signed_is_refused(secure, tmp_path, way, back):
    server, web, _, other = secure
    tls = {"on": True, "ca": str(other)}
    config = server.config(tmp_path, pull=way, send=back, tls=tls, web=web)
    said = "certificate is not signed" if way == "dicomweb" else "does not answer"
    with pytest.raises(ArchiveError, match=said):
        pull(config, Query(accession="A1"))
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_plain_connection_is_not_taken(secure, tmp_path):
    server, *_ = secure
    config = server.config(tmp_path, pull="c-get", timeout=3.0)
    with pytest.raises(ArchiveError):
        pull(config, Query(accession="A1"))
    gc.collect()
