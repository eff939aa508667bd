//! Is a drawing of what was expected evidence of whether it came about? The eye looks at the camera's picture, and what it
//! sees is held against what was asked for, against what it sees in the drawing, and against both: of two pictures, the one
//! that the words are of should fit better than one of nearly the same things. Chance tells half of them apart.

use ponder_core::lesson::Named;
use ponder_core::scene::{Color, SceneObject};

use super::exam::SURFACE;

/// A picture that words are of.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What was asked for.
    pub asked: Vec<Named>,
    /// What the eye sees in the drawing of it.
    pub drawn: Vec<SceneObject>,
    /// What it sees in the camera's picture.
    pub camera: Vec<SceneObject>,
}

/// How many pairs of pictures were told apart rightly; half a pair where both fit as well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Pairs.
    pub pairs: usize,
    /// By what was asked for.
    pub asked: f64,
    /// By what was drawn.
    pub drawn: f64,
    /// By both.
    pub both: f64,
}

type Name<'a> = (&'a str, Option<Color>);

impl Evidence {
    /// Holds each of the pictures beside the one of the others whose things are nearest to its own and not the same.
    pub fn add(&mut self, pictures: &[Shown]) {
        let asked = |shown: &Shown| -> Vec<String> {
            let mut all: Vec<String> = shown.asked.iter().map(|thing| format!("{thing:?}")).collect();
            all.sort();
            all
        };
        for (i, shown) in pictures.iter().enumerate() {
            let own = named(&shown.asked);
            let others = pictures.iter().enumerate().filter(|(j, other)| *j != i && asked(other) != asked(shown));
            let near = |other: &Shown| alike(&own, &named(&other.asked));
            let Some((_, other)) = others.max_by(|(_, a), (_, b)| near(a).total_cmp(&near(b))) else { continue };
            let drawn = seen(&shown.drawn);
            let fits = |camera: &[SceneObject]| {
                let camera = seen(camera);
                [alike(&own, &camera), alike(&drawn, &camera)]
            };
            let (right, wrong) = (fits(&shown.camera), fits(&other.camera));
            let told = |right: f64, wrong: f64| match right.total_cmp(&wrong) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
            self.pairs += 1;
            self.asked += told(right[0], wrong[0]);
            self.drawn += told(right[1], wrong[1]);
            self.both += told(right[0] + right[1], wrong[0] + wrong[1]);
        }
    }
}

fn named(things: &[Named]) -> Vec<Name<'_>> {
    things.iter().map(|thing| (thing.label.as_str(), Some(thing.color))).collect()
}

fn seen(objects: &[SceneObject]) -> Vec<Name<'_>> {
    let things = objects.iter().filter(|object| object.label.as_str() != SURFACE);
    things.map(|object| (object.label.as_str(), object.color)).collect()
}

/// What two lists have in common, of both: 1 where they are the same, 0 where nothing is.
fn alike(a: &[Name<'_>], b: &[Name<'_>]) -> f64 {
    let mut left = b.to_vec();
    let mut take = |name: &Name<'_>| left.iter().position(|other| other == name).map(|at| left.swap_remove(at));
    let common = a.iter().filter_map(&mut take).count();
    if a.len() + b.len() == 0 { 1.0 } else { 2.0 * common as f64 / (a.len() + b.len()) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_counts_what_is_in_both() {
        let (red, blue) = (("block", Some(Color::Red)), ("block", Some(Color::Blue)));
        assert_eq!(alike(&[red, blue], &[blue, red]), 1.0);
        assert_eq!(alike(&[red, red], &[red, blue]), 0.5);
        assert_eq!(alike(&[red], &[blue]), 0.0);
        assert_eq!(alike(&[], &[]), 1.0);
    }
}
