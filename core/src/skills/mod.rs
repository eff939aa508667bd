//! The skills, listed by hand: a new one is a file here and a line in [`SKILLS`]. Checker, grammar, prompt, executive,
//! ROS and tests read them from the list.

use crate::skill::Skill;

/// Every skill there is.
pub static SKILLS: &[&dyn Skill] = &[];

/// The skill of that name.
pub fn find(name: &str) -> Option<&'static dyn Skill> {
    SKILLS.iter().copied().find(|skill| skill.spec().name == name)
}
