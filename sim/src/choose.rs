//! Names for objects that depend on how a scene came out: the leftmost block, the cup nearest to the bowl. A choice that
//! a person could doubt (two blocks nearly equally far left) is no choice: the scene is drawn again.

use ponder_core::scene::ObjectId;

use crate::condition::IT;
use crate::judge::decide;
use crate::moment::{Moment, Thing};
use crate::task::{Among, Choose};

/// By how much the chosen one must stand out, metres.
const CLEAR_M: f64 = 0.03;
/// By which factor the largest or smallest must stand out in volume.
const CLEAR_VOLUME: f64 = 1.35;

impl Choose {
    /// The object that is meant in this scene, `None` when none or more than one could be.
    pub fn resolve(&self, scene: &Moment) -> Option<ObjectId> {
        let members = |among: &Among| -> Vec<&Thing> {
            let fits = |t: &&Thing| {
                among.label.is_none_or(|label| label == t.label) && among.color.is_none_or(|c| Some(c) == t.color)
            };
            scene.here().filter(fits).collect()
        };
        let away_m = |from: &ObjectId, thing: &Thing| {
            scene.get(from).map_or(f64::NAN, |from| (from.position_m() - thing.position_m()).xy().norm())
        };
        // The member with the least score, if it stands out.
        let least = |among: &Among, clear: f64, score: &dyn Fn(&Thing) -> f64| {
            let mut scored: Vec<_> = members(among).into_iter().map(|t| (score(t), t.id)).collect();
            scored.sort_by(|a, b| a.0.total_cmp(&b.0));
            match scored.as_slice() {
                [(_, only)] => Some(*only),
                [(first, id), (second, _), ..] if second - first >= clear => Some(*id),
                _ => None,
            }
        };
        match self {
            Self::Leftmost(among) => least(among, CLEAR_M, &|t| -t.position_m().y),
            Self::Rightmost(among) => least(among, CLEAR_M, &|t| t.position_m().y),
            Self::Front(among) => least(among, CLEAR_M, &|t| t.position_m().x),
            Self::Back(among) => least(among, CLEAR_M, &|t| -t.position_m().x),
            Self::NearestTo(from, among) => least(among, CLEAR_M, &|t| away_m(from, t)),
            Self::FarthestFrom(from, among) => least(among, CLEAR_M, &|t| -away_m(from, t)),
            Self::Largest(among) => least(among, CLEAR_VOLUME.ln(), &|t| -t.size_m.product().ln()),
            Self::Smallest(among) => least(among, CLEAR_VOLUME.ln(), &|t| t.size_m.product().ln()),
            Self::Only(among, is) => {
                let holds = |t: &&Thing| {
                    let is = is.renamed(&|name| if name.as_str() == IT { t.id } else { *name });
                    decide(&is, scene, scene, &mut Vec::new())
                };
                let fitting: Vec<_> = members(among).into_iter().filter(holds).collect();
                if let [only] = fitting.as_slice() { Some(only.id) } else { None }
            }
        }
    }
}
