#!/usr/bin/env python3
"""How soon an emergency stop is on the wire, and how even `act`'s control period is, with every core kept busy and
`reason` hung. An independent client (rclpy) calls /ponder/stop and hears the robot's own command topics.

Times are from just before the call until the middleware here received the message, on this machine's clock:
  decided: the first command that the guard made in the stop's place (told by /ponder/applied, found on the command
           topic by its numbers);
  zero:    the first command of no velocity, after braking as the robot's file has it for an emergency: what is promised;
  silence: the last command: from then on nothing more is sent.
A share of the trials stops an arm at rest, with `reason` hung while `act` waits for it: there nothing may move."""

import argparse
import random
import shutil
import sys
import threading
import time

import bench

bench.settle(44)

import rclpy
from geometry_msgs.msg import Twist
from ponder_msgs.action import ExecuteTask
from ponder_msgs.msg import Applied, Outcome, Verdict
from ponder_msgs.srv import MakePlan, Resume, Stop
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from simulation_interfaces.srv import ResetSimulation
from trajectory_msgs.msg import JointTrajectory

# Scene, robot, task, and the control period in milliseconds.
ROBOTS = {
    "arm": ("tabletop", "arm7", "put the red block in the green bowl", 10),
    "base": ("mobile", "rover", "go to the red zone", 20),
}
URGENT = ["chrt", "-f", "15"] if shutil.which("chrt") and bench.may_be_urgent() else []
STILL = 1e-6
MOST_NOT_BEGUN = 0.02  # of the trials
EMERGENCY_STOP = 1  # the guard's number for it


class Client:
    """Hears what is commanded; every record is (received ns, sent ns, numbers, velocities or the loop's stamp)."""

    def __init__(self, robot):
        self.node = rclpy.create_node("bench_estop", namespace="ponder")
        self.commands, self.applied, self.stopped, self.feedback = [], [], None, None
        every = QoSProfile(depth=200)
        base = robot == "base"
        if base:
            self.node.create_subscription(Twist, "/cmd_vel", self.on_twist, every)
        else:
            topic = "/arm_controller/joint_trajectory"
            self.node.create_subscription(JointTrajectory, topic, self.on_trajectory, every)
        self.base = base
        sensor = QoSProfile(depth=200, reliability=qos_profile_sensor_data.reliability)
        self.node.create_subscription(Applied, "applied", self.on_applied, sensor)
        self.node.create_subscription(Verdict, "verdict", self.on_verdict, every)
        self.stop = self.node.create_client(Stop, "stop")
        self.resume = self.node.create_client(Resume, "resume")
        self.reset = self.node.create_client(ResetSimulation, "/reset_simulation")
        self.dry = self.node.create_client(MakePlan, "make_plan")
        self.params = self.node.create_client(SetParameters, "reason/set_parameters")
        self.task = ActionClient(self.node, ExecuteTask, "execute_task")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def close(self):
        self.executor.shutdown()
        self.thread.join(5)
        self.node.destroy_node()

    def on_twist(self, message, info):
        numbers = (message.linear.x, message.angular.z)
        self.commands.append((info["received_timestamp"], info["source_timestamp"], numbers, numbers))

    def on_trajectory(self, message, info):
        for point in message.points:
            at = (info["received_timestamp"], info["source_timestamp"])
            self.commands.append((*at, tuple(point.positions), tuple(point.velocities)))

    def on_applied(self, message, info):
        if self.base:
            numbers = (message.base.linear.x, message.base.angular.z)
        else:
            numbers = tuple(message.arm.positions)
        self.applied.append((info["received_timestamp"], info["source_timestamp"], numbers, message.header.stamp))

    def on_verdict(self, message):
        if message.rejected and message.code == EMERGENCY_STOP and self.stopped is None:
            self.stopped = message.header.stamp

    def call(self, client, request, limit_s=10.0):
        return self.get(client.call_async(request), limit_s, client.srv_name)

    def get(self, future, limit_s, what):
        bench.wait_for(what, future.done, limit_s)
        return future.result()

    def hang(self, seconds):
        value = Parameter("hang_s", value=float(seconds)).to_parameter_msg()
        answer = self.call(self.params, SetParameters.Request(parameters=[value]))
        assert all(result.successful for result in answer.results), answer

    def on_feedback(self, message):
        self.feedback = message.feedback

    def begin(self, instruction):
        self.commands.clear(), self.applied.clear()
        self.feedback = self.stopped = None
        goal = ExecuteTask.Goal(instruction=instruction, time_limit=60.0)
        handle = self.get(self.task.send_goal_async(goal, feedback_callback=self.on_feedback), 10, "the goal")
        assert handle.accepted
        return handle.get_result_async()

    def is_moving(self):
        return bool(self.commands) and max(map(abs, self.commands[-1][3])) > 0.02

    def is_thinking(self):
        return self.feedback is not None and self.feedback.stage == ExecuteTask.Feedback.THINKING


