//! What a reading means on a scene: stages to go through in turn, each a set of facts to bring about or a call to carry
//! out, and which object every description stands for.

mod fixtures;
mod place;
mod tidy;
mod tower;
use crate::check::check_call;
use crate::fact::Fact;
use crate::plan::{DraftArg, DraftCall, SkillCall};
use crate::robot::RobotSpec;
use crate::scene::{Affordance, Scene};
use crate::state::State;
use crate::symbolic::kinds::Kind;
use crate::symbolic::reading::{Description, Wish};
use crate::symbolic::resolve::{Found, Lost, Resolver, Role, Spoken};
use crate::symbolic::solve::clash;
use crate::symbolic::why::Why;

/// How far a push goes when nothing is said, metres.
const PUSH_M: f64 = 0.1;
/// Lower than this a thing on the floor is a mark that can be driven over, metres.
const FLAT_M: f64 = 0.05;
/// Longest wait in one call, seconds.
const WAIT_MOST_S: f64 = 60.0;

/// One stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Bring these about, in any order.
    Reach(Vec<Fact>),
    /// Things out of where they are: dropped when the next stage says where they go.
    Out(Vec<Fact>),
    /// Carry this out once.
    Call(SkillCall),
}

/// A description and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// The description.
    pub description: Description,
    /// The objects.
    pub objects: Vec<usize>,
    /// How they were told from others.
    pub found: Found,
}

/// What is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intent {
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// Descriptions in the order they were said.
    pub meanings: Vec<Meaning>,
    /// Objects to leave alone.
    pub avoid: Vec<usize>,
    /// Facts that must not come true.
    pub forbidden: Vec<Fact>,
}

/// Makes intents.
pub struct Interpreter<'a> {
    resolver: Resolver<'a>,
    robot: &'a RobotSpec,
    /// The state plans start from: near things only count as beside.
    near: &'a State,
    spoken: Spoken,
    intent: Intent,
}

type Step<T = ()> = Result<T, Why>;

impl<'a> Interpreter<'a> {
    /// An interpreter for a scene. `spoken` may carry what earlier attempts began or had trouble with.
    pub fn new(scene: &'a Scene, state: &'a State, near: &'a State, robot: &'a RobotSpec, spoken: Spoken) -> Self {
        Self { resolver: Resolver { scene, state }, robot, near, spoken, intent: Intent::default() }
    }

    /// The intent of all wishes together.
    ///
    /// # Errors
    /// The first reason why it can't be done as said, with what was understood up to there.
    pub fn intent(mut self, wishes: &[Wish]) -> Result<Intent, (Why, Vec<Meaning>)> {
        match self.all(wishes) {
            Ok(()) => Ok(self.intent),
            Err(why) => Err((why, self.intent.meanings)),
        }
    }

    fn all(&mut self, wishes: &[Wish]) -> Step {
        for wish in wishes {
            match wish {
                Wish::Never(wish) => self.forbid(wish),
                Wish::Avoid(what) => {
                    for description in what {
                        let found = self.find(description, Role::Reference)?;
                        self.intent.avoid.extend(found);
                    }
                }
                _ => {}
            }
        }
        let negated = wishes.iter().any(|w| matches!(w, Wish::Never(_) | Wish::Avoid(_)));
        for wish in wishes {
            if !matches!(wish, Wish::Never(_) | Wish::Avoid(_)) {
                self.wish(wish)?;
            }
        }
        let asked = self.intent.stages.len();
        let forbidden = self.intent.forbidden.clone();
        for stage in &mut self.intent.stages {
            if let Stage::Reach(facts) = stage {
                facts.retain(|fact| !forbidden.contains(fact));
            }
        }
        self.intent.stages.retain(|stage| !matches!(stage, Stage::Reach(facts) if facts.is_empty()));
        match (asked, self.intent.stages.len()) {
            (0, _) if negated => Err(Why::NothingToDo),
            (0, _) => Err(Why::NotUnderstood(Vec::new())),
            (_, 0) => Err(Why::Contradiction),
            _ => Ok(()),
        }
    }

    /// What a forbidden wish would bring about.
    fn forbid(&mut self, wish: &Wish) {
        let kept = self.intent.clone();
        let spoken = self.spoken.clone();
        let would = self.wish(wish).map(|()| self.intent.stages.split_off(kept.stages.len()));
        self.intent = kept;
        self.spoken = spoken;
        for stage in would.unwrap_or_default() {
            if let Stage::Reach(facts) | Stage::Out(facts) = stage {
                self.intent.forbidden.extend(facts.iter().filter(|fact| !self.near.holds(fact)));
            }
        }
    }

