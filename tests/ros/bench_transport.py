#!/usr/bin/env python3
"""Latency and CPU time of a message, ours beside rclpy's: one publisher, the same QoS, one subscriber at a time, taking
turns in one run. Latency is from the publisher's stamp until the subscriber's callback, on this machine's clock; CPU
time is of all threads of the subscriber's process, with what it spends on waiting."""

import argparse
import json
import pathlib
import subprocess
import sys

import bench

bench.settle(44)

KINDS = {"image": "Image 640x480 rgb8, 30 Hz", "joints": "JointState of 9 joints, 100 Hz"}
HERE = pathlib.Path(__file__).resolve().parent
OURS = {"Ponder": [bench.BENCH, "hear"], "rclpy": [sys.executable, str(HERE / "hear.py")]}


def measure(kind, seconds, rounds):
    heard = {name: {"latencies_us": [], "cpu_ns": 0} for name in OURS}
    with bench.Graph() as nodes:
        try:
            nodes.start("send", [bench.BENCH, "send", kind, str((seconds + 20) * 2 * rounds)])
            for i in range(rounds):
                order = list(OURS) if i % 2 == 0 else list(reversed(OURS))
                for name in order:
                    done = subprocess.run([*OURS[name], kind, str(seconds)], stdout=subprocess.PIPE, check=True)
                    one = json.loads(done.stdout)
                    assert one["latencies_us"], f"{name} heard nothing"
                    heard[name]["latencies_us"] += one["latencies_us"]
                    heard[name]["cpu_ns"] += one["cpu_ns"]
        except BaseException:
            nodes.tell_logs()
            raise
    return heard


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--goal", type=float, default=2.0, help="ratio to reach; 0: only tell")
    args = parser.parse_args()
    good = True
    print(f"{'':<34}{'':<8}{'n':>6}{'p50 us':>10}{'p99 us':>10}{'CPU us':>10}")
    for kind, about in KINDS.items():
        figures = {}
        for name, one in measure(kind, args.seconds, args.rounds).items():
            latencies = one["latencies_us"]
            p50, p99 = bench.percentile(latencies, 50), bench.percentile(latencies, 99)
            figures[name] = (p50, p99, one["cpu_ns"] / 1e3 / len(latencies))
            print(f"{about:<34}{name:<8}{len(latencies):>6}" + "".join(f"{x:>10.0f}" for x in figures[name]))
        ratios = [theirs / ours for ours, theirs in zip(figures["Ponder"], figures["rclpy"])]
        print(f"{about:<34}{'ratio':<8}{'':>6}" + "".join(f"{x:>9.1f}x" for x in ratios))
        good &= ratios[0] >= args.goal and ratios[2] >= args.goal
    if args.goal:
        print(f"at least {args.goal:g} times better in latency (p50) and CPU time: {'reached' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
