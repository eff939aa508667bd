//! Scenes and robots for tests, built in a few lines.
#![allow(dead_code)]

pub mod ask;

use std::sync::Arc;

use ponder_core::geometry::Aabb;
use ponder_core::goal::Goal;
use ponder_core::kinematics::{Chain, Joint};
use ponder_core::robot::{Arm, Base, Gripper, JointLimits, RobotSpec, Timing};
use ponder_core::scene::{Affordance, Affordances, Color, Scene, SceneObject};
use ponder_core::{Pose, Stamp, Vec3};

pub use Affordance::*;

/// Height of the table's top, metres.
pub const TABLE_M: f64 = 0.4;

/// An arm over the table.
pub fn arm_robot() -> Arc<RobotSpec> {
    let joint = Joint { parent_from_joint: Pose::translation(0.0, 0.0, 0.3), axis: Vec3::z_axis() };
    let limits = JointLimits {
        min_rad: -2.0,
        max_rad: 2.0,
        vel_rad_s: 1.0,
        acc_rad_s2: 5.0,
        jerk_rad_s3: 50.0,
        stop_acc_rad_s2: 5.0,
        stop_jerk_rad_s3: 50.0,
        emergency_acc_rad_s2: None,
    };
    let arm = Arm {
        joint_names: vec!["joint".to_owned()],
        limits: vec![limits],
        chain: Chain::new(vec![joint], Pose::identity()).unwrap(),
        home_rad: [0.0].into_iter().collect(),
        workspace: Aabb { min_m: Vec3::new(0.2, -0.5, TABLE_M), max_m: Vec3::new(0.8, 0.5, 1.2) },
        keep_out: Vec::new(),
        link_radius_m: 0.05,
        tool_speed_m_s: 0.5,
        gripper: Gripper { max_width_m: 0.08, max_force_n: 60.0, speed_m_s: 0.1, finger_depth_m: 0.02 },
    };
    Arc::new(RobotSpec { name: "arm".to_owned(), arm: Some(arm), base: None, cameras: Vec::new(), timing: timing() })
}

/// A base in a room of 6 m by 6 m.
pub fn base_robot() -> Arc<RobotSpec> {
    let base = Base {
        radius_m: 0.2,
        linear_m_s: 0.5,
        angular_rad_s: 1.5,
        linear_m_s2: 1.0,
        angular_rad_s2: 3.0,
        emergency_stop: Default::default(),
        area: Aabb { min_m: Vec3::new(-3.0, -3.0, 0.0), max_m: Vec3::new(3.0, 3.0, 1.0) },
    };
    Arc::new(RobotSpec { name: "base".to_owned(), arm: None, base: Some(base), cameras: Vec::new(), timing: timing() })
}

fn timing() -> Timing {
    Timing { period_s: 0.01, max_observation_age_s: 0.1, max_scene_age_s: 2.0, max_think_s: 10.0 }
}

/// Builds a scene object by object.
#[derive(Clone, Default)]
pub struct Builder {
    scene: Scene,
}

impl Builder {
    /// A table 0.8 m by 1.2 m.
    pub fn table() -> Self {
        let mut builder = Self::default();
        builder.put("table", "table", None, [0.5, 0.0, TABLE_M * 0.5], [0.8, 1.2, TABLE_M], &[Surface, Fixed]);
        builder
    }

    /// An empty floor with a base at its middle.
    pub fn room() -> Self {
        let mut builder = Self::default();
        builder.scene.world_from_base = Some(Pose::identity());
        builder
    }

    /// An object by its centre.
    pub fn put(
        &mut self,
        id: &str,
        label: &str,
        color: Option<Color>,
        center_m: [f64; 3],
        size_m: [f64; 3],
        can: &[Affordance],
    ) -> &mut Self {
        self.scene.objects.push(SceneObject {
            id: id.try_into().unwrap(),
            label: label.try_into().unwrap(),
            color,
            world_from_object: Pose::translation(center_m[0], center_m[1], center_m[2]),
            size_m: Vec3::from(size_m),
            score: 1.0,
            seen: Stamp(0),
            open_fraction: can.contains(&Openable).then_some(0.0),
            on: (can.contains(&Turnable) || can.contains(&Pressable)).then_some(false),
            handle_m: None,
            affordances: Affordances::of(can),
        });
        self
    }

    fn id(color: Option<Color>, label: &str, n: usize) -> String {
        let color = color.map_or(String::new(), |c| format!("{}_", c.name()));
        if n == 0 { format!("{color}{label}") } else { format!("{color}{label}_{}", n + 1) }
    }

    fn fresh(&self, color: Option<Color>, label: &str) -> String {
        (0..).map(|n| Self::id(color, label, n)).find(|id| self.scene.get(id).is_none()).unwrap()
    }