class NotBegun(Exception):
    """The task did not come to where it is to be stopped: nothing was measured."""


def until(what, condition, result, client):
    """Waits for it, or says how the task stands instead."""
    try:
        bench.wait_for(what, lambda: condition() or result.done(), 20)
    except TimeoutError:
        stage = client.feedback and (client.feedback.stage, client.feedback.step)
        raise NotBegun(f"no {what} within 20 s, at (stage, step) {stage}") from None
    if not condition():
        raise NotBegun(f"no {what}: {result.result().result.outcome}")


def trial(client, instruction, moving, chance):
    """One stop. Gives milliseconds, and the intervals of the control loop up to it."""
    client.hang(0 if moving else 600)
    result = client.begin(instruction)
    if moving:
        until("motion", client.is_moving, result, client)
        client.hang(600)
        client.dry.call_async(MakePlan.Request(instruction=instruction))  # from here on the reasoner hangs
        time.sleep(chance.uniform(0.0, 0.4))
    else:
        until("thinking", client.is_thinking, result, client)
        time.sleep(chance.uniform(0.05, 0.3))
    called = time.time_ns()
    answer = client.call(client.stop, Stop.Request(reason="bench"))
    answered = time.time_ns()
    assert answer.success
    ended = client.get(result, 10, "the task's end").result.outcome
    time.sleep(0.03)
    if ended.code != Outcome.HALTED_EMERGENCY_STOP:
        raise NotBegun(f"it ended of itself just then: {ended}")
    before = [c for c in client.commands if c[0] < called]
    after = [c for c in client.commands if c[0] >= called]
    # The guard's verdict, what was sent by it (of the same stamp), and where that stands on the command topic.
    stop = next((a[2] for a in client.applied if a[3] == client.stopped), None)
    decided = next((c[0] for c in after if c[2] == stop), None)
    zero = next((c[0] for c in after if decided and c[0] >= decided and max(map(abs, c[3])) < STILL), None)
    ms = lambda at: None if at is None else (at - called) / 1e6
    moved = 0.0
    if not moving and not client.base and before:
        moved = max(abs(a - b) for c in after for a, b in zip(c[2], before[-1][2]))
    applied = list(client.applied)
    return {
        "decided": ms(decided),
        "zero": ms(zero),
        "silence": ms(after[-1][0] if after else None),
        "answered": (answered - called) / 1e6,
        "moved": moved,
        "sent": [(b[1] - a[1]) / 1e6 for a, b in zip(applied, applied[1:])],
        "heard": [(b[0] - a[0]) / 1e6 for a, b in zip(applied, applied[1:])],
        "speed": max(map(abs, before[-1][3])) if before else 0.0,
    }


def release(client):
    until = time.monotonic() + 10
    while not client.call(client.resume, Resume.Request()).success:
        assert time.monotonic() < until, "it could not be resumed"
        time.sleep(0.05)
    client.call(client.reset, ResetSimulation.Request())
    time.sleep(0.15)


