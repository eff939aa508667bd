//! Parts for tests of the reasoner: a tokenizer, networks that want to say anything at all, scenes and robots.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a part serves each test file

use std::sync::Arc;

use ponder_core::geometry::Aabb;
use ponder_core::goal::Goal;
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::reasoner::Question;
use ponder_core::robot::{Arm, Base, Gripper, JointLimits, RobotSpec, Timing};
use ponder_core::scene::{Affordance, Affordances, Color, ObjectId, Scene, SceneObject};
use ponder_core::{Pose, Stamp, Vec3};
use ponder_models::engine::network::Network;
use ponder_models::engine::talk::{CHATML, Chat};
use ponder_models::engine::text::{Style, Writer};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

/// Words that get a token of their own, as merges from the left.
const MERGED: [&str; 22] = [
    "pick(",
    "place_",
    "red_block",
    "_block",
    "goal ",
    "end\n",
    ")\n",
    ", ",
    "refuse(",
    "ask(\"",
    "</",
    "think",
    "\n\n",
    "ignore all",
    "é",
    "的",
    "0.1",
    "\")\n",
    "aaaaaaaa",
    "<|im",
    "in(",
    "on(",
];

/// Byte-level BPE: every byte, some words, and special tokens. 281 + … tokens.
pub fn tokenizer() -> Tokenizer {
    let printable = |b: u32| matches!(b, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100;
    let chars: Vec<String> = (0..256u32)
        .map(|b| {
            let code = if printable(b) {
                b
            } else {
                next += 1;
                next - 1
            };
            char::from_u32(code).unwrap().to_string()
        })
        .collect();
    let mut vocab: Vec<String> = chars.clone();
    let mut merges = Vec::new();
    for word in MERGED {
        let parts: Vec<&String> = word.bytes().map(|b| &chars[usize::from(b)]).collect();
        let mut whole = parts[0].clone();
        for part in &parts[1..] {
            let longer = format!("{whole}{part}");
            if !vocab.contains(&longer) {
                merges.push((whole.clone(), (*part).clone()));
                vocab.push(longer.clone());
            }
            whole = longer;
        }
    }
    let vocab: tokenizers::models::bpe::Vocab = vocab.into_iter().zip(0u32..).collect();
    let bpe = BPE::builder().vocab_and_merges(vocab, merges).build().unwrap();
    let mut tokenizer = Tokenizer::new(bpe);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, false, false)));
    tokenizer.with_decoder(Some(ByteLevel::new(false, false, false)));
    let special = ["<|im_start|>", "<|im_end|>", "<think>", "</think>"].map(|text| AddedToken::from(text, true));
    tokenizer.add_special_tokens(special).unwrap();
    tokenizer
}

/// As [`tokenizer`], with `more` tokens of made-up words beside: as wide as large models' are.
pub fn wide_tokenizer(more: usize) -> Tokenizer {
    let mut json: serde_json::Value = serde_json::from_str(&tokenizer().to_string(false).unwrap()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let vocab = json["model"]["vocab"].as_object_mut().unwrap();
    let first = vocab.len() + 4;
    for n in 0..more {
        let len = rng.random_range(2..9);
        let word: String = (0..len).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
        let space = if rng.random_bool(0.4) { "Ġ" } else { "" };
        vocab.insert(format!("{space}{word}{}", n % 7), (first + n).into());
    }
    Tokenizer::from_bytes(serde_json::to_vec(&json).unwrap()).unwrap()
}

/// What a network of random logits is fond of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Nothing: all tokens alike.
    Flat,
    /// Anything, anew for every token.
    Wild,
    /// Whatever it said last.
    Stuck,
    /// Letters, and never an end.
    Wordy,
    /// Special tokens before all else.
    Special,
    /// Bytes that are no UTF-8 by themselves.
    Bytes,
    /// No refusal, no question, and long plans.
    Eager,
}

pub const MOODS: [Mood; 7] =
    [Mood::Flat, Mood::Wild, Mood::Stuck, Mood::Wordy, Mood::Special, Mood::Bytes, Mood::Eager];

/// A network without weights.
pub struct Fond {
    pub mood: Mood,
    pub rng: ChaCha8Rng,
    pub held: usize,
    pub context: usize,
    pub reads: usize,
    pub letters: Vec<u32>,
    pub words: Vec<String>,
    pub vocab: usize,
}

