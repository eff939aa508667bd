#!/usr/bin/env python3
"""The graph on two hosts: robot and `act` on one, `perceive` and `reason` on the other. A task works; when the cable is
cut while the robot moves, it comes to rest and the task ends with a code that names the lost stage; mended, the next
task works; and over a cable that is 200 ms long, both ways, a task works or ends with a code that says why not.

Hosts are network namespaces: where they are not permitted, this says so and checks nothing."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import bench
import hosts

bench.settle(44)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET"  # the namespaces hold nothing else

HERE = pathlib.Path(__file__).resolve().parent
TASK = "put the red block in the green bowl"
PERCEPTION_LOST, REASONER_LOST = 405, 406
# Of silence (lost_after_s), and then of braking.
LOST_S, REST_S = 1.0, 1.0


class Pair:
    """Two hosts with the graph on them."""

    def __init__(self, nodes, tag):
        self.nodes, self.tag, self.made = nodes, tag, []
        self.robot = self.host("r", "10.99.44.1")
        self.brain = self.host("b", "10.99.44.2")

    def host(self, letter, address):
        host = hosts.Host(f"pnd{self.tag}{letter}{os.getpid() % 10000}", address)
        self.made.append(host)
        return host

    def start(self):
        os.environ["XDG_STATE_HOME"] = self.nodes.folder.name
        self.nodes.node("world", self.robot.enter, camera_hz="0.0")
        self.nodes.node("act", self.robot.enter)
        self.nodes.node("perceive", self.brain.enter)
        self.nodes.node("reason", self.brain.enter)
        self.nodes.start("wire", [sys.executable, str(HERE / "wire.py")], self.robot.enter)
        time.sleep(3)

    def commands(self):
        """(time, speed) of every command so far."""
        lines = self.nodes.logs["wire"].read_text().splitlines()
        return [tuple(map(float, words)) for words in map(str.split, lines) if len(words) == 2]

    def task(self):
        return subprocess.Popen(
            [*self.robot.enter, bench.PONDER, "do", "--json", "--wait", "30", TASK],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )

    def reset(self):
        subprocess.run([*self.robot.enter, sys.executable, str(HERE / "wire.py"), "reset"], check=True)
        time.sleep(1)

    def ended(self, task):
        out, _ = task.communicate(timeout=150)
        assert out, f"`ponder do` said nothing, exit code {task.returncode}"
        return json.loads(out)

    def close(self):
        for host in self.made:
            host.close()


def tell(what, report):
    print(f"{what:<28}{report['outcome']:<22}code {report['code']}, {report['wall_s']:.1f} s  {report['detail']}")


def work(pair, limit_s):
    """A task that works, tried again while the graph is still finding together."""
    until = time.monotonic() + limit_s
    while True:
        report = pair.ended(pair.task())
        if report["exit_code"] == 0 or time.monotonic() > until:
            return report
        time.sleep(0.5)


def cut_and_mend(cut_s):
    with bench.Graph() as nodes:
        pair = Pair(nodes, "c")
        try:
            hosts.veth(pair.robot, pair.brain)
            pair.start()
            report = work(pair, 20)
            tell("whole", report)
            assert report["exit_code"] == 0, report

            pair.reset()
            begun = time.monotonic()
            task = pair.task()
            moves = lambda: any(at > begun and speed > 0.02 for at, speed in pair.commands()[-20:])
            bench.wait_for("motion", moves, 30)
            time.sleep(0.3)
            cut = time.monotonic()
            pair.robot.down()
            report = pair.ended(task)
            over = time.monotonic()
            tell("cut while it moves", report)
            assert report["code"] in (PERCEPTION_LOST, REASONER_LOST), report
            assert "/ponder/perceive" in report["detail"] or "/ponder/reason" in report["detail"], report
            assert over - cut < LOST_S + REST_S, f"it took {over - cut:.2f} s to end"
            time.sleep(0.5)
            last_at, last_speed = pair.commands()[-1]
            moved = max(at for at, speed in pair.commands() if speed > 0.0)
            assert last_speed == 0.0 and last_at <= over, f"commands went on: {last_speed} rad/s, {last_at - over:.2f} s late"
            print(f"{'':<28}last motion commanded {moved - cut:.2f} s after the cut, silence from {last_at - cut:.2f} s on")

            time.sleep(max(0.0, cut_s - (time.monotonic() - cut)))
            pair.reset()
            pair.robot.up()
            mended = time.monotonic()
            report = work(pair, 40)
            tell(f"mended after {cut_s:g} s", report)
            assert report["exit_code"] == 0, report
            print(f"{'':<28}whole again {time.monotonic() - mended - report['wall_s']:.1f} s after the mending")
        except BaseException:
            nodes.tell_logs()
            raise
        finally:
            pair.close()


def delayed(delay_s):
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        print("skipped: a slow cable needs /dev/net/tun, or a kernel with netem")
        return
    with bench.Graph() as nodes:
        pair = Pair(nodes, "d")
        cable = None
        try:
            cable = hosts.SlowCable(pair.robot, pair.brain, delay_s)
            pair.start()
            report = work(pair, 30)
            tell(f"{delay_s * 1e3:.0f} ms each way", report)
            assert report["exit_code"] == 0 or report["code"] in (PERCEPTION_LOST, REASONER_LOST), report
        except BaseException:
            nodes.tell_logs()
            raise
        finally:
            if cable:
                cable.close()
            pair.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cut-s", type=float, default=4.0, help="how long the cable is cut")
    parser.add_argument("--delay-s", type=float, default=0.2, help="0: no slow cable")
    args = parser.parse_args()
    try:
        hosts.Host(f"pndx{os.getpid() % 10000}", "10.99.44.9").close()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: no network namespaces here ({error})")
        return 0
    cut_and_mend(args.cut_s)
    if args.delay_s > 0:
        delayed(args.delay_s)
    print("two hosts: as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