def run(robot, trials, chance):
    scene, name, instruction, _ = ROBOTS[robot]
    with bench.Graph() as nodes:
        try:
            # The simulated robot stands for a real one, whose own controllers wait for nobody.
            nodes.node("world", prefix=URGENT, scene=scene, camera_hz="0.0")
            nodes.node("perceive", robot=name)
            nodes.node("reason", robot=name, max_think_s="600.0")
            # On a machine busier than this the slow nodes may be silent for a second: that ends tasks, and is not measured.
            nodes.node("act", robot=name, lost_after_s="10.0")
            client = Client(robot)
            for service in (client.stop, client.resume, client.reset, client.dry, client.params):
                assert service.wait_for_service(30), service.srv_name
            assert client.task.wait_for_server(30)
            time.sleep(2)
            nodes.spinners()
            measured, not_begun = [], 0
            while len(measured) < trials:
                moving = len(measured) % 5 != 4
                try:
                    measured.append((moving, trial(client, instruction, moving, chance)))
                except NotBegun as why:
                    not_begun += 1
                    print(f"trial {len(measured)} is begun again: {why}", flush=True)
                    if not_begun > MOST_NOT_BEGUN * trials + 2:
                        raise
                    client.call(client.stop, Stop.Request(reason="bench"))
                    time.sleep(0.5)
                release(client)
            client.close()
            return measured
        except BaseException:
            nodes.tell_logs()
            raise


def report(robot, measured, goal_ms, jitter_ms):
    moving = [m for is_moving, m in measured if is_moving]
    still = [m for is_moving, m in measured if not is_moving]
    # A stop that was never seen on the wire counts as infinitely late: it must not go unnoticed.
    late = lambda of, key: [float("inf") if m[key] is None else m[key] for m in of]
    print(f"\n{robot}: {len(measured)} emergency stops, every core busy, `reason` hung\n{bench.HEADER}")
    unit = "m/s, rad/s" if robot == "base" else "rad/s"
    print(bench.line("in motion: speed at the call", [m["speed"] for m in moving], unit))
    print(bench.line("in motion: stop decided, on the wire", late(moving, "decided")))
    print(bench.line("in motion: zero velocity, on the wire", late(moving, "zero")))
    print(bench.line("in motion: silence from then on", late(moving, "silence")))
    print(bench.line("at rest: stop decided, on the wire", late(still, "decided")))
    print(bench.line("at rest: silence from then on", late(still, "silence")))
    print(bench.line("at rest: moved after the call", [m["moved"] for m in still], "rad"))
    print(bench.line("the call's own answer", [m["answered"] for _, m in measured]))
    period = ROBOTS[robot][3]
    sent = [abs(x - period) for _, m in measured for x in m["sent"]]
    heard = [abs(x - period) for _, m in measured for x in m["heard"]]
    print(bench.line(f"control period: |interval - {period} ms|, sent", sent))
    print(bench.line(f"control period: |interval - {period} ms|, received", heard))
    zero = bench.percentile(late([m for _, m in measured], "zero"), 99.9)
    jitter = bench.percentile(sent, 99)
    moved = max([m["moved"] for m in still], default=0.0)
    good = zero <= goal_ms and jitter < jitter_ms and moved < 1e-3
    print(f"zero velocity on the wire p99.9 {zero:.1f} ms (goal {goal_ms}), jitter p99 {jitter:.2f} ms (goal {jitter_ms}): "
          f"{'reached' if good else 'MISSED'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--robot", choices=[*ROBOTS, "both"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--goal-ms", type=float, default=50.0)
    parser.add_argument("--jitter-ms", type=float, default=5.0)
    args = parser.parse_args()
    if not bench.real_time(10):
        print("no real-time priority for this client: its own waits count against what is measured")
    rclpy.init()
    robots = list(ROBOTS) if args.robot == "both" else [args.robot]
    chance = random.Random(args.seed)
    good = [report(r, run(r, args.trials // len(robots), chance), args.goal_ms, args.jitter_ms) for r in robots]
    rclpy.shutdown()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
