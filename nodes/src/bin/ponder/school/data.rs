//! `ponder data`: lessons, written down.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, create_dir_all};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use ponder_core::reasoner::{ReasonError, Reasoner};
use ponder_core::thinker::Cancel;
use ponder_models::train::think::book::{Page, taught};
use ponder_models::train::think::{Lessons, Split};
use ponder_nodes::stages::{Mind, Who, Wish};
use ponder_sim::lessons::{Plan, write as write_pictures};
use serde::{Deserialize, Serialize};

use super::{INTERRUPTED, bar, tell};
use crate::args::{DataSeeArgs, DataThinkArgs};

/// Scenes a process draws before another takes its place: the renderer's memory (about 33 MB a scene, measured) comes
/// back only with the process.
pub const SCENES_A_PROCESS: u64 = 60;

/// Draws pictures.
pub fn see(args: &DataSeeArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let plan = Plan { split: args.split.into(), seed: args.seed, scenes: args.scenes, side_px: args.side as usize };
    let (bar, mut first) = (bar(args.scenes)?, None);
    let end = write_pictures(&plan, &args.out, &mut |progress| {
        let first = *first.get_or_insert(progress.scenes - 1);
        tell(&bar, progress.scenes, 10, &format!("{} pictures", progress.pictures));
        progress.scenes < first + SCENES_A_PROCESS && !stop.is_cancelled()
    })?;
    bar.finish_and_clear();
    if stop.is_cancelled() {
        return Ok(super::ended(false, &args.out));
    }
    if end.scenes < end.of {
        return again();
    }
    println!("{} scenes, {} pictures in {}", end.scenes, end.pictures, args.out.display());
    Ok(0)
}

/// Goes on in a new process, by the same command. Comes back only if that fails.
pub fn again() -> anyhow::Result<u8> {
    let given: Vec<_> = std::env::args_os().skip(1).collect();
    Err(Command::new(std::env::current_exe()?).args(given).exec()).context("can't go on in a new process")
}

/// Writes instructions with thoughts and plans.
pub fn think(args: &DataThinkArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let lessons = Lessons::new(args.seed)?;
    let asked = Asked { split: args.split.into(), from: args.from, count: args.count };
    let Some(out) = args.out.as_deref().filter(|_| !args.stats) else { return stats(&lessons, &asked) };
    let teacher = args.teacher.as_deref().map(|who| -> anyhow::Result<Mind> {
        let who: Who = who.parse()?;
        if who == Who::Remote {
            bail!("for a remote teacher: ponder distill --teacher remote --url …, which keeps the lessons too");
        }
        Ok(Mind::open(&Wish::of(who))?)
    });
    let done = write(&lessons, &asked, teacher.transpose()?, out, stop)?;
    Ok(if done { 0 } else { INTERRUPTED })
}

/// Which lessons are asked.
pub struct Asked {
    pub split: Split,
    pub from: u64,
    pub count: u64,
}

/// A page with its lesson's number, by which a book goes on.
#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    #[serde(flatten)]
    page: Page,
}

/// Writes a book, or the rest of one; true when it is whole.
pub fn write(
    lessons: &Lessons,
    asked: &Asked,
    teacher: Option<Mind>,
    out: &Path,
    stop: &Cancel,
) -> anyhow::Result<bool> {
    let failed = || format!("{} can't be written", out.display());
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_dir_all(parent).with_context(failed)?;
    }
    let book = there(out)?;
    if let Some(There { first, .. }) = &book
        && lessons.get(asked.split, first.number)?.prompt() != first.page.prompt
    {
        bail!("{} holds lessons of another seed or split: give another --out", out.display());
    }
    let mut kept = book.as_ref().map_or(0, |book| book.count);
    let mut file = OpenOptions::new().create(true).append(true).open(out).with_context(failed)?;
    let mut teacher: Option<Box<dyn Reasoner>> = teacher.map(|mind| mind.reasoner());
    let bar = bar(asked.count)?;
    let end = asked.from + asked.count;
    for number in book.map_or(asked.from, |book| book.last + 1)..end {
        let lesson = lessons.get(asked.split, number)?;
        let page = match &mut teacher {
            Some(teacher) => match taught(&lesson, teacher.as_mut(), stop) {
                Err(ReasonError::Cancelled) => None,
                page => page?,
            },
            None => Some(lesson.into()),
        };
        if stop.is_cancelled() {
            bar.finish_and_clear();
            super::ended(false, out);
            return Ok(false);
        }
        if let Some(page) = page {
            kept += 1;
            writeln!(file, "{}", serde_json::to_string(&Line { number, page })?).with_context(failed)?;
        }
        tell(&bar, number + 1 - asked.from, 500, &format!("{kept} kept"));
    }
    bar.finish_and_clear();
    println!("{kept} lessons of {} asked, in {}", asked.count, out.display());
    Ok(true)
}

/// What there is of a book.
struct There {
    first: Line,
    last: u64,
    count: u64,
}

/// How every line begins.
const BEGINS: &[u8] = b"{\"number\":";

/// What there is of a book; a line that was cut off by a kill goes, and nothing else ever does.
fn there(path: &Path) -> anyhow::Result<Option<There>> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    let (mut good, mut book) = (0, None::<There>);
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let count = book.as_ref().map_or(0, |book| book.count) + 1;
        match serde_json::from_slice::<Line>(&line) {
            Ok(page) if line.ends_with(b"\n") => {
                let last = page.number;
                book = Some(There { first: book.map_or(page, |book| book.first), last, count });
                good += line.len() as u64;
            }
            _ if !line.ends_with(b"\n") && (line.starts_with(BEGINS) || BEGINS.starts_with(&line)) => {
                OpenOptions::new().write(true).open(path)?.set_len(good)?;
            }
            _ => bail!("{}: line {count} is no lesson: is it another file?", path.display()),
        }
        line.clear();
    }
    Ok(book)
}

fn stats(lessons: &Lessons, asked: &Asked) -> anyhow::Result<u8> {
    let mut families = BTreeMap::<&str, (u64, String)>::new();
    let mut bytes = [0; 3];
    for number in asked.from..asked.from + asked.count {
        let lesson = lessons.get(asked.split, number)?;
        let say = || {
            let (asked, answer) = (&lesson.question.goal.instruction, lesson.answer.replace('\n', " | "));
            format!("{asked}\n             {}\n             {answer}", lesson.thought)
        };
        families.entry(lesson.family).or_insert_with(|| (0, say())).0 += 1;
        for (sum, text) in bytes.iter_mut().zip([&lesson.prompt(), &lesson.thought, &lesson.answer]) {
            *sum += text.len() as u64;
        }
    }
    let [prompt, thought, answer] = bytes.map(|sum| sum / asked.count);
    println!("{} lessons; bytes of a prompt {prompt}, a thought {thought}, an answer {answer}", asked.count);
    for (family, (count, example)) in families {
        println!("{count:5}  {family:<5} {example}");
    }
    Ok(0)
}
