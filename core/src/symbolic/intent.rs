//! What a reading means on a scene: stages to go through in turn, each a set of facts to bring about or a call to carry
//! out, and which object every description stands for.

use crate::check::check_call;
use crate::fact::Fact;
use crate::plan::{DraftArg, DraftCall, SkillCall};
use crate::robot::RobotSpec;
use crate::scene::{Affordance, Scene};
use crate::state::{Side, State, Support};
use crate::symbolic::kinds::Kind;
use crate::symbolic::reading::{Count, Description, Heading, Relation, Spot, Wish};
use crate::symbolic::resolve::{Found, Lost, Resolver, Role, Spoken};
use crate::symbolic::search::free_surfaces;
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

    /// The fact that `a` is so to `b`.
    fn place_fact(&self, a: usize, relation: Relation, b: usize) -> Step<Fact> {
        if a == b {
            return Err(Why::Itself(a));
        }
        let (x, y) = (self.id(a), self.id(b));
        let (container, surface) = (self.can(b, Affordance::Container), self.can(b, Affordance::Surface));
        match relation {
            Relation::In | Relation::At if container => Ok(Fact::In(x, y)),
            Relation::On if surface => Ok(Fact::On(x, y)),
            Relation::On if container => Ok(Fact::In(x, y)),
            Relation::In | Relation::At if surface => Ok(Fact::On(x, y)),
            Relation::On if self.can(b, Affordance::Graspable) => Err(Why::NotSteady(b)),
            Relation::On | Relation::In => Err(Why::NotAPlace(b)),
            Relation::Beside(side) => Ok(side.fact(x, y)),
            Relation::At | Relation::Near | Relation::Nearest | Relation::Farthest => Ok(Fact::Near(x, y)),
            Relation::Under => Err(Why::NotUnder(b)),
        }
    }

    fn put(&mut self, what: &[Description], relation: Relation, place: &Description) -> Step {
        self.arm()?;
        if what.iter().all(|w| w.pronoun && w.count == Count::The) && place.pronoun && self.spoken_is_empty() {
            return Err(Why::Lost(Lost::NothingMeant));
        }
        let role = match relation {
            Relation::In | Relation::On | Relation::At => Role::Holder,
            _ => Role::Reference,
        };
        if !place.pronoun
            && let Err(lost @ Lost::Ambiguous(..)) = self.resolver.resolve(place, role, &self.spoken, &|_| true)
        {
            // Before it is asked where: is there something to put at all?
            let things = self.find_all(what, Role::Thing)?;
            self.graspable(&things)?;
            return Err(lost.into());
        }
        if place.reflexive {
            let things = self.find_all(what, Role::Thing)?;
            return Err(Why::Itself(things[0]));
        }
        // `the block nearest to the bowl into it`: the bowl, where nothing was spoken of before.
        let inner = what.iter().find_map(|w| w.relation.as_ref().map(|(_, other)| other));
        let place = match inner {
            Some(inner) if place.pronoun && !inner.pronoun => inner,
            _ => place,
        };
        let mut places = if place.pronoun && what.iter().all(|w| w.pronoun) {
            // `it … in it`: two things; what is moved was spoken of last.
            let things = self.find_all(what, Role::Thing)?;
            let spoken = self.spoken.clone();
            self.spoken.forget(&things);
            let places = self.find(place, role);
            self.spoken = spoken;
            places?
        } else {
            self.find(place, role)?
        };
        let mut things: Vec<usize> = Vec::new();
        for it in what {
            let near = self.near;
            let target = places.clone();
            let facts =
                |i: usize| target.iter().filter_map(|p| self.place_fact(i, relation, *p).ok()).collect::<Vec<_>>();
            let settled: Vec<bool> =
                (0..near.objects().len()).map(|i| facts(i).iter().any(|fact| near.holds(fact))).collect();
            let mut it = it.clone();
            if it.count.is_plural() && !it.pronoun && it.kind.is_none_or(Kind::is_anything)
                || places.len() == 1 && matches!(it.count, Count::Any(_))
            {
                // `everything`, `a block`: the place itself is not meant.
                it.except.push(place.clone());
            }
            for index in self.find_useful(&it, Role::Thing, &|i| !settled[i] && !target.contains(&i))? {
                if !things.contains(&index) {
                    things.push(index);
                }
            }
        }
        if what.iter().all(|w| w.count == Count::All && !w.pronoun) && things.len() > 1 {
            things.retain(|i| !places.contains(i));
            things.retain(|i| self.can(*i, Affordance::Graspable));
        }
        if let ([thing], [place]) = (&things[..], &places[..])
            && thing == place
            && self.can(*thing, Affordance::Openable)
            && what.iter().all(|w| !w.pronoun)
        {
            return self.openable(what, false); // `put the lid on the box`
        }
        let things = self.graspable(&things)?;
        if places.len() > 1 {
            if places.len() == things.len() {
                for (thing, place) in things.iter().zip(&places) {
                    let fact = self.place_fact(*thing, relation, *place)?;
                    self.reach(vec![fact]);
                }
                self.spoken.remember(&things, &places);
                return Ok(());
            }
            if place.count.is_plural() {
                return self.share(what, relation, &places);
            }
            places.truncate(1);
        }
        let facts: Vec<Fact> = things.iter().map(|i| self.place_fact(*i, relation, places[0])).collect::<Step<_>>()?;
        self.spoken.remember(&things, &places);
        self.reach(facts);
        Ok(())
    }

    fn spoken_is_empty(&self) -> bool {
        self.state().holding.is_none() && self.intent.meanings.is_empty()
    }

    /// `one block in each bowl`.
    fn share(&mut self, what: &[Description], relation: Relation, places: &[usize]) -> Step {
        let [it] = what else {
            return Err(Why::HowToShare);
        };
        let candidates = self.resolver.fitting(it, Role::Thing, &self.spoken);
        let free: Vec<usize> = candidates.into_iter().filter(|i| !places.contains(i)).collect();
        if it.count != Count::Any(1) {
            return Err(Why::HowToShare);
        }
        if free.len() < places.len() {
            let wanted = Description { count: Count::Any(places.len()), ..it.clone() };
            return Err(Why::Lost(Lost::TooFew(wanted, free)));
        }
        let mut free = free;
        let mut facts = Vec::new();
        for place in places {
            let there =
                free.iter().position(|i| self.place_fact(*i, relation, *place).is_ok_and(|f| self.near.holds(&f)));
            let thing = free.remove(there.unwrap_or(0));
            facts.push(self.place_fact(thing, relation, *place)?);
        }
        self.reach(facts);
        Ok(())
    }

    /// The table: where things go that have no other place.
    fn table(&self) -> Option<usize> {
        free_surfaces(self.state()).first().copied()
    }

    fn take_off(&mut self, what: &[Description], from: Option<&Description>) -> Step {
        self.arm()?;
        if let Some(from) = from {
            self.find(from, Role::Holder)?;
        }
        let found = self.find_all(what, Role::Thing)?;
        let things = self.graspable(&found)?;
        let mut facts = Vec::new();
        for index in &things {
            let table = self.table().ok_or(Why::NoDestination(*index))?;
            facts.push(Fact::On(self.id(*index), self.id(table)));
        }
        self.spoken.remember(&things, &[]);
        self.intent.stages.push(Stage::Out(facts));
        Ok(())
    }

    fn tower(&mut self, base: Option<&Description>, layers: &[Description]) -> Step {
        self.arm()?;
        if let (Some(Description { reflexive: true, .. }), Some(it)) = (base, layers.first()) {
            return Err(Why::Itself(self.one(it, Role::Thing)?));
        }
        let base = base.map(|b| self.one(b, Role::Holder)).transpose()?;
        // Those named one by one keep their order; groups fill the rest, the largest lowest.
        let (mut bottom, mut named, mut group, mut top) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let blocks = [Description { count: Count::All, kind: Kind::named("block"), ..Description::default() }];
        let layers = if layers.is_empty() { &blocks } else { layers };
        let single = layers.iter().filter(|it| !it.count.is_plural()).count();
        for it in layers {
            // `the three blocks, red at the bottom, …`: where all are named, the number says nothing new.
            if matches!(it.count, Count::Any(n) | Count::Exactly(n) if n > 1 && single >= n) {
                continue;
            }
            let label =
                it.spot.filter(|spot| matches!(spot, Spot::Top | Spot::Bottom | Spot::Middle) && layers.len() > 1);
            let it = if label.is_some() { Description { spot: None, ..it.clone() } } else { it.clone() };
            let mut found = self.find(&it, Role::Thing)?;
            match (base, found.as_slice()) {
                (Some(base), [only]) if base == *only => return Err(Why::Itself(base)),
                _ => found.retain(|i| Some(*i) != base),
            }
            match label {
                Some(Spot::Bottom) => bottom.extend(found),
                Some(Spot::Top) => top.extend(found),
                _ if found.len() > 1 => group.extend(found),
                _ => named.extend(found),
            }
        }
        let volume = |i: usize| self.state().objects()[i].size_m.product();
        let steady = |i: usize| self.can(i, Affordance::Surface);
        let height = |i: usize| self.state().objects()[i].position_m().z;
        group.sort_by(|a, b| {
            // Sizes within about a tenth are alike.
            let size = |i: usize| (volume(i).max(1e-12).ln() / 0.12).round() as i64;
            steady(*b)
                .cmp(&steady(*a))
                .then(size(*b).cmp(&size(*a)))
                .then(height(*a).total_cmp(&height(*b)))
                .then(a.cmp(b))
        });
        self.keep_stacked(&mut group);
        let mut tower: Vec<usize> = Vec::new();
        for index in bottom.into_iter().chain(named).chain(group.clone()) {
            if !tower.contains(&index) && !top.contains(&index) {
                tower.push(index);
            }
        }
        tower.extend(top);
        tower = self.graspable_layers(tower)?;
        if tower.len() < 2 && base.is_none() {
            return Err(match tower.first() {
                Some(one) => Why::NoDestination(*one),
                None => Why::HowToShare,
            });
        }
        let mut facts = Vec::new();
        match (base, tower.first()) {
            (Some(base), Some(first)) => facts.push(self.place_fact(*first, Relation::On, base)?),
            (None, Some(first)) => {
                let inside = matches!(self.state().situations[*first].support, Support::In(_) | Support::Hand);
                if let (true, Some(table)) = (inside, self.table()) {
                    facts.push(Fact::On(self.id(*first), self.id(table)));
                }
            }
            _ => {}
        }
        for pair in tower.windows(2) {
            facts.push(self.place_fact(pair[1], Relation::On, pair[0])?);
        }
        if facts.is_empty() {
            return Err(Why::HowToShare);
        }
        self.spoken.remember(&tower, &base.into_iter().collect::<Vec<_>>());
        self.reach(facts);
        Ok(())
    }

    /// Brings what is stacked on each other already to the front, if the sizes allow it.
    fn keep_stacked(&self, group: &mut Vec<usize>) {
        let objects = self.state().objects();
        let carries =
            |under: usize| group.iter().copied().find(|i| self.state().situations[*i].support == Support::On(under));
        let chain = |from: usize| {
            let mut chain = vec![from];
            while let Some(next) = chain.last().and_then(|last| carries(*last)).filter(|next| !chain.contains(next)) {
                chain.push(next);
            }
            chain
        };
        let alike = |a: usize, b: usize| (objects[a].size_m.product() / objects[b].size_m.product() - 1.0).abs() < 0.1;
        let steady = |i: &usize| self.can(*i, Affordance::Surface);
        if group.windows(2).all(|pair| alike(pair[0], pair[1])) && group.iter().all(steady) {
            let longest = group.iter().rev().map(|i| chain(*i)).max_by_key(Vec::len).filter(|chain| chain.len() > 1);
            if let Some(chain) = longest {
                group.retain(|i| !chain.contains(i));
                group.splice(0..0, chain);
            }
        }
    }

    fn graspable_layers(&self, tower: Vec<usize>) -> Step<Vec<usize>> {
        let lifted = tower.get(1..).unwrap_or_default();
        self.graspable(lifted)?;
        Ok(tower)
    }

    fn openable(&mut self, what: &[Description], open: bool) -> Step {
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

    fn lamp(&self, index: usize) -> bool {
        self.state().objects()[index].on.is_some()
    }

    /// The switch of a thing: itself, or the only one there is.
    fn switch_of(&self, index: usize) -> Step<usize> {
        if self.resolver.suits(index, Role::Switches) {
            return Ok(index);
        }
        let mut switches = (0..self.state().objects().len()).filter(|i| self.resolver.suits(*i, Role::Switches));
        match (self.lamp(index), switches.next(), switches.next()) {
            (true, Some(only), None) => Ok(only),
            _ => Err(Why::NoSwitch(index)),
        }
    }

    fn press(&mut self, index: usize) -> Step {
        let switch = self.switch_of(index)?;
        if self.can(switch, Affordance::Pressable) {
            let object = self.word(switch);
            return self.call("press", &[("object", object)]);
        }
        self.switch(index, None)
    }

    fn switch(&mut self, index: usize, on: Option<bool>) -> Step {
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

    fn clear(&mut self, place: &Description, into: Option<&Description>) -> Step {
        self.arm()?;
        let from = self.find(place, Role::Holder)?;
        let into = into.map(|it| self.one(it, Role::Holder)).transpose()?;
        if let [one] = from[..]
            && !self.resolver.suits(one, Role::Holder)
        {
            return Err(Why::NotAPlace(one));
        }
        let surface = from.iter().all(|i| self.can(*i, Affordance::Fixed) && self.can(*i, Affordance::Surface));
        let into = match into {
            Some(into) => into,
            None if surface => self.bin(place, &from)?,
            None => self.table().ok_or(Why::NoDestination(from[0]))?,
        };
        let rests = |i: usize| {
            let mut at = i;
            for _ in 0..self.state().situations.len() {
                match self.state().situations[at].support {
                    Support::On(j) | Support::In(j) if from.contains(&j) => return true,
                    Support::On(j) => at = j,
                    _ => return false,
                }
            }
            false
        };
        let objects = self.state().objects();
        let mut things: Vec<usize> =
            (0..objects.len()).filter(|i| *i != into && self.can(*i, Affordance::Graspable) && rests(*i)).collect();
        if surface {
            // Dishes that do not fit into what the rest goes into stay.
            let fits = |i: usize| {
                objects[i].size_m.x.min(objects[i].size_m.y) < objects[into].size_m.x.min(objects[into].size_m.y)
            };
            let dish = |i: usize| self.can(i, Affordance::Container);
            things.retain(|i| !dish(*i) || fits(*i) && !self.can(into, Affordance::Graspable));
        }
        things.retain(|i| !self.intent.avoid.contains(i));
        for except in &place.except {
            let kept = self.resolver.fitting(except, Role::Thing, &self.spoken);
            things.retain(|i| !kept.contains(i));
        }
        self.spoken.remember(&things, &from);
        let facts: Vec<Fact> = things.iter().map(|i| self.place_fact(*i, Relation::At, into)).collect::<Step<_>>()?;
        if facts.is_empty() {
            // It is clear already: nothing to do, and the hand is empty at the end.
            self.reach(vec![Fact::HandEmpty]);
            return Ok(());
        }
        self.reach(facts);
        Ok(())
    }

    /// Where things go that are cleared away: a bin, else a box, else the only container.
    fn bin(&self, place: &Description, from: &[usize]) -> Step<usize> {
        let objects = self.state().objects();
        let containers: Vec<usize> =
            (0..objects.len()).filter(|i| self.can(*i, Affordance::Container) && !from.contains(i)).collect();
        for name in ["bin", "box"] {
            let named: Vec<usize> = containers
                .iter()
                .copied()
                .filter(|i| Kind::named(&objects[*i].label).is_some_and(|kind| kind.entry().en[0] == name))
                .collect();
            match named[..] {
                [] => {}
                [one] => return Ok(one),
                _ => return Err(Why::WhichPlace(place.clone(), named)),
            }
        }
        match containers[..] {
            [one] => Ok(one),
            [] => Err(Why::NoDestination(from.first().copied().unwrap_or(0))),
            _ => Err(Why::WhichPlace(place.clone(), containers)),
        }
    }

    fn sort(&mut self, what: &[Description], into: Option<&(Relation, Description)>) -> Step {
        self.arm()?;
        let blocks = Description { count: Count::All, kind: Kind::named("block"), ..Description::default() };
        let things = if what.is_empty() { self.find(&blocks, Role::Thing)? } else { self.find_all(what, Role::Thing)? };
        let objects = self.state().objects();
        let (relation, places) = match into {
            Some((relation, place)) => {
                let all = Description { count: Count::All, same_color: false, ..place.clone() };
                (*relation, self.find(&all, Role::Holder)?)
            }
            None => {
                let holds = |i: &usize| {
                    !things.contains(i) && self.resolver.suits(*i, Role::Holder) && objects[*i].color.is_some()
                };
                (Relation::At, (0..objects.len()).filter(holds).collect())
            }
        };
        let things: Vec<usize> =
            things.into_iter().filter(|i| !places.contains(i) && self.can(*i, Affordance::Graspable)).collect();
        let mut facts = Vec::new();
        for thing in &things {
            let same: Vec<usize> = places
                .iter()
                .copied()
                .filter(|p| objects[*p].color == objects[*thing].color && objects[*p].color.is_some())
                .collect();
            // A bowl before the plate under it, a container before a surface.
            let best = same.iter().copied().find(|p| self.can(*p, Affordance::Container)).or(same.first().copied());
            let place = best.ok_or(Why::NoColorPlace(*thing))?;
            facts.push(self.place_fact(*thing, relation, place)?);
        }
        self.spoken.remember(&things, &places);
        if facts.is_empty() {
            return Err(Why::Lost(Lost::NotThere(blocks, Vec::new())));
        }
        self.reach(facts);
        Ok(())
    }

    fn swap(&mut self, what: &[Description]) -> Step {
        self.arm()?;
        let found = self.find_all(what, Role::Thing)?;
        let things = self.graspable(&found)?;
        let [a, b] = things[..] else {
            return Err(Why::HowToShare);
        };
        self.spoken.remember(&things, &[]);
        let at = |i: usize| self.state().situations[i].support;
        let fact = |i: usize, support: Support| match support {
            Support::In(j) => Some(Fact::In(self.id(i), self.id(j))),
            Support::On(j) => Some(Fact::On(self.id(i), self.id(j))),
            Support::Hand | Support::Ground => None,
        };
        if at(a) != at(b) {
            let facts: Vec<Fact> = fact(a, at(b)).into_iter().chain(fact(b, at(a))).collect();
            if facts.is_empty() {
                return Err(Why::NoWay);
            }
            self.intent.stages.push(Stage::Reach(facts));
            return Ok(());
        }
        // On the same surface: each comes to the other side of the other.
        let offset = self.state().objects()[a].position_m() - self.state().objects()[b].position_m();
        let side = match (offset.x.abs() > offset.y.abs(), offset.x > 0.0, offset.y > 0.0) {
            (true, true, _) => Side::Front,
            (true, false, _) => Side::Behind,
            (false, _, true) => Side::Right,
            (false, _, false) => Side::Left,
        };
        let fact = side.fact(self.id(a), self.id(b));
        self.intent.stages.push(Stage::Reach(vec![fact]));
        Ok(())
    }

    fn push(&mut self, what: &[Description], heading: Option<Heading>, distance_m: Option<f64>) -> Step {
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
    fn push_room_m(&self, index: usize, side: Side, asked_m: Option<f64>) -> Step<f64> {
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

    fn go(&mut self, index: usize) -> Step {
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
