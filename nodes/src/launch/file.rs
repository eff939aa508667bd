//! A launch file as it is written: the subset of the ROS 2 YAML format that Ponder's own files use, in checked types.
//! Whatever is not of it is refused with its place.

use serde::Deserialize;
use serde_norway::Value;

use super::text::Text;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What it starts, in order.
    #[serde(with = "serde_norway::with::singleton_map_recursive")]
    pub launch: Vec<Entity>,
}

/// One entry of a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// An argument.
    Arg(Arg),
    /// A name for a text.
    Let(Pair),
    /// A node.
    Node(Box<Node>),
    /// Another file.
    Include(Include),
    /// What is set in it does not leave it.
    Group(Vec<Entity>),
    /// A namespace for all nodes that follow.
    PushRosNamespace(PushNamespace),
}

/// An argument.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arg {
    /// Its name.
    pub name: String,
    /// Without one, it must be given.
    pub default: Option<Text>,
    /// For people.
    #[serde(default)]
    pub description: String,
}

/// A name and a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The text.
    pub value: Text,
}

/// A namespace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushNamespace {
    /// Put before the namespaces of nodes, unless they start with `/`.
    pub namespace: Text,
}

/// Another file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Include {
    /// Its path.
    pub file: Text,
    /// Its arguments.
    #[serde(default)]
    pub arg: Vec<Pair>,
}

/// A node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The package; `ponder`.
    pub pkg: String,
    /// Which of its nodes.
    pub exec: String,
    /// Its name in the graph.
    pub name: Option<Text>,
    /// Its namespace.
    pub namespace: Option<Text>,
    /// Further words of the command line.
    pub args: Option<Text>,
    /// Parameters, the later over the earlier.
    #[serde(default)]
    pub param: Vec<Param>,
    /// Other names for topics, services and actions.
    #[serde(default)]
    pub remap: Vec<Remap>,
    /// Started again when it dies?
    pub respawn: Option<Switch>,
    /// So long after it died, seconds.
    pub respawn_delay: Option<f64>,
    /// Where its output goes; here it is always the screen.
    pub output: Option<Output>,
}

/// A parameter, or a file of them.
#[derive(Debug, Deserialize)]
#[serde(try_from = "RawParam")]
pub enum Param {
    /// One.
    One(String, Scalar),
    /// A file.
    From(Text),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParam {
    name: Option<String>,
    value: Option<Value>,
    from: Option<Text>,
}

impl TryFrom<RawParam> for Param {
    type Error = String;

    fn try_from(raw: RawParam) -> Result<Self, String> {
        match (raw.name, raw.value, raw.from) {
            (None, None, Some(file)) => Ok(Self::From(file)),
            (Some(name), Some(value), None) => {
                let value = Scalar::try_from(value).map_err(|why| format!("parameter `{name}`: {why}"))?;
                Ok(Self::One(name, value))
            }
            _ => Err("a parameter has `name` and `value`, or `from` alone".to_owned()),
        }
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Count(i64),
    /// A number.
    Number(f64),
    /// A text; what is put into it may make it any of the others.
    Text(Text),
}

impl TryFrom<Value> for Scalar {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Bool(on) => Ok(Self::Flag(on)),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(n), _) => Ok(Self::Count(n)),
                (None, Some(x)) if x.is_finite() && !n.is_u64() => Ok(Self::Number(x)),
                _ => Err(format!("{n} is no number that a parameter can hold")),
            },
            Value::String(text) => Text::try_from(text).map(Self::Text),
            _ => Err("neither true, false, a number nor a text".to_owned()),
        }
    }
}

/// Another name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remap {
    /// What the node calls it.
    pub from: Text,
    /// What the graph shall call it.
    pub to: Text,
}

/// True or false, or a text that says so.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`true`, `false`, or a text that becomes one of them")]
pub enum Switch {
    /// Said here.
    Flag(bool),
    /// Said elsewhere.
    Text(Text),
}

/// Where output goes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// The screen.
    Screen,
    /// A file, for ROS's own launcher.
    Log,
    /// Both.
    Both,
}
