"""Which cases were scored, as one checksum: records with the same one can be compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from mmbm.data.manifest import Manifest

__all__ = ["cases_sha256"]


def cases_sha256(manifest: Manifest) -> str:
    """Over the cases of a split: each one's names, labels, note, and the content of its files."""
    digests: dict[Path, str] = {}
    total = hashlib.sha256()
    rows = manifest.rows
    columns = sorted(str(name) for name in rows if name not in {"image", "notes", "audio"})
    total.update(json.dumps(columns).encode())
    for i, facts in enumerate(rows[columns].to_numpy().tolist()):
        for part in ("image", "notes", "audio"):
            path = manifest.path(i, part)
            if path is not None and path not in digests:
                digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            facts.append(digests[path] if path is not None else "")
        total.update(json.dumps(facts).encode())
    return total.hexdigest()
