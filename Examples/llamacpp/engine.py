"""Runs a llama.cpp server and restarts it with another number of slots when told to.

    python engine.py SERVER.py MODEL.gguf ENGINE_PORT CONTROL_PORT SLOTS

GET  http://127.0.0.1:CONTROL_PORT/slots   {"slots": 4}
PUT  the same with {"slots": 8}            answers when the new server takes requests
"""
import http.server
import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request

server, model, engine_port, control_port, slots = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
lock = threading.Lock()
child = None


def ready():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{engine_port}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def start(count):
    global child, slots
    if child is not None:
        child.kill()
        child.wait()
    command = [sys.executable, server, model, str(engine_port), str(count)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    slots = count
    deadline = time.monotonic() + 20
    while not ready():
        if time.monotonic() > deadline or child.poll() is not None:
            raise RuntimeError("the engine does not start")
        time.sleep(0.05)


class Control(http.server.BaseHTTPRequestHandler):
    def answer(self, status):
        body = json.dumps({"slots": slots}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200)

    def do_PUT(self):
        wanted = json.loads(self.rfile.read(min(int(self.headers["Content-Length"]), 1024)))["slots"]
        with lock:
            if wanted != slots:
                start(wanted)
        self.answer(200)

    def log_message(self, *arguments):
        pass


def stop(*arguments):
    child.kill()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
start(slots)
control = http.server.ThreadingHTTPServer(("127.0.0.1", control_port), Control)
print("ready", flush=True)
control.serve_forever()
