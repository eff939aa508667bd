//! `world`: a simulated robot in the graph, speaking as a real one does. It steps by the wall's time, tells `/clock`,
//! and obeys its own controllers' interfaces, whoever uses them.

mod board;
mod driver;
mod gallery;
mod sim;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ponder_core::command::BaseTwist;
use ponder_core::robot_file::{GripperPosition, RobotFile};
use ponder_sim::robots::RobotSource;
use ponder_sim::{Photographer, Scenario, SimWorld};
use r2r::ServiceRequest;
use r2r::control_msgs::action::{FollowJointTrajectory, GripperCommand};
use r2r::geometry_msgs::msg::{Twist, TwistStamped};
use r2r::simulation_interfaces::msg::{Result as SimResult, SimulatorFeatures};
use r2r::simulation_interfaces::srv::{GetSimulatorFeatures, ResetSimulation};
use r2r::trajectory_msgs::msg::JointTrajectory;

use self::board::Board;
use self::sim::{Order, Pace, Sim, Watch};
use super::action;
use super::health::{Health, Level};
use super::host::{Host, Managed, NodeKind, RosError, Task};
use super::params::{Declared, Kind};
use super::topics;

/// Orders on the way to the simulation; a full channel refuses the newest.
const ORDERS: usize = 64;

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
    ],
    make,
};

type Orders = Rc<RefCell<Option<SyncSender<Order>>>>;

struct Running {
    pace: Pace,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Sim>,
}

#[derive(Default)]
struct World {
    orders: Orders,
    sim: Option<(Sim, Pace)>,
    running: Option<Running>,
    watch: Arc<Watch>,
    heard: Vec<Task>,
    /// Names of the actions that are served, which is for good.
    served: BTreeSet<String>,
}

/// Hands an order to the simulation; whoever waits for it is told if that can't be.
fn order(orders: &Orders, order: Order) {
    let Some(sender) = orders.borrow().clone() else { return order.refuse("the node is not active") };
    match sender.try_send(order) {
        Ok(()) => {}
        Err(TrySendError::Full(order)) => order.refuse("too much is asked at once"),
        Err(TrySendError::Disconnected(order)) => order.refuse("the simulation is gone"),
    }
}

fn make(host: &Host) -> Result<Box<dyn Managed>, RosError> {
    let world = World::default();
    let orders = world.orders.clone();
    host.serve("/reset_simulation", move |request: ServiceRequest<ResetSimulation::Service>| {
        // Sent back from the simulation's thread once it is done.
        let told = move |reset: Result<(), ponder_sim::SimError>| {
            let error_message = reset.err().map(|error| error.to_string()).unwrap_or_default();
            let code = if error_message.is_empty() { SimResult::RESULT_OK as u8 } else { FAILED };
            let result = SimResult { result: code, error_message };
            drop(request.respond(ResetSimulation::Response { result })); // whoever asked may be gone
        };
        order(&orders, Order::Reset(Box::new(told)));
    })?;
    host.serve("/get_simulator_features", move |request: ServiceRequest<GetSimulatorFeatures::Service>| {
        let features =
            vec![SimulatorFeatures::SIMULATION_RESET as u16, SimulatorFeatures::SIMULATION_RESET_TIME as u16];
        let features =
            SimulatorFeatures { features, spawn_formats: Vec::new(), custom_info: "MuJoCo, by Ponder".to_owned() };
        drop(request.respond(GetSimulatorFeatures::Response { features }));
    })?;
    Ok(Box::new(world))
}

const FAILED: u8 = SimResult::RESULT_OPERATION_FAILED as u8;

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
        let board = Board::new(host, &file, &cameras, &resolve).map_err(|e| say(&e))?;
        self.listen(host, &file, &resolve).map_err(|e| say(&e))?;
        let pace = Pace {
            real_time_factor: params.number("real_time_factor"),
            camera_hz,
            grip_factor: if file.ros.gripper_position == GripperPosition::Finger { 2.0 } else { 1.0 },
        };
        self.sim = Some((Sim::new(world, board, photographer).map_err(|e| say(&e))?, pace));
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
        let (sim, pace) = self.sim.take().ok_or("it is not configured")?;
        let (orders, inbox) = sync_channel(ORDERS);
        let (stop, watch) = (Arc::new(AtomicBool::new(false)), Arc::<Watch>::default());
        let (stops, watched) = (stop.clone(), watch.clone());
        let thread = std::thread::Builder::new().name("ponder-sim".to_owned());
        let thread = thread.spawn(move || sim.run(&inbox, pace, &stops, &watched));
        let thread = thread.map_err(|error| format!("no thread for the simulation: {error}"))?;
        self.running = Some(Running { pace, stop, thread });
        (self.watch, *self.orders.borrow_mut()) = (watch, Some(orders));
        Ok(())
    }

    fn deactivate(&mut self, host: &Host) {
        self.orders.borrow_mut().take();
        if let Some(Running { pace, stop, thread }) = self.running.take() {
            stop.store(true, Ordering::Release);
            match thread.join() {
                Ok(sim) => self.sim = Some((sim, pace)),
                Err(_) => host.error("the simulation's thread has died: clean the node up and configure it again"),
            }
        }
    }

    fn cleanup(&mut self, host: &Host) {
        if let Some((sim, _)) = self.sim.take() {
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
        Health::ok(values).unless(failed, Level::Error, "the physics failed: see the log, then reset the simulation")
    }
}
