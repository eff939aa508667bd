//! Initial states of foreign scenes, from a JSON file of lists of numbers.

use std::path::Path;

use mujoco_rs::wrappers::mj_model::MjModel;

use crate::error::SimError;
use crate::scene::{ForeignStates, StateLayout};

impl ForeignStates {
    /// Positions and velocities of the state that a seed picks: number seed modulo count.
    ///
    /// # Errors
    /// [`SimError`] for a file that can't be read or does not fit the model.
    pub(crate) fn pick(&self, model: &MjModel, seed: u64, folder: &Path) -> Result<(Vec<f64>, Vec<f64>), SimError> {
        let path = folder.join(&self.file);
        let text = std::fs::read_to_string(&path).map_err(|source| SimError::Read { path: path.clone(), source })?;
        let wrong = |why: String| SimError::Parse { origin: path.display().to_string(), why };
        let states: Vec<Vec<f64>> = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if states.is_empty() {
            return Err(wrong("holds no states".to_owned()));
        }
        let index = (seed % states.len() as u64) as usize;
        let state = &states[index];
        let (nq, nv) = (model.nq() as usize, model.nv() as usize);
        let (skip, has_qvel) = match self.layout {
            StateLayout::Qpos => (0, false),
            StateLayout::QposQvel => (0, true),
            StateLayout::TimeQposQvel => (1, true),
        };
        let want = skip + nq + if has_qvel { nv } else { 0 };
        if state.len() != want {
            return Err(wrong(format!("state {index} holds {} numbers, the model wants {want}", state.len())));
        }
        if let Some(at) = state.iter().position(|v| !v.is_finite()) {
            return Err(wrong(format!("state {index}: number {at} is not finite")));
        }
        let qpos = state[skip..skip + nq].to_vec();
        let qvel = if has_qvel { state[skip + nq..].to_vec() } else { vec![0.0; nv] };
        Ok((qpos, qvel))
    }
}
