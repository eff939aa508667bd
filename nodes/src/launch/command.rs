//! A node's command line, and one for several nodes in one process.

use std::path::Path;

use serde_norway::Value;

use super::file::Scalar;
use super::plan::{Given, Job};
use super::text::Text;

/// A parameter's value as YAML on one line, of the type that it looks like: a text that came out of an argument may be
/// a number.
pub(super) fn value(value: &Scalar, fill: impl Fn(&Text) -> Result<String, String>) -> Result<String, String> {
    Ok(match value {
        Scalar::Flag(on) => on.to_string(),
        Scalar::Count(n) => n.to_string(),
        Scalar::Number(x) => format!("{x:?}"),
        Scalar::Text(text) => {
            let text = fill(text)?;
            let typed = serde_norway::from_str::<Value>(&text).ok().and_then(|value| Scalar::try_from(value).ok());
            match typed {
                Some(Scalar::Flag(on)) => on.to_string(),
                Some(Scalar::Count(n)) => n.to_string(),
                Some(Scalar::Number(x)) => format!("{x:?}"),
                Some(Scalar::Text(_)) | None => quoted(&text),
            }
        }
    })
}

/// A text that YAML takes for nothing else.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The words after the program's name that run this node.
pub fn words(job: &Job) -> Vec<String> {
    let mut words = vec!["node".to_owned(), job.exec.clone()];
    words.extend(job.args.iter().cloned());
    words.push("--ros-args".to_owned());
    let mut say = |option: &str, what: String| words.extend([option.to_owned(), what]);
    say("-r", format!("__node:={}", job.name));
    if let Some(namespace) = &job.namespace {
        say("-r", format!("__ns:={namespace}"));
    }
    for (from, to) in &job.remaps {
        say("-r", format!("{from}:={to}"));
    }
    for param in &job.params {
        match param {
            Given::One(name, value) => say("-p", format!("{name}:={value}")),
            Given::File(path) => say("--params-file", path.display().to_string()),
        }
    }
    words
}

/// The words that run all of them in one process. Files of parameters are read here, since one process has one set.
///
/// # Errors
/// What can't be told apart in one process.
pub fn one_process(jobs: &[Job]) -> Result<Vec<String>, String> {
    let mut words = vec!["node".to_owned()];
    words.extend(jobs.iter().map(|job| job.exec.clone()));
    words.push("--ros-args".to_owned());
    for (i, job) in jobs.iter().enumerate() {
        let Job { exec, name, .. } = job;
        if jobs[..i].iter().any(|other| other.exec == *exec) {
            return Err(format!("`{exec}` is there twice: that takes a process each"));
        }
        if !job.args.is_empty() {
            return Err(format!("`args` of `{name}` would be those of all: that takes a process each"));
        }
        let mut say = |option: &str, what: String| words.extend([option.to_owned(), what]);
        say("-r", format!("{exec}:__node:={name}"));
        if let Some(namespace) = &job.namespace {
            say("-r", format!("{exec}:__ns:={namespace}"));
        }
        for (from, to) in &job.remaps {
            say("-r", format!("{exec}:{from}:={to}"));
        }
        for param in &job.params {
            match param {
                Given::One(key, value) => say("-p", format!("{name}:{key}:={value}")),
                Given::File(path) => {
                    let read = from_file(path, job).map_err(|why| format!("{}: {why}", path.display()))?;
                    read.into_iter().for_each(|(key, value)| say("-p", format!("{name}:{key}:={value}")));
                }
            }
        }
    }
    Ok(words)
}

/// The parameters that a file has for a node, names and values in YAML.
///
/// # Errors
/// What is no parameter file.
pub fn from_file(path: &Path, job: &Job) -> Result<Vec<(String, String)>, String> {
    let text = super::read(path)?;
    let all: Value = serde_norway::from_str(&text).map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    nodes(&all, "", job, &mut found)?;
    Ok(found)
}

/// Goes down namespaces until a node's parameters are met.
fn nodes(value: &Value, path: &str, job: &Job, found: &mut Vec<(String, String)>) -> Result<(), String> {
    for (key, below) in entries(value, path)? {
        if key == "ros__parameters" {
            let namespace = job.namespace.as_deref().unwrap_or_default();
            let full = format!("{}/{}", namespace.trim_end_matches('/'), job.name);
            if ["/**", "**", full.as_str(), full.trim_start_matches('/'), job.name.as_str()].contains(&path) {
                parameters(below, "", found)?;
            }
        } else {
            let joined = if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
            nodes(below, &joined, job, found)?;
        }
    }
    Ok(())
}

fn parameters(value: &Value, path: &str, found: &mut Vec<(String, String)>) -> Result<(), String> {
    for (key, below) in entries(value, path)? {
        let name = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let said = match below {
            Value::Mapping(_) => {
                parameters(below, &name, found)?;
                continue;
            }
            Value::Bool(on) => on.to_string(),
            Value::Number(n) if n.is_i64() => n.to_string(),
            Value::Number(n) => format!("{:?}", n.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => quoted(text),
            _ => return Err(format!("`{name}` is neither true, false, a number nor a text")),
        };
        found.push((name, said));
    }
    Ok(())
}

fn entries<'a>(value: &'a Value, path: &str) -> Result<Vec<(&'a str, &'a Value)>, String> {
    let map = value.as_mapping().ok_or_else(|| format!("`{path}` is no mapping"))?;
    map.iter()
        .map(|(key, below)| Ok((key.as_str().ok_or_else(|| format!("a name in `{path}` is no text"))?, below)))
        .collect()
}

/// Words as a shell takes them.
pub fn shell(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@+,".contains(c);
    let word = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}
