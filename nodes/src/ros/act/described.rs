//! The robot as its own driver describes it: a URDF on `robot_description`. A robot file that allows more than that, or
//! names other joints, is a robot file for another robot: nothing is done with it.

use std::cell::RefCell;
use std::rc::Rc;

use ponder_core::robot_file::RobotFile;
use ponder_sim::robots::urdf::Urdf;
use r2r::std_msgs::msg::String as Text;

use crate::ros::host::{Host, RosError, Task};
use crate::ros::topics;

/// What came of the newest description; `None`: none was heard.
#[derive(Clone, Debug, Default)]
pub struct Described(Rc<RefCell<Option<Result<(), String>>>>);

impl Described {
    /// Listens until the task is dropped.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn listen(&self, host: &Host, file: &RobotFile, topic: &str) -> Result<Task, RosError> {
        let (heard, file, at) = (self.clone(), file.clone(), host.clone());
        host.subscribe(topic, topics::latched(), move |message: Text| {
            heard.hear(&message.data, &file);
            match heard.problem() {
                Some(why) => at.error(why),
                None => at.info("the robot file fits the robot's own description"),
            }
        })
    }

    fn hear(&self, urdf: &str, file: &RobotFile) {
        let fits = Urdf::parse(urdf).and_then(|urdf| urdf.fits(file));
        let why = |why| format!("the robot file `{}` does not fit robot_description: {why}", file.name);
        *self.0.borrow_mut() = Some(fits.map_err(why));
    }

    /// What does not fit.
    pub fn problem(&self) -> Option<String> {
        self.0.borrow().as_ref().and_then(|fits| fits.as_ref().err().cloned())
    }

    /// Did one come?
    pub fn is_heard(&self) -> bool {
        self.0.borrow().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ponder_sim::robots::{RobotSource, urdf};

    use super::*;

    #[test]
    fn a_description_that_fits_again_is_believed() {
        let source = RobotSource::load("arm7", Path::new(".")).unwrap();
        let text = urdf::write(&source.file, &source.checked().unwrap());
        let described = Described::default();
        assert!(!described.is_heard() && described.problem().is_none(), "nobody has to describe a robot");
        described.hear(&text.replace("\"joint4\"", "\"elbow\""), &source.file);
        let why = described.problem().unwrap();
        assert!(why.contains("joint `joint4` of the robot file is not in the URDF"), "{why}");
        described.hear(&text, &source.file);
        assert!(described.is_heard() && described.problem().is_none());
    }
}
