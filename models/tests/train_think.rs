//! The schooling of reasoner-nano: lessons that are the same from the same seed, true by simulation and answered within
//! the answer's grammar; splits that share nothing they must not; a tokenizer that spells all; a toy that learns from
//! reward.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

use std::collections::HashSet;
use std::path::Path;

use candle_core::Device;
use ponder_core::goal::Language;
use ponder_core::plan::Draft;
use ponder_core::symbolic::Symbolic;
use ponder_core::thinker::Cancel;
use ponder_models::engine::open::{Options as OpenOptions, TextLlm};
use ponder_models::engine::refused::Refused;
use ponder_models::engine::write::{Manner, Script, TextModel};
use ponder_models::net::{decoder, lfm2};
use ponder_models::reason::alias::Aliases;
use ponder_models::reason::grammar::{Guide, Limits};
use ponder_models::reason::reasoner::{LlmReasoner, Options as Thinking};
use ponder_models::train::think::book::{self, Page};
use ponder_models::train::think::course::Course;
use ponder_models::train::think::kinds::RESERVED;
use ponder_models::train::think::pupil::Shape;
use ponder_models::train::think::{Lessons, Split, Truth, Verdict, grade, sft, vocab};
use ponder_models::train::{Params, Recipe, Trainer};

/// Shapes that are schooled in no time.
fn tiny(vocab_size: usize) -> [Shape; 2] {
    [
        Shape::Transformer(decoder::Config {
            vocab_size,
            hidden_size: 32,
            intermediate_size: 64,
            qk_norm: true,
            ..decoder::Config::tiny()
        }),
        Shape::Hybrid(lfm2::Config { vocab_size, ..lfm2::Config::tiny() }),
    ]
}

const SPLITS: [Split; 3] = [Split::Train, Split::HeldOut, Split::Hard];

/// `biggest block: A 22 46 38 A 38, D 83 46 45 D 45; …`: after each the one up to there, with its number.
#[test]
fn the_most_is_found_two_at_a_time() {
    let lessons = Lessons::new(5).unwrap();
    let mut told = 0;
    for lesson in (0..1500).map(|index| lessons.get(Split::Train, index).unwrap()) {
        let (large, small) = (["biggest", "largest", "最大"], ["smallest", "smallest", "最小"]);
        for (words, larger) in [(large, true), (small, false)] {
            let part = lesson.thought.split(['.', '。']).find(|part| {
                part.split([':', '：']).next().is_some_and(|said| words.iter().any(|word| said.contains(word)))
            });
            let list =
                part.and_then(|part| part.split([':', '：']).nth(1)).and_then(|part| part.split([';', '；']).next());
            let Some(list) = list else { continue };
            let mut best: Option<(&str, u32)> = None;
            for one in list.split([',', '、']) {
                let parts: Vec<&str> = one.split_whitespace().collect();
                // Told by name, where things have moved.
                let [id, _, _, size, so_far, its] = parts[..] else { break };
                let size: u32 = size.parse().unwrap();
                if best.is_none_or(|(_, old)| if larger { size > old } else { size < old }) {
                    best = Some((id, size));
                }
                assert_eq!(best, Some((so_far, its.parse().unwrap())), "{}", lesson.thought);
                told += 1;
            }
        }
    }
    assert!(told > 100, "{told} were compared");
}

/// `block nearest to the cup: D 40 45; A 28 38 12 7 14 A 14, …`: after each how far off, and the nearest up to there.
#[test]
fn the_nearest_is_found_by_distances() {
    let lessons = Lessons::new(5).unwrap();
    let mut told = 0;
    for index in 0..1500 {
        let thought = lessons.get(Split::Train, index).unwrap().thought;
        for part in thought.split(['.', '。']).filter_map(|part| part.split([':', '：']).nth(1)) {
            let lists: Vec<&str> = part.split([';', '；']).collect();
            let [other, all, _] = lists[..] else { continue };
            let numbers = |text: &str| text.split_whitespace().filter_map(|n| n.parse().ok()).collect::<Vec<i32>>();
            let [to_x, to_y] = numbers(other)[..] else { continue };
            let mut least = i32::MAX;
            for one in all.split([',', '、']) {
                let [x, y, dx, dy, off, nearest] = numbers(one)[..] else { panic!("{thought}") };
                assert_eq!((dx, dy), ((x - to_x).abs(), (y - to_y).abs()), "{thought}");
                assert!((f64::from(dx).hypot(f64::from(dy)) - f64::from(off)).abs() <= 0.5, "{thought}");
                least = least.min(off);
                assert_eq!(nearest, least, "{thought}");
                told += 1;
            }
        }
    }
    assert!(told > 100, "{told} distances");
}

