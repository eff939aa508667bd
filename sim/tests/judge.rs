//! Each fact on moments made by hand: one that just holds, and one for every way in which it just does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may stop where it stands

use ponder_core::scene::{Affordance, Affordances, Label, ObjectId};
use ponder_core::{Pose, Rotation, Vec3};
use ponder_sim::condition::{Condition, Each, IT};
use ponder_sim::judge::decide;
use ponder_sim::moment::{Carrier, Inner, Moment, Thing};

fn id(name: &str) -> ObjectId {
    ObjectId::from(name).expect("a short name")
}

fn at(x: f64, y: f64, z: f64) -> Pose {
    Pose::translation(x, y, z)
}

/// A cube of 4 cm that stands on the table (thing 0) at rest.
fn cube(name: &str, x: f64, y: f64) -> Thing {
    Thing {
        id: id(name),
        label: Label::from("block").expect("a short name"),
        color: None,
        affordances: Affordances::of(&[Affordance::Graspable]),
        world_from_object: at(x, y, 0.02),
        size_m: Vec3::repeat(0.04),
        inner: None,
        away: false,
        speed_m_s: 0.0,
        open: None,
        on: None,
        solid: true,
        fingers: 0,
        touched: false,
        carriers: vec![(Carrier::Thing(0), 0.5)],
    }
}

/// Table (0), a bowl 16 cm wide and 6 cm high at the origin (1), a block (2) and another block (3) far from both.
fn moment() -> Moment {
    let table = Thing {
        world_from_object: at(0.0, 0.0, -0.02),
        size_m: Vec3::new(2.0, 2.0, 0.04),
        affordances: Affordances::of(&[Affordance::Fixed]),
        carriers: Vec::new(),
        ..cube("table", 0.0, 0.0)
    };
    let inner = Inner { world_from_inner: at(0.0, 0.0, 0.033), half_m: Vec3::new(0.08, 0.08, 0.027) };
    let bowl = Thing {
        world_from_object: at(0.0, 0.0, 0.03),
        size_m: Vec3::new(0.16, 0.16, 0.06),
        inner: Some(inner),
        ..cube("bowl", 0.0, 0.0)
    };
    Moment { things: vec![table, bowl, cube("block", 0.4, 0.0), cube("other", 0.0, 0.4)], ..Moment::default() }
}

/// The moment with something changed.
fn with(change: impl FnOnce(&mut Vec<Thing>)) -> Moment {
    let mut moment = moment();
    change(&mut moment.things);
    moment
}

fn holds(condition: &Condition, now: &Moment) -> bool {
    decide(condition, now, &moment(), &mut Vec::new())
}

/// The block in the bowl.
fn in_bowl(things: &mut [Thing]) {
    things[2].world_from_object = at(0.03, 0.0, 0.028);
    things[2].carriers = vec![(Carrier::Thing(1), 0.5)];
}

#[test]
fn in_needs_place_weight_rest_and_an_open_hand() {
    let fact = Condition::In(id("block"), id("bowl"));
    assert!(!holds(&fact, &moment()));
    assert!(holds(&fact, &with(|t| in_bowl(t))));
    let spoiled: [(&str, fn(&mut Vec<Thing>)); 7] = [
        ("its centre lies over the rim", |t| t[2].world_from_object = at(0.09, 0.0, 0.03)),
        ("it lies on the rim, not below it", |t| t[2].world_from_object = at(0.0, 0.0, 0.08)),
        ("it lies below the floor", |t| t[2].world_from_object = at(0.0, 0.0, 0.0)),
        ("the fingers are on it", |t| t[2].fingers = 2),
        ("it still moves", |t| t[2].speed_m_s = 0.05),
        ("most of its weight is on the table", |t| t[2].carriers.push((Carrier::Thing(0), 0.6))),
        ("nothing carries it", |t| t[2].carriers.clear()),
    ];
    for (why, spoil) in spoiled {
        let moment = with(|t| {
            in_bowl(t);
            spoil(t);
        });
        assert!(!holds(&fact, &moment), "{why}");
    }
    let through_another = with(|t| {
        in_bowl(t);
        t[3].world_from_object = at(-0.03, 0.0, 0.028);
        t[3].carriers = vec![(Carrier::Thing(1), 0.5)];
        t[2].carriers = vec![(Carrier::Thing(3), 0.4), (Carrier::Thing(1), 0.1)];
    });
    assert!(holds(&fact, &through_another), "carried by what the bowl carries");
    let leaning = with(|t| {
        in_bowl(t);
        t[2].carriers = vec![(Carrier::Thing(3), 0.4)];
        t[3].carriers = vec![(Carrier::Thing(2), 0.4), (Carrier::Thing(0), 0.5)];
    });
    assert!(!holds(&fact, &leaning), "two that lean on each other are not carried by the bowl");
    assert!(!holds(&Condition::In(id("block"), id("other")), &moment()), "a block has no inside");
}

