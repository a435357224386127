#!/usr/bin/env bash
# Shows a recommendation made from bundled measurements of a real engine. Changes nothing and leaves nothing behind.
set -eu
optimizer=$1
cd "$(dirname "$0")/.."
optimizer=${optimizer#"$PWD"/}
policy=policies/llamacpp-slots.yaml
results=Examples/results/chat-overloaded.jsonl

echo "\$ llm-auto-optimizer recommend --policy $policy --import $results --current slots=2 --no-store"
echo
# The objective is missed in these results, which exit code 1 tells scripts.
"$optimizer" recommend --policy "$policy" --import "$results" --current slots=2 --no-store || [ $? -eq 1 ]

cat <<EOF

What to try next
  the same engine when all is well      $optimizer recommend --policy $policy --import Examples/results/chat-healthy.jsonl --current slots=8 --no-store
  as a page to forward                  add --format html --output report.html
  your own results (guidellm, aiperf, vLLM, SGLang, inference-perf, llmperf, hey, ...)
                                        $optimizer import results.json
  your own policy                       $optimizer validate $policy
EOF
