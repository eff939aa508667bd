//! Action servers, out of the three services and two topics that an action is (ROS 2 design article "Actions"). Our own
//! because r2r's 0.9.7 never forgets a goal and turns without rest once the first has expired. Goals are handles that
//! may move to another thread; every goal gets an answer, also one whose handle is dropped.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use r2r::action_msgs::msg::{GoalInfo, GoalStatus, GoalStatusArray};
use r2r::action_msgs::srv::CancelGoal;
use r2r::builtin_interfaces::msg::Time;
use r2r::unique_identifier_msgs::msg::UUID;
use r2r::{Publisher, QosProfile, ServiceRequest, WrappedActionTypeSupport, WrappedServiceTypeSupport};

use super::convert;
use super::host::{Host, RosError};

/// An ended goal's result is kept so long for whoever asks late.
const KEPT: Duration = Duration::from_secs(60);
/// Most ended goals that are kept.
const MOST_KEPT: usize = 64;
/// Most goals at work at once: whoever serves decides what to do with each, and a flood must end somewhere.
const MOST_OPEN: usize = 128;

type ResultOf<A> = <<A as WrappedActionTypeSupport>::GetResult as WrappedServiceTypeSupport>::Response;
type ResultRequest<A> = ServiceRequest<<A as WrappedActionTypeSupport>::GetResult>;

/// How a goal ended; the numbers are `action_msgs/GoalStatus`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum End {
    /// Done.
    Succeeded = 4,
    /// Ended as the client asked.
    Canceled = 5,
    /// Not done.
    Aborted = 6,
}

const EXECUTING: i8 = 2;
const CANCELING: i8 = 3;

struct Entry<A: WrappedActionTypeSupport> {
    id: UUID,
    stamp: Time,
    status: i8,
    cancel: Arc<AtomicBool>,
    result: Option<(Instant, ResultOf<A>)>,
    waiting: Vec<ResultRequest<A>>,
}

struct Inner<A: WrappedActionTypeSupport> {
    goals: VecDeque<Entry<A>>,
    feedback: Publisher<A::FeedbackMessage>,
    status: Publisher<GoalStatusArray>,
}

/// A goal that was taken up.
pub struct Goal<A: WrappedActionTypeSupport + 'static> {
    /// What is asked.
    pub goal: A::Goal,
    id: UUID,
    cancel: Arc<AtomicBool>,
    server: Arc<Mutex<Inner<A>>>,
    ended: bool,
}

impl<A: WrappedActionTypeSupport + 'static> Goal<A> {
    /// Does the client want it to end?
    pub fn is_cancel_asked(&self) -> bool {
        self.cancel.load(Ordering::Acquire)
    }

    /// A flag that is set when the client wants it to end.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    /// Says how far it is.
    pub fn feedback(&self, feedback: A::Feedback) {
        let message = A::make_feedback_msg(self.id.clone(), feedback);
        // A feedback that is lost is followed by another.
        drop(lock(&self.server).feedback.publish(&message));
    }

    /// Ends it.
    pub fn end(mut self, how: End, result: A::Result) {
        self.finish(how, result);
    }

    fn finish(&mut self, how: End, result: A::Result) {
        self.ended = true;
        let mut inner = lock(&self.server);
        let response = A::make_result_response_msg(how as i8, result);
        if let Some(entry) = inner.goals.iter_mut().find(|entry| entry.id == self.id) {
            entry.status = how as i8;
            for request in entry.waiting.drain(..) {
                // Whoever asked may be gone.
                drop(request.respond(response.clone()));
            }
            entry.result = Some((Instant::now(), response));
        }
        inner.tell_status();
    }
}

impl<A: WrappedActionTypeSupport + 'static> Drop for Goal<A> {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(End::Aborted, A::Result::default());
        }
    }
}

