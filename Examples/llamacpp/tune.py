"""Lets the controller tune a real llama.cpp, and checks what it reached against every setting measured in the same run.

    python tune.py LLM_AUTO_OPTIMIZER SERVER.py MODEL.gguf [CLIENTS]

1. Measures each number of slots under the same steady load. The utility of a setting is exp(-miss), where miss is the sum over the
   objective's limits of how far its 95th percentile lies above the limit, as a log ratio: 1 where every limit is kept.
2. Starts at 1 slot under that load and runs the controller until it has nothing more to change.
3. Measures what it reached; it must be within 10 % of the best.
4. Forces 1 slot by hand; it must be rolled back.
Exits 0 where both hold.
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

binary, server, model = sys.argv[1:4]
clients = int(sys.argv[4]) if len(sys.argv) > 4 else 10
here = pathlib.Path(__file__).resolve().parent
settings = [1, 4, 8, 16, 32]
limits = {"ttft_p95": 0.300, "tpot_p95": 0.060}


def say(text):
    print(text, flush=True)


def control(slots=None):
    body = None if slots is None else json.dumps({"slots": slots}).encode()
    request = urllib.request.Request("http://127.0.0.1:18232/slots", data=body, method="GET" if body is None else "PUT")
    with urllib.request.urlopen(request, timeout=40) as answer:
        return json.load(answer)["slots"]


def load(seconds):
    return subprocess.Popen([sys.executable, here / "load.py", "18231", str(clients), str(seconds)], stdout=subprocess.PIPE, text=True)


def measure(seconds=8):
    figures = json.loads(load(seconds).communicate()[0])
    miss = sum(max(0.0, math.log(figures[name] / limit)) for name, limit in limits.items())
    return math.exp(-miss), figures


def status(store):
    answer = subprocess.run([binary, "status", "--format", "json", "--store", store], capture_output=True, text=True)
    return json.loads(answer.stdout) if answer.stdout else {"open": [], "finished": []}


def shown(utility, figures):
    return (f"utility {utility:.2f}, TTFT p95 {figures['ttft_p95'] * 1000:.0f} ms, TPOT p95 {figures['tpot_p95'] * 1000:.1f} ms, "
            f"{figures['requests']} requests")


def run(store):
    """Runs the controller until nothing changed for a while; at most five minutes."""
    background = load(330)
    controller = subprocess.Popen([binary, "run", "--policies", here / "policy.yaml", "--store", store])
    began = changed = time.monotonic()
    last = None
    while time.monotonic() - began < 300:
        time.sleep(1)
        now = status(store) if os.path.exists(store) else {"open": [], "finished": []}
        key = json.dumps([now["open"], len(now["finished"])])
        if now["open"] or key != last:
            changed, last = time.monotonic(), key
        if time.monotonic() - changed > 60:
            break
    controller.terminate()
    controller.wait(timeout=20)
    background.kill()
    background.communicate()


def main():
    engine = subprocess.Popen([sys.executable, here / "engine.py", server, model, "18231", "18232", "1"], stdout=subprocess.PIPE, text=True)
    engine.stdout.readline()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return tune(os.path.join(folder, "store.sqlite"))
    finally:
        engine.terminate()
        engine.wait(timeout=10)


def tune(store):
    utilities = {}
    for slots in settings:
        control(slots)
        utilities[slots], figures = measure()
        say(f"{slots:2} slots: {shown(utilities[slots], figures)}")
    best = max(utilities.values())
    control(1)
    say("the controller begins at 1 slot")
    run(store)
    subprocess.run([binary, "status", "--limit", "20", "--store", store])
    reached = control()
    utility, figures = measure()
    say(f"reached {reached} slots: {shown(utility, figures)}; the best of all is {best:.2f}")
    kept = utility >= 0.9 * best
    background = load(200)
    forced = subprocess.run([binary, "cycle", "--policy", here / "policy.yaml", "--force", "slots=1", "--store", store])
    background.kill()
    background.communicate()
    undone = forced.returncode == 1 and control() == reached
    say(f"within 10 % of the best: {'yes' if kept else 'NO'}; the harmful setting was rolled back: {'yes' if undone else 'NO'}")
    return 0 if kept and undone and reached != 1 else 1


sys.exit(main())
