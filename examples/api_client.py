"""Ask a running `mmbm serve` or `mmbm serve --api` for the analysis of a case. Needs no package.

    python examples/api_client.py X-RAY.dcm NOTES.txt SOUND.wav      # any one is enough

MMBM_API names another address than http://127.0.0.1:8501, MMBM_API_KEY the key of the server.
"""

import json
import os
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from urllib.error import HTTPError

PARTS = {"image": ".dcm .dicom .png .jpg .jpeg", "audio": ".wav .ogg .mp3 .m4a .webm .flac"}
HEAD = '--{}\r\nContent-Disposition: form-data; name="{}"; filename="part"\r\n\r\n'


def analyse(files, server="http://127.0.0.1:8501", key=""):
    """The report of a case, its parts' contents by name. Raises HTTPError where it is refused."""
    edge = uuid.uuid4().hex
    parts = [HEAD.format(edge, name).encode() + files[name] + b"\r\n" for name in files]
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    form = b"".join(parts) + f"--{edge}--\r\n".encode()
    while True:
        try:
            return json.load(
                urllib.request.urlopen(
                    urllib.request.Request(f"{server}/v1/analyses", form, headers)
                )
            )
        except HTTPError as refused:
            if refused.code != 429:
                raise
            time.sleep(float(refused.headers["Retry-After"]))  # busy: it says when to come again


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]]
    kinds = {end: part for part, ends in PARTS.items() for end in ends.split()}
    files = {kinds.get(path.suffix.lower(), "notes"): path.read_bytes() for path in paths}
    report = analyse(
        files,
        os.environ.get("MMBM_API", "http://127.0.0.1:8501"),
        os.environ.get("MMBM_API_KEY", ""),
    )
    for found in report["findings"]:
        print(f"{found['title']}: {found['probability']:.1%}", found["contributions"])
