#!/bin/sh
# Builds `ponder` with its ROS 2 nodes and lays it out as ROS expects a package, so that `ros2 run ponder act` and
# `ros2 launch ponder …` find it: under .deps/ros/overlay, beside the interfaces that `./setup.sh ros` built there.
# Called by `make ros`. One program is every node: it looks at the name that it is called by.
set -eu
cd "$(dirname "$0")/.."
. .deps/ros/setup.sh
prefix=$PWD/.deps/ros/overlay

cargo build --release --locked --package ponder-nodes --bin ponder --features ros
mkdir -p "$prefix/bin" "$prefix/lib/ponder" "$prefix/share/ponder" "$prefix/share/ament_index/resource_index/packages"
install -m 755 target/release/ponder "$prefix/lib/ponder/ponder.part"
mv -f "$prefix/lib/ponder/ponder.part" "$prefix/lib/ponder/ponder"
for node in world perceive reason act; do
    ln -sfn ponder "$prefix/lib/ponder/$node"
done
ln -sfn ../lib/ponder/ponder "$prefix/bin/ponder"
cp launch/ros/package.xml "$prefix/share/ponder/package.xml"
: >"$prefix/share/ament_index/resource_index/packages/ponder"
# target/release/ponder stays the one that needs no ROS.
cargo build --quiet --release --locked --package ponder-nodes --bin ponder
echo "set-up: ponder and its nodes are in .deps/ros/overlay: source .deps/ros/setup.sh" >&2
