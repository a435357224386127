#!/usr/bin/env python3
"""Our client beside guidellm and aiperf against a server that logs when it wrote each first and last token.

    peers.py --mock TMOCK --bench BENCH [--guidellm GUIDELLM] [--aiperf AIPERF] [--tokenizer DIRECTORY] [--streams 1,32,256,1000]

Every cell starts a server of its own: first token after 100 ms, the others each 20 ms later, 64 tokens, HTTP/1.1 on loopback. Error is a
quantile of what the client says minus the same quantile of what the server logged. Of client and server alike the first request of each
stream is left out, which opened its connection. The rate is that of requests arriving while all streams are in use, as a share of what
the server's times allow. Processor time and memory (sum of proportional set sizes, sampled) are those of all processes of the client,
start-up included.
"""
import argparse, json, os, pathlib, resource, shutil, signal, socket, subprocess, sys, tempfile, threading, time

TTFT, ITL, TOKENS = 100, 20, 64
SERVICE = (TTFT + ITL * (TOKENS - 1)) / 1e3


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mock:
    """The server; its log is complete when it has ended."""

    def __init__(self, binary, folder, ttft, itl):
        self.port, self.log = free_port(), folder / "server.csv"
        self.process = subprocess.Popen([binary, "-p", str(self.port), "-t", str(ttft), "-i", str(itl), "-l", str(self.log)])
        self.url = f"http://127.0.0.1:{self.port}"
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        sys.exit("the server does not listen")

    def end(self):
        """Arrival, time to first token and time from first to last token of each answered request, in ns and order of arrival."""
        self.process.terminate()
        self.process.wait(10)
        rows = [line.rsplit(",", 5) for line in self.log.read_text().splitlines()[1:]]
        return sorted((int(r[3]), int(r[4]), int(r[5]) - int(r[4])) for r in rows if r[2] == "1")


class MemoryWatch(threading.Thread):
    """The largest sum of proportional set sizes of a process and all below it."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, 0, threading.Event()
        self.start()

    def family(self):
        members, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            members.append(pid)
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    waiting += children.read_text().split()
                except OSError:
                    pass
        return members

    def run(self):
        while not self.over.wait(0.25):
            total = 0
            for pid in self.family():
                try:
                    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                    total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
                except (OSError, StopIteration):
                    pass
            self.peak = max(self.peak, total)


def run(command, **options):
    """Seconds of processor, peak MB and output of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **options) as process:
        watch = MemoryWatch(process.pid)
        try:
            output = process.communicate(timeout=150)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
        finally:
            watch.over.set()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        print(f"{command[0]} ended with {process.returncode}:\n{output[-2000:]}", file=sys.stderr)
        return None
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, watch.peak / 1024, output


class Ours:
    name = "this project"

    def __init__(self, binary):
        self.binary = binary

    def command(self, url, streams, requests, tokens, folder):
        return [self.binary, "lens", url + "/v1", str(streams), str(requests), str(tokens), str(folder / "ours.csv")]

    def samples(self, folder):
        rows = [line.split(",") for line in (folder / "ours.csv").read_text().splitlines()]
        return sorted((int(r[0]), int(r[1]), int(r[2])) for r in rows if int(r[1]) >= 0)


class Guidellm:
    name = "guidellm"

    def __init__(self, binary, tokenizer):
        self.binary, self.tokenizer = binary, tokenizer

    def command(self, url, streams, requests, tokens, folder):
        return [
            self.binary, "run", "--backend", f"kind=openai_http,target={url},model=mock", "--tokenizer",
            f"kind=huggingface_auto,model={self.tokenizer}", "--data", f"kind=synthetic_text,prompt_tokens=64,output_tokens={tokens}",
            "--profile", f"kind=concurrent,streams={streams}", "--constraint", f"kind=max_requests,count={requests}", "--output",
            f"kind=json,path={folder}/guidellm.json", "--disable-console-interactive"]

    def samples(self, folder):
        answered = json.loads((folder / "guidellm.json").read_text())["benchmarks"][0]["requests"]["successful"]
        return sorted(
            (r["info"]["timings"]["request_start"], r["time_to_first_token_ms"] * 1e6, r["inter_token_latency_ms"] * 1e6 * (TOKENS - 1))
            for r in answered)


