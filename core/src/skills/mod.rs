//! The skills, listed by hand: a new one is a file here and a line in [`SKILLS`]. Checker, grammar, prompt, executive,
//! ROS and tests read them from the list.

mod close;
mod go_to;
mod grasp;
mod hand_over;
pub(crate) mod look;
mod open;
mod park;
mod pick;
mod place;
mod place_beside;
mod place_in;
mod place_on;
mod press;
mod push;
mod route;
mod turn;
mod wait;

use crate::skill::Skill;

/// Every skill there is.
pub static SKILLS: &[&dyn Skill] = &[
    &look::Look,
    &pick::Pick,
    &place_in::PlaceIn,
    &place_on::PlaceOn,
    &place_beside::PlaceBeside,
    &push::Push,
    &open::Open,
    &close::Close,
    &press::Press,
    &turn::Turn,
    &go_to::GoTo,
    &hand_over::HandOver,
    &park::Park,
    &wait::Wait,
];

/// The skill of that name.
pub fn find(name: &str) -> Option<&'static dyn Skill> {
    SKILLS.iter().copied().find(|skill| skill.spec().name == name)
}
