"""A real Orthanc on loopback, with a made configuration in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from mmbm.archive.config import ArchiveConfig

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
ABSENT = "no Orthanc with DICOMweb here: apt-get install orthanc orthanc-dicomweb"


def present() -> bool:
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None and (
        PLUGIN.exists()
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now; all held open until all are known."""
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class Orthanc:
    """One server process; what it stores outlives its being killed.

    With ``certificate`` and its ``key`` it speaks DICOM over TLS alone; its web server stays plain.
    """

    def __init__(
        self, folder: Path, certificate: Path | None = None, key: Path | None = None
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.http, self.dicom, self.receiving = free_ports(3)
        secure = {}
        if certificate and key:
            secure = {
                "DicomTlsEnabled": True,
                "DicomTlsCertificate": str(certificate),
                "DicomTlsPrivateKey": str(key),
                "DicomTlsTrustedCertificates": str(certificate),
                "DicomTlsRemoteCertificateRequired": False,
            }
        (folder / "orthanc.json").write_text(
            json.dumps(
                {
                    "StorageDirectory": str(folder / "storage"),
                    "IndexDirectory": str(folder / "storage"),
                    "HttpPort": self.http,
                    "DicomPort": self.dicom,
                    "DicomAet": "ORTHANC",
                    "RemoteAccessAllowed": False,
                    "AuthenticationEnabled": False,
                    "DicomCheckCalledAet": True,
                    "DicomAlwaysAllowGet": True,
                    "DicomAlwaysAllowMove": True,
                    "DicomModalities": {"mmbm": ["MMBM", "127.0.0.1", self.receiving]},
                    "Plugins": [str(PLUGIN)],
                    "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
                    "SaveJobs": False,
                    "SyncStorageArea": True,
                    "DeidentifyLogs": True,
                    **secure,
                }
            )
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Orthanc:
        self.process = subprocess.Popen(
            ["/usr/sbin/Orthanc", str(self.folder / "orthanc.json")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                self.ask("/system")
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None:
                    raise RuntimeError("Orthanc does not start") from None
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("Orthanc does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, path: str, content: bytes | None = None, method: str | None = None):
        """Its own REST interface, beside those that are tested."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}", data=content, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def hold(self, content: bytes) -> None:
        self.ask("/instances", content, "POST")

    def empty(self) -> None:
        for study in self.ask("/studies"):
            self.ask(f"/studies/{study}", method="DELETE")

    def held(self) -> dict[str, dict[str, str]]:
        """Of each instance by its SOP Instance UID: its study and its modality."""
        found = {}
        for instance in self.ask("/instances?expand"):
            tags = self.ask(f"/instances/{instance['ID']}/simplified-tags")
            uid = tags["SOPInstanceUID"]
            assert uid not in found
            found[uid] = {
                "study": tags["StudyInstanceUID"],
                "modality": tags.get("Modality", ""),
                "accession": tags.get("AccessionNumber", ""),
            }
        return found

    def config(self, folder: Path, **more) -> ArchiveConfig:
        """A configuration of this program for it, its folders below ``folder``."""
        return ArchiveConfig.parse(
            {
                "store": str(folder / "cases"),
                "outbox": str(folder / "outbox"),
                "timeout": 10.0,
                "web": {"url": f"http://127.0.0.1:{self.http}/dicom-web"},
                "dicom": {
                    "host": "127.0.0.1",
                    "port": self.dicom,
                    "own_port": self.receiving,
                },
                **more,
            }
        )
