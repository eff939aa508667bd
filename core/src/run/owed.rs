//! What a task still owes: goals of earlier plans about things that are out of sight by now. A task is not done because a
//! later plan no longer speaks of them.

use crate::fact::Fact;
use crate::plan::Plan;
use crate::scene::{Color, Label, ObjectId, Scene};

/// Goals of a task's plans so far.
#[derive(Debug, Default)]
pub(super) struct Owed {
    wanted: Vec<Fact>,
    looks: Vec<(ObjectId, Label, Option<Color>)>,
}

impl Owed {
    /// Forgets all: another task.
    pub(super) fn clear(&mut self) {
        self.wanted.clear();
        self.looks.clear();
    }

    /// What is owed beside the goal of a plan that was made on this scene.
    pub(super) fn beside(&mut self, plan: &Plan, scene: &Scene) -> Vec<Fact> {
        let new: Vec<Fact> = plan.goal().iter().filter(|fact| !self.wanted.contains(fact)).copied().collect();
        for id in new.iter().flat_map(Fact::objects) {
            if let Some(object) = scene.get(&id).filter(|_| self.look(id).is_none()) {
                self.looks.push((id, object.label, object.color));
            }
        }
        let is_lost = |fact: &&Fact| fact.objects().any(|id| scene.get(&id).is_none());
        // A thing that was lost and found again may have another name: a new goal of its like stands for the old one.
        let is_renamed = |fact: &Fact| new.iter().any(|other| self.alike(fact, other));
        let owed = self.wanted.iter().filter(is_lost).filter(|fact| !is_renamed(fact)).copied().collect();
        self.wanted.extend(new);
        owed
    }

    fn look(&self, id: ObjectId) -> Option<(Label, Option<Color>)> {
        self.looks.iter().find(|look| look.0 == id).map(|look| (look.1, look.2))
    }

    fn alike(&self, a: &Fact, b: &Fact) -> bool {
        let same = |(a, b): (ObjectId, ObjectId)| a == b || (self.look(a).is_some() && self.look(a) == self.look(b));
        std::mem::discriminant(a) == std::mem::discriminant(b) && a.objects().zip(b.objects()).all(same)
    }
}
