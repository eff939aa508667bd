//! The tree of coordinate frames as ROS's tf tells it (REP-105): who hears transforms keeps them here and asks for the
//! pose of one frame in another at a stamp. Bounded, and an answer is never older than the asker allows: a pose from a
//! transform that went stale would put objects where they are not.

use std::collections::{HashMap, VecDeque};

use crate::{Pose, Stamp};

/// Most frames that are kept.
pub const MOST_FRAMES: usize = 512;
/// Most transforms kept of a moving frame.
const HISTORY: usize = 128;
/// Longest way between two frames.
const MOST_HOPS: usize = 64;

/// Why there is no pose.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// Nobody told of this frame.
    #[error("nobody tells where the frame `{0}` is")]
    Unknown(String),
    /// Both are known, and nothing joins them.
    #[error("the frames `{0}` and `{1}` are not joined")]
    Apart(String, String),
    /// The tree bites its tail.
    #[error("the frames above `{0}` go round in a circle")]
    Circle(String),
    /// The last transform is too old for this stamp.
    #[error("where `{frame}` is was last told {age_s:.2} s before: at most {most_s:.2} s count")]
    Stale {
        /// The frame.
        frame: String,
        /// Seconds between the transform and what was asked for.
        age_s: f64,
        /// Most that count.
        most_s: f64,
    },
    /// A transform that can't be kept.
    #[error("{0} frames are known, and more are not kept")]
    Full(usize),
}

#[derive(Clone, Debug)]
struct Link {
    parent: String,
    /// Oldest first; a fixed one has one entry that holds for ever.
    told: VecDeque<(Stamp, Pose)>,
    fixed: bool,
}

impl Link {
    /// At a stamp: between two transforms on the way from one to the other (screw-free: straight and by the shortest
    /// turn), outside of them the nearest, if it is near enough.
    fn at(&self, frame: &str, stamp: Stamp, most_s: f64) -> Result<Pose, FrameError> {
        let after = self.told.partition_point(|(told, _)| *told < stamp);
        let (before, after) = (after.checked_sub(1).and_then(|i| self.told.get(i)), self.told.get(after));
        if self.fixed {
            return before.or(after).map(|(_, pose)| *pose).ok_or_else(|| FrameError::Unknown(frame.to_owned()));
        }
        if let (Some((t0, p0)), Some((t1, p1))) = (before, after) {
            let share = stamp.since_s(*t0) / t1.since_s(*t0);
            return Ok(p0.try_lerp_slerp(p1, share, 1e-9).unwrap_or(*p1));
        }
        let (told, pose) = before.or(after).ok_or_else(|| FrameError::Unknown(frame.to_owned()))?;
        let age_s = stamp.since_s(*told).abs();
        if age_s > most_s {
            return Err(FrameError::Stale { frame: frame.to_owned(), age_s, most_s });
        }
        Ok(*pose)
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    links: HashMap<String, Link>,
}

impl Frames {
    /// Takes a transform: the pose of `child` in `parent`, at a time or (`fixed`) for ever.
    ///
    /// # Errors
    /// [`FrameError::Full`].
    pub fn tell(&mut self, parent: &str, child: &str, stamp: Stamp, pose: Pose, fixed: bool) -> Result<(), FrameError> {
        if !self.links.contains_key(child) && self.links.len() >= MOST_FRAMES {
            return Err(FrameError::Full(self.links.len()));
        }
        let new = || Link { parent: parent.to_owned(), told: VecDeque::new(), fixed };
        let link = self.links.entry(child.to_owned()).or_insert_with(new);
        if fixed || link.fixed != fixed || link.parent != parent {
            *link = new();
        }
        let at = link.told.partition_point(|(told, _)| *told < stamp);
        match link.told.get_mut(at) {
            Some(same) if same.0 == stamp => same.1 = pose,
            _ => link.told.insert(at, (stamp, pose)),
        }
        if link.told.len() > HISTORY {
            link.told.pop_front();
        }
        Ok(())
    }

    /// Forgets what moves: the clock has jumped.
    pub fn forget_motion(&mut self) {
        self.links.retain(|_, link| link.fixed);
    }

    /// The pose of `frame` in `root`, at a stamp, by transforms at most `most_s` away from it.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn pose(&self, root: &str, frame: &str, stamp: Stamp, most_s: f64) -> Result<Pose, FrameError> {
        let (up, top) = self.climb(frame, root, stamp, most_s)?;
        if top == root {
            return Ok(up);
        }
        // `root` is no ancestor: both hang under a common one.
        let (root_up, root_top) = self.climb(root, top, stamp, most_s)?;
        if root_top != top {
            let known = |name: &str| self.links.contains_key(name) || self.links.values().any(|l| l.parent == name);
            let unknown = [frame, root].into_iter().find(|name| !known(name));
            return Err(unknown.map_or_else(
                || FrameError::Apart(root.to_owned(), frame.to_owned()),
                |name| FrameError::Unknown(name.to_owned()),
            ));
        }
        Ok(root_up.inverse() * up)
    }

