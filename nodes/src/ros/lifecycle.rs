//! The life of a managed node, as `ros2 lifecycle` and nav2's lifecycle manager know it: states, transitions, the five
//! services and `transition_event`, from `lifecycle_msgs`. (r2r has none; the states are those of the ROS 2 design
//! article "Managed nodes".)

use std::cell::RefCell;
use std::rc::Rc;

use r2r::lifecycle_msgs::msg::{self, Transition, TransitionDescription, TransitionEvent};
use r2r::lifecycle_msgs::srv;
use r2r::{Publisher, QosProfile, ServiceRequest};

use super::host::{Host, Managed, RosError};

/// Where in its life a node is; the numbers are `lifecycle_msgs/State`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing is read yet.
    Unconfigured = 1,
    /// Ready, and doing nothing.
    Inactive = 2,
    /// At work.
    Active = 3,
    /// Over.
    Finalized = 4,
    /// On the way.
    Configuring = 10,
    /// On the way.
    CleaningUp = 11,
    /// On the way.
    ShuttingDown = 12,
    /// On the way.
    Activating = 13,
    /// On the way.
    Deactivating = 14,
    /// Something failed beyond a plain no.
    ErrorProcessing = 15,
}

impl State {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Unconfigured, "unconfigured"),
        (Self::Inactive, "inactive"),
        (Self::Active, "active"),
        (Self::Finalized, "finalized"),
        (Self::Configuring, "configuring"),
        (Self::CleaningUp, "cleaningup"),
        (Self::ShuttingDown, "shuttingdown"),
        (Self::Activating, "activating"),
        (Self::Deactivating, "deactivating"),
        (Self::ErrorProcessing, "errorprocessing"),
    ];

    /// Its label.
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, label)| label)
    }

    fn to_msg(self) -> msg::State {
        msg::State { id: self as u8, label: self.label().to_owned() }
    }
}

/// A way from one primary state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    id: u8,
    label: &'static str,
    from: State,
    via: State,
    to: State,
}

const fn way(id: u8, label: &'static str, from: State, via: State, to: State) -> Way {
    Way { id, label, from, via, to }
}

/// Every transition that may be asked for, with `lifecycle_msgs/Transition`'s numbers.
const WAYS: [Way; 7] = [
    way(1, "configure", State::Unconfigured, State::Configuring, State::Inactive),
    way(2, "cleanup", State::Inactive, State::CleaningUp, State::Unconfigured),
    way(3, "activate", State::Inactive, State::Activating, State::Active),
    way(4, "deactivate", State::Active, State::Deactivating, State::Inactive),
    way(5, "shutdown", State::Unconfigured, State::ShuttingDown, State::Finalized),
    way(6, "shutdown", State::Inactive, State::ShuttingDown, State::Finalized),
    way(7, "shutdown", State::Active, State::ShuttingDown, State::Finalized),
];

impl Way {
    fn describe(&self) -> TransitionDescription {
        TransitionDescription {
            transition: Transition { id: self.id, label: self.label.to_owned() },
            start_state: self.from.to_msg(),
            goal_state: self.to.to_msg(),
        }
    }
}

/// A node's life: the one place where its state changes.
#[derive(Clone)]
pub struct Life {
    host: Host,
    node: Rc<RefCell<Box<dyn Managed>>>,
    events: Publisher<TransitionEvent>,
}

