//! How questions reach the simulation's thread and are answered: always, also when it is too busy, stands still for good
//! or is not there.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, TrySendError};

use r2r::simulation_interfaces::msg::Result as SimResult;

use super::sim::{Order, Sim};

/// The way to the simulation's thread, while there is one.
pub type Orders = Rc<RefCell<Option<SyncSender<Order>>>>;

/// A question, which is asked of the simulation or told why it can't be.
pub type Ask = Box<dyn FnOnce(Result<&mut Sim, SimResult>) + Send>;

/// `simulation_interfaces/Result`'s numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// This simulator can't.
    Unsupported,
    /// Done.
    Ok,
    /// No such thing.
    NotFound,
    /// Not now.
    IncorrectState,
    /// It failed.
    Failed,
    /// A number of the service's own.
    Own(u8),
}

/// A result as a message.
pub fn result(code: Code, error_message: impl Into<String>) -> SimResult {
    let result = match code {
        Code::Unsupported => SimResult::RESULT_FEATURE_UNSUPPORTED as u8,
        Code::Ok => SimResult::RESULT_OK as u8,
        Code::NotFound => SimResult::RESULT_NOT_FOUND as u8,
        Code::IncorrectState => SimResult::RESULT_INCORRECT_STATE as u8,
        Code::Failed => SimResult::RESULT_OPERATION_FAILED as u8,
        Code::Own(number) => number,
    };
    SimResult { result, error_message: error_message.into() }
}

/// Done, or why not.
pub fn done<E: std::fmt::Display>(outcome: Result<(), E>) -> SimResult {
    outcome.map_or_else(|error| result(Code::Failed, error.to_string()), |()| result(Code::Ok, ""))
}

/// Asks the simulation; who can't be asked is answered here and now.
pub fn ask(orders: &Orders, ask: Ask) {
    let unsent = match orders.borrow().as_ref() {
        Some(orders) => match orders.try_send(Order::Ask(ask)) {
            Err(TrySendError::Full(order)) => {
                (order, result(Code::Failed, "the simulation has too much to do: ask again"))
            }
            Err(TrySendError::Disconnected(order)) => {
                (order, result(Code::Failed, "the simulation's thread has ended"))
            }
            Ok(()) => return,
        },
        None => (Order::Ask(ask), result(Code::IncorrectState, "the node is not active")),
    };
    if let (Order::Ask(ask), why) = unsent {
        ask(Err(why));
    }
}

/// Hands an order to the simulation; whoever waits for it is told if that can't be.
pub fn order(orders: &Orders, order: Order) {
    let Some(way) = orders.borrow().clone() else { return order.refuse("the node is not active") };
    match way.try_send(order) {
        Ok(()) => {}
        Err(TrySendError::Full(order)) => order.refuse("the simulation has too much to do: ask again"),
        Err(TrySendError::Disconnected(order)) => order.refuse("the simulation's thread has ended"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn everybody_is_answered() {
        let heard = Arc::new(AtomicU8::new(99));
        let question = || -> Ask {
            let heard = heard.clone();
            Box::new(move |sim| heard.store(sim.map_or_else(|why| why.result, |_| 1), Ordering::Relaxed))
        };
        let orders = Orders::default();
        ask(&orders, question());
        assert_eq!(heard.swap(99, Ordering::Relaxed), 3, "nobody is there");
        let (way, inbox) = sync_channel(1);
        *orders.borrow_mut() = Some(way);
        ask(&orders, question());
        assert_eq!(heard.load(Ordering::Relaxed), 99, "it waits in the channel");
        ask(&orders, question());
        assert_eq!(heard.swap(99, Ordering::Relaxed), 4, "the channel is full");
        drop(inbox);
        ask(&orders, question());
        assert_eq!(heard.load(Ordering::Relaxed), 4, "the thread has ended");
    }
}