    fn wish(&mut self, wish: &Wish) -> Step {
        match wish {
            Wish::Put { what, relation, place } => self.put(what, *relation, place),
            Wish::TakeOff { what, from } => self.take_off(what, from.as_ref()),
            Wish::Tower { base, layers } => self.tower(base.as_ref(), layers),
            Wish::Hold(what) => {
                let found = self.find_all(what, Role::Thing)?;
                let lid = |it: &Description| it.kind.is_some_and(|kind| kind.entry().en[0] == "lid");
                if what.iter().all(lid) && found.iter().all(|i| !self.can(*i, Affordance::Graspable)) {
                    return self.openable(what, true); // `lift the lid`
                }
                let held = self.graspable(&found)?;
                if held.len() > 1 {
                    return Err(Why::OneHand(held));
                }
                self.arm()?;
                self.spoken.remember(&held, &[]);
                let facts = held.iter().map(|i| Fact::Held(self.id(*i))).collect();
                self.reach(facts);
                Ok(())
            }
            Wish::Give(what) => {
                let found = self.find_all(what, Role::Thing)?;
                let held = self.graspable(&found)?;
                if held.len() > 1 {
                    return Err(Why::OneHand(held));
                }
                self.arm()?;
                self.spoken.remember(&held, &[]);
                let facts = held.iter().map(|i| Fact::Held(self.id(*i))).collect();
                self.intent.stages.push(Stage::Reach(facts));
                self.call("hand_over", &[])
            }
            Wish::Release => {
                self.arm()?;
                self.reach(vec![Fact::HandEmpty]);
                Ok(())
            }
            Wish::Open(what) => self.openable(what, true),
            Wish::Close(what) => self.openable(what, false),
            Wish::Press(what) => {
                let found = self.find_all(what, Role::Switches)?;
                self.arm()?;
                for index in &found {
                    self.press(*index)?;
                }
                self.spoken.remember(&found, &[]);
                Ok(())
            }
            Wish::Switch(what, on) => {
                let found = self.find_all(what, Role::Switches)?;
                self.arm()?;
                for index in &found {
                    self.switch(*index, *on)?;
                }
                self.spoken.remember(&found, &[]);
                Ok(())
            }
            Wish::Clear { place, into } => self.clear(place, into.as_ref()),
            Wish::SortByColor { what, into } => self.sort(what, into.as_ref()),
            Wish::Swap(what) => self.swap(what),
            Wish::Push { what, heading, distance_m } => self.push(what, *heading, *distance_m),
            Wish::GoTo(places) => {
                for place in places {
                    for index in self.find(place, Role::Place)? {
                        self.go(index)?;
                    }
                }
                Ok(())
            }
            Wish::GoInto(places, said) => {
                for place in places {
                    for index in self.find(place, Role::Place)? {
                        if self.state().objects()[index].size_m.z >= FLAT_M {
                            return Err(Why::Unsafe(said.clone()));
                        }
                        self.go(index)?;
                    }
                }
                Ok(())
            }
            Wish::Park => {
                let dock = (0..self.state().objects().len()).find(|i| {
                    Kind::named(&self.state().objects()[*i].label).is_some_and(|k| k.entry().en[0] == "dock")
                        && self.can(*i, Affordance::Place)
                });
                match dock {
                    Some(dock) if self.robot.base.is_some() => self.go(dock),
                    _ => self.call("park", &[]),
                }
            }
            Wish::Wait(seconds) => {
                if !(0.0..=600.0).contains(seconds) {
                    return Err(Why::TooLong(*seconds));
                }
                let mut left = seconds.max(0.1);
                while left > 0.05 {
                    self.call("wait", &[("seconds", DraftArg::Number(left.clamp(0.1, WAIT_MOST_S)))])?;
                    left -= WAIT_MOST_S;
                }
                Ok(())
            }
            Wish::Look => self.call("look", &[]),
            Wish::Either(readings) => self.either(readings),
            Wish::Never(_) | Wish::Avoid(_) => Ok(()),
            Wish::Unsafe(words) => Err(Why::Unsafe(words.clone())),
            Wish::Unable(words) => Err(Why::Unable(words.clone())),
            Wish::Incomplete(words, missing) => Err(Why::Incomplete(words.clone(), *missing)),
        }
    }

