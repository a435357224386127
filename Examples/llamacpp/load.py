"""Steady load on an OpenAI-compatible server: so many clients, each asking again as soon as it is answered.

    python load.py PORT CLIENTS SECONDS      prints one JSON line with what was measured
"""
import asyncio
import json
import random
import sys
import time

port, clients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
random.seed(7)
words = "the of and to in is that for it as with this be by or not".split()
first_tokens, per_token = [], []


async def ask():
    count = random.choice([16, 24, 32])
    prompt = " ".join(random.choices(words, k=random.randint(40, 90)))
    body = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": prompt}], "stream": True, "max_tokens": count,
                       "ignore_eos": True, "stream_options": {"include_usage": True}}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        sent = time.perf_counter()
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        first = tokens = None
        while line := await reader.readline():
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
            choices = event.get("choices")
            if first is None and choices and choices[0]["delta"].get("content"):
                first = time.perf_counter()
        end = time.perf_counter()
        if first and tokens and tokens > 1:
            first_tokens.append(first - sent)
            per_token.append((end - first) / (tokens - 1))
    finally:
        writer.close()


async def client(end):
    while time.perf_counter() < end:
        try:
            await ask()
        except (OSError, ValueError):
            await asyncio.sleep(0.1)  # The engine restarts.


async def main():
    end = time.perf_counter() + seconds
    await asyncio.gather(*[client(end) for _ in range(clients)])


asyncio.run(main())


def p95(values):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] if ordered else float("inf")


print(json.dumps({"requests": len(first_tokens), "ttft_p95": p95(first_tokens), "tpot_p95": p95(per_token)}))
