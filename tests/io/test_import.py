import subprocess
import sys


def test_importing_the_readers_loads_no_decoder():
    code = "import sys, mmbm.io; print(*sys.modules)"
    command = [sys.executable, "-W", "error", "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"pydicom", "av", "PIL", "pypdf", "docx", "soxr", "soundfile", "torch", "streamlit"}
    assert not heavy & set(out.stdout.split())
