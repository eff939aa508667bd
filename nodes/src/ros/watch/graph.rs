//! The look at the graph: which topics there are, of which types, and how their publishers publish.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use r2r::QosProfile;
use r2r::qos::{DurabilityPolicy, ReliabilityPolicy};
use r2r::rosgraph_msgs::msg::Clock;

use super::table::{self, Need, Row, Topic};
use super::{Shared, with};
use crate::ros::convert;
use crate::ros::host::{Host, RosError, Task};
use crate::ros::topics;

/// Most topics that are heard.
const MOST: usize = 512;

/// How the publishers of a topic publish, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    reliable: bool,
    durable: bool,
}

struct Heard {
    offer: Offer,
    publishers: Rc<Cell<usize>>,
    _task: Task,
}

/// The topics that are heard.
#[derive(Default)]
pub struct Graph {
    heard: BTreeMap<String, Heard>,
    clock: Option<Task>,
    full: bool,
}

impl Graph {
    /// How many topics are heard.
    pub fn heard(&self) -> usize {
        self.heard.len()
    }

    /// Hears nothing any more.
    pub fn leave(&mut self) {
        self.heard.clear();
        self.clock = None;
    }

    /// Hears what is new.
    pub fn look(&mut self, host: &Host, pen: &Shared) {
        if self.clock.is_none() {
            let shared = pen.clone();
            let tick = move |message: Clock| with(&shared, |pen| pen.tick(convert::stamp(&message.clock)));
            self.clock = host.subscribe("/clock", topics::sensor().keep_last(1), tick).ok();
        }
        let all = match host.with_node(|node| node.get_topic_names_and_types()) {
            Ok(all) => all,
            Err(error) => return host.warn(format_args!("the graph can't be seen: {error}")),
        };
        let clocks = host.with_node(|node| node.get_publishers_info_by_topic("/clock", false));
        with(pen, |pen| pen.expect_clock(clocks.is_ok_and(|clocks| !clocks.is_empty())));
        for (name, types) in all {
            let Some(row) = types.iter().find_map(|name| table::row(name)) else { continue };
            if let Err(error) = self.consider(host, pen, &name, row) {
                with(pen, |pen| pen.warn_once(&name, &error.to_string()));
            }
        }
    }

    fn consider(&mut self, host: &Host, pen: &Shared, name: &str, row: &'static Row) -> Result<(), RosError> {
        let found = host.with_node(|node| node.get_publishers_info_by_topic(name, false));
        let found = found.map_err(RosError::rcl(format!("who publishes {name}?")))?;
        if found.is_empty() {
            return Ok(()); // whoever published it is gone, or it is only listened to
        }
        let offer = Offer {
            reliable: found.iter().all(|one| matches!(one.qos_profile.reliability, ReliabilityPolicy::Reliable)),
            durable: found.iter().all(|one| matches!(one.qos_profile.durability, DurabilityPolicy::TransientLocal)),
        };
        if let Some(heard) = self.heard.get(name) {
            heard.publishers.set(found.len());
            // Somebody publishes less surely than those before: we ask for less, or would not hear them.
            let less = (heard.offer.durable && !offer.durable) || (heard.offer.reliable && !offer.reliable);
            if !less {
                return Ok(());
            }
            self.heard.remove(name);
        }
        if self.heard.len() >= MOST {
            if !std::mem::replace(&mut self.full, true) {
                host.warn(format_args!("{MOST} topics are heard: no more are taken"));
            }
            return Ok(());
        }
        let publishers = Rc::new(Cell::new(found.len()));
        let topic = Topic::new(name, publishers.clone(), row.tells);
        let task = (row.hear)(host, topic, qos(row.need, offer), pen.clone())?;
        self.heard.insert(name.to_owned(), Heard { offer, publishers, _task: task });
        Ok(())
    }
}

/// What we ask for: best effort, which suits every publisher and never holds one up, but for what must all arrive,
/// where all its publishers see to that. What was said before we came is asked for where it is kept.
fn qos(need: Need, offer: Offer) -> QosProfile {
    let qos = QosProfile::sensor_data();
    match need {
        Need::Newest => qos.keep_last(1),
        Need::Stream if !offer.durable => qos.keep_last(100),
        _ if offer.durable => qos.keep_last(1000).reliable().transient_local(),
        _ if offer.reliable => qos.keep_last(1000).reliable(),
        _ => qos.keep_last(1000),
    }
}
