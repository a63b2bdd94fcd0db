import pytest

from mmbm.scale import Options
from tests.made_archives import write_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def options(tiny_model_dir):
    return Options(str(tiny_model_dir), "cpu", workers=1, shard_rows=7)
