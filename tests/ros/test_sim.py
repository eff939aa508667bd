"""The simulated robot's standard doors (simulation_interfaces), what perceive shows of its cameras, and what bad drivers
and bad messages do to the graph: refused with the reason, and nothing moves."""

import math
import time
import unittest

from graph import NODES, Client, Nodes, Outcome

from diagnostic_msgs.msg import DiagnosticArray
from ponder_msgs.srv import See
from rcl_interfaces.msg import Log, Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from simulation_interfaces.action import SimulateSteps
from simulation_interfaces.msg import SimulationState, SimulatorFeatures
from simulation_interfaces.srv import (
    DeleteEntity,
    GetEntities,
    GetEntityState,
    GetSimulatorFeatures,
    GetSpawnables,
    ResetSimulation,
    SetEntityState,
    SetSimulationState,
    SpawnEntity,
    StepSimulation,
)
from vision_msgs.msg import Detection2DArray, Detection3DArray

EN = "put the red block in the green bowl"
OK = 1


class Sim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = Nodes({"world": ["scene:=tabletop", "camera_hz:=5.0"]})
        cls.client = Client()
        cls.client.all_active(60)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.nodes.stop()

    def setUp(self):
        self.break_robot("")
        self.mode(SimulationState.STATE_PLAYING)
        self.client.reset()

    def mode(self, state):
        request = SetSimulationState.Request()
        request.state.state = state
        return self.client.call(SetSimulationState, "/set_simulation_state", request).result

    def break_robot(self, fault):
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=fault)
        request = SetParameters.Request(parameters=[Parameter(name="fault", value=value)])
        self.assertTrue(self.client.call(SetParameters, "/ponder/world/set_parameters", request).results[0].successful)

    def hear(self, kind, topic, seconds=10, wanted=lambda message: True):
        """The first wanted message of a topic."""
        heard = []
        subscription = self.client.node.create_subscription(
            kind, topic, lambda message: heard.append(message) if wanted(message) else None, qos_profile_sensor_data
        )
        try:
            return self.client.until(lambda: heard and heard[0], seconds, f"{kind.__name__} on {topic}")
        finally:
            self.client.node.destroy_subscription(subscription)

    def health(self, name, word, seconds=10):
        """Waits until a node's diagnostics say something."""
        says = lambda message: any(name in s.name and word in s.message for s in message.status)
        return self.hear(DiagnosticArray, "/diagnostics", seconds, says)

    def state(self, entity):
        answer = self.client.call(GetEntityState, "/get_entity_state", GetEntityState.Request(entity=entity))
        self.assertEqual(answer.result.result, OK, answer.result.error_message)
        return answer.state

    def test_entities_are_listed_moved_deleted_and_spawned_again(self):
        features = self.client.call(GetSimulatorFeatures, "/get_simulator_features").features.features
        self.assertIn(SimulatorFeatures.STEP_SIMULATION_ACTION, features)
        entities = self.client.call(GetEntities, "/get_entities").entities
        self.assertTrue({"red_block", "green_bowl"} <= set(entities), entities)
        request = SetEntityState.Request(entity="red_block")
        request.state = self.state("red_block")
        request.state.pose.position.x += 0.05
        wanted = request.state.pose.position.x
        moved = self.client.call(SetEntityState, "/set_entity_state", request).result
        self.assertEqual(moved.result, OK, moved.error_message)
        self.assertAlmostEqual(self.state("red_block").pose.position.x, wanted, delta=0.01)
        request.state.pose.position.x = math.nan
        self.assertNotEqual(self.client.call(SetEntityState, "/set_entity_state", request).result.result, OK)
        self.assertNotEqual(self.client.call(SetEntityState, "/set_entity_state", SetEntityState.Request(entity="no")).result.result, OK)
        deleted = self.client.call(DeleteEntity, "/delete_entity", DeleteEntity.Request(entity="red_block")).result
        self.assertEqual(deleted.result, OK, deleted.error_message)
        self.assertNotIn("red_block", self.client.call(GetEntities, "/get_entities").entities)
        uris = [s.uri for s in self.client.call(GetSpawnables, "/get_spawnables").spawnables]
        uri = next(u for u in uris if u.endswith("red_block"))
        spawn = SpawnEntity.Request(uri=uri)
        spawn.initial_pose.pose.position.x, spawn.initial_pose.pose.position.z = 0.5, 0.05
        spawn.initial_pose.pose.orientation.w = 1.0
        spawned = self.client.call(SpawnEntity, "/spawn_entity", spawn)
        self.assertEqual(spawned.result.result, OK, spawned.result.error_message)
        self.assertEqual(spawned.entity_name, "red_block")
        self.assertAlmostEqual(self.state("red_block").pose.position.x, 0.5, delta=0.02)
        self.assertNotEqual(self.client.call(SpawnEntity, "/spawn_entity", spawn).result.result, OK, "it is there")

    def test_paused_time_goes_by_steps_and_by_no_others(self):
        self.assertEqual(self.mode(SimulationState.STATE_PAUSED).result, OK)
        stamp = lambda: (lambda c: c.sec + c.nanosec * 1e-9)(self.state("red_block").header.stamp)
        before = stamp()
        time.sleep(0.3)
        self.assertEqual(stamp(), before)
        stepped = self.client.call(StepSimulation, "/step_simulation", StepSimulation.Request(steps=10)).result
        self.assertEqual(stepped.result, OK, stepped.error_message)
        self.assertAlmostEqual(stamp(), before + 0.1, places=6)
        steps = ActionClient(self.client.node, SimulateSteps, "/simulate_steps")
        self.assertTrue(steps.wait_for_server(5))
        seen = []
        sent = steps.send_goal_async(SimulateSteps.Goal(steps=20), feedback_callback=lambda m: seen.append(m.feedback))
        handle = self.client.wait(sent, 5, "accepted")
        result = self.client.wait(handle.get_result_async(), 10, "stepped").result.result
        self.assertEqual(result.result, OK, result.error_message)
        self.assertAlmostEqual(stamp(), before + 0.3, places=6)
        self.assertTrue(seen and seen[-1].completed_steps <= 20)
        self.assertEqual(self.mode(SimulationState.STATE_PLAYING).result, OK)
        self.assertNotEqual(self.client.call(StepSimulation, "/step_simulation", StepSimulation.Request(steps=1)).result.result, OK)

    def test_a_reset_puts_everything_back(self):
        start = self.state("red_block").pose.position
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.DONE)
        self.assertGreater(abs(self.state("red_block").pose.position.y - start.y) + abs(self.state("red_block").pose.position.x - start.x), 0.02)
        only_time = ResetSimulation.Request(scope=ResetSimulation.Request.SCOPE_TIME)
        self.assertEqual(self.client.call(ResetSimulation, "/reset_simulation", only_time).result.result, OK)
        self.assertTrue(self.client.until(lambda: self.client.is_in("red_block", "green_bowl"), 3, "only time was reset"))
        self.client.reset()
        self.assertAlmostEqual(self.state("red_block").pose.position.x, start.x, delta=0.005)

    def test_what_is_seen_shows_in_the_cameras_picture(self):
        boxes = self.hear(Detection2DArray, "/ponder/scene/detections_2d", wanted=lambda m: m.detections)
        ids = [d.id for d in boxes.detections]
        self.assertIn("red_block", ids)
        self.assertEqual(boxes.header.frame_id, "scene_optical_frame")
        picture = self.hear(Image, "/ponder/scene/annotated")
        self.assertEqual((picture.encoding, len(picture.data)), ("rgb8", picture.height * picture.step))
        raw = self.hear(Image, "/scene/image_raw")
        block = next(d for d in boxes.detections if d.id == "red_block").bbox
        at = int(block.center.position.y) * raw.step + int(block.center.position.x) * 3
        red, green, blue = raw.data[at : at + 3]
        self.assertTrue(red > green + 30 and red > blue + 30, f"the box's centre is {red, green, blue}: not red")
        self.assertTrue(self.hear(Detection3DArray, "/ponder/detections_3d").detections)

    def test_broken_sensors_are_told_and_nothing_moves_on_them(self):
        for fault, word, node in (
            ("frozen_camera", "picture", "perceive"),
            ("silent_camera", "picture", "perceive"),
        ):
            with self.subTest(fault=fault):
                self.break_robot(fault)
                keep = self.client.node.create_subscription(Image, "/ponder/scene/annotated", lambda m: None, qos_profile_sensor_data)
                self.health(node, word)
                self.client.node.destroy_subscription(keep)
                self.break_robot("")
        for fault in ("nan_joint", "sensor_silence"):
            with self.subTest(fault=fault):
                self.client.reset()
                handle = self.client.send(EN)
                self.client.moving()
                self.break_robot(fault)
                outcome = self.client.result(handle).result.outcome
                self.assertTrue(400 < outcome.code < 500, outcome)
                self.break_robot("")
                self.client.until(lambda: self.client.speed() < 0.05, 3, "rest")
        self.client.reset()
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.DONE, "and works again")

    def test_messages_of_nobody_do_no_harm(self):
        """Joint states with NaN and pictures of 100 MB and of no encoding, from a stranger on the robot's topics."""
        before = list(self.client.joints.position)
        joints = self.client.node.create_publisher(JointState, "/joint_states", 10)
        pictures = self.client.node.create_publisher(Image, "/scene/image_raw", qos_profile_sensor_data)
        keep = self.client.node.create_subscription(Image, "/ponder/scene/annotated", lambda m: None, qos_profile_sensor_data)
        try:
            time.sleep(0.5)
            for _ in range(20):
                joints.publish(JointState(name=list(self.client.joints.name), position=[math.nan] * len(before)))
                joints.publish(JointState(name=["joint1"] * 1000, position=[0.0]))
                time.sleep(0.01)
            big = Image(width=6000, height=5600, step=18000, encoding="rgb8", data=bytes(6000 * 5600 * 3))
            big.header.frame_id = "scene_optical_frame"
            pictures.publish(big)
            pictures.publish(Image(width=4, height=4, step=12, encoding="yuv9", data=bytes(48)))
            pictures.publish(Image(width=2**31, height=2**31, step=1, encoding="mono8", data=b""))
            time.sleep(1.0)
        finally:
            for publisher in (joints, pictures):
                self.client.node.destroy_publisher(publisher)
            self.client.node.destroy_subscription(keep)
        time.sleep(0.5)
        now = list(self.client.joints.position)
        self.assertLess(max(abs(a - b) for a, b in zip(before, now)), 0.01, "nothing moved")
        self.assertEqual([n for n in NODES if self.nodes.processes[n].poll() is not None], [], "all live")
        self.assertEqual(self.client.do(EN).outcome.code, Outcome.DONE)

    def test_see_answers_and_rosout_is_spoken_on(self):
        self.assertTrue(self.client.call(See, "/ponder/see").success)
        heard = []
        subscription = self.client.node.create_subscription(Log, "/rosout", heard.append, 100)
        try:
            self.assertTrue(self.client.change("perceive", "deactivate"))
            self.assertTrue(self.client.change("perceive", "activate"))
            self.client.until(lambda: any("perceive" in m.name for m in heard), 5, "a word of perceive on /rosout")
        finally:
            self.client.node.destroy_subscription(subscription)
        self.client.all_active()


if __name__ == "__main__":
    unittest.main()