/// Serves the lifecycle of a node, which is unconfigured at first.
///
/// # Errors
/// [`RosError`].
pub fn begin(host: &Host, node: Box<dyn Managed>) -> Result<Life, RosError> {
    let events = host.publisher("~/transition_event", QosProfile::default())?;
    let life = Life { host: host.clone(), node: Rc::new(RefCell::new(node)), events };
    let served = life.clone();
    host.serve("~/change_state", move |request: ServiceRequest<srv::ChangeState::Service>| {
        let success = served.asked(&request.message.transition);
        served.answer(request, srv::ChangeState::Response { success });
    })?;
    let served = life.clone();
    host.serve("~/get_state", move |request: ServiceRequest<srv::GetState::Service>| {
        let current_state = served.host.state().to_msg();
        served.answer(request, srv::GetState::Response { current_state });
    })?;
    let served = life.clone();
    host.serve("~/get_available_states", move |request: ServiceRequest<srv::GetAvailableStates::Service>| {
        let available_states = State::ALL.iter().map(|(state, _)| state.to_msg()).collect();
        served.answer(request, srv::GetAvailableStates::Response { available_states });
    })?;
    let served = life.clone();
    host.serve(
        "~/get_available_transitions",
        move |request: ServiceRequest<srv::GetAvailableTransitions::Service>| {
            let here = WAYS.iter().filter(|way| way.from == served.host.state());
            let available_transitions = here.map(Way::describe).collect();
            served.answer(request, srv::GetAvailableTransitions::Response { available_transitions });
        },
    )?;
    // The graph has the same answer type, with every transition.
    let served = life.clone();
    host.serve("~/get_transition_graph", move |request: ServiceRequest<srv::GetAvailableTransitions::Service>| {
        let available_transitions = WAYS.iter().map(Way::describe).collect();
        served.answer(request, srv::GetAvailableTransitions::Response { available_transitions });
    })?;
    Ok(life)
}

impl Life {
    /// Configures and activates, as far as that goes.
    pub fn autostart(&self) {
        let _ = self.walk(&WAYS[0]) && self.walk(&WAYS[2]);
    }

    /// Deactivates, if it is active.
    pub fn rest(&self) {
        if self.host.state() == State::Active {
            self.walk(&WAYS[3]);
        }
    }

    /// Is everything at rest that was brought to rest?
    pub fn is_at_rest(&self) -> bool {
        self.node.borrow().is_at_rest()
    }

    /// Shuts down from wherever it is.
    pub fn shut_down(&self) {
        let here = WAYS[4..].iter().find(|way| way.from == self.host.state());
        here.map(|way| self.walk(way));
    }

    /// How the node is.
    pub fn health(&self) -> super::health::Health {
        self.node.borrow_mut().health(&self.host)
    }

    fn answer<S: r2r::WrappedServiceTypeSupport + 'static>(&self, request: ServiceRequest<S>, response: S::Response) {
        if let Err(error) = request.respond(response) {
            self.host.warn(format_args!("a lifecycle request got no answer: {error}"));
        }
    }

    /// By number, or by label where one is given, as rclcpp has it.
    fn asked(&self, transition: &Transition) -> bool {
        let state = self.host.state();
        let fits = |way: &&Way| {
            way.from == state
                && if transition.label.is_empty() { way.id == transition.id } else { way.label == transition.label }
        };
        let Some(way) = WAYS.iter().find(fits) else {
            let asked = if transition.label.is_empty() { transition.id.to_string() } else { transition.label.clone() };
            self.host.warn(format_args!("no transition `{asked}` leads on from `{}`", state.label()));
            return false;
        };
        self.walk(way)
    }

    fn walk(&self, way: &Way) -> bool {
        self.pass(way.id, way.label, way.from, way.via);
        let done = {
            let mut node = self.node.borrow_mut();
            match way.id {
                1 => node.configure(&self.host),
                2 => {
                    node.cleanup(&self.host);
                    Ok(())
                }
                3 => node.activate(&self.host),
                4 => {
                    node.deactivate(&self.host);
                    Ok(())
                }
                _ => {
                    if way.from == State::Active {
                        node.deactivate(&self.host);
                    }
                    if way.from != State::Unconfigured {
                        node.cleanup(&self.host);
                    }
                    Ok(())
                }
            }
        };
        match done {
            Ok(()) => {
                self.pass(way.id, "transition_success", way.via, way.to);
                true
            }
            Err(why) => {
                if way.id == 1 {
                    self.node.borrow_mut().cleanup(&self.host); // nothing half-read is kept
                }
                self.host.error(format_args!("can't {}: {why}", way.label));
                self.pass(way.id, "transition_failure", way.via, way.from);
                false
            }
        }
    }

    fn pass(&self, id: u8, label: &str, from: State, to: State) {
        self.host.set_state(to);
        let event = TransitionEvent {
            timestamp: self.host.now().0,
            transition: Transition { id, label: label.to_owned() },
            start_state: from.to_msg(),
            goal_state: to.to_msg(),
        };
        if let Err(error) = self.events.publish(&event) {
            self.host.warn(format_args!("a transition event was lost: {error}"));
        }
    }
}
