//! What an active `perceive` has: the senses, the worker that sees, and whoever waits for it. Lives on the node's
//! thread; the perceiver lives behind core's [`Threaded`], where the newest look wins.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ponder_core::Stamp;
use ponder_core::perceiver::{Look, PerceiveError, Perceiver};
use ponder_core::robot::RobotSpec;
use ponder_core::robot_file::RobotFile;
use ponder_core::scene::Scene;
use ponder_core::thinker::{Cancel, Reply, Thinker, Threaded};
use r2r::ponder_msgs::msg;
use r2r::ponder_msgs::srv::See;
use r2r::vision_msgs::msg::{Detection3D, Detection3DArray, ObjectHypothesisWithPose};
use r2r::{Publisher, ServiceRequest};

use super::cameras::Cameras;
use super::drawing::Outlet;
use super::senses::Senses;
use crate::ros::convert;
use crate::ros::health::{Health, Level};
use crate::ros::host::Host;

/// Most that wait to see at once.
const MOST_WAITING: usize = 32;

/// Where scenes go.
pub struct Outlets {
    /// Scenes.
    pub scenes: Publisher<msg::Scene>,
    /// The same for tools that know no scenes.
    pub detections: Publisher<Detection3DArray>,
    /// What shows in each camera.
    pub drawings: Vec<Outlet>,
}

/// Somebody who asked to see.
pub struct Waiting {
    request: ServiceRequest<See::Service>,
    called: Stamp,
    deadline: Instant,
    timeout_s: f64,
}

impl Waiting {
    /// Called at that time of the node's clock, and content to wait so long.
    pub fn new(request: ServiceRequest<See::Service>, called: Stamp, timeout_s: f64) -> Self {
        Self { request, called, deadline: Instant::now() + Duration::from_secs_f64(timeout_s), timeout_s }
    }
}

/// Answers that there is no scene.
pub fn refuse(request: ServiceRequest<See::Service>, message: String) {
    let response = See::Response { success: false, message, ..Default::default() };
    drop(request.respond(response)); // whoever asked may be gone
}

/// See the module.
pub struct Sight {
    /// What is heard.
    pub senses: Senses,
    cameras: Cameras,
    /// Whoever sees needs pictures.
    sees_pictures: bool,
    file: Rc<RobotFile>,
    worker: Threaded<Look, Result<Scene, PerceiveError>>,
    by: String,
    outlets: Outlets,
    before: Option<Arc<Scene>>,
    waiting: Vec<Waiting>,
    looked: Option<Instant>,
    jumps: Option<u64>,
    trouble: Option<String>,
    made: u64,
}