    /// Anything standing on the table at (x, y).
    pub fn on_table(
        mut self,
        label: &str,
        color: Option<Color>,
        at_m: [f64; 2],
        size_m: [f64; 3],
        can: &[Affordance],
    ) -> Self {
        let id = self.fresh(color, label);
        self.put(&id, label, color, [at_m[0], at_m[1], TABLE_M + size_m[2] * 0.5], size_m, can);
        self
    }

    /// A 4 cm block.
    pub fn block(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("block", Some(color), [x_m, y_m], [0.04, 0.04, 0.04], &[Graspable, Surface])
    }

    /// A bowl of 14 cm.
    pub fn bowl(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("bowl", Some(color), [x_m, y_m], [0.14, 0.14, 0.06], &[Container])
    }

    /// A plate of 16 cm.
    pub fn plate(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("plate", Some(color), [x_m, y_m], [0.16, 0.16, 0.02], &[Surface])
    }

    /// A cup of 6 cm.
    pub fn cup(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("cup", Some(color), [x_m, y_m], [0.06, 0.06, 0.08], &[Graspable])
    }

    /// A closed drawer.
    pub fn drawer(self, x_m: f64, y_m: f64) -> Self {
        self.on_table("drawer", None, [x_m, y_m], [0.2, 0.25, 0.12], &[Container, Openable, Fixed])
    }

    /// A box with a closed lid.
    pub fn lidded(self, x_m: f64, y_m: f64) -> Self {
        self.on_table("box", None, [x_m, y_m], [0.2, 0.2, 0.12], &[Container, Openable, Fixed])
    }

    /// An open bin.
    pub fn bin(self, x_m: f64, y_m: f64) -> Self {
        self.on_table("bin", None, [x_m, y_m], [0.25, 0.25, 0.12], &[Container, Fixed])
    }

    /// A button, off.
    pub fn button(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("button", Some(color), [x_m, y_m], [0.05, 0.05, 0.03], &[Pressable, Fixed])
    }

    /// A knob, off.
    pub fn knob(self, x_m: f64, y_m: f64) -> Self {
        self.on_table("knob", None, [x_m, y_m], [0.05, 0.05, 0.03], &[Turnable, Fixed])
    }

    /// A ball: nothing rests on it.
    pub fn ball(self, color: Color, x_m: f64, y_m: f64) -> Self {
        self.on_table("ball", Some(color), [x_m, y_m], [0.04, 0.04, 0.04], &[Graspable])
    }

    /// A place for a base to go.
    pub fn place(mut self, label: &str, color: Option<Color>, x_m: f64, y_m: f64, height_m: f64) -> Self {
        let id = self.fresh(color, label);
        self.put(&id, label, color, [x_m, y_m, height_m * 0.5], [0.4, 0.4, height_m], &[Place, Fixed]);
        self
    }

    /// Moves the object added last on top of another.
    pub fn on(mut self, id: &str) -> Self {
        let under = self.scene.get(id).unwrap().clone();
        let last = self.scene.objects.last_mut().unwrap();
        let half_m = last.size_m.z * 0.5;
        let mut at_m = under.position_m();
        at_m.z = under.top_m() + half_m;
        last.world_from_object = Pose::translation(at_m.x, at_m.y, at_m.z);
        self
    }

    /// Moves the object added last into another.
    pub fn inside(mut self, id: &str) -> Self {
        let holder = self.scene.get(id).unwrap().clone();
        let last = self.scene.objects.last_mut().unwrap();
        let mut at_m = holder.position_m();
        at_m.z = holder.bottom_m() + 0.005 + last.size_m.z * 0.5;
        last.world_from_object = Pose::translation(at_m.x, at_m.y, at_m.z);
        self
    }

    /// Changes the object added last.
    pub fn with(mut self, change: impl FnOnce(&mut SceneObject)) -> Self {
        change(self.scene.objects.last_mut().unwrap());
        self
    }

    /// Opens the object added last.
    pub fn open(self) -> Self {
        self.with(|o| o.open_fraction = Some(1.0))
    }

    /// The object added last is held.
    pub fn held(mut self) -> Self {
        let last = self.scene.objects.last_mut().unwrap();
        last.world_from_object = Pose::translation(0.5, 0.0, TABLE_M + 0.3);
        self.scene.holding = Some(last.id);
        self
    }

    /// The scene.
    pub fn scene(&self) -> Arc<Scene> {
        Arc::new(self.scene.clone())
    }
}

/// A goal of ten minutes.
pub fn goal(instruction: &str) -> Arc<Goal> {
    Arc::new(Goal::new(1, instruction, Stamp(0), 600.0).unwrap())
}