impl Fond {
    pub fn new(mood: Mood, seed: u64) -> Self {
        let tokenizer = tokenizer();
        let letters = (0u32..256).filter(|b| (*b as u8).is_ascii_alphabetic()).collect();
        // Heads are often wider than the tokenizer.
        let vocab = tokenizer.get_vocab_size(true) + 13;
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let words = (0..vocab as u32).map(|id| tokenizer.id_to_token(id).unwrap_or_default()).collect();
        Self { mood, rng, held: 0, context: 1 << 16, reads: 0, letters, words, vocab }
    }
}

impl Network for Fond {
    fn vocab(&self) -> usize {
        self.vocab
    }

    fn context(&self) -> usize {
        self.context
    }

    fn held(&self) -> usize {
        self.held
    }

    fn read(&mut self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        self.held += tokens.len();
        self.reads += 1;
        let vocab = self.vocab;
        let mut logits: Vec<f32> = (0..vocab).map(|_| self.rng.random_range(-4.0..4.0)).collect();
        match self.mood {
            Mood::Flat => logits.fill(0.0),
            Mood::Wild => {}
            Mood::Stuck => logits[*tokens.last().unwrap() as usize] = 50.0,
            Mood::Wordy => self.letters.iter().for_each(|token| logits[*token as usize] += 30.0),
            Mood::Special => logits[vocab - 17..].iter_mut().for_each(|logit| *logit += 40.0),
            Mood::Eager => {
                for (token, logit) in logits.iter_mut().enumerate() {
                    let word = self.words.get(token).map_or("", String::as_str);
                    *logit -= if word.starts_with(['r', 'a']) { 30.0 } else { 0.0 };
                    *logit -= if word.starts_with('e') { 3.0 } else { 0.0 };
                }
            }
            Mood::Bytes => logits[0x80..0x100].iter_mut().for_each(|logit| *logit += 20.0),
        }
        Ok(logits)
    }

    fn rewind(&mut self, len: usize) {
        self.held = self.held.min(len);
    }
}

pub fn writer(net: Fond, style: Style) -> Writer {
    written_by(Box::new(net), style)
}

/// A writer over the tokenizer of these tests.
pub fn written_by(net: Box<dyn Network>, style: Style) -> Writer {
    let chat = Chat::new(tokenizer(), CHATML, "", "<|im_end|>").unwrap();
    Writer::new("random", net, chat, style).unwrap()
}

fn timing() -> Timing {
    Timing { period_s: 0.01, max_observation_age_s: 0.1, max_scene_age_s: 2.0, max_think_s: 10.0 }
}

/// A robot with an arm, a base, or both.
pub fn robot(has_arm: bool, has_base: bool) -> Arc<RobotSpec> {
    let joint = Joint { parent_from_joint: Pose::translation(0.0, 0.0, 0.3), axis: Vec3::z_axis() };
    let limits = JointLimits {
        min_rad: -2.0,
        max_rad: 2.0,
        vel_rad_s: 1.0,
        acc_rad_s2: 5.0,
        jerk_rad_s3: 50.0,
        stop_acc_rad_s2: 50.0,
        stop_jerk_rad_s3: 10_000.0,
        emergency_acc_rad_s2: None,
    };
    let arm = Arm {
        joint_names: vec!["joint".to_owned()],
        limits: vec![limits],
        chain: Chain::new(vec![joint], Pose::identity()).unwrap(),
        home_rad: [0.0].into_iter().collect(),
        workspace: Aabb { min_m: Vec3::new(0.2, -0.5, 0.0), max_m: Vec3::new(0.8, 0.5, 1.0) },
        keep_out: Vec::new(),
        link_radius_m: 0.05,
        tool_speed_m_s: 0.5,
        gripper: Gripper { max_width_m: 0.08, max_force_n: 60.0, speed_m_s: 0.1, finger_depth_m: 0.02 },
    };
    let base = Base {
        radius_m: 0.2,
        linear_m_s: 0.5,
        angular_rad_s: 1.5,
        linear_m_s2: 1.0,
        angular_rad_s2: 3.0,
        emergency_stop: Default::default(),
        area: Aabb { min_m: Vec3::new(-3.0, -3.0, 0.0), max_m: Vec3::new(3.0, 3.0, 1.0) },
    };
    let (arm, base) = (has_arm.then_some(arm), has_base.then_some(base));
    Arc::new(RobotSpec { name: "robot".to_owned(), arm, base, cameras: Vec::new(), timing: timing() })
}

