#!/usr/bin/env python3
"""Memory and processor time of a controller with 100 policies and nothing to do, over a minute.

    idle.py LLM-AUTO-OPTIMIZER [SECONDS]

Each policy reads a metrics page every 15 s; the pages are served on loopback.
"""
import http.server, os, subprocess, sys, tempfile, threading, time

PAGE = b"".join(
    b"# TYPE vllm:%s counter\nvllm:%s{model_name=\"m\"} 1\n" % (name, name)
    for name in [b"request_success_total", b"generation_tokens_total", b"prompt_tokens_total", b"num_preemptions_total"])


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *arguments):
        pass


def policy(index, port):
    return f"""apiVersion: llm-devops.io/v1alpha1
kind: OptimizationPolicy
metadata: {{name: policy-{index}}}
spec:
  mode: recommend
  objective: {{ttft: {{p95: 500ms}}}}
  monitor:
    sources:
    - {{name: engine, scrape: {{url: "http://127.0.0.1:{port}/metrics", preset: vllm}}}}
  triggers:
  - {{name: late, type: latencyThreshold, when: {{p95LatencyExceeds: {{metric: ttft, threshold: 500ms}}}}, window: 5m, cooldown: 10m}}
  knobs:
    replicas: {{min: 1, max: 8}}
"""


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid, name="VmRSS"):
    line = next(line for line in open(f"/proc/{pid}/status") if line.startswith(name + ":"))
    return int(line.split()[1]) / 1024


def main():
    binary, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/policies")
        for index in range(100):
            with open(f"{folder}/policies/policy-{index}.yaml", "w") as file:
                file.write(policy(index, server.server_port))
        command = [binary, "run", "--policies", folder + "/policies", "--store", folder + "/store.sqlite"]
        with open(folder + "/log", "w") as log, subprocess.Popen(command, stdout=log, stderr=log) as controller:
            time.sleep(20)  # Every policy has looked at least once.
            began, used = time.monotonic(), processor_seconds(controller.pid)
            time.sleep(seconds)
            share = (processor_seconds(controller.pid) - used) / (time.monotonic() - began)
            resident = resident_megabytes(controller.pid)
            peak = resident_megabytes(controller.pid, "VmHWM")
            controller.terminate()
            status = controller.wait(10)
        text = open(folder + "/log").read()
    print(f"{'100 policies, idle: resident memory':58}{f'{resident:.1f} MB, peak {peak:.1f} MB':26}< 60 MB")
    print(f"{'100 policies, idle: processor':58}{f'{share * 100:.2f} % of a core':26}< 2 %")
    if status != 0 or "error" in text:
        sys.exit(f"the controller ended with {status}:\n{text[:2000]}")


main()
