//! The examination in drawing: the eye is shown what was drawn and looks for what was asked: kind, colour, and what is in or
//! on what. Beside it the two bounds: the same eye on the true picture, which no drawing can beat but by luck, and on the
//! true picture after it was codes, which the second course can't beat.

use ponder_core::lesson::{DrawingLesson, Named, Rests};
use ponder_core::scene::SceneObject;
use ponder_core::thinker::Cancel;
use ponder_core::view::View;

use super::lessons::tensor;
use crate::engine::RunError;
use crate::engine::draw::bytes;
use crate::imagine::JanusImaginer;
use crate::net::vq::Vq;
use crate::perceive::nano::{Eye, EyeError};

/// What stands in every picture and is never asked for.
pub(super) const SURFACE: &str = "table";

/// Why there are no marks.
#[derive(Debug, thiserror::Error)]
pub enum ExamError {
    /// The eye can't look.
    #[error(transparent)]
    Eye(#[from] EyeError),
    /// The model can't draw.
    #[error(transparent)]
    Draw(#[from] ponder_core::imaginer::ImagineError),
    /// The code fails.
    #[error(transparent)]
    Code(#[from] candle_core::Error),
    /// Pixels can't be had.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The model has no camera of its own.
    #[error("{0} draws colours alone: only what draws heights too can be shown to the eye")]
    Flat(String),
    /// A picture is not of the camera's size.
    #[error("a picture of {0} bytes is none of this camera")]
    Size(usize),
}

/// Marks of one sort of picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Pictures.
    pub pictures: usize,
    /// Those in which all that was asked was found.
    pub whole: usize,
    /// Those of them in which nothing else was.
    pub perfect: usize,
    /// Things asked for.
    pub things: usize,
    /// Those of them that were found, of that kind and colour.
    pub found: usize,
    /// Those found of that kind in another colour, where the right one was not.
    pub off_color: usize,
    /// Things found that were not asked for, nor are such.
    pub more: usize,
    /// Things asked for in or on another.
    pub rests: usize,
    /// Those of them found there.
    pub kept: usize,
}

impl Marks {
    /// Marks one picture; true when all that was asked is there.
    pub fn mark(&mut self, asked: &[Named], seen: &[SceneObject]) -> bool {
        let mut free: Vec<&SceneObject> = seen.iter().filter(|object| object.label.as_str() != SURFACE).collect();
        let mut take = |fits: &dyn Fn(&SceneObject) -> bool| {
            let at = free.iter().position(|object| fits(object))?;
            Some(free.remove(at))
        };
        let alike = |thing: &Named, object: &SceneObject| object.label == thing.label;
        let same = |thing: &Named, object: &SceneObject| alike(thing, object) && object.color == Some(thing.color);
        let found: Vec<Option<&SceneObject>> = asked.iter().map(|thing| take(&|object| same(thing, object))).collect();
        let missed = asked.iter().zip(&found).filter(|(_, found)| found.is_none());
        self.off_color += missed.filter(|(thing, _)| take(&|object| alike(thing, object)).is_some()).count();
        for (i, thing) in asked.iter().enumerate() {
            let Some((how, under)) = thing.rests else { continue };
            self.rests += 1;
            let both = found[i].zip(found.get(under).copied().flatten());
            self.kept += usize::from(both.is_some_and(|(over, under)| rests(how, over, under)));
        }
        let all = found.iter().all(Option::is_some);
        self.pictures += 1;
        self.things += asked.len();
        self.found += found.iter().flatten().count();
        self.more += free.len();
        self.whole += usize::from(all);
        self.perfect += usize::from(all && free.is_empty());
        all
    }
}

/// Is the middle of one over the other, and not below its foot?
fn rests(how: Rests, over: &SceneObject, under: &SceneObject) -> bool {
    let off_m = over.position_m() - under.position_m();
    let near = off_m.xy().norm() < under.size_m.x.max(under.size_m.y) * 0.5;
    let high = match how {
        Rests::In => over.position_m().z > under.bottom_m(),
        Rests::On => over.position_m().z > under.position_m().z,
    };
    near && high
}

impl std::fmt::Display for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |part: usize, of: usize| format!("{:5.1} %", part as f64 / of.max(1) as f64 * 100.0);
        write!(
            f,
            "things found {}, in another colour {}, not asked for {:.2} a picture; in or on as asked {}; \
             pictures with all of it {}, with nothing else {}",
            share(self.found, self.things),
            share(self.off_color, self.things),
            self.more as f64 / self.pictures.max(1) as f64,
            share(self.kept, self.rests),
            share(self.whole, self.pictures),
            share(self.perfect, self.pictures),
        )
    }
}

/// Marks of what was drawn from words, of true pictures after they were codes, and of true pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exam {
    /// Drawn from words.
    pub drawn: Marks,
    /// True pictures, encoded and decoded.
    pub again: Marks,
    /// True pictures.
    pub real: Marks,
}

/// One picture of an examination.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was drawn [side, side, channels].
    pub pixels: Vec<u8>,
    /// What the eye saw in it.
    pub seen: Vec<SceneObject>,
    /// What it saw in the true picture.
    pub camera: Vec<SceneObject>,
    /// Is all there that was asked?
    pub whole: bool,
}

/// What the eye sees in pixels [side, side, channels] of this camera.
///
/// # Errors
/// [`ExamError`].
pub fn look(eye: &Eye, view: &View, pixels: &[u8]) -> Result<Vec<SceneObject>, ExamError> {
    let frame = view.frame(pixels).ok_or(ExamError::Size(pixels.len()))?;
    Ok(eye.see(&frame)?)
}

/// A picture [side, side, channels] after it was codes.
///
/// # Errors
/// [`ExamError`].
pub fn again(vq: &Vq, view: &View, pixels: &[u8]) -> Result<Vec<u8>, ExamError> {
    let picture = tensor(view.side_px, std::iter::once(pixels))?;
    let codes = vq.encode(&picture)?;
    Ok(bytes(&vq.decode(&codes)?.get(0)?)?)
}

impl Exam {
    /// Has one lesson drawn by these words, and marks it beside its bounds, for which `pixels` is the true picture.
    ///
    /// # Errors
    /// [`ExamError`].
    pub fn take(
        &mut self,
        imaginer: &JanusImaginer,
        eye: &Eye,
        (lesson, pixels): (&DrawingLesson, &[u8]),
        words: &str,
        seed: u64,
        stop: &Cancel,
    ) -> Result<Answer, ExamError> {
        let name = ponder_core::imaginer::Imaginer::name(imaginer);
        let view = imaginer.view().ok_or_else(|| ExamError::Flat(name.to_owned()))?;
        let drawn = imaginer.sketch(words, seed, &mut |_| (), stop)?;
        let seen = look(eye, view, &drawn.pixels)?;
        let whole = self.drawn.mark(&lesson.things, &seen);
        let vq = imaginer.janus().network().generation.vq();
        self.again.mark(&lesson.things, &look(eye, view, &again(vq, view, pixels)?)?);
        let camera = look(eye, view, pixels)?;
        self.real.mark(&lesson.things, &camera);
        Ok(Answer { pixels: drawn.pixels, seen, camera, whole })
    }
}
