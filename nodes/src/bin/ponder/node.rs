//! `ponder node`: ROS 2 nodes of ours, each on a thread of its own, in one process. The same program is every node when
//! it is called by a node's name (`ros2 run ponder act`).

use std::ffi::OsString;
use std::path::Path;

use anyhow::{anyhow, bail};
use ponder_core::thinker::Cancel;
use ponder_nodes::launch;
use ponder_nodes::ros::{NODES, NodeKind, host};

use crate::args::NodeArgs;

/// The arguments as clap shall read them: called by a node's name, that node is what is asked for.
pub fn arguments(mut given: Vec<OsString>) -> Vec<OsString> {
    let stem = given.first().and_then(|name| Path::new(name).file_name()?.to_str().map(str::to_owned));
    if let Some(kind) = stem.and_then(|stem| NODES.iter().find(|kind| kind.name == stem)) {
        given.splice(1..1, ["node".into(), kind.name.into()]);
    }
    given
}

/// Runs nodes until Ctrl-C.
pub fn node(args: &NodeArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let names: Vec<&str> = args.names.iter().map(String::as_str).take_while(|name| *name != "--ros-args").collect();
    let known = || NODES.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        bail!("which nodes? There are {}", known());
    }
    let find = |name: &&str| NODES.iter().find(|kind| kind.name == *name);
    let kinds: Vec<&NodeKind> = names
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