    /// The first reading that fits; where none does, the one that came closest.
    fn either(&mut self, readings: &[Wish]) -> Step {
        let (intent, spoken) = (self.intent.clone(), self.spoken.clone());
        let mut first: Option<(Why, Intent)> = None;
        for reading in readings {
            match self.wish(reading) {
                Ok(()) => return Ok(()),
                Err(why) => {
                    let tried = std::mem::replace(&mut self.intent, intent.clone());
                    self.spoken = spoken.clone();
                    // A reading in which all is found and something else is wrong says more than one that finds nothing.
                    let lost = |why: &Why| matches!(why, Why::Lost(Lost::NotThere(..)));
                    if first.as_ref().is_none_or(|(other, _)| lost(other) && !lost(&why)) {
                        first = Some((why, tried));
                    }
                }
            }
        }
        let (why, tried) = first.unwrap_or((Why::NoWay, intent));
        self.intent.meanings = tried.meanings;
        Err(why)
    }

    fn state(&self) -> &'a State {
        self.resolver.state
    }

    fn id(&self, index: usize) -> crate::scene::ObjectId {
        self.state().objects()[index].id
    }

    fn can(&self, index: usize, affordance: Affordance) -> bool {
        self.state().objects()[index].can(affordance)
    }

    fn arm(&self) -> Step {
        self.robot.arm.as_ref().map(|_| ()).ok_or(Why::NoArm)
    }

    fn find(&mut self, it: &Description, role: Role) -> Step<Vec<usize>> {
        self.find_useful(it, role, &|_| true)
    }

    fn find_useful(&mut self, it: &Description, role: Role, useful: &dyn Fn(usize) -> bool) -> Step<Vec<usize>> {
        let (objects, found) = self.resolver.resolve(it, role, &self.spoken, useful)?;
        let meaning = Meaning { description: it.clone(), objects: objects.clone(), found };
        if !self.intent.meanings.contains(&meaning) {
            self.intent.meanings.push(meaning);
        }
        Ok(objects)
    }

    fn find_all(&mut self, what: &[Description], role: Role) -> Step<Vec<usize>> {
        let mut all: Vec<usize> = Vec::new();
        for it in what {
            for index in self.find(it, role)? {
                if !all.contains(&index) {
                    all.push(index);
                }
            }
        }
        Ok(all)
    }

    fn one(&mut self, it: &Description, role: Role) -> Step<usize> {
        let found = self.find(it, role)?;
        match found[..] {
            [one] => Ok(one),
            _ => Err(Why::Lost(Lost::Ambiguous(it.clone(), found))),
        }
    }

    fn graspable(&self, found: &[usize]) -> Step<Vec<usize>> {
        match found.iter().find(|i| !self.can(**i, Affordance::Graspable)) {
            Some(fixed) => Err(Why::Fixed(*fixed)),
            None => Ok(found.to_vec()),
        }
    }

    /// Adds facts, to the last stage where they go together with it.
    fn reach(&mut self, facts: Vec<Fact>) {
        let movable = |fact: &Fact| matches!(fact, Fact::On(..) | Fact::In(..));
        if let Some(Stage::Reach(last)) = self.intent.stages.last_mut() {
            let apart = facts.iter().any(|f| last.iter().any(|g| clash(f, g)));
            if !apart && facts.iter().chain(last.iter()).all(movable) {
                last.extend(facts.into_iter().filter(|f| !last.contains(f)).collect::<Vec<_>>());
                return;
            }
        }
        let places: Vec<_> = facts.iter().filter_map(|f| f.objects().next()).collect();
        if let Some(Stage::Out(out)) = self.intent.stages.last()
            && out.iter().all(|f| f.objects().next().is_some_and(|id| places.contains(&id)))
        {
            self.intent.stages.pop(); // taken out, then put somewhere: one way
        }
        self.intent.stages.push(Stage::Reach(facts));
    }

    fn call(&mut self, skill: &str, args: &[(&str, DraftArg)]) -> Step {
        let args = args.iter().map(|(name, arg)| ((*name).to_owned(), arg.clone())).collect();
        let draft = DraftCall { skill: skill.to_owned(), args };
        let call = check_call(1, &draft, self.resolver.scene, self.robot).map_err(|_| Why::NoArm)?;
        self.intent.stages.push(Stage::Call(call));
        Ok(())
    }

    fn word(&self, index: usize) -> DraftArg {
        DraftArg::Word(self.id(index).to_string())
    }
}