#[test]
fn on_needs_the_weight_itself_and_is_not_in() {
    let fact = Condition::On(id("block"), id("other"));
    let stacked = |t: &mut Vec<Thing>| {
        t[2].world_from_object = at(0.0, 0.4, 0.06);
        t[2].carriers = vec![(Carrier::Thing(3), 0.5)];
    };
    assert!(!holds(&fact, &moment()));
    assert!(holds(&fact, &with(stacked)));
    let spoiled: [(&str, fn(&mut Vec<Thing>)); 4] = [
        ("the fingers are on it", |t| t[2].fingers = 2),
        ("it still moves", |t| t[2].speed_m_s = 0.05),
        ("the table carries more", |t| t[2].carriers.push((Carrier::Thing(0), 0.6))),
        ("another carries it", |t| t[2].carriers = vec![(Carrier::Thing(1), 0.5)]),
    ];
    for (why, spoil) in spoiled {
        let moment = with(|t| {
            stacked(t);
            spoil(t);
        });
        assert!(!holds(&fact, &moment), "{why}");
    }
    assert!(!holds(&Condition::On(id("block"), id("bowl")), &with(|t| in_bowl(t))), "in it is not on it");
}

#[test]
fn paint_is_stood_on_by_place_and_height() {
    let fact = Condition::On(id("block"), id("other"));
    let painted = |t: &mut Vec<Thing>| {
        t[3] = Thing {
            solid: false,
            size_m: Vec3::new(0.14, 0.14, 0.002),
            world_from_object: at(0.4, 0.0, 0.001),
            ..t[3].clone()
        };
    };
    assert!(holds(&fact, &with(painted)));
    let spoiled: [(&str, fn(&mut Vec<Thing>)); 4] = [
        ("beside it", |t| t[2].world_from_object = at(0.48, 0.0, 0.02)),
        ("above it", |t| t[2].world_from_object = at(0.4, 0.0, 0.06)),
        ("hanging from the hand", |t| t[2].carriers = vec![(Carrier::Robot, 0.5)]),
        ("held", |t| t[2].fingers = 2),
    ];
    for (why, spoil) in spoiled {
        let moment = with(|t| {
            painted(t);
            spoil(t);
        });
        assert!(!holds(&fact, &moment), "{why}");
    }
}

#[test]
fn held_needs_both_fingers_and_the_air() {
    let fact = Condition::Held(id("block"));
    let lifted = |fingers: usize, carriers: &[(Carrier, f64)]| {
        with(|t| (t[2].fingers, t[2].carriers) = (fingers, carriers.to_vec()))
    };
    let (hand, table) = ((Carrier::Robot, 0.5), (Carrier::Thing(0), 0.5));
    assert!(holds(&fact, &lifted(2, &[hand])));
    assert!(!holds(&fact, &lifted(1, &[hand])), "one finger");
    assert!(!holds(&fact, &lifted(2, &[hand, table])), "half of it on the table");
    assert!(!holds(&fact, &lifted(2, &[table])), "gripped, not lifted");
    assert!(holds(&Condition::HandEmpty, &lifted(1, &[table])));
    assert!(!holds(&Condition::HandEmpty, &lifted(2, &[table])));
}

#[test]
fn joints_and_switches_are_read_with_their_limits() {
    let joint = |open: f64| with(|t| t[1].open = Some(open));
    let switch = |on: bool| with(|t| t[1].on = Some(on));
    let (open, closed) = (Condition::Open(id("bowl")), Condition::Closed(id("bowl")));
    let verdicts = |m: &Moment| (holds(&open, m), holds(&closed, m));
    assert_eq!(verdicts(&joint(0.65)), (true, false));
    assert_eq!(verdicts(&joint(0.5)), (false, false));
    assert_eq!(verdicts(&joint(0.05)), (false, true));
    assert_eq!(verdicts(&moment()), (false, false), "nothing that opens is neither");
    let (on, off) = (Condition::TurnedOn(id("bowl")), Condition::TurnedOff(id("bowl")));
    let verdicts = |m: &Moment| (holds(&on, m), holds(&off, m));
    assert_eq!(verdicts(&switch(true)), (true, false));
    assert_eq!(verdicts(&switch(false)), (false, true));
    assert_eq!(verdicts(&moment()), (false, false), "nothing that switches is neither");
}

