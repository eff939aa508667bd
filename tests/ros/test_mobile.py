"""A driving robot: its task, and its velocity controller as anybody's Twist and TwistStamped reach it."""

import math
import pathlib
import tempfile
import time
import unittest

from graph import Client, Nodes, Outcome

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data

ROBOTS = pathlib.Path(__file__).resolve().parents[2] / "launch" / "robots"
SCENES = ROBOTS.parents[1] / "sim" / "scenarios"
GO = "go to the red zone"


class Mobile:
    """What holds for either kind of message."""

    STAMPED = True

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ponder-rover-")
        file = pathlib.Path(cls.folder.name) / "rover.yaml"
        text = (ROBOTS / "rover.yaml").read_text().replace("../../sim", str(ROBOTS.parent.parent / "sim"))
        file.write_text(text + f"ros: {{cmd_vel_stamped: {str(cls.STAMPED).lower()}}}\n")
        scene = pathlib.Path(cls.folder.name) / "mobile.yaml"
        scene.write_text((SCENES / "mobile.yaml").read_text().replace("robot: rover", f"robot: {file}"))
        robot = [f"robot:={file}"]
        cls.nodes = Nodes({"world": [f"scene:={scene}", "camera_hz:=0.0"], "perceive": robot, "reason": robot, "act": robot})
        cls.client = Client()
        cls.odom = None
        cls.client.node.create_subscription(Odometry, "/odom", cls.hear, qos_profile_sensor_data)
        cls.client.all_active(60)

    @classmethod
    def hear(cls, message):
        cls.odom = message

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.nodes.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.client.reset()

    def speed(self):
        return math.hypot(self.odom.twist.twist.linear.x, self.odom.twist.twist.angular.z)

    def drive(self, kind, publisher, linear, seconds):
        for _ in range(int(seconds * 50)):
            message = kind()
            (message.twist if kind is TwistStamped else message).linear.x = linear
            publisher.publish(message)
            time.sleep(0.02)

    def test_it_goes_where_it_is_told_with_evidence(self):
        result = self.client.do(GO, seconds=120)
        self.assertEqual(result.outcome.code, Outcome.DONE, result.outcome)
        self.assertTrue(result.evidence and all(e.holds for e in result.evidence))
        zone = next(o for o in self.client.truth.objects if o.id == "red_zone").pose.position
        here = self.odom.pose.pose.position
        self.assertLess(math.hypot(zone.x - here.x, zone.y - here.y), 0.6)

    def test_anybody_drives_it_by_velocities_and_silence_stops_it(self):
        kind = TwistStamped if self.STAMPED else Twist
        publisher = self.client.node.create_publisher(kind, "/cmd_vel", 1)
        start = self.odom.pose.pose.position.x, self.odom.pose.pose.position.y
        self.drive(kind, publisher, 0.2, 1.5)
        here = self.odom.pose.pose.position
        self.assertGreater(math.hypot(here.x - start[0], here.y - start[1]), 0.1)
        self.client.until(lambda: self.speed() < 0.02, 2.0, "rest after silence")
        self.drive(kind, publisher, math.nan, 0.3)
        self.assertLess(self.speed(), 0.02, "no number moves nothing")
        self.client.node.destroy_publisher(publisher)

    def test_cancel_and_emergency_stop_bring_it_to_rest(self):
        for how in ("cancel", "stop"):
            with self.subTest(how=how):
                self.client.reset()
                handle = self.client.send(GO)
                self.client.until(lambda: self.speed() > 0.2, 20, "driving")
                cancelled = handle.cancel_goal_async() if how == "cancel" else self.client.stop()
                begun = time.monotonic()
                self.client.until(lambda: self.speed() < 0.02, 2.0, "rest")
                print(f"{how} of a base: at rest after {time.monotonic() - begun:.2f} s")
                wanted = Outcome.HALTED_CANCELLED if how == "cancel" else Outcome.HALTED_EMERGENCY_STOP
                self.assertEqual(self.client.result(handle).result.outcome.code, wanted, cancelled)
                if how == "stop":
                    self.client.until(lambda: self.client.resume().success, 5, "released")


class Stamped(Mobile, unittest.TestCase):
    pass


class Plain(Mobile, unittest.TestCase):
    STAMPED = False


if __name__ == "__main__":
    unittest.main()