/// Names that a scene should never have had.
const NASTY: [&str; 12] = [
    "red block",
    "a\"b",
    "a, b",
    "end",
    "goal x",
    "x)\nend",
    "</think>",
    "<|im_end|>",
    "红色方块",
    "\u{202e}kcolb",
    "12",
    "\\",
];

/// A scene of up to `most` things here and there, some in or on others, now and then with a nasty name.
pub fn scene(rng: &mut ChaCha8Rng, most: usize) -> Arc<Scene> {
    use Affordance::*;
    let kinds: [(&str, &[Affordance], [f64; 3]); 9] = [
        ("block", &[Graspable, Surface], [0.04, 0.04, 0.04]),
        ("cup", &[Graspable], [0.06, 0.06, 0.08]),
        ("crate", &[Graspable, Container], [0.2, 0.2, 0.1]),
        ("bowl", &[Container], [0.15, 0.15, 0.06]),
        ("plate", &[Surface], [0.18, 0.18, 0.02]),
        ("drawer", &[Container, Openable, Fixed], [0.2, 0.2, 0.12]),
        ("button", &[Pressable, Fixed], [0.05, 0.05, 0.04]),
        ("knob", &[Turnable, Fixed], [0.05, 0.05, 0.06]),
        ("zone", &[Place], [0.8, 0.8, 0.01]),
    ];
    let mut objects: Vec<SceneObject> = Vec::new();
    for n in 0..rng.random_range(0..=most) {
        let (label, can, size) = kinds.choose(rng).unwrap();
        let (color, color_name, _, _) = Color::ALL.choose(rng).unwrap();
        let id = if rng.random_bool(0.15) {
            (*NASTY.choose(rng).unwrap()).to_owned()
        } else {
            format!("{color_name}_{label}_{n}")
        };
        if objects.iter().any(|o| o.id.as_str() == id) {
            continue;
        }
        let mut at = [rng.random_range(0.1..0.9), rng.random_range(-0.6..0.6), size[2] * 0.5];
        if let Some(under) = objects.choose(rng).filter(|_| rng.random_bool(0.4)) {
            let top_m = if rng.random_bool(0.5) { under.top_m() } else { under.bottom_m() + 0.005 };
            at = [under.position_m().x, under.position_m().y, top_m + size[2] * 0.5];
        }
        objects.push(SceneObject {
            id: ObjectId::from(&id).unwrap(),
            label: (*label).try_into().unwrap(),
            color: Some(*color),
            world_from_object: Pose::translation(at[0], at[1], at[2]),
            size_m: Vec3::from(*size),
            score: 1.0,
            seen: Stamp(7),
            open_fraction: can.contains(&Openable).then(|| *[0.0, 0.5, 1.0].choose(rng).unwrap()),
            on: (can.contains(&Pressable) || can.contains(&Turnable)).then(|| rng.random_bool(0.5)),
            handle_m: None,
            affordances: Affordances::of(can),
        });
    }
    let graspable: Vec<ObjectId> = objects.iter().filter(|o| o.can(Graspable)).map(|o| o.id).collect();
    let holding = graspable.choose(rng).copied().filter(|_| rng.random_bool(0.3));
    let world_from_base = Some(Pose::identity());
    Arc::new(Scene { stamp: Stamp(7), observation_seq: rng.random(), objects, holding, world_from_base })
}

pub fn goal(text: &str) -> Arc<Goal> {
    Arc::new(Goal::new(1, text, Stamp(0), 600.0).unwrap())
}

pub fn question(rng: &mut ChaCha8Rng, most: usize) -> Question {
    let robot = robot(rng.random_bool(0.9), rng.random_bool(0.5));
    let robot = if robot.arm.is_none() && robot.base.is_none() { self::robot(true, false) } else { robot };
    Question { goal: goal("put the red block into the bowl"), scene: scene(rng, most), robot, attempts: Vec::new() }
}
