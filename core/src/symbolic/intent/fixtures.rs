//! What opens, closes, switches, is pushed or driven to.

use crate::fact::Fact;
use crate::plan::DraftArg;
use crate::scene::Affordance;
use crate::state::Side;
use crate::symbolic::intent::{Interpreter, PUSH_M, Stage, Step};
use crate::symbolic::reading::{Description, Heading};
use crate::symbolic::resolve::Role;
use crate::symbolic::why::Why;

impl Interpreter<'_> {
    pub(super) fn openable(&mut self, what: &[Description], open: bool) -> Step {
        let mut found = Vec::new();
        for it in what {
            let state = self.state();
            let useful = |i: usize| state.situations[i].open != Some(open);
            found.extend(self.find_useful(it, Role::Opens, &useful)?);
        }
        self.arm()?;
        self.spoken.remember(&found, &[]);
        for index in found {
            if self.can(index, Affordance::Openable) {
                let id = self.id(index);
                self.reach(vec![if open { Fact::Open(id) } else { Fact::Closed(id) }]);
            } else if self.resolver.suits(index, Role::Switches) || self.lamp(index) {
                self.switch(index, Some(open))?; // 开灯: `open` the light
            } else {
                return Err(Why::NotOpenable(index));
            }
        }
        Ok(())
    }

    pub(super) fn lamp(&self, index: usize) -> bool {
        self.state().objects()[index].on.is_some()
    }

    /// The switch of a thing: itself, or the only one there is.
    pub(super) fn switch_of(&self, index: usize) -> Step<usize> {
        if self.resolver.suits(index, Role::Switches) {
            return Ok(index);
        }
        let mut switches = (0..self.state().objects().len()).filter(|i| self.resolver.suits(*i, Role::Switches));
        match (self.lamp(index), switches.next(), switches.next()) {
            (true, Some(only), None) => Ok(only),
            _ => Err(Why::NoSwitch(index)),
        }
    }

    pub(super) fn press(&mut self, index: usize) -> Step {
        let switch = self.switch_of(index)?;
        if self.can(switch, Affordance::Pressable) {
            let object = self.word(switch);
            return self.call("press", &[("object", object)]);
        }
        self.switch(index, None)
    }

    pub(super) fn switch(&mut self, index: usize, on: Option<bool>) -> Step {
        let switch = self.switch_of(index)?;
        let now = self.state().situations[switch].on;
        let on = on.unwrap_or(now != Some(true));
        if now.is_none() && self.can(switch, Affordance::Pressable) && !self.can(switch, Affordance::Turnable) {
            let object = self.word(switch);
            return self.call("press", &[("object", object)]);
        }
        let id = self.id(switch);
        self.reach(vec![if on { Fact::TurnedOn(id) } else { Fact::TurnedOff(id) }]);
        Ok(())
    }

    pub(super) fn push(&mut self, what: &[Description], heading: Option<Heading>, distance_m: Option<f64>) -> Step {
        let Some(heading) = heading else {
            let found = self.find_all(what, Role::Switches)?;
            self.arm()?;
            self.spoken.remember(&found, &[]);
            return match found.iter().find(|i| !self.resolver.suits(**i, Role::Switches)) {
                Some(_) => Err(Why::Incomplete(
                    what.first().map(|w| w.said.clone()).unwrap_or_default(),
                    crate::symbolic::reading::Missing::Way,
                )),
                None => found.iter().try_for_each(|i| self.press(*i)),
            };
        };
        let found = self.find_all(what, Role::Thing)?;
        if heading == Heading::Away
            && let [one] = found[..]
            && self.can(one, Affordance::Openable)
            && !self.can(one, Affordance::Graspable)
        {
            return self.openable(what, false);
        }
        let things = self.graspable(&found)?;
        self.arm()?;
        let side = match heading {
            Heading::Left => Side::Left,
            Heading::Right => Side::Right,
            Heading::Away => Side::Behind,
            Heading::Toward => Side::Front,
        };
        for index in &things {
            let distance_m = self.push_room_m(*index, side, distance_m)?;
            let object = self.word(*index);
            let way = DraftArg::Word(Side::NAMES[side as usize].to_owned());
            self.call("push", &[("object", object), ("direction", way), ("distance_m", DraftArg::Number(distance_m))])?;
        }
        self.spoken.remember(&things, &[]);
        Ok(())
    }

    /// How far it can be pushed that way and stay in reach: as far as said, or up to a hand's breadth.
    pub(super) fn push_room_m(&self, index: usize, side: Side, asked_m: Option<f64>) -> Step<f64> {
        let object = &self.state().objects()[index];
        let Some(arm) = &self.robot.arm else {
            return Err(Why::NoArm);
        };
        let way = side.direction();
        let at_m = object.position_m();
        let center = |i: usize| (arm.workspace.min_m[i] + arm.workspace.max_m[i]) * 0.5;
        let inside = |distance_m: f64| {
            let mut end_m = at_m + way * (distance_m + 0.01);
            end_m.z = center(2);
            arm.workspace.contains(&end_m)
        };
        let wanted_m = asked_m.unwrap_or(PUSH_M);
        let tries = [wanted_m, 0.08, 0.05, 0.03];
        let fitting = tries
            .into_iter()
            .take(if asked_m.is_some() { 1 } else { 4 })
            .find(|d| inside(*d) && (0.0..=0.3).contains(d));
        fitting.map(|d| d.max(0.03)).ok_or(Why::OutOfReach(index))
    }

    pub(super) fn go(&mut self, index: usize) -> Step {
        if self.robot.base.is_none() {
            return Err(Why::NoBase);
        }
        if !self.can(index, Affordance::Place) {
            return Err(Why::NotReachable(index));
        }
        self.spoken.remember(&[], &[index]);
        let fact = Fact::RobotAt(self.id(index));
        self.intent.stages.push(Stage::Reach(vec![fact]));
        Ok(())
    }
}
