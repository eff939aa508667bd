"""A graph of Ponder's nodes for measurements: started, kept busy, ended. Needs `make ros` and its set-up sourced."""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PONDER = os.environ.get("PONDER") or str(ROOT / ".deps/ros/overlay/lib/ponder/ponder")
BENCH = os.environ.get("PONDER_BENCH") or str(ROOT / "target/release/examples/ros_bench")
# What is measured is the graph, not who sees and thinks.
BASELINES = {"perceive": {"perception": "ground-truth"}, "reason": {"reasoner": "symbolic"}}


def settle(domain):
    """The environment that keeps a measurement to itself: to be called before rclpy starts."""
    os.environ.setdefault("ROS_DOMAIN_ID", str(domain))
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    # As .deps/ros/setup.sh has it.
    os.environ.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(ROOT / "launch/ros/fastdds.xml"))


def may_be_urgent():
    """Are real-time priorities permitted here?"""
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= 30


def real_time(priority):
    """Puts this process before all ordinary ones, where that is permitted: a measuring instrument must not wait."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        return True
    except PermissionError:
        return False


def ordinary():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Graph:
    """Processes that end with it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ponder-bench-")
        self.running = []
        self.logs = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()

    def start(self, name, command, prefix=(), **more):
        log = pathlib.Path(self.folder.name) / f"{name}.log"
        self.logs[name] = log
        with open(log, "w") as out:
            process = subprocess.Popen(
                [*prefix, *command], stdout=out, stderr=subprocess.STDOUT, preexec_fn=ordinary, **more
            )
        self.running.append(process)
        return process

    def node(self, names, prefix=(), **params):
        """`ponder node NAMES`; an emergency stop is remembered in the measurement's own folder."""
        params = {"use_sim_time": "true", "state_dir": self.folder.name, **BASELINES.get(names, {}), **params}
        if "act" not in names.split():
            del params["state_dir"]
        given = [word for name, value in params.items() for word in ("-p", f"{name}:={value}")]
        return self.start(names.replace(" ", "-"), [PONDER, "node", *names.split(), "--ros-args", *given], prefix)

    def spinners(self, count=None):
        """Keeps every core busy, from sessions of their own: a scheduler that shares by sessions starves nobody."""
        for i in range(count or os.cpu_count()):
            self.start(f"spinner-{i}", [sys.executable, "-c", "while True: pass"], start_new_session=True)

    def tell_logs(self):
        for name, log in self.logs.items():
            text = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            print(f"--- {name}\n{text}", file=sys.stderr)


def percentile(values, share):
    """The smallest value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100).__int__() - 1))] if ordered else float("nan")


def line(name, values, unit="ms"):
    p = [percentile(values, share) for share in (50, 99, 99.9, 100)]
    return f"{name:<44}{len(values):>7}" + "".join(f"{x:>10.2f}" for x in p) + f" {unit}"


HEADER = f"{'':<44}{'n':>7}" + "".join(f"{x:>10}" for x in ("p50", "p99", "p99.9", "max"))


def wait_for(what, condition, limit_s):
    until = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {limit_s} s")
        time.sleep(0.005)
