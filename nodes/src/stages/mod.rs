//! The slow stages as a person chooses them: who reasons, who perceives. A choice is opened once, before anything moves,
//! and then gives as many reasoners or perceivers as there are rings; those of one model share it.

mod desk;
mod eyes;
mod mind;
mod tally;
mod weights;

pub use eyes::{Eyes, EyesError, eye_folder};
pub use mind::{Mind, MindError, Who, Wish, language_model};
pub use tally::Tally;
pub use weights::{IMAGINER, hashes, imaginer_folder, seer_folder};
