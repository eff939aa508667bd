//! How a node is, told to `/diagnostics` once a second (REP-107), and that it is there at all, told on `/bond` ten
//! times a second: nav2's lifecycle manager listens to that, and so do our own nodes to each other ([`super::peers`]).

use std::time::Duration;

use r2r::QosProfile;
use r2r::bond::msg::Status as Bond;
use r2r::diagnostic_msgs::msg::{DiagnosticArray, DiagnosticStatus, KeyValue};
use r2r::std_msgs::msg::Header;

use super::convert;
use super::host::{Host, RosError, Task};
use super::lifecycle::{Life, State};

/// Between two signs of life.
pub const BEAT: Duration = Duration::from_millis(100);
/// Silence after which a node counts as lost, where nothing else is said, seconds.
pub const LOST_S: f32 = 1.0;
/// Signs of life between two reports.
const BEATS_A_REPORT: u32 = 10;

/// How well something is; the numbers are `diagnostic_msgs/DiagnosticStatus`'s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Well.
    #[default]
    Ok = 0,
    /// Look at it.
    Warn = 1,
    /// It does not work.
    Error = 2,
    /// Nothing is heard from what it lives on.
    Stale = 3,
}

/// How a node is.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// How well.
    pub level: Level,
    /// In a sentence.
    pub message: String,
    /// Numbers to watch.
    pub values: Vec<(&'static str, String)>,
}

impl Health {
    /// Well, with numbers to watch.
    pub fn ok(values: Vec<(&'static str, String)>) -> Self {
        Self { level: Level::Ok, message: "well".to_owned(), values }
    }

    /// The same, unless something is wrong.
    pub fn unless(mut self, wrong: bool, level: Level, message: impl Into<String>) -> Self {
        if wrong && level > self.level {
            (self.level, self.message) = (level, message.into());
        }
        self
    }
}

/// Tells both until the task is dropped.
///
/// # Errors
/// [`RosError`].
pub fn begin(host: &Host, life: Life) -> Result<Task, RosError> {
    let reports = host.publisher::<DiagnosticArray>("/diagnostics", QosProfile::default())?;
    let bonds = host.publisher::<Bond>("/bond", QosProfile::default())?;
    let bond_id = host.full_name().rsplit('/').next().unwrap_or_default().to_owned();
    let instance_id = format!("{}:{}", host.full_name(), std::process::id());
    let (told, mut beats) = (host.clone(), 0);
    host.every(BEAT, move || {
        let bond = Bond {
            header: Header { stamp: convert::time(told.now()), frame_id: told.full_name().to_owned() },
            id: bond_id.clone(),
            instance_id: instance_id.clone(),
            active: told.state() != State::Finalized,
            heartbeat_timeout: LOST_S,
            heartbeat_period: BEAT.as_secs_f32(),
        };
        // Who can't say that it lives is soon missed; there is nobody to tell.
        drop(bonds.publish(&bond));
        beats += 1;
        if beats % BEATS_A_REPORT == 0 {
            drop(reports.publish(&report(&told, &life)));
        }
    })
}

fn report(host: &Host, life: &Life) -> DiagnosticArray {
    let health = match host.state() {
        State::Active => life.health(),
        state => Health { level: Level::Ok, message: state.label().to_owned(), values: Vec::new() },
    };
    let mut values = vec![KeyValue { key: "state".to_owned(), value: host.state().label().to_owned() }];
    values.extend(health.values.into_iter().map(|(key, value)| KeyValue { key: key.to_owned(), value }));
    let status = DiagnosticStatus {
        level: health.level as u8,
        name: format!("{}: {}", host.full_name().trim_start_matches('/'), "node"),
        message: health.message,
        hardware_id: String::new(),
        values,
    };
    DiagnosticArray {
        header: Header { stamp: convert::time(host.now()), frame_id: String::new() },
        status: vec![status],
    }
}
