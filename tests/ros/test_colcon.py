"""Ponder in a colcon workspace, as anybody's package is. Where there is a colcon (COLCON names it, else the path; any venv
with colcon-common-extensions has one) its packages are found and the interfaces built. `make test-colcon` builds the
nodes too, which takes minutes, and drives them from the workspace's install folder."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import graph  # first: it chooses the ROS domain

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLCON = os.environ.get("COLCON") or shutil.which("colcon")
WHOLE = os.environ.get("PONDER_TEST_COLCON")
LENT = {"bond", "control_msgs", "simulation_interfaces", "tf2_msgs", "vision_msgs"}
NODES = ("world", "perceive", "reason", "act", "watch")


@unittest.skipUnless(COLCON, "no colcon: pip install colcon-common-extensions into a venv, and COLCON=VENV/bin/colcon")
class Workspace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ponder-colcon-")
        cls.at = pathlib.Path(cls.folder.name)
        (cls.at / "src").mkdir()
        (cls.at / "src/ponder").symlink_to(ROOT)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_in(self, *command, seconds=3000):
        done = subprocess.run(command, cwd=self.at, capture_output=True, text=True, timeout=seconds)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def sourced(self, command, seconds=120):
        return self.run_in("bash", "-c", f". install/setup.bash && {command}", seconds=seconds)

    def test_it_is_found_built_and_started_like_any_other(self):
        found = self.run_in(COLCON, "list", "--names-only").split()
        self.assertEqual(set(found), {"ponder", "ponder_msgs", *LENT})
        chosen = [] if WHOLE else ["--packages-skip", "ponder"]
        self.run_in(COLCON, "build", *chosen)

        script = "from ponder_msgs.action import ExecuteTask as E; import ponder_msgs; print(E.Goal().time_limit, ponder_msgs.__file__)"
        printed = self.sourced(f'python3 -c "{script}"')
        self.assertIn(f"0.0 {self.at}/install/ponder_msgs/", printed)
        # What the ROS that is sourced has is left to it.
        for name in LENT:
            self.assertFalse((self.at / f"install/{name}/share/{name}/package.xml").exists(), name)
        if not WHOLE:
            self.skipTest("the interfaces only: `make test-colcon` builds the nodes too")

        # What `ros2 pkg prefix ponder` and `ros2 run ponder act` look up.
        prefix = self.at / "install/ponder"
        self.assertTrue((prefix / "share/ament_index/resource_index/packages/ponder").exists())
        self.assertTrue((prefix / "share/ponder/package.xml").exists())
        for node in NODES:
            self.assertIn("Usage", self.sourced(f"install/ponder/lib/ponder/{node} --help"), node)
        up = f"export XDG_STATE_HOME={self.at}/state; ponder=install/ponder/lib/ponder/ponder"
        task = '"$ponder" do --wait 40 --json "put the red block in the green bowl"'
        done = self.sourced(f'{up}; "$ponder" up headless >&2 & up=$!; {up}; {task}; code=$?; kill -INT $up; wait $up; exit $code')
        self.assertIn('"outcome":"done"', done)


if __name__ == "__main__":
    unittest.main()
