#!/bin/sh
# Builds `ponder` with its ROS 2 nodes and lays it out as ROS expects a package, so that `ros2 run ponder act` and
# `ros2 launch ponder tabletop.launch.yaml` find it: under the prefix that is given, or under .deps/ros/overlay, beside
# the interfaces that `./setup.sh ros` built there. Called by `make ros`, and by colcon through CMakeLists.txt; `build`
# in place of a prefix only builds. One program is every node: it looks at the name that it is called by.
set -eu
cd "$(dirname "$0")/.."
# Whoever names a prefix brings a ROS of their own: that is set up for first.
[ $# = 0 ] || ./setup.sh >&2
[ $# = 0 ] || ./setup.sh ros
. .deps/ros/setup.sh
prefix=${1:-$PWD/.deps/ros/overlay}

cargo build --release --locked --package ponder-nodes --bin ponder --features ros
if [ "$prefix" != build ]; then
    share=$prefix/share/ponder
    mkdir -p "$prefix/bin" "$prefix/lib/ponder" "$prefix/share/ament_index/resource_index/packages"
    install -m 755 target/release/ponder "$prefix/lib/ponder/ponder.part"
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
    cp nodes/package.xml "$share/package.xml"
    : >"$prefix/share/ament_index/resource_index/packages/ponder"
    echo "set-up: ponder and its nodes are in $prefix" >&2
fi
# target/release/ponder stays the one that needs no ROS.
cargo build --quiet --release --locked --package ponder-nodes --bin ponder
[ $# != 0 ] || echo "set-up: source .deps/ros/setup.sh" >&2