/// Drills are training's own, so that marks say what they said before.
#[test]
fn many_are_compared_in_training_alone() {
    let lessons = Lessons::new(6).unwrap();
    let drills = |split| (0..400).filter(|i| lessons.get(split, *i).unwrap().family == "drill").count();
    assert_eq!((drills(Split::HeldOut), drills(Split::Hard)), (0, 0));
    assert!((35..100).contains(&drills(Split::Train)), "{}", drills(Split::Train));
}

/// `place each red block into the bowl` means all of them, and the thought says it as the person did.
#[test]
fn every_one_means_all_of_them() {
    let lessons = Lessons::new(6).unwrap();
    let mut told = 0;
    for lesson in (0..3000).map(|i| lessons.get(Split::Train, i).unwrap()) {
        let words = &lesson.question.goal.instruction;
        let Some((_, after)) = words.split_once("each ").or(words.split_once("every ")) else { continue };
        if lesson.family != "all in" || after.starts_with("one of") {
            continue;
        }
        let said = lesson.thought.split(':').next().unwrap();
        let Draft::Do { goal, .. } = &lesson.draft else { panic!("{words}: {}", lesson.answer) };
        assert!(words.contains(said) && goal.len() > 1, "{words}: {} {goal:?}", lesson.thought);
        told += 1;
    }
    assert!(told > 20, "{told} of them");
}

#[test]
fn lessons_are_the_same_from_the_same_seed_and_true() {
    let (lessons, again) = (Lessons::new(5).unwrap(), Lessons::new(5).unwrap());
    for split in SPLITS {
        let mut families = HashSet::new();
        for index in 0..400 {
            let lesson = lessons.get(split, index).unwrap();
            let other = again.get(split, index).unwrap();
            assert_eq!(
                (lesson.prompt(), &lesson.thought, &lesson.answer),
                (other.prompt(), &other.thought, &other.answer)
            );
            assert_eq!(lesson.read(&lesson.answer).unwrap(), lesson.draft);
            let (scene, robot) = (&lesson.question.scene, &lesson.question.robot);
            assert_eq!(lesson.truth.judge(&lesson.draft, scene, robot), Verdict::Right);
            let wrong = match lesson.truth {
                Truth::Do(_) => Draft::Ask { question: "what?".to_owned() },
                _ => Draft::Do { steps: Vec::new(), goal: Vec::new() },
            };
            assert_eq!(lesson.truth.judge(&wrong, scene, robot), Verdict::Kind);
            if Language::of(&lesson.thought) == Language::Zh {
                assert_eq!(lesson.question.goal.language, Language::Zh, "{}", lesson.thought);
            }
            families.insert(lesson.family);
        }
        assert!(families.len() > 25, "{split:?}: {families:?}");
    }
}

#[test]
fn answers_taught_are_answers_that_the_grammar_lets_through() {
    let lessons = Lessons::new(6).unwrap();
    for index in 0..300 {
        let lesson = lessons.get(Split::Train, index).unwrap();
        let asked = Aliases::of(&lesson.question).1;
        let mut guide = Guide::new(&asked.scene, &asked.robot, Limits::default());
        for line in lesson.answer.lines() {
            let taken = guide.take(line);
            assert!(taken.is_ok(), "{}\n{}\n{line}: {taken:?}", lesson.prompt(), lesson.answer);
        }
        assert!(guide.next().is_none(), "{}", lesson.answer);
    }
}

