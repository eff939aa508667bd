//! `ponder node`: ROS 2 nodes of ours, each on a thread of its own, in one process. The same program is every node when
//! it is called by a node's name (`ros2 run ponder act`).

use std::ffi::OsString;
use std::path::Path;

use anyhow::anyhow;
use ponder_core::thinker::Cancel;
use ponder_nodes::launch;
use ponder_nodes::ros::{NODES, NodeKind, host};

use crate::args::NodeArgs;

/// Between these two of a command line stands what ROS itself reads.
const ROS_ARGS: (&str, &str) = ("--ros-args", "--");

/// The arguments as clap shall read them: without what is ROS's own; and called by a node's name, that node is what is
/// asked for.
pub fn arguments(given: Vec<OsString>) -> Vec<OsString> {
    let stem = given.first().and_then(|name| Path::new(name).file_name()?.to_str().map(str::to_owned));
    let mut ros = false;
    let mut kept: Vec<OsString> = given
        .into_iter()
        .filter(|arg| {
            let ends = ros && arg == ROS_ARGS.1;
            ros = (ros && !ends) || arg == ROS_ARGS.0;
            !(ros || ends)
        })
        .collect();
    if let Some(kind) = stem.and_then(|stem| NODES.iter().find(|kind| kind.name == stem)) {
        kept.splice(1..1, ["node".into(), kind.name.into()]);
    }
    kept
}

/// Runs nodes until Ctrl-C.
pub fn node(args: &NodeArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let known = || NODES.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| NODES.iter().find(|kind| kind.name == *name);
    let kinds: Vec<&NodeKind> = args
        .names
        .iter()
        .map(|name| find(name).ok_or_else(|| anyhow!("there is no node `{name}`: there are {}", known())))
        .collect::<Result<_, _>>()?;
    launch::tie::tie(stop)?;
    std::thread::scope(|scope| {
        let start = |kind: &'static NodeKind| {
            let stop = stop.clone();
            let thread = std::thread::Builder::new().name(kind.name.to_owned());
            thread.spawn_scoped(scope, move || {
                let ended = host::turn(kind, &stop);
                stop.cancel(); // nodes of one process live and end together
                ended
            })
        };
        let threads: Vec<_> = kinds.into_iter().map(start).collect::<Result<_, _>>()?;
        for thread in threads {
            thread.join().map_err(|_| anyhow!("a node's thread has died"))??;
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ros_own_is_left_to_ros() {
        let read = |line: &str| arguments(line.split(' ').map(OsString::from).collect());
        assert_eq!(read("ponder node world --ros-args -p seed:=3"), ["ponder", "node", "world"]);
        assert_eq!(read("ponder node --ros-args -r a:=b -- world --help"), ["ponder", "node", "world", "--help"]);
        assert_eq!(read("lib/ponder/world --ros-args"), ["lib/ponder/world", "node", "world"]);
        assert_eq!(read("ponder list -- scenes"), ["ponder", "list", "--", "scenes"]);
    }
}
