"""The peer of the import figure: the same JSON lines with orjson, the same statistics with numpy.

One pass over the file in binary lines; values collected per 15 s pane and per whole, percentiles at the end. Prints the rate as
measurements a second, and the figures that must agree with ours.
"""

import resource
import sys
import time
from datetime import datetime

import numpy as np
import orjson


def read(path):
    names = ("ttft_ms", "tpot_ms", "e2e_ms", "gpu_utilization", "kv_cache_utilization")
    whole = {name: [] for name in names}
    panes = {}
    tokens = 0
    with open(path, "rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            stamp = datetime.fromisoformat(record["timestamp"]).timestamp()
            pane = panes.setdefault(int(stamp // 15), {name: [] for name in names})
            for name in names:
                value = record[name]
                whole[name].append(value)
                pane[name].append(value)
            tokens += record["output_tokens"]
    return whole, panes, tokens


def summarize(values):
    sample = np.asarray(values)
    return np.percentile(sample, [50, 90, 95, 99, 99.9], method="inverted_cdf"), sample.mean(), sample.std()


def main():
    start = time.perf_counter()
    whole, panes, tokens = read(sys.argv[1])
    summaries = {name: summarize(values) for name, values in whole.items()}
    newest = sorted(panes)[-20:]
    for name in whole:
        summarize(np.concatenate([panes[pane][name] for pane in newest]))
    seconds = time.perf_counter() - start
    count = len(whole["ttft_ms"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{'peer: Python, orjson and numpy':58}{f'{count / seconds:.0f} measurements/s':26}")
    print(f"{'  peak resident memory':58}{f'{peak} MiB':26}")
    print(f"{'  check: requests, ttft p50':58}{count}, {summaries['ttft_ms'][0][0]} ms")


main()