impl Sight {
    /// With a thread for the eyes.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(
        file: Rc<RobotFile>,
        robot: Arc<RobotSpec>,
        mut eyes: Box<dyn Perceiver>,
        cameras: Cameras,
        outlets: Outlets,
    ) -> std::io::Result<Self> {
        let (by, sees_pictures) = (eyes.name().to_owned(), eyes.wants().cameras);
        let see = move |look: &Look, _: &mut dyn FnMut(&str), cancel: &Cancel| eyes.perceive(look, &robot, cancel);
        Ok(Self {
            senses: Senses::default(),
            cameras,
            sees_pictures,
            file,
            worker: Threaded::spawn("perceive-eyes", Box::new(see))?,
            by,
            outlets,
            before: None,
            waiting: Vec::new(),
            looked: None,
            jumps: None,
            trouble: None,
            made: 0,
        })
    }

    /// Lets somebody wait; gives the request back if there are too many.
    #[allow(clippy::result_large_err)]
    pub fn wait(&mut self, waiting: Waiting) -> Result<(), ServiceRequest<See::Service>> {
        if self.waiting.len() >= MOST_WAITING {
            return Err(waiting.request);
        }
        self.waiting.push(waiting);
        Ok(())
    }

    /// Takes what the eyes have made, looks again if it is time, and answers who has waited long enough.
    pub fn turn(&mut self, host: &Host) {
        let (now, jumps) = (host.now(), host.clock().jumps());
        if self.jumps.replace(jumps).is_some_and(|before| before != jumps) {
            // Stamps from before mean nothing now.
            self.worker.cancel();
            (self.senses, self.before) = (Senses::default(), None);
            self.cameras.forget();
            self.give_up("the clock jumped");
        }
        let wanted = self.sees_pictures || self.outlets.drawings.iter().any(Outlet::is_heard);
        if let Err(error) = self.cameras.want(host, wanted) {
            self.trouble = Some(error.to_string());
        }
        while let Some(reply) = self.worker.poll(now) {
            match reply {
                Reply::Piece(_) => {}
                Reply::Answer(Ok(scene)) => self.tell(host, scene),
                Reply::Answer(Err(error)) => self.trouble = Some(error.to_string()),
                Reply::Lost => self.trouble = Some("the thread that sees has died: activate the node again".to_owned()),
            }
        }
        let period = Duration::from_secs_f64(1.0 / host.params().number("rate_hz").clamp(0.5, 30.0));
        // A tick is not exact: half of one early is on time.
        let slack = super::TICK / 2;
        let due = !self.waiting.is_empty() || self.looked.is_none_or(|at| at.elapsed() + slack >= period);
        if self.senses.fresh && due && !self.worker.is_busy() {
            self.senses.fresh = false;
            match self.look(now) {
                Ok(look) => {
                    self.looked = Some(Instant::now());
                    self.worker.post(now, look);
                }
                Err(why) => self.trouble = Some(why),
            }
        }
        self.expire(now);
    }

    /// One look made of the latest of everything.
    fn look(&self, now: Stamp) -> Result<Look, String> {
        let mut look = self.senses.look(&self.file)?;
        if self.sees_pictures {
            look.observation.cameras = self.cameras.pictures(now)?;
        }
        Ok(Look { before: self.before.clone(), ..look })
    }

    fn tell(&mut self, host: &Host, scene: Scene) {
        // The same source may be looked at twice, when the joints moved on; an older one never follows a newer.
        if self.before.as_ref().is_some_and(|before| scene.stamp < before.stamp) {
            return;
        }
        let message = convert::scene_msg(&scene, &self.file.ros.world_frame, &self.by);
        if let Err(error) = self.outlets.scenes.publish(&message) {
            host.warn(format_args!("a scene was lost: {error}"));
        }
        drop(self.outlets.detections.publish(&detections(&message))); // another follows
        for outlet in self.outlets.drawings.iter().filter(|outlet| outlet.is_heard()) {
            // Health says why where there is none.
            if let Ok((frame, frame_id)) = self.cameras.picture(&outlet.camera, host.now()) {
                outlet.tell(&scene, &frame, frame_id);
            }
        }
        for waiting in self.waiting.extract_if(.., |waiting| scene.stamp >= waiting.called) {
            let response = See::Response { success: true, message: String::new(), scene: message.clone() };
            drop(waiting.request.respond(response)); // whoever asked may be gone
        }
        (self.trouble, self.before) = (None, Some(Arc::new(scene)));
        self.made += 1;
    }

    fn expire(&mut self, at: Stamp) {
        if self.waiting.is_empty() {
            return;
        }
        let why = match (&self.trouble, self.look(at)) {
            (_, Err(why)) => why,
            (Some(why), _) => why.clone(),
            (None, Ok(_)) => "what is heard is older than the call".to_owned(),
        };
        let now = Instant::now();
        for waiting in self.waiting.extract_if(.., |waiting| now >= waiting.deadline) {
            refuse(waiting.request, format!("no scene within {} s: {why}", waiting.timeout_s));
        }
    }

    fn give_up(&mut self, why: &str) {
        for waiting in self.waiting.drain(..) {
            refuse(waiting.request, format!("no scene: {why}"));
        }
    }

    /// Ends it: who waits is told, publishers go.
    pub fn close(mut self, host: &Host) {
        self.worker.cancel();
        self.give_up("perceive was deactivated");
        host.retire(self.outlets.scenes);
        host.retire(self.outlets.detections);
        self.outlets.drawings.into_iter().for_each(|outlet| outlet.close(host));
    }

    /// How it is.
    pub fn health(&self, now: Stamp) -> Health {
        let seen = self.before.as_ref().map_or(0, |scene| scene.objects.len());
        let values = vec![("scenes", self.made.to_string()), ("objects", seen.to_string()), ("by", self.by.clone())];
        let drawn = self.outlets.drawings.iter().filter(|outlet| outlet.is_heard());
        let blind: Vec<String> = drawn
            .filter_map(|outlet| {
                let why = self.cameras.picture(&outlet.camera, now).err()?;
                Some(format!("camera {}: {why}", outlet.camera))
            })
            .collect();
        let health = Health::ok(values).unless(!blind.is_empty(), Level::Warn, blind.join("; "));
        let why = self.look(now).err().or_else(|| self.trouble.clone());
        let message = why.clone().unwrap_or_default();
        let level = if self.senses.is_silent() { Level::Stale } else { Level::Error };
        health.unless(why.is_some(), level, message)
    }
}

fn detections(scene: &msg::Scene) -> Detection3DArray {
    let detection = |object: &msg::SceneObject| {
        let mut found = ObjectHypothesisWithPose::default();
        found.hypothesis.class_id = object.label.clone();
        found.hypothesis.score = object.score;
        found.pose.pose = object.pose.clone();
        let mut detection = Detection3D { header: scene.header.clone(), id: object.id.clone(), ..Default::default() };
        detection.results.push(found);
        detection.bbox.center = object.pose.clone();
        detection.bbox.size = object.size.clone();
        detection
    };
    Detection3DArray { header: scene.header.clone(), detections: scene.objects.iter().map(detection).collect() }
}
