"""Lets the controller tune a real llama.cpp, and checks what it reached against every setting measured in the same run.

    python tune.py LLM_AUTO_OPTIMIZER SERVER.py MODEL.gguf [CLIENTS]

1. Measures each number of slots under the same steady load. The objective asks for a first token in the geometric mean of the
   95th percentile with one slot and the fastest one seen: how fast machines are differs, and an objective that every setting meets leaves nothing to tune.
   The utility of a setting is exp(-miss), where miss is the sum over the objective's limits of how far its 95th percentile lies above
   the limit, as a log ratio: 1 where every limit is kept.
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
clients = int(sys.argv[4]) if len(sys.argv) > 4 else 20
here = pathlib.Path(__file__).resolve().parent
settings = [1, 4, 8, 16, 32]
written = {"ttft_p95": 0.300, "tpot_p95": 0.060}  # In policy.yaml.


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
    return json.loads(load(seconds).communicate()[0])


def utility(figures, limits):
    return math.exp(-sum(max(0.0, math.log(figures[name] / limit)) for name, limit in limits.items()))


def write_policy(path, limits):
    """policy.yaml with the limit of this machine."""
    text = (here / "policy.yaml").read_text()
    path.write_text(text.replace("300ms", f"{limits['ttft_p95'] * 1000:.0f}ms"))


def status(store):
    answer = subprocess.run([binary, "status", "--format", "json", "--store", store], capture_output=True, text=True)
    return json.loads(answer.stdout) if answer.stdout else {"open": [], "finished": []}


def shown(figures):
    return (f"TTFT p95 {figures['ttft_p95'] * 1000:.0f} ms, TPOT p95 {figures['tpot_p95'] * 1000:.1f} ms, "
            f"{figures['requests']} requests")


def run(policy, store):
    """Runs the controller until nothing changed for a while; at most seven minutes."""
    background = load(450)
    controller = subprocess.Popen([binary, "run", "--policies", policy, "--store", store])
    began = changed = time.monotonic()
    last = None
    while time.monotonic() - began < 420:
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
            return tune(pathlib.Path(folder))
    finally:
        engine.terminate()
        engine.wait(timeout=10)


def tune(folder):
    policy, store = folder / "policy.yaml", folder / "store.sqlite"
    seen = {}
    for slots in settings:
        control(slots)
        seen[slots] = measure()
        say(f"{slots:2} slots: {shown(seen[slots])}")
    control(1)
    again = measure()
    say(f" 1 slots: {shown(again)}, once more: the machine may have become faster meanwhile")
    slowest = min(seen[1]["ttft_p95"], again["ttft_p95"])
    fastest = min(figures["ttft_p95"] for figures in seen.values())
    limits = {**written, "ttft_p95": round(math.sqrt(fastest * slowest), 3)}
    utilities = {slots: utility(figures, limits) for slots, figures in seen.items()}
    say(f"objective: TTFT p95 {limits['ttft_p95'] * 1000:.0f} ms, TPOT p95 {limits['tpot_p95'] * 1000:.0f} ms; utility by slots: "
        + ", ".join(f"{slots}: {value:.2f}" for slots, value in utilities.items()))
    write_policy(policy, limits)
    say("the controller begins at 1 slot")
    run(policy, store)
    subprocess.run([binary, "status", "--limit", "20", "--store", store])
    reached, figures = control(), measure()
    best, got = max(utilities.values()), utility(figures, limits)
    say(f"reached {reached} slots: utility {got:.2f}, {shown(figures)}; the best of all is {best:.2f}")
    kept = got >= 0.9 * best
    background = load(200)
    forced = subprocess.run([binary, "cycle", "--policy", policy, "--force", "slots=1", "--store", store])
    background.kill()
    background.communicate()
    undone = reached != 1 and forced.returncode == 1 and control() == reached
    say(f"within 10 % of the best: {'yes' if kept else 'NO'}; the harmful setting was rolled back: {'yes' if undone else 'NO'}")
    return 0 if kept and undone else 1


sys.exit(main())
