//! What a right answer must bring about, and whether an answer does: a plan is checked and run through symbolically, and
//! its end, its way and what it left alone are held against what was meant. Rewards and scores come from here and nowhere
//! else. Below the ring: the reasoner's schooling.

use std::sync::Arc;

use ponder_core::check;
use ponder_core::fact::Fact;
use ponder_core::outcome::RefusalReason;
use ponder_core::plan::{Draft, SkillCall};
use ponder_core::robot::RobotSpec;
use ponder_core::scene::{ObjectId, Scene};
use ponder_core::state::State;

/// What a right answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// A plan.
    Do(Deed),
    /// A refusal for one of these reasons.
    Refuse(Vec<RefusalReason>),
    /// A question back.
    Ask,
}

/// What a plan must do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deed {
    /// At the end all facts of one of these sets hold.
    pub any: Vec<Vec<Fact>>,
    /// On the way these come true, in this order.
    pub through: Vec<Fact>,
    /// None of these holds at the end.
    pub never: Vec<Fact>,
    /// No step picks up, pushes, opens, closes or switches these.
    pub untouched: Vec<ObjectId>,
    /// Skills that are called, whatever they are called on.
    pub calls: Vec<&'static str>,
}

/// How an answer was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right.
    Right,
    /// A plan that checks and does something else.
    Other,
    /// A plan that does not check.
    Unchecked,
    /// A plan where none should be, or a refusal or question where a plan should be, or the wrong one of the two.
    Kind,
    /// The right kind of answer for the wrong reason.
    Reason,
}

impl Truth {
    /// Judges an answer.
    #[must_use]
    pub fn judge(&self, draft: &Draft, scene: &Scene, robot: &Arc<RobotSpec>) -> Verdict {
        match (self, draft) {
            (Self::Do(deed), Draft::Do { .. }) => match check::check(draft, scene, robot) {
                Ok(plan) => {
                    if deed.is_done(plan.steps(), State::of(scene, robot)) {
                        Verdict::Right
                    } else {
                        Verdict::Other
                    }
                }
                Err(_) => Verdict::Unchecked,
            },
            (Self::Refuse(reasons), Draft::Refuse { reason, .. }) => {
                if reasons.contains(reason) {
                    Verdict::Right
                } else {
                    Verdict::Reason
                }
            }
            (Self::Ask, Draft::Ask { .. }) => Verdict::Right,
            _ => Verdict::Kind,
        }
    }
}

impl Deed {
    /// Do these steps, which must check, do it?
    #[must_use]
    pub fn is_done(&self, steps: &[SkillCall], mut state: State) -> bool {
        let mut through = self.through.iter().peekable();
        while through.next_if(|fact| state.holds(fact)).is_some() {}
        for call in steps {
            let moves = !matches!(call.spec().name, "place_in" | "place_on" | "place_beside" | "go_to");
            if moves && call.object(0).is_some_and(|id| self.untouched.contains(&id)) {
                return false;
            }
            if call.skill().check(call, &state).is_err() {
                return false;
            }
            call.skill().effect(call, &mut state);
            while through.next_if(|fact| state.holds(fact)).is_some() {}
        }
        let called = |name: &&str| steps.iter().any(|call| call.spec().name == *name);
        through.peek().is_none()
            && self.any.iter().any(|facts| facts.iter().all(|fact| state.holds(fact)))
            && !self.never.iter().any(|fact| state.holds(fact))
            && self.calls.iter().all(called)
    }
}
