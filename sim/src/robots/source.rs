//! Where a robot file and its model come from: built in, or from outside by path. A simulated robot has an MJCF; one that
//! is only spoken to may have a URDF.

use std::path::{Path, PathBuf};

use mujoco_rs::wrappers::mj_editing::MjSpec;
use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::RobotFile;

use super::urdf::Urdf;
use crate::error::SimError;

/// A robot that comes built in.
#[derive(Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    file: &'static str,
    mjcf: &'static str,
}

/// Robots that come built in.
pub static BUILTIN: &[Builtin] = &[
    Builtin {
        name: "arm7",
        file: include_str!("../../../launch/robots/arm7.yaml"),
        mjcf: include_str!("../../robots/arm7.xml"),
    },
    Builtin {
        name: "rover",
        file: include_str!("../../../launch/robots/rover.yaml"),
        mjcf: include_str!("../../robots/rover.xml"),
    },
];

/// A robot file with where its MJCF comes from.
#[derive(Clone, Debug)]
pub struct RobotSource {
    /// The file.
    pub file: RobotFile,
    /// Where it came from, for messages.
    pub origin: String,
    mjcf: Mjcf,
}

#[derive(Clone, Debug)]
enum Mjcf {
    Text(&'static str),
    Path(PathBuf),
}

impl RobotSource {
    /// A built-in robot by its name, or a robot file by its path, relative to `folder`.
    ///
    /// # Errors
    /// [`SimError`] naming the file and what is wrong with it.
    pub fn load(name_or_path: &str, folder: &Path) -> Result<Self, SimError> {
        if let Some(builtin) = BUILTIN.iter().find(|b| b.name == name_or_path) {
            let file = parse(builtin.file, builtin.name)?;
            return Ok(Self { file, origin: builtin.name.to_owned(), mjcf: Mjcf::Text(builtin.mjcf) });
        }
        let path = folder.join(name_or_path);
        if !path.is_file() && !name_or_path.contains(['/', '.']) {
            let known: Vec<&str> = BUILTIN.iter().map(|b| b.name).collect();
            return Err(SimError::UnknownRobot { name: name_or_path.to_owned(), known: known.join(", ") });
        }
        let text = std::fs::read_to_string(&path).map_err(|source| SimError::Read { path: path.clone(), source })?;
        let file = parse(&text, &path.display().to_string())?;
        let mjcf = Mjcf::Path(path.parent().unwrap_or(Path::new(".")).join(&file.model));
        Ok(Self { file, origin: path.display().to_string(), mjcf })
    }

    fn urdf(&self) -> Option<&PathBuf> {
        match &self.mjcf {
            Mjcf::Path(path) => Some(path).filter(|path| path.extension().is_some_and(|ending| ending == "urdf")),
            Mjcf::Text(_) => None,
        }
    }

    /// Its MJCF as a spec of its own.
    ///
    /// # Errors
    /// [`SimError::Model`] naming the MJCF.
    pub(crate) fn spec(&self) -> Result<MjSpec, SimError> {
        if let Some(path) = self.urdf() {
            let why = "a URDF has no actuators and sensors to simulate: name an MJCF in the robot file";
            return Err(SimError::model(&path.display().to_string(), why));
        }
        crate::quiet::hush();
        match &self.mjcf {
            Mjcf::Text(text) => MjSpec::from_xml_string(text).map_err(|e| SimError::model(&self.origin, e)),
            Mjcf::Path(path) => MjSpec::from_xml(path).map_err(|e| SimError::model(&path.display().to_string(), e)),
        }
    }

    /// The checked robot by itself, standing at the world's origin, for whoever needs it without a scene.
    ///
    /// # Errors
    /// [`SimError`] naming what does not fit.
    pub fn checked(&self) -> Result<RobotSpec, SimError> {
        if let Some(path) = self.urdf() {
            let text = std::fs::read_to_string(path).map_err(|source| SimError::Read { path: path.clone(), source })?;
            let origin = path.display().to_string();
            let urdf = Urdf::parse(&text).map_err(|e| SimError::model(&origin, e))?;
            let wrong = |why| SimError::RobotFile { robot: self.file.name.clone(), why };
            let chain = self.file.arm.as_ref().map(|arm| urdf.chain_to(&arm.tool)).transpose().map_err(wrong)?;
            urdf.fits(&self.file).map_err(wrong)?;
            return Ok(self.file.clone().into_spec(chain)?);
        }
        let model = self.spec()?.compile().map_err(|e| SimError::model(&self.origin, e))?;
        Ok(super::bind(&self.file, &model)?.1)
    }
}

fn parse(text: &str, origin: &str) -> Result<RobotFile, SimError> {
    serde_norway::from_str(text).map_err(|e| SimError::Parse { origin: origin.to_owned(), why: e.to_string() })
}
