#!/bin/bash
# Installs llama.cpp's Python package and a tiny random model, then lets tune.py judge the controller.
#
#     test.sh LLM_AUTO_OPTIMIZER VENV
set -euo pipefail
binary=$(realpath "$1") venv=$2
here=$(cd "$(dirname "$0")" && pwd)
tools=$(realpath -q "${AUTO_OPTIMIZER_SHARED:-$here/../../../shared}/tools/engines" || true)
if [ ! -d "$tools" ]; then
    echo "skipped: the shared tools are not here (AUTO_OPTIMIZER_SHARED names their folder)"
    exit 0
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import xllamacpp, gguf' 2>/dev/null; then
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet xllamacpp gguf; }; then
        echo "skipped: xllamacpp and gguf do not install here"
        exit 0
    fi
fi
model=$venv/tiny.gguf
[ -f "$model" ] || "$venv/bin/python" "$tools/make_gguf.py" "$model" 256 4 "$tools/tiny-model/tokenizer.json" >/dev/null
exec "$venv/bin/python" "$here/tune.py" "$binary" "$tools/xll_serve.py" "$model"
