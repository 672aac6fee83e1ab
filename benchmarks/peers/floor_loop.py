"""The least that a client with httpx can be: print an answer as it comes, after a line was typed. Ends with another line."""

import json
import os
import sys

import httpx


def main() -> None:
    prompt = input("ready ")
    body = {"model": "bench", "max_tokens": 64000, "stream": True, "messages": [{"role": "user", "content": prompt}]}
    with httpx.stream("POST", f"{os.environ['ANTHROPIC_BASE_URL']}/v1/messages", json=body, timeout=None) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                event = json.loads(line[6:])
                if event["type"] == "content_block_delta":
                    sys.stdout.write(event["delta"]["text"])
                    sys.stdout.flush()
    input()


if __name__ == "__main__":
    main()
