"""The rclpy end of `bench_transport.py`: the same as `ros_bench hear`, in the way that rclpy is written for."""

import json
import os
import sys
import time

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image, JointState

WARM_UP_S = 1.0


def cpu_ns():
    """Time that this process's threads have run."""
    tasks = os.listdir("/proc/self/task")
    return sum(int(open(f"/proc/self/task/{task}/schedstat").read().split()[0]) for task in tasks)


def main(what, seconds):
    rclpy.init()
    node = rclpy.create_node("bench_hear_rclpy", namespace="ponder")
    first, cpu_before, latencies, size = None, 0, [], 0

    def heard(message):
        nonlocal first, cpu_before, size
        now = time.time_ns()
        stamp = message.header.stamp
        first = first or time.monotonic()
        size += len(message.data) if what == "image" else len(message.position)
        if time.monotonic() - first < WARM_UP_S:
            cpu_before = cpu_ns()
        else:
            latencies.append((now - stamp.sec * 1_000_000_000 - stamp.nanosec) / 1e3)

    kind, topic = (Image, "bench_image") if what == "image" else (JointState, "bench_joints")
    node.create_subscription(kind, topic, heard, qos_profile_sensor_data)
    begun = time.monotonic()
    executor = rclpy.executors.SingleThreadedExecutor()
    executor.add_node(node)
    while time.monotonic() < begun + seconds + 15 and not (first and time.monotonic() > first + WARM_UP_S + seconds):
        executor.spin_once(timeout_sec=1.0)
    print(json.dumps({"latencies_us": latencies, "cpu_ns": cpu_ns() - cpu_before}))


main(sys.argv[1], float(sys.argv[2]))
