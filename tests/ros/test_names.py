"""A graph in a namespace of its own, started and driven by Ponder's own commands."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

import graph  # first: it chooses the ROS domain

EN = "put the red block in the green bowl"
ZH = "把红色方块放进绿色的碗里"


class Named(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ponder-names-")
        cls.environment = {**os.environ, "XDG_STATE_HOME": cls.folder.name}
        cls.log = open(f"{cls.folder.name}/up.log", "w+")
        names = ["namespace:=left/ponder", "robot_namespace:=/left"]
        command = [graph.program(), "up", "headless", *names]
        cls.up = subprocess.Popen(command, stdout=cls.log, stderr=cls.log, env=cls.environment)

    @classmethod
    def tearDownClass(cls):
        cls.up.send_signal(signal.SIGINT)
        cls.up.wait(20)
        cls.log.close()
        cls.folder.cleanup()

    def do(self, *arguments):
        command = [graph.program(), "do", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def test_a_task_is_given_to_the_graph_of_that_name_and_to_no_other(self):
        for instruction in (EN, ZH):
            done = self.do("--namespace", "left/ponder", "--wait", "40", "--json", instruction)
            self.log.seek(0)
            self.assertEqual(done.returncode, 0, f"{done.stderr}\n{self.log.read()[-3000:]}")
            self.assertEqual(json.loads(done.stdout)["outcome"], "done")
        for name, action in (("right", "/right/execute_task"), ("/", "/execute_task")):
            nobody = self.do("--namespace", name, "--wait", "1", EN)
            self.assertEqual(nobody.returncode, 1, nobody.stderr)
            self.assertIn(f"no {action} in this graph", nobody.stderr)

    def test_what_is_no_namespace_is_refused(self):
        for name in ("left ponder", "1st", "left//ponder", "a-b"):
            wrong = self.do("--namespace", name, EN)
            self.assertEqual(wrong.returncode, 1, wrong.stderr)
            self.assertIn("is no namespace", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