class Aiperf:
    name = "aiperf"

    def __init__(self, binary, tokenizer):
        self.binary, self.tokenizer = binary, tokenizer

    def command(self, url, streams, requests, tokens, folder):
        return [
            self.binary, "profile", "-m", "mock", "-u", url, "--endpoint-type", "chat", "--streaming", "--tokenizer", str(self.tokenizer),
            "--isl", "64", "--osl", str(tokens), "--concurrency", str(streams), "--request-count", str(requests), "--ui", "none",
            "--output-artifact-dir", str(folder / "aiperf")]

    def samples(self, folder):
        result = []
        for line in next((folder / "aiperf").rglob("profile_export.jsonl")).read_text().splitlines():
            record = json.loads(line)
            if record.get("error"):
                continue
            first, end = record["metrics"]["time_to_first_token"]["value"], record["metrics"]["request_latency"]["value"]
            result.append((record["metadata"]["request_start_ns"], first * 1e6, (end - first) * 1e6))
        return sorted(result)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def errors(seen, true):
    """Median and 99th percentile of what was seen, later than what was true, in ms."""
    return [(quantile(seen, share) - quantile(true, share)) / 1e6 for share in (0.5, 0.99)]


def measure(client, mock, streams, requests):
    """One cell of the table; None where the client failed."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Mock(mock, folder, TTFT, ITL)
        cost = run(client.command(server.url, streams, requests, TOKENS, folder))
        true = server.end()
        if cost is None or len(true) < requests:
            return None
        seen = client.samples(folder)
        steady, warm = true[streams:], seen[streams:]
        span = (true[-1][0] - true[streams - 1][0]) / 1e9
        ideal = streams / SERVICE
        per_token = lambda rows: [row[2] / (TOKENS - 1) for row in rows]
        return {
            "ttft": errors([row[1] for row in warm], [row[1] for row in steady]), "itl": errors(per_token(warm), per_token(steady)),
            "share": len(steady) / span / ideal, "cpu": cost[0] / requests * 1_000, "memory": cost[1], "answered": len(seen)}


def burst(client, mock, requests):
    """Requests per second of 16 tokens that are there at once, over 64 streams, start-up left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Mock(mock, folder, 0, 0)
        cost = run(client.command(server.url, 64, requests, 16, folder))
        true = server.end()
        if cost is None or len(true) < requests:
            return None
        half = len(true) // 2
        return (len(true) - half) / ((true[-1][0] - true[half][0]) / 1e9), cost[0] / requests * 1_000


def cell(figures, ours):
    if figures is None:
        return "failed or took over 150 s | | | | |"
    ratio = lambda key: f" ({figures[key] / ours[key]:.0f}×)" if ours and figures is not ours and ours[key] else ""
    return (f"{figures['ttft'][0]:.2f} / {figures['ttft'][1]:.2f} | {figures['itl'][0]:.3f} / {figures['itl'][1]:.3f} | "
            f"{figures['share'] * 100:.1f} % | {figures['cpu']:.2f}{ratio('cpu')} | {figures['memory']:.0f}{ratio('memory')} |")


def main():
    parser = argparse.ArgumentParser()
    for name in ("mock", "bench"):
        parser.add_argument("--" + name, required=True)
    for name in ("guidellm", "aiperf", "tokenizer"):
        parser.add_argument("--" + name)
    parser.add_argument("--streams", default="1,32,256,1000")
    parser.add_argument("--no-burst", action="store_true")
    options = parser.parse_args()
    clients = [Ours(options.bench)]
    if options.guidellm:
        clients.append(Guidellm(options.guidellm, options.tokenizer))
    if options.aiperf:
        clients.append(Aiperf(options.aiperf, options.tokenizer))
    print("| streams | client | TTFT error p50 / p99, ms | ITL error p50 / p99, ms | rate, share of ideal | CPU-s per 1 000 requests | memory, MB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for streams in map(int, options.streams.split(",")):
        ours = None
        for client in clients:
            figures = measure(client, options.mock, streams, max(streams * 4, 8))
            ours = ours or figures
            print(f"| {streams} | {client.name} | {cell(figures, ours)}", flush=True)
    if not options.no_burst:
        print("\n| client | requests/s, 16 tokens at once, 64 streams | CPU-s per 1 000 requests |\n|---|---|---|", flush=True)
        for client in clients:
            rate = burst(client, options.mock, 40_000 if client is clients[0] else 1_000)
            print(f"| {client.name} | " + (f"{rate[0]:.0f} | {rate[1]:.2f} |" if rate else "failed | |"), flush=True)


main()
