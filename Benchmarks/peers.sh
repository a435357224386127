#!/usr/bin/env bash
# Our client beside guidellm and aiperf from PyPI, at 1, 32, 256 and 1 000 streams, against a server that logs when it wrote; prints a
# Markdown table. The peers' packages take 6.5 GB in .venv-peers (2 GB where PyTorch's CPU index can be reached).
#
#   STREAMS=1,32 bash Benchmarks/peers.sh [FILE]     only some; the table also into FILE
set -eu
cd "$(dirname "$0")/.."
shared="${AUTO_OPTIMIZER_SHARED:-../shared}"
venv="${PEERS_VENV:-.venv-peers}"
if [ ! -e "$shared/tools/tmock.c" ]; then
    echo "bench-peers: skipped, needs $shared/tools/tmock.c (set AUTO_OPTIMIZER_SHARED)"
    exit 0
fi
swift build -c release --product Bench
bench="$(swift build -c release --show-bin-path)/Bench"

peers=()
if [ ! -x "$venv/bin/guidellm" ] || [ ! -x "$venv/bin/aiperf" ]; then
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    # Without CUDA where possible; only guidellm's packages need PyTorch, and nothing here uses it.
    "$venv/bin/pip" install --quiet --retries 0 --timeout 10 torch --index-url https://download.pytorch.org/whl/cpu >/dev/null 2>&1 || true
    "$venv/bin/pip" install --quiet --retries 1 guidellm aiperf || echo "bench-peers: no peers, PyPI cannot be reached"
fi
for peer in guidellm aiperf; do
    if [ -x "$venv/bin/$peer" ]; then peers+=("--$peer" "$venv/bin/$peer"); else echo "bench-peers: $peer is skipped"; fi
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -O2 -w -o "$folder/mock" "$shared/tools/tmock.c" -lm
ln -s "$(realpath "$shared")/tools/engines/tiny-model" "$folder/tokenizer"

python3 Benchmarks/peers.py --mock "$folder/mock" --bench "$bench" --tokenizer "$folder/tokenizer" --streams "${STREAMS:-1,32,256,1000}" \
    "${peers[@]}" | tee "${1:-/dev/null}"