#[test]
fn places_beside_near_upright_moved() {
    let block = |x: f64, y: f64| with(|t| t[2].world_from_object = at(x, y, 0.02));
    type Side = fn(ObjectId, ObjectId) -> Condition;
    let sides: [(Side, f64, f64); 4] = [
        (Condition::LeftOf, 0.0, 1.0),
        (Condition::RightOf, 0.0, -1.0),
        (Condition::InFrontOf, -1.0, 0.0),
        (Condition::Behind, 1.0, 0.0),
    ];
    for (side, x, y) in sides {
        let fact = side(id("block"), id("bowl"));
        assert!(holds(&fact, &block(0.2 * x + 0.1 * y, 0.2 * y + 0.1 * x)), "{fact}");
        assert!(!holds(&fact, &block(-0.2 * x, -0.2 * y)), "{fact}: the other side");
        assert!(!holds(&fact, &block(0.01 * x, 0.01 * y)), "{fact}: hardly at all");
        assert!(!holds(&fact, &block(0.1 * x + 0.2 * y, 0.1 * y + 0.2 * x)), "{fact}: more sideways");
    }
    let near = Condition::Near(id("block"), id("bowl"));
    assert!(holds(&near, &block(0.19, 0.0)) && !holds(&near, &block(0.21, 0.0)), "10 cm between their sides");
    let tilted = |rad: f64| with(|t| t[2].world_from_object.rotation = Rotation::from_axis_angle(&Vec3::x_axis(), rad));
    let upright = Condition::Upright(id("block"));
    assert!(holds(&upright, &tilted(0.3)) && !holds(&upright, &tilted(0.4)) && !holds(&upright, &tilted(3.1)));
    let moved = Condition::Moved(id("block"));
    assert!(holds(&moved, &block(0.44, 0.0)) && !holds(&moved, &block(0.42, 0.0)));
    let touched = Condition::Touched(id("block"));
    assert!(holds(&touched, &with(|t| t[2].touched = true)) && !holds(&touched, &moment()));
}

#[test]
fn a_base_is_at_a_tall_thing_beside_it_and_at_a_flat_one_within_it() {
    let standing = |x: f64, speed: f64, height: f64| {
        let mut moment = with(|t| t[3].size_m = Vec3::new(0.4, 0.4, height));
        moment.things[3].world_from_object = at(0.0, 0.0, height * 0.5);
        moment.base = Some((at(x, 0.0, 0.0), speed));
        moment
    };
    let fact = Condition::RobotAt(id("other"));
    assert!(holds(&fact, &standing(0.19, 0.0, 0.004)) && !holds(&fact, &standing(0.21, 0.0, 0.004)));
    assert!(holds(&fact, &standing(0.75, 0.0, 1.0)) && !holds(&fact, &standing(0.85, 0.0, 1.0)));
    assert!(!holds(&fact, &standing(0.1, 0.2, 0.004)), "driving through");
    assert!(!holds(&fact, &moment()), "a robot that does not drive is nowhere");
}

#[test]
fn words_that_join_facts() {
    let (yes, no) = (Condition::Upright(id("block")), Condition::Held(id("block")));
    let both = |a: &Condition, b: &Condition| vec![a.clone(), b.clone()];
    let moment = moment();
    assert!(holds(&Condition::All(both(&yes, &yes)), &moment) && !holds(&Condition::All(both(&yes, &no)), &moment));
    assert!(holds(&Condition::Any(both(&yes, &no)), &moment) && !holds(&Condition::Any(both(&no, &no)), &moment));
    assert!(holds(&Condition::Not(Box::new(no.clone())), &moment));
    let near_bowl = |label: &str, except: &[&str]| Each {
        label: Some(Label::from(label).expect("a short name")),
        color: None,
        except: except.iter().map(|name| id(name)).collect(),
        is: Box::new(Condition::InFrontOf(id(IT), id("bowl"))),
    };
    let others = ["table", "bowl", "other"];
    let front = with(|t| t[2].world_from_object = at(-0.3, 0.0, 0.02));
    assert!(holds(&Condition::Every(near_bowl("block", &others)), &front));
    assert!(!holds(&Condition::Every(near_bowl("block", &others)), &moment));
    assert!(!holds(&Condition::Every(near_bowl("block", &[])), &front), "not every one");
    assert!(holds(&Condition::Exists(near_bowl("block", &[])), &front), "but one");
    assert!(!holds(&Condition::Every(near_bowl("ball", &[])), &front), "every one of none is none");
    let away = with(|t| t[2].away = true);
    assert!(!holds(&yes, &away), "what is out of sight is not there");

    let mut rulings = Vec::new();
    decide(&Condition::Any(both(&yes, &no)), &moment, &moment, &mut rulings);
    assert_eq!(rulings.iter().map(|r| r.holds).collect::<Vec<_>>(), [true, false], "all facts are on record");
}