#[test]
fn what_is_kept_for_the_hard_split_is_in_no_other() {
    let lessons = Lessons::new(7).unwrap();
    let seen: HashSet<String> =
        (0..1500).map(|i| lessons.get(Split::Train, i).unwrap().question.goal.instruction.clone()).collect();
    let mut reserved = 0;
    for split in SPLITS {
        for index in 0..300 {
            let lesson = lessons.get(split, index).unwrap();
            let is_kept = |o: &ponder_core::scene::SceneObject| {
                RESERVED.iter().any(|(color, label)| o.color == Some(*color) && o.label.as_str() == *label)
            };
            let kept = lesson.question.scene.objects.iter().filter(|o| is_kept(o)).count();
            assert!(split == Split::Hard || kept == 0, "{}", lesson.prompt());
            reserved += kept;
            if split == Split::Hard && lesson.family == "put in" {
                assert!(!seen.contains(&lesson.question.goal.instruction) || kept > 0);
            }
        }
    }
    assert!(reserved > 50, "{reserved}");
}

#[test]
fn a_tokenizer_learnt_from_lessons_spells_them_and_trains_a_toy() {
    let lessons = Lessons::new(8).unwrap();
    let tokenizer = vocab::learn(&lessons, 300, 700).unwrap();
    for index in 0..50 {
        let lesson = lessons.get(Split::HeldOut, index).unwrap();
        let text = lesson.prompt() + &lesson.thought;
        let ids = tokenizer.encode(text.as_str(), false).unwrap();
        assert_eq!(tokenizer.decode(ids.get_ids(), false).unwrap(), text);
    }
    for (shape, muon) in tiny(tokenizer.get_vocab_size(true)).into_iter().zip([false, true]) {
        let params = Params::new(1, &Device::Cpu);
        let net = shape.build(params.weights()).unwrap();
        let recipe = Recipe { steps: 40, warmup: 5, peak_lr: 1e-2, muon, ..Recipe::default() };
        let mut trainer = Trainer::new(&params, recipe).unwrap();
        let mut school = sft::School::new(sft::Source::Drawn(lessons.clone()), tokenizer.clone(), 4, 1);
        let mut losses = Vec::new();
        while !trainer.is_done() {
            let batch = school.batch(trainer.steps_done()).unwrap();
            losses.push(trainer.step([sft::loss(&net, &batch)]).unwrap().loss);
        }
        assert!(losses[39] < 0.8 * losses[0], "{shape:?} {losses:?}");
    }
}

#[test]
fn a_step_has_its_batch_whichever_came_before() {
    let lessons = Lessons::new(9).unwrap();
    let tokenizer = vocab::learn(&lessons, 100, 600).unwrap();
    let school = || sft::School::new(sft::Source::Drawn(lessons.clone()), tokenizer.clone(), 2, 4);
    let (mut through, mut resumed) = (school(), school());
    let batches: Vec<_> = (0..70).map(|step| through.batch(step).unwrap()).collect();
    assert_eq!(resumed.batch(69).unwrap(), batches[69]);
    assert_ne!(batches[68], batches[69]);
    assert_eq!(resumed.batch(3).unwrap(), batches[3]);
}

