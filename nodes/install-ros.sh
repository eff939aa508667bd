#!/bin/sh
# Builds `ponder` with its ROS 2 nodes and lays it out as ROS expects a package, so that `ros2 run ponder act` and
# `ros2 launch ponder tabletop.launch.yaml` find it. One program is every node: it looks at the name that it is called by.
#
#   nodes/install-ros.sh          under .deps/ros/overlay, beside the interfaces that `./setup.sh ros` built there (make ros)
#   nodes/install-ros.sh PREFIX   under a prefix, with a ROS 2 that is sourced and has the interfaces (colcon, through
#                                 nodes/ponder/CMakeLists.txt); `build` for a prefix only builds
set -eu
cd "$(dirname "$0")/.."
if [ $# = 0 ]; then
    . .deps/ros/setup.sh
    prefix=$PWD/.deps/ros/overlay
else
    ./setup.sh >&2
    environment=$(./setup.sh ros-sourced)
    eval "$environment"
    prefix=$1
fi

cargo build --release --locked --package ponder-nodes --bin ponder --features ros
if [ "$prefix" != build ]; then
    share=$prefix/share/ponder
    mkdir -p "$prefix/bin" "$prefix/lib/ponder" "$prefix/share/ament_index/resource_index/packages"
    # Without the tables for debuggers, which are most of it.
    install -m 755 -s "${CARGO_TARGET_DIR:-target}/release/ponder" "$prefix/lib/ponder/ponder.part"
    mv -f "$prefix/lib/ponder/ponder.part" "$prefix/lib/ponder/ponder"
    for node in world perceive reason act watch; do
        ln -sfn ponder "$prefix/lib/ponder/$node"
    done
    ln -sfn ../lib/ponder/ponder "$prefix/bin/ponder"
    # As in the source tree: robot files name their models by relative paths.
    rm -rf "$share/launch" "$share/sim" "$share/models"
    mkdir -p "$share/launch" "$share/sim" "$share/models"
    cp -R launch/*.launch.yaml launch/params launch/robots "$share/launch/"
    cp -R sim/robots "$share/sim/"
    cp -R models/weights "$share/models/"
    cp nodes/ponder/package.xml "$share/package.xml"
    : >"$prefix/share/ament_index/resource_index/packages/ponder"
    echo "set-up: ponder and its nodes are in $prefix" >&2
fi
[ $# = 0 ] || exit 0
# target/release/ponder stays the one that needs no ROS.
cargo build --quiet --release --locked --package ponder-nodes --bin ponder
echo "set-up: source .deps/ros/setup.sh" >&2
