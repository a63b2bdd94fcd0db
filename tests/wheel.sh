#!/usr/bin/env bash
# Build the wheel, install it in an empty environment outside the clone, and use it there: score a
# sample case, and ask the dashboard for its page. Takes minutes: bash tests/wheel.sh
set -euo pipefail
cd "$(dirname "$0")/.."
room=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$room"' EXIT

python3 -m pip wheel --quiet --no-deps --wheel-dir "$room" .
python3 -m venv "$room/venv"
"$room/venv/bin/python" -m pip install --quiet -c constraints.txt "$room"/mmbm-*.whl

cd "$room" # nothing of the clone is at hand from here on
unset PYTHONPATH
"$room/venv/bin/python" -c "
import dashboard, mmbm
for package in (dashboard, mmbm):
    assert package.__file__.startswith('$room/venv/'), package.__file__
"
"$room/venv/bin/mmbm" sample samples >/dev/null
"$room/venv/bin/mmbm" predict --json --image samples/adult-opacity/image.dcm \
    --notes samples/adult-opacity/notes.txt --audio samples/adult-opacity/sound.wav >result.json
"$room/venv/bin/python" -c "
import json
from mmbm.evaluate.golden import read_golden
from mmbm.model.checkpoint import find
stored = read_golden(find('default'))['adult-opacity']
for finding in json.load(open('result.json', encoding='utf-8'))['findings']:
    assert abs(finding['logit'] - stored[finding['name']]) < 1e-3, finding
    print(finding['name'], round(finding['logit'], 4))
"

port=$("$room/venv/bin/python" -c "
import socket
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    print(free.getsockname()[1])")
"$room/venv/bin/mmbm" serve --port "$port" >server.log 2>&1 &
server=$!
for _ in $(seq 60); do
    if answer=$("$room/venv/bin/python" -c "
from urllib.request import urlopen
with urlopen('http://127.0.0.1:$port/', timeout=5) as page:
    assert page.status == 200 and b'<title>' in page.read()
    print('the dashboard answers')" 2>/dev/null); then
        echo "$answer"
        exit 0
    fi
    sleep 1
done
echo "the dashboard did not answer:" >&2
cat server.log >&2
exit 1