impl<A: WrappedActionTypeSupport + 'static> Inner<A> {
    fn tell_status(&self) {
        let status = |entry: &Entry<A>| GoalStatus {
            goal_info: GoalInfo { goal_id: entry.id.clone(), stamp: entry.stamp.clone() },
            status: entry.status,
        };
        let message = GoalStatusArray { status_list: self.goals.iter().map(status).collect() };
        drop(self.status.publish(&message));
    }

    /// Forgets results that nobody has asked for long enough.
    fn forget(&mut self) {
        let mut spare = self.goals.iter().filter(|entry| entry.result.is_some()).count().saturating_sub(MOST_KEPT);
        self.goals.retain(|entry| match &entry.result {
            Some((ended, _)) if spare > 0 || ended.elapsed() > KEPT => {
                spare = spare.saturating_sub(1);
                false
            }
            _ => true,
        });
    }

    /// The goals that a cancel request is about: one by its id, all up to a time, or all (design article "Actions").
    fn cancel(&mut self, info: &GoalInfo) -> CancelGoal::Response {
        let all = info.goal_id.uuid.iter().all(|byte| *byte == 0);
        let until = (info.stamp.sec, info.stamp.nanosec);
        let known = all || self.goals.iter().any(|entry| entry.id == info.goal_id);
        let mut goals_canceling = Vec::new();
        for entry in self.goals.iter_mut().filter(|entry| entry.result.is_none()) {
            let early = until != (0, 0) && (entry.stamp.sec, entry.stamp.nanosec) <= until;
            if early || entry.id == info.goal_id || (all && until == (0, 0)) {
                entry.status = CANCELING;
                entry.cancel.store(true, Ordering::Release);
                goals_canceling.push(GoalInfo { goal_id: entry.id.clone(), stamp: entry.stamp.clone() });
            }
        }
        // 2: unknown goal, 3: it had ended before.
        let return_code = match (known, goals_canceling.is_empty()) {
            (false, true) => 2,
            (true, true) if !all => 3,
            _ => 0,
        };
        CancelGoal::Response { return_code, goals_canceling }
    }
}

fn lock<A: WrappedActionTypeSupport>(server: &Mutex<Inner<A>>) -> MutexGuard<'_, Inner<A>> {
    // A panic in between leaves nothing half-done that matters more than answering.
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves an action for the node's whole life. `taken` gets every goal; it ends each when it likes, from any thread.
///
/// # Errors
/// [`RosError`].
pub fn serve<A>(host: &Host, name: &str, mut taken: impl FnMut(Goal<A>) + 'static) -> Result<(), RosError>
where
    A: WrappedActionTypeSupport + 'static,
    A::SendGoal: 'static,
    A::GetResult: 'static,
    A::FeedbackMessage: 'static,
{
    let status_qos = QosProfile::default().keep_last(1).transient_local();
    let inner = Inner::<A> {
        goals: VecDeque::new(),
        feedback: host.publisher(&format!("{name}/_action/feedback"), QosProfile::default())?,
        status: host.publisher(&format!("{name}/_action/status"), status_qos)?,
    };
    let server = Arc::new(Mutex::new(inner));
    let (asked, host_of) = (server.clone(), host.clone());
    host.serve(&format!("{name}/_action/send_goal"), move |request: ServiceRequest<A::SendGoal>| {
        let (id, goal) = A::destructure_goal_request_msg(request.message.clone());
        let stamp = convert::time(host_of.now());
        let cancel = Arc::new(AtomicBool::new(false));
        let accepted = {
            let mut inner = lock(&asked);
            inner.forget();
            let open = inner.goals.iter().filter(|entry| entry.result.is_none()).count();
            let fresh = !inner.goals.iter().any(|entry| entry.id == id);
            if fresh && open < MOST_OPEN {
                let (id, stamp, cancel) = (id.clone(), stamp.clone(), cancel.clone());
                inner.goals.push_back(Entry {
                    id,
                    stamp,
                    status: EXECUTING,
                    cancel,
                    result: None,
                    waiting: Vec::new(),
                });
                inner.tell_status();
            }
            fresh && open < MOST_OPEN
        };
        if let Err(error) = request.respond(A::make_goal_response_msg(accepted, stamp)) {
            host_of.warn(format_args!("a goal got no answer: {error}"));
        }
        if accepted {
            taken(Goal { goal, id, cancel, server: asked.clone(), ended: false });
        }
    })?;
    let asked = server.clone();
    host.serve(&format!("{name}/_action/cancel_goal"), move |request: ServiceRequest<CancelGoal::Service>| {
        let response = {
            let mut inner = lock(&asked);
            let response = inner.cancel(&request.message.goal_info);
            inner.tell_status();
            response
        };
        drop(request.respond(response)); // whoever asked may be gone
    })?;
    host.serve(&format!("{name}/_action/get_result"), move |request: ServiceRequest<A::GetResult>| {
        let id = A::destructure_result_request_msg(request.message.clone());
        let mut inner = lock(&server);
        match inner.goals.iter_mut().find(|entry| entry.id == id) {
            Some(Entry { result: Some((_, response)), .. }) => drop(request.respond(response.clone())),
            Some(entry) if entry.waiting.len() < MOST_OPEN => entry.waiting.push(request),
            // 0: unknown goal.
            _ => drop(request.respond(A::make_result_response_msg(0, A::Result::default()))),
        }
    })
}
