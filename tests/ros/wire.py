"""Says when the arm is commanded, and how fast: a line a message, `MONOTONIC_S MOST_RAD_S`. Until it is ended. Or, called
with `reset`, puts the simulated world back to its beginning."""

import sys
import time

import rclpy
from rclpy.qos import QoSProfile
from simulation_interfaces.srv import ResetSimulation
from trajectory_msgs.msg import JointTrajectory


def heard(message):
    speeds = [abs(x) for point in message.points for x in point.velocities]
    print(f"{time.monotonic():.6f} {max(speeds, default=0.0):.6f}", flush=True)


rclpy.init()
node = rclpy.create_node("wire", namespace="ponder")
if sys.argv[1:] == ["reset"]:
    client = node.create_client(ResetSimulation, "/reset_simulation")
    if not client.wait_for_service(10):
        sys.exit("no simulation to reset")
    rclpy.spin_until_future_complete(node, client.call_async(ResetSimulation.Request()), timeout_sec=10)
    sys.exit()
node.create_subscription(JointTrajectory, "/arm_controller/joint_trajectory", heard, QoSProfile(depth=100))
try:
    rclpy.spin(node)
except KeyboardInterrupt:
    pass
