//! Every topic, service and action of ours with its type, QoS and rate, a line each. Names without a leading `/` are
//! relative to the node's namespace (`/ponder` unless remapped); what the robot itself speaks is named in its robot
//! file. QoS by REP-2003: sensors best effort, commands reliable and shallow, what is said once latched.

use r2r::QosProfile;

/// `ponder_msgs/Scene`, reliable and latched, `perceive` → all, at `rate_hz`.
pub const SCENE: &str = "scene";
/// `ponder_msgs/Scene`, sensor data, `world` → `perceive`, 20 Hz: the simulator's own knowledge, for the baseline.
pub const TRUTH: &str = "ground_truth";
/// `vision_msgs/Detection3DArray`, sensor data, `perceive` →, with every scene.
pub const DETECTIONS_3D: &str = "detections_3d";
/// `vision_msgs/Detection2DArray`, sensor data, `perceive` →, with every scene, when somebody listens; a camera's name
/// goes before it: where what is believed shows in its newest picture.
pub const DETECTIONS_2D: &str = "detections_2d";
/// `sensor_msgs/Image`, sensor data, `perceive` →, when somebody listens, a camera's name before it: the picture with
/// that drawn in.
pub const ANNOTATED: &str = "annotated";
/// `ponder_msgs/Thought`, reliable, `reason` →, as it is thought.
pub const THOUGHT: &str = "thought";
/// `ponder_msgs/Plan`, reliable and latched, `act` →, when one is taken up or refused.
pub const PLAN: &str = "plan";
/// `ponder_msgs/Evidence`, reliable, `act` →, as it is measured.
pub const EVIDENCE: &str = "evidence";
/// `ponder_msgs/Verdict`, reliable, `act` →, when the guard does not pass a command as it was.
pub const VERDICT: &str = "verdict";
/// `ponder_msgs/Applied`, sensor data, `act` →, every control period of a task.
pub const APPLIED: &str = "applied";
/// `ponder_msgs/Outcome`, reliable and latched, `act` →, when a task ends.
pub const OUTCOME: &str = "outcome";
/// `std_msgs/Bool`, reliable and latched, `act` →, when it changes: is the emergency stop latched?
pub const STOPPED: &str = "stopped";
/// `ponder_msgs/ExecuteTask`, `act`.
pub const EXECUTE_TASK: &str = "execute_task";
/// `ponder_msgs/Think`, `reason` ← `act`.
pub const THINK: &str = "think";
/// `ponder_msgs/MakePlan`, `reason`.
pub const MAKE_PLAN: &str = "make_plan";
/// `ponder_msgs/See`, `perceive`.
pub const SEE: &str = "see";
/// `ponder_msgs/Stop`, `act`.
pub const STOP: &str = "stop";
/// `ponder_msgs/Resume`, `act`.
pub const RESUME: &str = "resume";

/// For pictures, joint states, transforms in flight: the newest counts, a lost one is followed by another.
pub fn sensor() -> QosProfile {
    QosProfile::sensor_data()
}

/// For commands: the newest, surely.
pub fn command() -> QosProfile {
    QosProfile::default().keep_last(1)
}

/// For what must all arrive.
pub fn reliable() -> QosProfile {
    QosProfile::default()
}

/// For what is said once and holds for whoever comes later.
pub fn latched() -> QosProfile {
    QosProfile::default().keep_last(1).transient_local()
}
