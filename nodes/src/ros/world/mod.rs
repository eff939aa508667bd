//! `world`: a simulated robot in the graph, speaking as a real one does. It steps by the wall's time, tells `/clock`,
//! and obeys its own controllers' interfaces, whoever uses them.

mod answers;
mod board;
mod driver;
mod entities;
mod frames;
mod services;
mod sim;
mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use ponder_core::command::BaseTwist;
use ponder_core::robot_file::{GripperPosition, RobotFile};
use ponder_sim::robots::RobotSource;
use ponder_sim::{Photographer, Scenario, SimWorld};
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::geometry_msgs::msg::{Twist, TwistStamped};
use r2r::trajectory_msgs::msg::JointTrajectory;

use self::answers::{Orders, order};
use self::board::Board;
use self::sim::{Order, Pace, Sim, Watch};
use super::action;
use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};
use super::topics;

/// Orders on the way to the simulation; a full channel refuses the newest.
const ORDERS: usize = 64;

/// What can be broken: nothing, and `ponder_sim::Fault::ALL` in its order.
const FAULTS: &[&str] = &["", "frozen_camera", "silent_camera", "nan_joint", "sensor_silence", "late_command"];
/// The wish for a fault is looked at this often.
const FAULT_EVERY: Duration = Duration::from_millis(50);

/// The kind of node.
pub const KIND: NodeKind = NodeKind {
    name: "world",
    about: "a simulated robot: senses, controllers, clock",
    params: &[
        Declared {
            name: "scene",
            about: "Scene: a name from `ponder list scenes`, or a scenario file",
            kind: Kind::Text("tabletop"),
            fixed: true,
        },
        Declared {
            name: "seed",
            about: "Seed of everything random: where things stand, their colours and sizes, light, noise",
            kind: Kind::Count { default: 1, min: 0, max: i64::MAX },
            fixed: true,
        },
        Declared {
            name: "real_time_factor",
            about: "Simulated seconds a second",
            kind: Kind::Number { default: 1.0, min: 0.1, max: 10.0 },
            fixed: true,
        },
        Declared {
            name: "camera_hz",
            about: "Pictures of every camera a simulated second; 0: none, and no GL is needed",
            kind: Kind::Number { default: 5.0, min: 0.0, max: 30.0 },
            fixed: true,
        },
        Declared {
            name: "robot_namespace",
            about: "Put before the names of the robot's interfaces that have no leading /",
            kind: Kind::Text("/"),
            fixed: true,
        },
        Declared {
            name: "fault",
            about: "What is broken in the robot now, for tests; empty: nothing",
            kind: Kind::Choice(FAULTS),
            fixed: false,
        },
    ],
    urgent: false,
    make,
};

struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Sim>,
}

struct World {
    orders: Orders,
    sim: Option<Sim>,
    running: Option<Running>,
    watch: Arc<Watch>,
    heard: Vec<Task>,
    /// Names of the actions that are served: for good, once they are.
    served: BTreeSet<String>,
    _faults: Task,
}

fn make(host: &Host) -> Result<Box<dyn Managed>, RosError> {
    let (orders, watch) = (Orders::default(), Arc::<Watch>::default());
    services::serve(host, &orders)?;
    let (params, wished) = (host.params().clone(), watch.clone());
    let faults = host.every(FAULT_EVERY, move || {
        let fault = params.text("fault");
        let place = FAULTS.iter().position(|name| *name == fault).unwrap_or_default();
        wished.fault.store(place as u8, Ordering::Release);
    })?;
    let (heard, served) = (Vec::new(), BTreeSet::new());
    Ok(Box::new(World { orders, sim: None, running: None, watch, heard, served, _faults: faults }))
}

impl World {
    fn build(&mut self, host: &Host) -> Result<(), String> {
        let say = |error: &dyn std::error::Error| error.to_string();
        let params = host.params();
        let scenario = Scenario::find(&params.text("scene")).map_err(|e| say(&e))?;
        let seed = u64::try_from(params.count("seed")).unwrap_or_default();
        let world = SimWorld::open(&scenario.scene, seed, &scenario.folder).map_err(|e| say(&e))?;
        let source = RobotSource::load(&scenario.scene.robot, &scenario.folder).map_err(|e| say(&e))?;
        let file = source.file;
        let camera_hz = params.number("camera_hz");
        let cameras: Vec<String> = match camera_hz > 0.0 {
            true => world.built().cameras.iter().map(|camera| camera.name.clone()).collect(),
            false => Vec::new(),
        };
        let photographer = if cameras.is_empty() {
            None
        } else {
            let hint = "set camera_hz to 0 to do without pictures";
            Some(Photographer::open(world.built().clone()).map_err(|e| format!("{e}; {hint}"))?)
        };
        let namespace = params.text("robot_namespace");
        let resolve = |name: &str| super::within(&namespace, name);
        let board = Board::new(host, &file, &world.built().robot, &cameras, &resolve).map_err(|e| say(&e))?;
        self.listen(host, &file, &resolve).map_err(|e| say(&e))?;
        let pace = Pace {
            real_time_factor: params.number("real_time_factor"),
            camera_hz,
            grip_factor: if file.ros.gripper_position == GripperPosition::Finger { 2.0 } else { 1.0 },
        };
        self.sim = Some(Sim::new(world, board, photographer, pace).map_err(|e| say(&e))?);
        Ok(())
    }

