"""Compare the cost of our cache breakpoints with the best possible ones, with three fixed rules, and with no cache.

PYTHONPATH=. python benchmarks/cache.py [conversations of each kind]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "anthropic"))

from cache_oracle import cheapest, cost, play
from cached_conversations import KINDS, converse

from tui.chat.cache_state import lifetime_for


def main(count: int) -> None:
    print("whole bills, relative to the cheapest breakpoints in hindsight")
    print(f"{'kind':10} {'chats':>6} {'ours':>7} {'worst':>7} {'rules':>7} {'none':>7} {'tokens read':>12}")
    sums = [0.0] * 4
    worst_of_all = 0.0
    for kind in KINDS:
        best = ours = fixed_rules = none = worst = 0.0
        read = total = 0
        for seed in range(count):
            requests = converse(kind, seed).requests
            marks = [request.marks for request in requests]
            floor, paid = cheapest(requests).floor, cost(requests, marks)
            best, ours, worst = best + floor, ours + paid, max(worst, paid / floor)
            fixed_rules += cost(requests, [request.seed_marks for request in requests])
            none += cost(requests, [()] * len(requests))
            for usage in play(requests, marks):
                read, total = read + usage.cache_read_input_tokens, total + usage.total_input
        row = f"{ours / best:7.4f} {worst:7.3f} {fixed_rules / best:7.3f} {none / best:7.3f} {read / total:11.1%}"
        print(f"{kind:10} {count:6} {row}")
        sums = [one + other for one, other in zip(sums, (best, ours, fixed_rules, none), strict=True)]
        worst_of_all = max(worst_of_all, worst)
    best, ours, fixed_rules, none = sums
    row = f"{ours / best:7.4f} {worst_of_all:7.3f} {fixed_rules / best:7.3f} {none / best:7.3f}"
    print(f"{'all':10} {count * len(KINDS):6} {row}")

    print("\nlifetimes: the same chats with every entry kept for 5 minutes, an hour, or as the chat's pauses say")
    for kind in ("chat", "pauses", "breaks"):
        paid = {}
        rules = {"5m": lambda transcript, model: "5m", "1h": lambda transcript, model: "1h", "rule": lifetime_for}
        for name, rule in rules.items():
            chats = [converse(kind, seed, rule).requests for seed in range(count)]
            paid[name] = sum(cost(requests, [request.marks for request in requests]) for requests in chats)
        least = min(paid.values())
        print(f"{kind:10} " + "  ".join(f"{name} {value / least:.3f}" for name, value in paid.items()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 26)
