//! Which other nodes are alive, by their signs of life on `/bond` (see [`super::health`]). Told on the steady clock of
//! whoever listens, so that no clock jump and no other machine's clock can raise the dead or bury the living.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use r2r::QosProfile;
use r2r::bond::msg::Status as Bond;

use super::host::{Host, RosError, Task};

/// Most nodes that are kept in mind; a graph has a handful.
const MOST: usize = 256;

/// What was last heard of whom. Shared with other threads; the lock is held for a look-up only.
#[derive(Clone, Debug, Default)]
pub struct Peers(Arc<Mutex<HashMap<String, Heard>>>);

#[derive(Clone, Debug)]
struct Heard {
    at: Instant,
    instance: String,
    active: bool,
}

impl Peers {
    /// Listens until the task is dropped.
    ///
    /// # Errors
    /// [`RosError`].
    pub fn listen(host: &Host) -> Result<(Self, Task), RosError> {
        let peers = Self::default();
        let heard = peers.clone();
        let task =
            host.subscribe("/bond", QosProfile::default(), move |bond: Bond| heard.hear(bond, Instant::now()))?;
        Ok((peers, task))
    }

    fn hear(&self, bond: Bond, at: Instant) {
        if let Ok(mut all) = self.0.lock()
            && (all.len() < MOST || all.contains_key(&bond.header.frame_id))
        {
            let heard = Heard { at, instance: bond.instance_id, active: bond.active };
            all.insert(bond.header.frame_id, heard);
        }
    }

    /// Was the node (by its name with namespace) heard within that time, and not heard to end?
    pub fn is_alive(&self, full_name: &str, within: Duration) -> bool {
        self.instance(full_name, within).is_some()
    }

    /// Which process of that name is alive: it changes when the node was started again.
    pub fn instance(&self, full_name: &str, within: Duration) -> Option<String> {
        let all = self.0.lock().ok()?;
        let heard = all.get(full_name).filter(|heard| heard.active && heard.at.elapsed() <= within)?;
        Some(heard.instance.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_or_says_goodbye_is_gone() {
        let peers = Peers::default();
        let bond = |active| Bond {
            header: r2r::std_msgs::msg::Header { frame_id: "/ponder/reason".to_owned(), ..Default::default() },
            instance_id: "1".to_owned(),
            active,
            ..Default::default()
        };
        let limit = Duration::from_millis(500);
        peers.hear(bond(true), Instant::now());
        assert!(peers.is_alive("/ponder/reason", limit) && !peers.is_alive("/ponder/perceive", limit));
        peers.hear(bond(true), Instant::now() - Duration::from_secs(1));
        assert!(!peers.is_alive("/ponder/reason", limit));
        peers.hear(bond(false), Instant::now());
        assert!(!peers.is_alive("/ponder/reason", limit));
    }
}