    /// The pose of `frame` in `until`, or in the top of its tree if that is not above it.
    fn climb<'a>(
        &'a self,
        frame: &'a str,
        until: &str,
        stamp: Stamp,
        most_s: f64,
    ) -> Result<(Pose, &'a str), FrameError> {
        let (mut pose, mut here) = (Pose::identity(), frame);
        for _ in 0..MOST_HOPS {
            if here == until {
                return Ok((pose, here));
            }
            let Some(link) = self.links.get(here) else { return Ok((pose, here)) };
            pose = link.at(here, stamp, most_s)? * pose;
            here = &link.parent;
        }
        Err(FrameError::Circle(frame.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rotation, Vec3};

    fn at(x: f64, turn: f64) -> Pose {
        Pose::from_parts(Vec3::new(x, 0.0, 0.0).into(), Rotation::from_euler_angles(0.0, 0.0, turn))
    }

    fn s(seconds: f64) -> Stamp {
        Stamp(0).plus_s(seconds)
    }

    #[test]
    fn poses_go_up_down_and_across_the_tree() {
        let mut frames = Frames::default();
        frames.tell("world", "base", s(1.0), at(1.0, 0.0), false).unwrap();
        frames.tell("base", "camera", s(0.0), at(0.5, std::f64::consts::FRAC_PI_2), true).unwrap();
        frames.tell("world", "table", s(0.0), at(3.0, 0.0), true).unwrap();
        let camera = frames.pose("world", "camera", s(1.0), 0.1).unwrap();
        assert!((camera.translation.vector.x - 1.5).abs() < 1e-12);
        let table = frames.pose("camera", "table", s(1.0), 0.1).unwrap();
        assert!((table.translation.vector - Vec3::new(0.0, -1.5, 0.0)).norm() < 1e-12, "{table}");
        let back = frames.pose("camera", "world", s(1.0), 0.1).unwrap();
        assert!((back * camera).translation.vector.norm() < 1e-12);
        assert_eq!(frames.pose("base", "base", s(1.0), 0.1).unwrap(), Pose::identity());
    }

    #[test]
    fn between_two_transforms_the_pose_is_between_and_outside_it_grows_stale() {
        let mut frames = Frames::default();
        for (time, x) in [(2.0, 2.0), (1.0, 1.0)] {
            frames.tell("world", "base", s(time), at(x, 0.0), false).unwrap(); // also out of order
        }
        let x = |time| frames.pose("world", "base", s(time), 0.25).map(|pose| pose.translation.vector.x);
        assert!((x(1.5).unwrap() - 1.5).abs() < 1e-9);
        assert!((x(2.2).unwrap() - 2.0).abs() < 1e-9);
        assert!(matches!(x(2.5), Err(FrameError::Stale { age_s, .. }) if (age_s - 0.5).abs() < 1e-9));
        assert!(matches!(x(0.5), Err(FrameError::Stale { .. })));
    }

    #[test]
    fn what_is_not_joined_or_goes_round_is_said() {
        let mut frames = Frames::default();
        frames.tell("a", "b", s(0.0), at(1.0, 0.0), true).unwrap();
        frames.tell("x", "y", s(0.0), at(1.0, 0.0), true).unwrap();
        assert_eq!(frames.pose("a", "y", s(0.0), 1.0), Err(FrameError::Apart("a".into(), "y".into())));
        assert_eq!(frames.pose("a", "none", s(0.0), 1.0), Err(FrameError::Unknown("none".into())));
        frames.tell("b", "a", s(0.0), at(1.0, 0.0), true).unwrap();
        assert!(matches!(frames.pose("x", "a", s(0.0), 1.0), Err(FrameError::Circle(_))));
    }

    #[test]
    fn it_never_grows_without_bound() {
        let mut frames = Frames::default();
        for i in 0..MOST_FRAMES {
            frames.tell("world", &format!("f{i}"), s(0.0), at(0.0, 0.0), true).unwrap();
        }
        assert!(matches!(frames.tell("world", "more", s(0.0), at(0.0, 0.0), true), Err(FrameError::Full(_))));
        for i in 0..10_000 {
            frames.tell("world", "f0", s(f64::from(i)), at(0.0, 0.0), false).unwrap();
        }
        assert_eq!(frames.links["f0"].told.len(), HISTORY);
        frames.forget_motion();
        assert!(!frames.links.contains_key("f0"));
    }
}
