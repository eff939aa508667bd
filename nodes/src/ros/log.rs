//! What a node says to people: on its own terminal, and on `/rosout`, where `rqt_console`, a recording or our `watch`
//! read it. r2r writes to the terminal alone, so the topic is ours, with rcl's own type, QoS and levels.

use std::fmt::Display;
use std::time::Duration;

use r2r::rcl_interfaces::msg::Log;
use r2r::{Publisher, QosProfile};

use super::clock::RosClock;
use super::convert;

/// A node's voice; a clone may go to another thread.
#[derive(Clone, Debug)]
pub struct Logger {
    name: String,
    rosout: Option<Publisher<Log>>,
}

impl Logger {
    /// For a logger's name, such as `ponder.act`; a node that can't publish still talks to its terminal.
    pub fn new(node: &mut r2r::Node) -> Self {
        let qos = QosProfile::default().keep_last(1000).transient_local().lifespan(Duration::from_secs(10));
        let rosout = node.create_publisher("/rosout", qos).ok();
        Self { name: node.logger().to_owned(), rosout }
    }

    /// Says something.
    pub fn info(&self, text: impl Display) {
        let text = text.to_string();
        r2r::log_info!(&self.name, "{text}");
        self.tell(Log::INFO as u8, text);
    }

    /// Warns.
    pub fn warn(&self, text: impl Display) {
        let text = text.to_string();
        r2r::log_warn!(&self.name, "{text}");
        self.tell(Log::WARN as u8, text);
    }

    /// Says what failed.
    pub fn error(&self, text: impl Display) {
        let text = text.to_string();
        r2r::log_error!(&self.name, "{text}");
        self.tell(Log::ERROR as u8, text);
    }

    fn tell(&self, level: u8, msg: String) {
        let Some(rosout) = &self.rosout else { return };
        // As rcl does: by the system's clock, whatever the node lives by.
        let stamp = convert::time(RosClock::default().now());
        drop(rosout.publish(&Log { stamp, level, name: self.name.clone(), msg, ..Default::default() }));
    }
}
