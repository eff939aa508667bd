"""A graph of Ponder's nodes and an independent client of it (rclpy), for the tests beside this file.

The nodes are processes of their own in a ROS domain of their own. `PONDER` names the program; without it, the one that
`make ros` installs is taken from the path.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

os.environ.setdefault("ROS_DOMAIN_ID", str(50 + os.getpid() % 150))
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

import rclpy
from action_msgs.srv import CancelGoal  # noqa: F401  (the type support must be there before the first cancel)
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data

from lifecycle_msgs.srv import ChangeState, GetState
from ponder_msgs.action import ExecuteTask
from ponder_msgs.msg import Outcome, Scene
from ponder_msgs.srv import Resume, Stop
from sensor_msgs.msg import JointState
from simulation_interfaces.srv import ResetSimulation

NODES = ("world", "perceive", "reason", "act")
# Where a test is not about who sees and thinks, the quick ones do, which need no pictures.
BASELINES = {"perceive": ("perception", "ground-truth"), "reason": ("reasoner", "symbolic")}
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE)


def program():
    found = os.environ.get("PONDER") or shutil.which("ponder")
    if not found:
        raise SystemExit("there is no `ponder`: `make ros`, then source .deps/ros/setup.sh, or set PONDER")
    return found


class Nodes:
    """Processes of Ponder's nodes."""

    def __init__(self, parameters=None, nodes=NODES):
        """`parameters`: of each node by its name, as `name:=value`; the baselines see and think unless they say who."""
        self.folder = tempfile.TemporaryDirectory(prefix="ponder-graph-")
        state = pathlib.Path(self.folder.name) / "state"
        self.environment = {**os.environ, "XDG_STATE_HOME": str(state), "RCUTILS_COLORIZED_OUTPUT": "0"}
        self.parameters = parameters or {}
        self.processes = {}
        for name in nodes:
            self.start(name)

    def start(self, name):
        values = ["use_sim_time:=true", *self.parameters.get(name, ())]
        who, baseline = BASELINES.get(name, (None, None))
        if who and not any(value.startswith(f"{who}:=") for value in values):
            values.append(f"{who}:={baseline}")
        arguments = [part for value in values for part in ("-p", value)]
        command = [program(), "node", name, "--ros-args", *arguments]
        with open(self._log(name), "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)

    def _log(self, name):
        return pathlib.Path(self.folder.name) / f"{name}.log"

    def kill(self, name, how=signal.SIGKILL):
        self.processes[name].send_signal(how)
        return self.processes[name].wait(10)

    def log(self, name):
        return self._log(name).read_text(errors="replace")

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()


class Client:
    """What a program of somebody else sees of the graph."""

    def __init__(self):
        rclpy.init()
        self.node = rclpy.create_node("graph_test")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self._spin, daemon=True)
        self.joints = None
        self.joints_heard = 0.0
        self.truth = None
        self.truth_heard = 0.0
        self.node.create_subscription(JointState, "/joint_states", self._on_joints, qos_profile_sensor_data)
        self.node.create_subscription(Scene, "/ponder/ground_truth", self._on_truth, qos_profile_sensor_data)
        self.task = ActionClient(self.node, ExecuteTask, "/ponder/execute_task")
        self.clients = {}
        self.thread.start()

    def _spin(self):
        try:
            self.executor.spin()
        except rclpy.executors.ExternalShutdownException:
            pass

    def _on_joints(self, message):
        self.joints, self.joints_heard = message, time.monotonic()

    def _on_truth(self, message):
        self.truth, self.truth_heard = message, time.monotonic()

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()

    @staticmethod
    def wait(future, seconds, what):
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        if not done.wait(seconds):
            raise TimeoutError(f"{what}: nothing within {seconds} s")
        return future.result()

    def until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.005)
        raise TimeoutError(f"{what}: not within {seconds} s")

    def call(self, kind, name, request=None, seconds=10):
        """Asks again every second: a request to a server that was just killed is never answered."""
        client = self.clients.get(name)
        if client is None:
            client = self.clients[name] = self.node.create_client(kind, name)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if client.wait_for_service(1.0):
                try:
                    return self.wait(client.call_async(request or kind.Request()), 1.5, name)
                except TimeoutError:
                    continue
        raise TimeoutError(f"{name}: no answer within {seconds} s")

    def state(self, name):
        return self.call(GetState, f"/ponder/{name}/get_state").current_state.label

    def change(self, name, label):
        request = ChangeState.Request()
        request.transition.label = label
        return self.call(ChangeState, f"/ponder/{name}/change_state", request).success

    def all_active(self, seconds=30, nodes=NODES):
        for name in nodes:
            self.until(lambda: self.state(name) == "active", seconds, f"{name} active")
        self.until(lambda: self.joints and time.monotonic() - self.joints_heard < 0.5, seconds, "joint states")
        self.until(lambda: self.truth and time.monotonic() - self.truth_heard < 0.5, seconds, "the truth")
        time.sleep(0.5)  # signs of life travel ten times a second

    def send(self, instruction, time_limit=0.0, feedback=None, seconds=10):
        if not self.task.wait_for_server(seconds):
            raise TimeoutError("/ponder/execute_task is not served")
        goal = ExecuteTask.Goal(instruction=instruction, time_limit=time_limit)
        sent = self.task.send_goal_async(goal, feedback_callback=feedback)
        handle = self.wait(sent, seconds, "the goal's answer")
        if not handle.accepted:
            raise AssertionError("the goal was rejected")
        return handle

    def result(self, handle, seconds=60):
        return self.wait(handle.get_result_async(), seconds, "the task's result")

    def do(self, instruction, seconds=60, **options):
        return self.result(self.send(instruction, **options), seconds).result

    def reset(self):
        response = self.call(ResetSimulation, "/reset_simulation")
        assert response.result.result == 1, response.result.error_message
        time.sleep(0.3)

    def stop(self, reason="test"):
        return self.call(Stop, "/ponder/stop", Stop.Request(reason=reason))

    def resume(self):
        return self.call(Resume, "/ponder/resume")

    def speed(self):
        return max((abs(v) for v in self.joints.velocity), default=0.0)

    def moving(self, faster=0.2, seconds=20):
        self.until(lambda: self.speed() > faster, seconds, "motion")

    def at_rest_within(self, seconds, slower=0.05):
        """Seconds until the joints rest; they must stay at rest."""
        begun = time.monotonic()
        self.until(lambda: self.speed() < slower, seconds, "rest")
        took = time.monotonic() - begun
        where = list(self.joints.position)
        time.sleep(0.3)
        drift = max(abs(a - b) for a, b in zip(where, self.joints.position))
        assert drift < 0.05, f"the joints moved on by {drift} rad"
        return took

    def object(self, name):
        return next(o for o in self.truth.objects if o.id == name)

    def is_in(self, name, container):
        """By the simulator's truth alone: the thing's centre is over the container's footprint, below its rim."""
        thing, holder = self.object(name), self.object(container)
        dx, dy = thing.pose.position.x - holder.pose.position.x, thing.pose.position.y - holder.pose.position.y
        rim = holder.pose.position.z + holder.size.z / 2
        bottom = thing.pose.position.z - thing.size.z / 2
        return abs(dx) < holder.size.x / 2 and abs(dy) < holder.size.y / 2 and bottom < rim - 0.01


__all__ = ["Client", "ExecuteTask", "LATCHED", "NODES", "Nodes", "Outcome"]
