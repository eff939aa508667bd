//! What goes out comes back the same, and what can't be is refused with the reason.

use std::collections::BTreeMap;

use ponder_core::fact::Fact;
use ponder_core::plan::{Draft, DraftArg, DraftCall};
use ponder_core::scene::{Affordance, Affordances, Color, ObjectId, Scene, SceneObject};
use ponder_core::state::Side;
use ponder_core::{Pose, Rotation, Stamp, Vec3};
use r2r::ponder_msgs::msg;

use super::plan::REASONS;
use super::*;

fn id(name: &str) -> ObjectId {
    ObjectId::from(name).unwrap()
}

fn at(x: f64) -> Pose {
    Pose::from_parts(Vec3::new(x, -0.1, 0.3).into(), Rotation::from_euler_angles(0.1, -0.7, x))
}

fn object(name: &str) -> SceneObject {
    SceneObject {
        id: id(name),
        label: "drawer".try_into().unwrap(),
        color: Some(Color::Purple),
        world_from_object: at(0.4),
        size_m: Vec3::new(0.1, 0.2, 0.3),
        score: 0.75,
        seen: Stamp(7_000_000_123),
        open_fraction: Some(0.25),
        on: Some(false),
        handle_m: Some(Vec3::new(0.5, 0.0, 0.1)),
        affordances: Affordances::of(&[Affordance::Openable, Affordance::Fixed, Affordance::Container]),
    }
}

fn full() -> Scene {
    let plain = SceneObject {
        world_from_object: Pose::identity(),
        color: None,
        open_fraction: None,
        on: None,
        handle_m: None,
        affordances: Affordances::default(),
        ..object("plain")
    };
    Scene {
        stamp: Stamp(8_999_999_999),
        observation_seq: 42,
        objects: vec![object("drawer"), plain, SceneObject { on: Some(true), ..object("lamp") }],
        holding: Some(id("plain")),
        world_from_base: Some(at(-1.0)),
    }
}

fn message() -> msg::Scene {
    scene_msg(&full(), "world", "test")
}

#[test]
fn scenes_come_back_as_they_went() {
    let sent = message();
    assert_eq!((sent.header.frame_id.as_str(), sent.perception.as_str()), ("world", "test"));
    assert_eq!(scene(&sent).unwrap(), full());
    let empty = Scene::default();
    assert_eq!(scene(&scene_msg(&empty, "world", "")).unwrap(), empty);
    for (color, ..) in Color::ALL {
        let one = Scene { objects: vec![SceneObject { color: Some(color), ..object("one") }], ..full() };
        assert_eq!(scene(&scene_msg(&one, "world", "")).unwrap(), one);
    }
}

fn facts() -> Vec<Fact> {
    use Fact::*;
    let (a, b) = (id("red_block"), id("green_bowl"));
    let mut facts = vec![HandEmpty, Held(a), On(a, b), In(a, b), Open(a), Closed(a), TurnedOn(a), TurnedOff(a)];
    facts.extend([Near(a, b), RobotAt(a), Upright(a), LeftOf(a, b), RightOf(a, b), InFrontOf(a, b), Behind(a, b)]);
    facts.extend(Side::ALL.map(|(side, _)| Moved(a, side)));
    facts
}

#[test]
fn every_kind_of_draft_comes_back_as_it_went() {
    let word = |text: &str| DraftArg::Word(text.to_owned());
    let args = [("object", word("red_block")), ("side", word("left")), ("distance", DraftArg::Number(0.125))];
    let args: BTreeMap<_, _> = args.map(|(name, value)| (name.to_owned(), value)).into();
    let call = |skill: &str, args| DraftCall { skill: skill.to_owned(), args };
    let steps = vec![call("push", args), call("home", BTreeMap::new())];
    let mut drafts = vec![
        Draft::Do { steps, goal: facts() },
        Draft::Do { steps: Vec::new(), goal: Vec::new() },
        Draft::Ask { question: "哪一个？".to_owned() },
    ];
    drafts.extend(REASONS.map(|reason| Draft::Refuse { reason, text: "no".to_owned() }));
    for sent in drafts {
        let message = plan_msg(&sent, Stamp(5), "world", "test");
        assert_eq!(draft(&message).unwrap(), sent);
        assert!(!message.checked, "that is for the checker to say");
    }
}

#[test]
fn facts_travel_as_predicate_and_arguments() {
    let sent = fact_msg(&Fact::Moved(id("cup"), Side::Front));
    assert_eq!((sent.predicate.as_str(), sent.args), ("moved", vec!["cup".to_owned(), "front".to_owned()]));
    let sent = fact_msg(&Fact::HandEmpty);
    assert_eq!((sent.predicate.as_str(), sent.args.len()), ("hand_empty", 0));
}

fn refusal(change: impl FnOnce(&mut msg::Scene)) -> String {
    let mut changed = message();
    change(&mut changed);
    scene(&changed).unwrap_err().to_string()
}

#[test]
fn scenes_that_can_t_be_are_refused() {
    assert!(refusal(|s| s.objects[0].pose.position.x = f64::NAN).contains("pose is not finite"));
    assert!(refusal(|s| s.objects[1].pose.orientation.w = 0.0).contains("no rotation"));
    assert!(refusal(|s| s.base.orientation.w = f64::INFINITY).contains("base is not finite"));
    assert!(refusal(|s| s.objects[0].size.z = -1.0).contains("size"));
    assert!(refusal(|s| s.objects[0].handle.y = f64::NAN).contains("handle"));
    assert!(refusal(|s| s.objects[0].score = f64::NAN).contains("score"));
    assert!(refusal(|s| s.objects[0].open_fraction = 1.5).contains("open_fraction is 1.5"));
    assert!(refusal(|s| s.objects[0].id = "x".repeat(33)).contains("longer than 32 bytes"));
    assert!(refusal(|s| s.holding = "红".repeat(11)).contains("longer than 32 bytes"));
    assert!(refusal(|s| s.objects[0].label = "x".repeat(25)).contains("longer than 24 bytes"));
    assert!(refusal(|s| s.objects[0].color = "mauve".to_owned()).contains("no colour `mauve`"));
    assert!(refusal(|s| s.objects = vec![s.objects[0].clone(); 300]).contains("300 objects: at most 256"));
}

#[test]
fn plans_that_can_t_be_are_refused() {
    let good = plan_msg(&Draft::Do { steps: Vec::new(), goal: facts() }, Stamp(0), "world", "test");
    let refusal = |change: &dyn Fn(&mut msg::Plan)| {
        let mut changed = good.clone();
        change(&mut changed);
        draft(&changed).unwrap_err().to_string()
    };
    let fact = |predicate: &str, args: &[&str]| msg::Fact {
        predicate: predicate.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
    };
    for wrong in [fact("flies", &["cup"]), fact("in", &["cup"]), fact("held", &[]), fact("moved", &["cup", "up"])] {
        let why = refusal(&|plan| plan.goal = vec![wrong.clone()]);
        assert!(why.contains(&format!("no fact `{}(", wrong.predicate)), "{why}");
    }
    assert!(refusal(&|plan| plan.goal = vec![fact("held", &[&"x".repeat(40)])]).contains("no fact"));
    assert!(refusal(&|plan| plan.kind = 9).contains("no kind of plan `9`"));
    assert!(refusal(&|plan| (plan.kind, plan.reason) = (1, 99)).contains("no reason to refuse `99`"));
    assert!(refusal(&|plan| plan.steps = vec![Default::default(); 65]).contains("65 steps"));
    assert!(refusal(&|plan| plan.text = "x".repeat(4001)).contains("4001 bytes"));
}
