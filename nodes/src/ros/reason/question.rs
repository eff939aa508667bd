//! What is asked, made of messages: checked before a reasoner sees it.

use std::sync::Arc;

use ponder_core::Stamp;
use ponder_core::check::check;
use ponder_core::goal::Goal;
use ponder_core::plan::Draft;
use ponder_core::reasoner::{Answer, Attempt, Question};
use ponder_core::robot::RobotSpec;
use r2r::ponder_msgs::msg;

use crate::ros::convert;

/// Most attempts that are looked at.
const MOST_ATTEMPTS: usize = 32;
/// Most bytes of one attempt.
const MOST_ATTEMPT_BYTES: usize = 64 * 1024;
/// Time limit where the person gave none, seconds.
const TIME_LIMIT_S: f64 = 120.0;

/// What is given to every question of a node.
pub struct Asker {
    /// The robot.
    pub robot: Arc<RobotSpec>,
    /// The frame that its places are in.
    pub world_frame: String,
}

impl Asker {
    /// A question.
    ///
    /// # Errors
    /// What is wrong with what came, for people.
    pub fn question(
        &self,
        now: Stamp,
        instruction: &str,
        time_limit_s: f64,
        scene: &msg::Scene,
        attempts: &[String],
    ) -> Result<Question, String> {
        let time_limit_s = if time_limit_s == 0.0 { TIME_LIMIT_S } else { time_limit_s };
        let goal = Goal::new(0, instruction, now, time_limit_s).map_err(|e| e.to_string())?;
        let (frame, want) = (&scene.header.frame_id, &self.world_frame);
        if frame != want {
            return Err(format!("the scene is in the frame `{frame}`, not in `{want}`"));
        }
        let scene = convert::scene(scene).map_err(|e| format!("the scene can't be used: {e}"))?;
        if attempts.len() > MOST_ATTEMPTS {
            return Err(format!("{} attempts: at most {MOST_ATTEMPTS} are taken", attempts.len()));
        }
        let attempts = attempts.iter().enumerate().map(|(i, text)| attempt(i, text)).collect::<Result<_, _>>()?;
        Ok(Question { goal: Arc::new(goal), scene: Arc::new(scene), robot: self.robot.clone(), attempts })
    }

    /// An answer's plan as a message, with what the checker says of it.
    pub fn plan(&self, question: &Question, answer: &Answer, reasoner: &str) -> msg::Plan {
        let scene = &question.scene;
        let plan = convert::plan_msg(&answer.draft, scene.stamp, &self.world_frame, reasoner);
        match &answer.draft {
            Draft::Do { .. } => match check(&answer.draft, scene, &self.robot) {
                Ok(_) => msg::Plan { checked: true, ..plan },
                Err(error) => msg::Plan { problem: error.to_string(), ..plan },
            },
            Draft::Refuse { .. } | Draft::Ask { .. } => plan,
        }
    }
}

fn attempt(i: usize, text: &str) -> Result<Attempt, String> {
    if text.len() > MOST_ATTEMPT_BYTES {
        return Err(format!("attempt {i} has {} bytes: at most {MOST_ATTEMPT_BYTES} are taken", text.len()));
    }
    serde_json::from_str(text).map_err(|e| format!("attempt {i} can't be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_asked_is_refused_with_the_reason() {
        let robot = ponder_sim::robots::RobotSource::load("arm7", std::path::Path::new(".")).unwrap();
        let asker = Asker { robot: Arc::new(robot.checked().unwrap()), world_frame: "world".to_owned() };
        let mut scene = msg::Scene::default();
        let ask = |text: &str, limit_s, scene: &_, attempts: &[String]| {
            asker.question(Stamp(1), text, limit_s, scene, attempts).map(|q| q.goal.time_limit_s)
        };
        assert!(ask("go", 0.0, &scene, &[]).unwrap_err().contains("frame ``, not in `world`"));
        scene.header.frame_id = "world".to_owned();
        assert_eq!(ask("go", 0.0, &scene, &[]), Ok(TIME_LIMIT_S));
        assert!(ask(" ", 0.0, &scene, &[]).unwrap_err().contains("empty"));
        assert!(ask("go", f64::NAN, &scene, &[]).unwrap_err().contains("time limit"));
        assert!(ask("go", 0.0, &scene, &["{".to_owned()]).unwrap_err().contains("attempt 0 can't be read"));
        let attempt = Attempt { done: Vec::new(), failed: None, rejected: None };
        assert_eq!(ask("go", 9.0, &scene, &[serde_json::to_string(&attempt).unwrap()]), Ok(9.0));
    }
}
