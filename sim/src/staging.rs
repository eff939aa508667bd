//! From a task and a seed to a world that is ready for it: scenes are drawn until the task makes sense in one, with
//! every name bound and the goal not yet reached.

use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::scene::ObjectId;

use crate::build::Built;
use crate::condition::{Condition, IT};
use crate::error::SimError;
use crate::judge::decide;
use crate::moment::Moment;
use crate::scenario::Scenario;
use crate::task::Task;
use crate::witness::Witness;

/// Most scenes drawn for one episode.
const MOST_DRAWS: u64 = 100;

/// A world in which a task can begin.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The scene, built.
    pub built: Arc<Built>,
    /// Who reads its physics.
    pub witness: Witness,
    /// The task, every name in it an object's.
    pub task: Task,
    /// The physics at the start.
    pub began: Moment,
    /// Lowest place where anything loose stands at the start, metres.
    pub lowest_m: f64,
}

impl Scenario {
    /// Draws scenes for a task until one suits it; the same seed gives the same.
    ///
    /// # Errors
    /// [`SimError`] for a name that is not in the scene, a scene that does not build, or a task that suits none.
    pub fn stage(&self, task: &Task, seed: u64) -> Result<Staged, SimError> {
        let here = |e: SimError| SimError::Scene(format!("scenario `{}`, task `{}`: {e}", self.name, task.id));
        for draw in 0..MOST_DRAWS {
            // Draws of neighbouring seeds must not meet.
            let seed = seed.wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let built = Arc::new(self.scene.build(seed, &self.folder).map_err(here)?);
            let witness = Witness::new(built.clone(), &self.regions).map_err(here)?;
            let (data, _) = built.start().map_err(here)?;
            let began = witness.moment(Stamp(0), &data);
            check_names(task, &began).map_err(here)?;
            let Some(task) = bound(task, &began) else {
                continue;
            };
            let holds = |condition: &Condition| decide(condition, &began, &began, &mut Vec::new());
            let given = task.given.as_ref().is_none_or(&holds);
            let open = !task.goal.as_ref().is_some_and(&holds) && !task.never.iter().any(&holds);
            if given && open {
                let loose = began.here().filter(|thing| thing.is_loose());
                let lowest_m = loose.map(|thing| thing.bottom_m()).fold(f64::INFINITY, f64::min);
                return Ok(Staged { built, witness, task, began, lowest_m });
            }
        }
        let why = "no scene suits it: its `given` never holds, its goal always does, or its `let` is never clear";
        Err(here(SimError::Scene(format!("{why} (seed {seed}, {MOST_DRAWS} scenes drawn)"))))
    }
}

/// The task with every `let` name replaced by the object it stands for.
fn bound(task: &Task, scene: &Moment) -> Option<Task> {
    let mut bound = task.clone();
    for (name, choose) in &task.lets {
        let object = choose.resolve(scene)?;
        let rename = |other: &ObjectId| if other == name { object } else { *other };
        let all = bound.goal.iter_mut().chain(&mut bound.given).chain(&mut bound.through).chain(&mut bound.never);
        for condition in all.chain(bound.disturb.iter_mut().filter_map(|disturb| disturb.when.as_mut())) {
            *condition = condition.renamed(&rename);
        }
    }
    Some(bound)
}

/// Every name in the task must be an object's, a `let`'s, or `it`.
fn check_names(task: &Task, scene: &Moment) -> Result<(), SimError> {
    let conditions = task.goal.iter().chain(&task.given).chain(&task.through).chain(&task.never);
    let mut unknown = None;
    for condition in conditions.chain(task.disturb.iter().filter_map(|disturb| disturb.when.as_ref())) {
        condition.walk(false, &mut |part, _| {
            let known = |name: &ObjectId| {
                name.as_str() == IT
                    || task.lets.contains_key(name)
                    || scene.things.iter().any(|thing| thing.id == *name)
            };
            unknown = part.names().into_iter().find(|name| !known(name)).or(unknown);
        });
    }
    match unknown {
        None => Ok(()),
        Some(name) => {
            let ids: Vec<&str> = scene.things.iter().map(|thing| thing.id.as_str()).collect();
            Err(SimError::Scene(format!("speaks of `{name}`, but the scene has only {}", ids.join(", "))))
        }
    }
}