#[test]
fn a_course_that_was_stopped_goes_on_to_the_bit() {
    let lessons = Lessons::new(11).unwrap();
    let tokenizer = vocab::learn(&lessons, 100, 600).unwrap();
    let [_, shape] = tiny(tokenizer.get_vocab_size(true));
    let recipe = Recipe { steps: 6, warmup: 2, peak_lr: 1e-2, muon: true, ..Recipe::default() };
    let course = Course { shape, recipe, seed: 3, order_numbers: false };
    let pages: Vec<Page> = (0..9).map(|i| lessons.get(Split::Train, i).unwrap().into()).collect();
    let run = |out: &Path, until: u64| {
        let mut school = sft::School::new(sft::Source::Book(pages.clone()), tokenizer.clone(), 2, 5);
        course.run(&mut school, None, out, &mut |progress| progress.step < until).unwrap()
    };
    let (through, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(run(through.path(), 99));
    assert!(!run(stopped.path(), 4));
    assert!(run(stopped.path(), 99));
    let weights = |folder: &Path| std::fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(weights(through.path()), weights(stopped.path()));
}

#[test]
fn what_a_teacher_says_is_kept_where_it_is_right() {
    let lessons = Lessons::new(13).unwrap();
    let (mut kept, count) = (0, 60);
    for index in 0..count {
        let lesson = lessons.get(Split::Train, index).unwrap();
        if let Some(page) = book::taught(&lesson, &mut Symbolic, &Cancel::default()).unwrap() {
            let draft = lesson.read(&page.answer).unwrap();
            let (scene, robot) = (&lesson.question.scene, &lesson.question.robot);
            assert_eq!(lesson.truth.judge(&draft, scene, robot), Verdict::Right);
            assert_eq!(page.prompt, lesson.prompt());
            kept += 1;
        }
    }
    assert!(kept > count / 2, "the baseline was right {kept} times of {count}");
}

/// The prompt, the lessons and the shipped weights belong together: when one of them changes, the weights know nothing.
#[test]
fn the_shipped_reasoner_thinks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/reasoner-nano");
    let model = TextLlm::open(&folder, &OpenOptions::default()).unwrap();
    let mut reasoner = LlmReasoner::new(model, Thinking { ask_below: Some(0.0), ..Thinking::default() });
    let lessons = Lessons::new(1).unwrap();
    // Right answers, plans that it would act on, and those of them that are right.
    let exam = |reasoner: &mut LlmReasoner<TextLlm>| {
        let marks = (0..60).map(|index| {
            let lesson = lessons.get(Split::HeldOut, index).unwrap();
            grade::ask(reasoner, &lesson, &Cancel::default()).unwrap()
        });
        let marks: Vec<_> = marks.collect();
        let count = |what: &dyn Fn(&&grade::Mark) -> bool| marks.iter().filter(what).count();
        (count(&|m| m.is_right()), count(&|m| m.acts), count(&|m| m.acts && m.is_right()))
    };
    let (right, moves, well) = exam(&mut reasoner);
    assert!(right >= 48, "{right} of 60: its card says 95.7 %");
    // What it is less sure of it does not do at once; what it does is not more often wrong.
    let model = TextLlm::open(&folder, &OpenOptions::default()).unwrap();
    let mut careful =
        LlmReasoner::new(model, Thinking { ask_below: Some(0.9), second_thoughts: Some(0), ..Thinking::default() });
    let (_, fewer, better) = exam(&mut careful);
    assert!(fewer > 20 && fewer < moves, "{fewer} of {moves}");
    assert!(fewer - better <= moves - well, "wrong: {} of {fewer}, {} of {moves}", fewer - better, moves - well);
}

#[test]
fn a_schooled_folder_opens_answers_and_is_refused_when_changed() {
    let lessons = Lessons::new(10).unwrap();
    let tokenizer = vocab::learn(&lessons, 200, 600).unwrap();
    for shape in tiny(tokenizer.get_vocab_size(true)) {
        let params = Params::new(2, &Device::Cpu);
        shape.build(params.weights()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        sft::write(&params, &shape, &tokenizer, &Refused::default(), folder.path()).unwrap();
        let model = TextLlm::open(folder.path(), &OpenOptions { context: 2048, ..OpenOptions::default() }).unwrap();
        assert_eq!(model.manner(), Manner::Compact);
        let thinking = Thinking { thought_tokens: 20, ..Thinking::default() };
        let mut reasoner = LlmReasoner::new(model, thinking);
        // It knows nothing yet; under the grammar its answers hold up all the same.
        for index in 0..4 {
            let lesson = lessons.get(Split::HeldOut, index).unwrap();
            let mark = grade::ask(&mut reasoner, &lesson, &Cancel::default()).unwrap();
            assert_ne!(mark.verdict, Verdict::Unchecked, "{mark:?}");
        }
        let weights = folder.path().join("model.safetensors");
        let mut bytes = std::fs::read(&weights).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&weights, bytes).unwrap();
        let Err(error) = TextLlm::open(folder.path(), &OpenOptions { context: 2048, ..OpenOptions::default() }) else {
            panic!("changed weights were loaded");
        };
        assert!(error.to_string().contains("model.safetensors has"), "{error}");
    }
}
