from __future__ import annotations

from mmbm.data import copies


def test_keys_are_equal_exactly_where_bytes_are(tmp_path, monkeypatch):
    tail = b"t" * copies.TAIL
    contents = [b"a" + tail, b"b" + tail, b"a" + tail, b"a", b"", b"", b"aa" + tail]
    paths = [tmp_path / str(i) for i in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    read = []
    monkeypatch.setattr(copies, "_whole", lambda p: read.append(p) or p.read_bytes().hex())
    keys = copies.content_keys(paths)
    same = {(i, j) for i in range(7) for j in range(7) if i < j and keys[i] == keys[j]}
    assert same == {(0, 2), (4, 5)}
    assert set(read) == set(paths[:3]) | set(paths[4:6])  # the others differ in size
