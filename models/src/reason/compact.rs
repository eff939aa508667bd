//! The compact prompt of small models: no rules and no list of skills, for such a model knows them from its schooling. The
//! things from left to right, each with its place on a grid of a hundred by a hundred, then what the hand holds, what was
//! tried, and the person's words, quoted as data. (A short and regular input for little networks: cf. the scene strings
//! of Huang et al., Inner Monologue, arXiv 2207.05608.)

use ponder_core::outcome::FailureCode;
use ponder_core::plan::DraftCall;
use ponder_core::reasoner::{Attempt, Question};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::SceneObject;
use ponder_core::state::{State, Support};

use super::answer::write_call;
use super::quote::{name, quote};
use crate::engine::write::{Role, Turn};

/// Wider than this a surface is what all else stands on: its place says nothing, metres.
const GROUND_M: f64 = 0.6;
/// Most attempts told, the newest of them.
const MAX_ATTEMPTS_TOLD: usize = 3;
/// The last cell of the grid.
const LAST_CELL: f64 = 99.0;

/// The grid that places are told on: a centimetre a cell before an arm, a decimetre around a robot that drives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    cell_m: f64,
    forward_from: f64,
}

impl Grid {
    /// The grid of a robot.
    #[must_use]
    pub fn of(robot: &RobotSpec) -> Self {
        if robot.arm.is_some() {
            Self { cell_m: 0.01, forward_from: 0.0 }
        } else {
            Self { cell_m: 0.1, forward_from: 50.0 }
        }
    }

    /// How far away from the robot, as the robot looks along +x: 0 to 99.
    #[must_use]
    pub fn forward(&self, object: &SceneObject) -> u32 {
        cell(self.forward_from + object.position_m().x / self.cell_m)
    }

    /// How far from the left edge: 0 to 99, 50 straight ahead.
    #[must_use]
    pub fn across(&self, object: &SceneObject) -> u32 {
        cell(50.0 - object.position_m().y / self.cell_m)
    }
}

fn cell(value: f64) -> u32 {
    value.round().clamp(0.0, LAST_CELL) as u32 // a float that is no number becomes 0
}

/// Size of a thing: the cube root of its volume, millimetres.
#[must_use]
pub fn size_mm(object: &SceneObject) -> u32 {
    (object.size_m.product().max(0.0).cbrt() * 1000.0).round().min(9999.0) as u32
}

/// The numbers of a thing's line: how far from the left edge, how far away, how large.
#[must_use]
pub fn numbers(object: &SceneObject, grid: Grid) -> [u32; 3] {
    [grid.across(object), grid.forward(object), size_mm(object)]
}

/// The user's turn for a question.
#[must_use]
pub fn turn(question: &Question) -> Turn {
    Turn { role: Role::User, text: text(question), fixed: 0 }
}

/// Things in the order they are told: from left to right, then from near to far, then by name.
#[must_use]
pub fn order(state: &State, grid: Grid) -> Vec<usize> {
    let objects = state.objects();
    let mut order: Vec<usize> = (0..objects.len()).collect();
    order.sort_by_key(|i| (grid.across(&objects[*i]), grid.forward(&objects[*i]), objects[*i].id));
    order
}

fn text(question: &Question) -> String {
    let state = State::of(&question.scene, &question.robot);
    let grid = Grid::of(&question.robot);
    let mut text = String::from(if question.robot.arm.is_some() { "arm\n" } else { "base\n" });
    for index in order(&state, grid) {
        object(index, &state, grid, &mut text);
    }
    if let Some(held) = state.holding {
        text.push_str(&format!("holds {}\n", name(&state.objects()[held].id)));
    }
    let from = question.attempts.len().saturating_sub(MAX_ATTEMPTS_TOLD);
    question.attempts[from..].iter().for_each(|tried| attempt(tried, &mut text));
    text.push_str(&quote(&question.goal.instruction));
    text
}

/// What a thing is called and how it is with it: label, colour, id, then what it is on or in, what lies on it, open or
/// shut, on or off; in English whatever the person speaks. What one looks for comes before what one wants to know, so that
/// a thought that said the one goes on as the line went on, which is what little networks learn first (induction heads:
/// Olsson et al., arXiv 2209.11895).
#[must_use]
pub fn called(index: usize, state: &State, id: &dyn Fn(usize) -> String) -> String {
    let object = &state.objects()[index];
    let mut text = name(&object.label);
    let mut add = |word: &str| {
        text.push(' ');
        text.push_str(word);
    };
    if let Some(color) = object.color {
        add(color.name());
    }
    add(&id(index));
    let situation = &state.situations[index];
    match situation.support {
        Support::On(under) if !is_ground(under, state) => add(&format!("on {}", id(under))),
        Support::In(holder) => add(&format!("in {}", id(holder))),
        _ => {}
    }
    if !is_ground(index, state) {
        let lies_on = |i: &usize| state.situations[*i].support == Support::On(index);
        (0..state.objects().len()).filter(lies_on).for_each(|top| add(&format!("under {}", id(top))));
    }
    if object.open_fraction.is_some() {
        // Half open is not open: no hand goes in.
        add(if situation.open == Some(true) { "open" } else { "closed" });
    }
    if let Some(on) = situation.on {
        add(if on { "turned on" } else { "turned off" });
    }
    if state.at == Some(index) {
        add("here");
    }
    text
}

/// Is it what all else stands on?
fn is_ground(index: usize, state: &State) -> bool {
    let object = &state.objects()[index];
    object.size_m.x.min(object.size_m.y) >= GROUND_M && state.robot().arm.is_some()
}

fn object(index: usize, state: &State, grid: Grid, text: &mut String) {
    let object = &state.objects()[index];
    text.push_str(&format!(" {}", called(index, state, &|i| name(&state.objects()[i].id))));
    if !is_ground(index, state) {
        numbers(object, grid).iter().for_each(|number| text.push_str(&format!(" {number}")));
    }
    text.push('\n');
}

fn attempt(attempt: &Attempt, text: &mut String) {
    if !attempt.done.is_empty() {
        let calls: Vec<String> = attempt.done.iter().map(|call: &DraftCall| write_call(call)).collect();
        text.push_str(&format!("did {}\n", calls.join(", ")));
    }
    match (&attempt.failed, &attempt.rejected) {
        (Some((call, failure)), _) => {
            text.push_str(&format!("failed {} {}\n", write_call(call), code(failure.code)));
        }
        (None, Some(_)) => text.push_str("rejected\n"),
        (None, None) => text.push_str("ended early\n"),
    }
}

/// A failure in a word.
#[must_use]
pub fn code(code: FailureCode) -> &'static str {
    match code {
        FailureCode::GraspMissed => "missed",
        FailureCode::Dropped => "dropped",
        FailureCode::ObjectMoved => "moved",
        FailureCode::ObjectGone => "gone",
        FailureCode::Unreachable => "unreachable",
        FailureCode::Blocked => "blocked",
        FailureCode::NoWay => "no way",
        FailureCode::NoRoom => "no room",
        FailureCode::NoEffect => "no effect",
        FailureCode::PreconditionLost => "not ready",
        FailureCode::StepTimedOut => "too slow",
        FailureCode::GuardRefused => "refused",
        FailureCode::GoalNotReached => "goal missed",
    }
}
