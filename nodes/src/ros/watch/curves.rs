//! Numbers over time, at most fifty entries a second.

use r2r::geometry_msgs::msg::{Twist, TwistStamped, WrenchStamped};
use r2r::sensor_msgs::msg::JointState;
use rerun::{EntityPath, Scalars, SeriesLines};

use super::pen::{Pen, below};
use super::table::Topic;

/// Most joints of one message that are shown.
const MOST_JOINTS: usize = 256;

/// Position, velocity and effort of all joints. The first set of joints that is heard on a topic has the topic's own
/// entities; others who publish there have entities by the name of their first joint.
pub fn joints(pen: &mut Pen, topic: &mut Topic, message: JointState) {
    pen.at(topic, &message.header.stamp);
    let Some(first) = message.name.first() else { return };
    if !pen.due(topic, first) {
        return;
    }
    if topic.joints.is_empty() {
        topic.joints.clone_from(&message.name);
    }
    let all = [("position", &message.position), ("velocity", &message.velocity), ("effort", &message.effort)];
    for (what, values) in all {
        if values.is_empty() {
            continue;
        }
        if values.len() != message.name.len() || values.len() > MOST_JOINTS {
            pen.warn_once(&topic.name, &format!("{} joints have {} {what} values", message.name.len(), values.len()));
            continue;
        }
        let path = match topic.joints == message.name {
            true => EntityPath::from(topic.below(what)),
            false => below(&topic.below(what), first),
        };
        if pen.first(&path.to_string()) {
            pen.write_static(path.clone(), &SeriesLines::new().with_names(message.name.iter().map(String::as_str)));
        }
        pen.write(path, &Scalars::new(values.iter().copied()));
    }
}

/// Force and torque.
pub fn wrench(pen: &mut Pen, topic: &mut Topic, message: WrenchStamped) {
    pen.at(topic, &message.header.stamp);
    if !pen.due(topic, "force") {
        return;
    }
    let (force, torque) = (&message.wrench.force, &message.wrench.torque);
    named(pen, topic, "force", &["x, N", "y, N", "z, N"]);
    named(pen, topic, "torque", &["x, Nm", "y, Nm", "z, Nm"]);
    pen.write(topic.below("force").as_str(), &Scalars::new([force.x, force.y, force.z]));
    pen.write(topic.below("torque").as_str(), &Scalars::new([torque.x, torque.y, torque.z]));
}

/// A velocity without a stamp.
pub fn twist(pen: &mut Pen, topic: &mut Topic, message: Twist) {
    pen.at_now();
    if pen.due(topic, "velocity") {
        velocity(pen, topic, &message);
    }
}

/// A velocity.
pub fn twist_stamped(pen: &mut Pen, topic: &mut Topic, message: TwistStamped) {
    pen.at(topic, &message.header.stamp);
    if pen.due(topic, "velocity") {
        velocity(pen, topic, &message.twist);
    }
}

/// Writes a velocity's curves.
pub fn velocity(pen: &mut Pen, topic: &mut Topic, twist: &Twist) {
    let names = ["x, m/s", "y, m/s", "z, m/s", "about x, rad/s", "about y, rad/s", "about z, rad/s"];
    named(pen, topic, "velocity", &names);
    let (v, w) = (&twist.linear, &twist.angular);
    pen.write(topic.below("velocity").as_str(), &Scalars::new([v.x, v.y, v.z, w.x, w.y, w.z]));
}

/// Names a set of curves, once a run.
pub fn named(pen: &mut Pen, topic: &Topic, curves: &str, names: &[&str]) {
    let path = topic.below(curves);
    if pen.first(&path) {
        pen.write_static(path.as_str(), &SeriesLines::new().with_names(names.iter().copied()));
    }
}
