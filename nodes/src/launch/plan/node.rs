//! One node of a launch file, checked, and the names that it may have.

use std::path::Path;
use std::time::Duration;

use super::{Given, Job, Scope, Walk};
use crate::launch::file::{Node, Param, Switch};
use crate::launch::text::Text;
use crate::launch::{NODES, PACKAGE, command};

/// Longest wait before a node is started again, seconds.
const MAX_DELAY_S: f64 = 3600.0;

impl Walk<'_> {
    pub(super) fn node(&mut self, node: &Node, folder: &Path, scope: &Scope) -> Result<(), String> {
        let fill = |text: &Text| self.fill(text, folder, scope);
        if node.pkg != PACKAGE || !NODES.contains(&node.exec.as_str()) {
            let nodes = NODES.join(", ");
            return Err(format!("there is no `{} {}` here: there are {nodes} of `{PACKAGE}`", node.pkg, node.exec));
        }
        let name = node.name.as_ref().map_or_else(|| Ok(node.exec.clone()), fill)?;
        if !is_name(&name) {
            return Err(format!("`{name}` is no name for a node"));
        }
        let namespace = match &node.namespace {
            Some(text) => Some(within(scope, &fill(text)?)?),
            None => scope.namespace.clone(),
        };
        if self.plan.jobs.iter().any(|job| job.name == name && job.namespace == namespace) {
            return Err(format!("there are two nodes `{name}` in one namespace"));
        }
        let args = node.args.as_ref().map(fill).transpose()?.unwrap_or_default();
        let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        if args.first().is_some_and(|first| first != "--ros-args") {
            return Err("`args` of a node of ours start with --ros-args".to_owned());
        }
        let mut params = Vec::new();
        for param in &node.param {
            params.push(match param {
                Param::From(file) => {
                    let path = folder.join(fill(file)?);
                    if !path.is_file() && !self.show {
                        return Err(format!("there is no parameter file {}", path.display()));
                    }
                    Given::File(path)
                }
                Param::One(name, _) if !name.split('.').all(is_name) => {
                    return Err(format!("`{name}` is no name for a parameter"));
                }
                Param::One(name, value) => Given::One(name.clone(), command::value(value, fill)?),
            });
        }
        let mut remaps = Vec::new();
        for remap in &node.remap {
            let (from, to) = (fill(&remap.from)?, fill(&remap.to)?);
            if let Some(wrong) = [&from, &to].into_iter().find(|name| !is_path(name)) {
                return Err(format!("`{wrong}` is no name for a topic, service or action"));
            }
            remaps.push((from, to));
        }
        let respawn = respawn(node, fill)?;
        self.plan.jobs.push(Job { exec: node.exec.clone(), name, namespace, args, params, remaps, respawn });
        Ok(())
    }
}

fn respawn(node: &Node, fill: impl Fn(&Text) -> Result<String, String>) -> Result<Option<Duration>, String> {
    let on = match &node.respawn {
        None => false,
        Some(Switch::Flag(on)) => *on,
        Some(Switch::Text(text)) => match fill(text)?.to_lowercase().as_str() {
            "true" => true,
            "false" => false,
            other => return Err(format!("`respawn` is `{other}`: it must be true or false")),
        },
    };
    let delay_s = node.respawn_delay.unwrap_or(0.0);
    if !(0.0..=MAX_DELAY_S).contains(&delay_s) {
        return Err(format!("`respawn_delay` is {delay_s} s: it must be within 0 and {MAX_DELAY_S}"));
    }
    Ok(on.then(|| Duration::from_secs_f64(delay_s)))
}

/// A namespace inside the one that was pushed.
pub(super) fn within(scope: &Scope, name: &str) -> Result<String, String> {
    inside(scope.namespace.as_deref(), name)
}

/// The same by the outer one's name.
pub(super) fn inside(outer: Option<&str>, name: &str) -> Result<String, String> {
    let inner = name.trim_matches('/');
    if !inner.is_empty() && !is_path(inner) {
        return Err(format!("`{name}` is no namespace"));
    }
    let outer = outer.filter(|_| !name.starts_with('/')).unwrap_or_default();
    let joined = format!("{}/{inner}", outer.trim_end_matches('/'));
    Ok(if inner.is_empty() && !outer.is_empty() { outer.to_owned() } else { joined })
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn is_path(path: &str) -> bool {
    path.strip_prefix('/').or_else(|| path.strip_prefix("~/")).unwrap_or(path).split('/').all(is_name)
}