    /// Hears the controllers' topics; their actions are served from the first configuration on.
    fn listen(&mut self, host: &Host, file: &RobotFile, resolve: &dyn Fn(&str) -> String) -> Result<(), RosError> {
        if file.arm.is_some() {
            let controller = resolve(&file.ros.arm_controller);
            let orders = self.orders.clone();
            let topic = format!("{controller}/joint_trajectory");
            self.heard.push(host.subscribe(&topic, topics::command(), move |message: JointTrajectory| {
                order(&orders, Order::Trajectory(message));
            })?);
            let name = format!("{controller}/follow_joint_trajectory");
            if self.served.insert(name.clone()) {
                let orders = self.orders.clone();
                action::serve::<FollowJointTrajectory::Action>(host, &name, move |goal| {
                    order(&orders, Order::Follow(goal));
                })?;
            }
            let name = resolve(&file.ros.gripper_action);
            if self.served.insert(name.clone()) {
                let orders = self.orders.clone();
                action::serve::<GripperCommand::Action>(host, &name, move |goal| order(&orders, Order::Grip(goal)))?;
            }
        }
        if file.base.is_some() {
            let (orders, topic) = (self.orders.clone(), resolve(&file.ros.cmd_vel));
            let drive = move |twist: &Twist| {
                let twist = BaseTwist { linear_m_s: twist.linear.x, angular_rad_s: twist.angular.z };
                order(&orders, Order::Drive(twist));
            };
            let task = if file.ros.cmd_vel_stamped {
                host.subscribe(&topic, topics::command(), move |message: TwistStamped| drive(&message.twist))?
            } else {
                host.subscribe(&topic, topics::command(), move |message: Twist| drive(&message))?
            };
            self.heard.push(task);
        }
        Ok(())
    }
}

impl Managed for World {
    fn configure(&mut self, host: &Host) -> Result<(), String> {
        self.build(host)
    }

    fn activate(&mut self, _host: &Host) -> Result<(), String> {
        let sim = self.sim.take().ok_or("it is not configured")?;
        let (orders, inbox) = sync_channel(ORDERS);
        let stop = Arc::new(AtomicBool::new(false));
        let (stops, watched) = (stop.clone(), self.watch.clone());
        let thread = std::thread::Builder::new().name("ponder-sim".to_owned());
        let thread = thread.spawn(move || sim.run(&inbox, &stops, &watched));
        let thread = thread.map_err(|error| format!("no thread for the simulation: {error}"))?;
        self.running = Some(Running { stop, thread });
        *self.orders.borrow_mut() = Some(orders);
        Ok(())
    }

    fn deactivate(&mut self, host: &Host) {
        self.orders.borrow_mut().take();
        if let Some(Running { stop, thread }) = self.running.take() {
            stop.store(true, Ordering::Release);
            match thread.join() {
                Ok(sim) => self.sim = Some(sim),
                Err(_) => host.error("the simulation's thread has died: clean the node up and configure it again"),
            }
        }
    }

    fn cleanup(&mut self, host: &Host) {
        if let Some(sim) = self.sim.take() {
            sim.close(host);
        }
        self.heard.clear();
    }

    fn health(&mut self, _host: &Host) -> Health {
        let values = vec![
            ("periods", self.watch.periods.load(Ordering::Relaxed).to_string()),
            ("pictures", self.watch.pictures.load(Ordering::Relaxed).to_string()),
        ];
        let failed = self.watch.failed.load(Ordering::Acquire);
        let broken = FAULTS.get(usize::from(self.watch.fault.load(Ordering::Relaxed))).filter(|name| !name.is_empty());
        Health::ok(values)
            .unless(broken.is_some(), Level::Warn, format!("broken for a test: {}", broken.unwrap_or(&"")))
            .unless(failed, Level::Error, "the physics failed: see the log, then reset the simulation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_can_be_wished_for() {
        let known: Vec<&str> = ponder_sim::Fault::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(FAULTS[1..], known);
    }
}
