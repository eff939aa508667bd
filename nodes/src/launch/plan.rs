//! Goes through a launch file with its arguments and finds the nodes that it starts. What is set stays set, in included
//! files as well, until a group ends: so does ROS's own launcher.

mod node;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::LaunchError;
use super::file::{Arg, Entity, Include};
use super::text::{Text, View};

/// Deepest include, and most files in all.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 128;

/// An argument that can be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What it is unless given; none: it must be.
    pub default: Option<String>,
    /// For people.
    pub description: String,
}

/// A parameter, or a file of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A parameter with its value, as YAML.
    One(String, String),
    /// A file.
    File(PathBuf),
}

/// A node to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Which node.
    pub exec: String,
    /// Its name in the graph.
    pub name: String,
    /// Its namespace, with a leading `/`; none: the node's own choice.
    pub namespace: Option<String>,
    /// Further words, as written.
    pub args: Vec<String>,
    /// Parameters, the later over the earlier.
    pub params: Vec<Given>,
    /// Other names.
    pub remaps: Vec<(String, String)>,
    /// How long after its death it is started again, if it is.
    pub respawn: Option<Duration>,
}

/// What a launch file comes to.
#[derive(Debug, Default)]
pub struct Plan {
    /// The nodes, in order.
    pub jobs: Vec<Job>,
    /// The arguments that could be given.
    pub args: Vec<Declared>,
}

impl Plan {
    /// Of this file with these arguments. `show`: an argument that must be given may be missing.
    ///
    /// # Errors
    /// [`LaunchError`] with file and place.
    pub fn new(file: &Path, share: &Path, given: &[(String, String)], show: bool) -> Result<Self, LaunchError> {
        let mut walk =
            Walk { share, given, show, plan: Self::default(), known: Vec::new(), stack: Vec::new(), files: 0 };
        let mut scope = Scope { vars: given.iter().cloned().collect(), namespace: None };
        walk.file(file, &mut scope)?;
        if let Some((name, _)) = given.iter().find(|(name, _)| !walk.known.contains(name)) {
            let known = walk.plan.args.iter().map(|arg| arg.name.as_str()).collect::<Vec<_>>().join(", ");
            let why = format!("there is no argument `{name}`: {} has {known}", file.display());
            return Err(LaunchError::Given(why));
        }
        Ok(walk.plan)
    }
}

/// A namespace that stands for itself, absolute: `/left/ponder`; `/` is the root.
///
/// # Errors
/// What is wrong with it.
pub fn namespace(name: &str) -> Result<String, String> {
    node::inside(None, name)
}

#[derive(Clone)]
struct Scope {
    vars: BTreeMap<String, String>,
    namespace: Option<String>,
}

struct Walk<'a> {
    share: &'a Path,
    given: &'a [(String, String)],
    show: bool,
    plan: Plan,
    /// Every argument that a file declares.
    known: Vec<String>,
    stack: Vec<PathBuf>,
    files: usize,
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, scope: &mut Scope) -> Result<(), LaunchError> {
        let error = |place: &str, why: String| {
            let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
            LaunchError::File { file: path.to_owned(), place, why }
        };
        let real = std::fs::canonicalize(path).map_err(|e| error("", e.to_string()))?;
        if self.stack.contains(&real) {
            return Err(error("", "it includes itself".to_owned()));
        }
        self.files += 1;
        if self.stack.len() >= MAX_DEPTH || self.files > MAX_FILES {
            return Err(error("", format!("more than {MAX_DEPTH} files deep, or more than {MAX_FILES} files")));
        }
        let text = super::read(&real).map_err(|why| error("", why))?;
        let document = super::parse(&text).map_err(|why| error("", why))?;
        let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
        self.stack.push(real);
        let done = self.all(&document.launch, "launch", &folder, scope);
        self.stack.pop();
        done.map_err(|fault| match fault {
            Fault::Here(place, why) => error(&place, why),
            Fault::There(error) => error,
        })
    }

    fn all(&mut self, entities: &[Entity], at: &str, folder: &Path, scope: &mut Scope) -> Result<(), Fault> {
        for (i, entity) in entities.iter().enumerate() {
            let at = format!("{at}[{i}]");
            let here =
                |what: &str, done: Result<(), String>| done.map_err(|why| Fault::Here(format!("{at}.{what}"), why));
            match entity {
                Entity::Arg(arg) => here("arg", self.arg(arg, folder, scope))?,
                Entity::Let(pair) => {
                    let value = self.fill(&pair.value, folder, scope);
                    here("let", value.map(|value| drop(scope.vars.insert(pair.name.clone(), value))))?;
                }
                Entity::Node(node) => here("node", self.node(node, folder, scope))?,
                Entity::Include(include) => {
                    let mut path = PathBuf::new();
                    here("include", self.include(include, folder, scope).map(|found| path = found))?;
                    self.file(&path, scope).map_err(Fault::There)?;
                }
                Entity::Group(inside) => self.all(inside, &format!("{at}.group"), folder, &mut scope.clone())?,
                Entity::PushRosNamespace(push) => {
                    let pushed =
                        self.fill(&push.namespace, folder, scope).and_then(|pushed| node::within(scope, &pushed));
                    here("push_ros_namespace", pushed.map(|pushed| scope.namespace = Some(pushed)))?;
                }
            }
        }
        Ok(())
    }

    fn fill(&self, text: &Text, folder: &Path, scope: &Scope) -> Result<String, String> {
        text.fill(View { vars: &scope.vars, folder, share: self.share })
    }

    fn arg(&mut self, arg: &Arg, folder: &Path, scope: &mut Scope) -> Result<(), String> {
        let default = arg.default.as_ref().map(|text| self.fill(text, folder, scope)).transpose()?;
        let given = self.given.iter().any(|(name, _)| *name == arg.name);
        let open = given || !scope.vars.contains_key(&arg.name); // an including file has not set it
        if open && self.plan.args.iter().all(|told| told.name != arg.name) {
            let (name, description) = (arg.name.clone(), arg.description.clone());
            self.plan.args.push(Declared { name, description, default: default.clone() });
        }
        self.known.push(arg.name.clone());
        if scope.vars.contains_key(&arg.name) {
            return Ok(());
        }
        let missing = || format!("`{}` must be given, as {}:=VALUE: {}", arg.name, arg.name, arg.description);
        let value = default.or(self.show.then(String::new)).ok_or_else(missing)?;
        scope.vars.insert(arg.name.clone(), value);
        Ok(())
    }

    fn include(&mut self, include: &Include, folder: &Path, scope: &mut Scope) -> Result<PathBuf, String> {
        let path = folder.join(self.fill(&include.file, folder, scope)?);
        let args = include.arg.iter().map(|pair| Ok((pair.name.clone(), self.fill(&pair.value, folder, scope)?)));
        let args = args.collect::<Result<Vec<_>, String>>()?;
        scope.vars.extend(args);
        if path.is_file() { Ok(path) } else { Err(format!("there is no file {}", path.display())) }
    }
}

enum Fault {
    /// In this file: where, and what.
    Here(String, String),
    /// In one that it includes.
    There(LaunchError),
}
