#!/usr/bin/env bash
# Measures every promised figure in release mode; the import figure beside Python with orjson and numpy on the same file.
set -eu
cd "$(dirname "$0")/.."
swift build -c release --product Bench
swift build -c release --product llm-auto-optimizer
bench="$(swift build -c release --show-bin-path)/Bench"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python=python3
if ! python3 -c 'import orjson, numpy' 2>/dev/null; then
    python3 -m venv .build-venv-bench && .build-venv-bench/bin/pip install --quiet orjson numpy && python=.build-venv-bench/bin/python
fi

"$bench" generate "$folder/small.jsonl" 10
"$bench" generate "$folder/middle.jsonl" 100
"$bench" import "$folder/small.jsonl"
"$bench" import "$folder/middle.jsonl"
"$python" Benchmarks/peer_import.py "$folder/middle.jsonl" || echo "peer: no Python with orjson and numpy here"
if [ "${BENCH_LARGE:-yes}" = yes ]; then
    "$bench" generate "$folder/large.jsonl" 1024
    "$bench" import "$folder/large.jsonl" 1
fi
"$bench" decide
"$bench" tick
hour="${AUTO_OPTIMIZER_SHARED:-../shared}/traces/azure2023_conv.csv.gz"
if [ -e "$hour" ]; then
    gzip -dc "$hour" > "$folder/hour.csv"
    "$bench" simulate "$folder/hour.csv"
else
    "$bench" simulate
fi
"$bench" store
"${PYTHON:-python3}" Benchmarks/idle.py "$(swift build -c release --show-bin-path)/llm-auto-optimizer"

mock="${AUTO_OPTIMIZER_SHARED:-../shared}/tools/tmock.c"
if [ -e "$mock" ]; then
    cc -O2 -w -o "$folder/mock" "$mock" -lm
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$folder/mock" -p "$port" &
    mock_process=$!
    trap 'kill "$mock_process"; rm -rf "$folder"' EXIT
    "$bench" transport "http://127.0.0.1:$port/v1/chat/completions"
else
    echo "transport: skipped, needs $mock"
fi
