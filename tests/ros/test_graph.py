"""Ponder's graph from the outside, by a client that shares no code with it. `make test-ros` runs it."""

import os
import signal
import time
import unittest

from graph import NODES, Client, Nodes, Outcome

from control_msgs.action import FollowJointTrajectory, GripperCommand
from lifecycle_msgs.srv import GetAvailableTransitions
from ponder_msgs.srv import MakePlan, See
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.action import ActionClient
from trajectory_msgs.msg import JointTrajectoryPoint

EN = "put the red block in the green bowl"
ZH = "把红色方块放进绿色的碗里"
ROUNDS = int(os.environ.get("PONDER_ROUNDS", "1"))  # of kill -9 for every node


class Graph(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = Nodes({"world": ["scene:=tabletop", "camera_hz:=0.0"]})
        cls.client = Client()
        cls.client.all_active()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.nodes.stop()

    def setUp(self):
        self.client.reset()

    def assertDone(self, result, why=""):
        said = self.nodes.log("act")[-1500:]
        self.assertEqual(result.outcome.code, Outcome.DONE, f"{why}: {result.outcome}; act said: {said}")

    def test_tasks_in_both_languages_end_with_evidence_and_the_truth_agrees(self):
        for instruction in (EN, ZH):
            self.client.reset()
            self.assertFalse(self.client.is_in("red_block", "green_bowl"))
            thoughts = []
            result = self.client.do(instruction, feedback=lambda m: thoughts.append(m.feedback.thought))
            self.assertEqual(result.outcome.code, Outcome.DONE, result.outcome)
            self.assertTrue(result.evidence and all(e.holds for e in result.evidence))
            self.assertTrue("".join(thoughts), "the thought is streamed")
            time.sleep(0.3)
            self.assertTrue(self.client.is_in("red_block", "green_bowl"))

    def test_what_is_not_there_is_refused_and_nothing_moves(self):
        before = list(self.client.joints.position)
        outcome = self.client.do("put the purple banana in the green bowl").outcome
        self.assertTrue(Outcome.REFUSED < outcome.code < Outcome.ASKED, outcome)
        self.assertLess(max(abs(a - b) for a, b in zip(before, self.client.joints.position)), 0.01)

    def test_cancel_stops_the_arm_and_leaves_it_holding(self):
        handle = self.client.send(EN)
        self.client.moving()
        cancel = handle.cancel_goal_async()
        took = self.client.at_rest_within(1.0)
        self.client.wait(cancel, 5, "the cancel's answer")
        result = self.client.result(handle)
        self.assertEqual(result.status, 5, "CANCELED")
        self.assertEqual(result.result.outcome.code, Outcome.HALTED_CANCELLED)
        print(f"cancel: at rest after {took * 1e3:.0f} ms")
        self.assertDone(self.client.do(EN), "the next task works")

    def test_one_task_at_a_time_and_fifty_at_once_do_no_harm(self):
        first = self.client.send(EN)
        others = [self.client.send(ZH) for _ in range(50)]
        codes = [self.client.result(other).result.outcome.code for other in others]
        self.assertEqual(set(codes), {Outcome.BUSY})
        self.assertEqual(self.client.result(first).result.outcome.code, Outcome.DONE)

    def test_instructions_that_are_none_are_refused_with_the_reason(self):
        for instruction, word in (("", "empty"), ("   ", "empty"), ("x" * 1_000_000, "bytes"), ("a\x07b", "control")):
            outcome = self.client.do(instruction).outcome
            self.assertEqual(outcome.code, Outcome.BAD_INSTRUCTION)
            self.assertIn(word, outcome.text)
        self.assertEqual(self.client.do(EN, time_limit=-3.0).outcome.code, Outcome.BAD_INSTRUCTION)

    def test_the_emergency_stop_latches_until_it_is_resumed_even_across_a_restart(self):
        handle = self.client.send(EN)
        self.client.moving()
        self.assertTrue(self.client.stop().success)
        took = self.client.at_rest_within(1.0)
        print(f"emergency stop: at rest after {took * 1e3:.0f} ms")
        self.assertEqual(self.client.result(handle).result.outcome.code, Outcome.HALTED_EMERGENCY_STOP)
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.HALTED_EMERGENCY_STOP)
        self.nodes.kill("act")
        self.nodes.start("act")
        self.client.all_active()
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.HALTED_EMERGENCY_STOP, "it outlives act")
        self.client.until(lambda: self.client.resume().success, 5, "released")
        self.assertDone(self.client.do(EN))

    def test_a_clock_that_jumps_back_ends_the_task(self):
        time.sleep(1.0)
        handle = self.client.send(EN)
        self.client.moving()
        self.client.reset()
        outcome = self.client.result(handle).result.outcome
        self.assertEqual(outcome.code, Outcome.HALTED_CLOCK_JUMPED, outcome)
        self.assertDone(self.client.do(EN), "the next task works")

    def test_every_lifecycle_transition_of_every_node(self):
        for name in NODES:
            with self.subTest(node=name):
                self.assertFalse(self.client.change(name, "configure"), "not from active")
                for label, state in (
                    ("deactivate", "inactive"),
                    ("cleanup", "unconfigured"),
                    ("configure", "inactive"),
                    ("activate", "active"),
                ):
                    here = self.client.call(GetAvailableTransitions, f"/ponder/{name}/get_available_transitions")
                    self.assertIn(label, [t.transition.label for t in here.available_transitions])
                    self.assertTrue(self.client.change(name, label), f"{label}: {self.nodes.log(name)}")
                    self.assertEqual(self.client.state(name), state)
        self.client.all_active()
        self.client.reset()
        self.assertDone(self.client.do(EN), "all of it still works")

    def test_deactivating_act_in_motion_brings_the_robot_to_rest(self):
        handle = self.client.send(EN)
        self.client.moving()
        self.assertTrue(self.client.change("act", "deactivate"))
        self.client.at_rest_within(0.5)
        self.assertEqual(self.client.result(handle).result.outcome.code, Outcome.HALTED_DEACTIVATED)
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.HALTED_DEACTIVATED, "told at once")
        self.assertTrue(self.client.change("act", "activate"))
        time.sleep(0.5)
        self.assertDone(self.client.do(EN))

    def set_parameter(self, node, name, value):
        request = SetParameters.Request(parameters=[Parameter(name=name, value=value)])
        return self.client.call(SetParameters, f"/ponder/{node}/set_parameters", request).results[0]

    def test_parameters_have_ranges_and_keep_to_them(self):
        double = lambda x: ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=x)
        text = lambda x: ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=x)
        refused = self.set_parameter("perceive", "rate_hz", double(1e6))
        self.assertFalse(refused.successful)
        self.assertIn("not within", refused.reason)
        self.assertTrue(self.set_parameter("perceive", "rate_hz", double(12.0)).successful)
        self.assertIn("clean", self.set_parameter("act", "robot", text("rover")).reason)
        self.assertFalse(self.set_parameter("act", "no_such", text("x")).successful)
        request = DescribeParameters.Request(names=["rate_hz"])
        described = self.client.call(DescribeParameters, "/ponder/perceive/describe_parameters", request).descriptors[0]
        self.assertTrue(described.description and described.floating_point_range[0].to_value > 1.0)

    def test_looking_and_planning_without_moving(self):
        seen = self.client.call(See, "/ponder/see")
        self.assertTrue(seen.success, seen.message)
        self.assertIn("red_block", [o.id for o in seen.scene.objects])
        plan = self.client.call(MakePlan, "/ponder/make_plan", MakePlan.Request(instruction=ZH))
        self.assertTrue(plan.success and plan.plan.checked, plan.message)
        self.assertEqual([step.skill for step in plan.plan.steps], ["pick", "place_in"])

    def test_the_robots_own_controllers_serve_anybody(self):
        follow = ActionClient(self.client.node, FollowJointTrajectory, "/arm_controller/follow_joint_trajectory")
        self.assertTrue(follow.wait_for_server(5))
        names = [n for n in self.client.joints.name if n.startswith("joint")]
        here = [self.client.joints.position[self.client.joints.name.index(n)] for n in names]

        def go(names, positions):
            goal = FollowJointTrajectory.Goal()
            goal.trajectory.joint_names = names
            point = JointTrajectoryPoint(positions=positions)
            point.time_from_start.sec = 1
            goal.trajectory.points = [point]
            handle = self.client.wait(follow.send_goal_async(goal), 5, "accepted")
            return self.client.wait(handle.get_result_async(), 10, "followed").result

        there = [here[0] + 0.3, *here[1:]]
        self.assertEqual(go(names, there).error_code, 0)
        time.sleep(0.3)
        self.assertAlmostEqual(self.client.joints.position[self.client.joints.name.index(names[0])], there[0], delta=0.02)
        self.assertEqual(go(names[:3], there[:3]).error_code, -2)
        refused = go(names, [99.0, *here[1:]])
        self.assertEqual(refused.error_code, -1)
        self.assertIn("limits", refused.error_string)
        grip = ActionClient(self.client.node, GripperCommand, "/gripper_controller/gripper_cmd")
        goal = GripperCommand.Goal()
        goal.command.position, goal.command.max_effort = 0.02, 20.0
        handle = self.client.wait(grip.send_goal_async(goal), 5, "accepted")
        result = self.client.wait(handle.get_result_async(), 10, "gripped").result
        self.assertTrue(result.reached_goal and not result.stalled)

    def test_kill_9_of_any_node_in_motion_stops_the_robot_and_the_next_task_works(self):
        lost = {
            "perceive": Outcome.HALTED_PERCEPTION_LOST,
            "reason": Outcome.HALTED_REASONER_LOST,
            "world": Outcome.HALTED_WORLD_LOST,
            "act": None,  # nobody is left to tell
        }
        for _ in range(ROUNDS):
            for name, code in lost.items():
                with self.subTest(node=name):
                    self.client.reset()
                    handle = self.client.send(EN)
                    self.client.moving()
                    self.nodes.kill(name, signal.SIGKILL)
                    killed = time.monotonic()
                    if name != "world":
                        self.client.at_rest_within(2.5)
                        print(f"kill -9 {name}: at rest {time.monotonic() - killed - 0.3:.2f} s after")
                    if code is not None:
                        self.assertEqual(self.client.result(handle).result.outcome.code, code)
                    self.nodes.start(name)
                    self.client.all_active()
                    self.client.reset()
                    self.assertDone(self.client.do(EN), f"after {name}")


if __name__ == "__main__":
    unittest.main()
