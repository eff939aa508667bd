//! The node's side of the mailboxes: action clients live on the node's thread, so questions to the reasoner and targets
//! for the gripper come over channels and are sent from here.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::{Either, select};
use ponder_core::command::GripperTarget;
use ponder_core::reasoner::{Answer, Question, ReasonError};
use ponder_core::robot_file::GripperPosition;
use ponder_core::thinker::Reply;
use ponder_core::thought::Thought;
use r2r::control_msgs::action::GripperCommand;
use r2r::ponder_msgs::action::Think;
use r2r::{ActionClient, ActionClientGoal};

use super::slow::{Letter, Mail};
use crate::ros::convert;
use crate::ros::host::{Host, RosError, Task};
use crate::ros::topics;

/// A question whose receipt was not heard of is asked anew after so many beats, then after twice as many and so on, so
/// that a slow network gets its turn: between two nodes that have just found each other, a service's response may be
/// lost, and the reasoner lets a newer question take the place of an older.
const BEAT: Duration = Duration::from_millis(250);
const PATIENCE: u32 = 4;

type Asked = Rc<RefCell<Option<ActionClientGoal<Think::Action>>>>;

/// Carries questions to the reasoner until the task is dropped.
///
/// # Errors
/// [`RosError`].
pub fn carry_questions(
    host: &Host,
    frame_id: &str,
    mut letters: mpsc::Receiver<Letter>,
    mail: SyncSender<Mail>,
) -> Result<Task, RosError> {
    let client = host.action_client::<Think::Action>(topics::THINK)?;
    let (on, frame_id) = (host.clone(), frame_id.to_owned());
    host.spawn(async move {
        let mut current: Option<(u64, Asked, Task)> = None;
        let beat: Rc<RefCell<Option<mpsc::Sender<()>>>> = Rc::default();
        let beaten = beat.clone();
        let _beats = on.every(BEAT, move || {
            if let Some(beat) = beaten.borrow_mut().as_mut() {
                drop(beat.try_send(())); // one that waits already will do
            }
        });
        while let Some(letter) = letters.next().await {
            let (number, question) = match letter {
                Letter::Ask(number, question) => (number, Some(question)),
                Letter::Forget(number) => (number, None),
            };
            if question.is_some() || current.as_ref().is_some_and(|(asked, ..)| *asked == number) {
                let goal = current.take().and_then(|(_, asked, _)| asked.borrow_mut().take());
                // Sent as it is made; the reasoner's consent is not waited for.
                drop(goal.map(|goal| goal.cancel().map(drop)));
            }
            let Some(question) = question else { continue };
            let asked = Asked::default();
            let (tick, beats) = mpsc::channel(1);
            *beat.borrow_mut() = Some(tick);
            let way = Way { host: on.clone(), client: client.clone(), frame_id: frame_id.clone(), beats };
            let work = ask(way, number, *question, mail.clone(), asked.clone());
            match on.spawn(work) {
                Ok(task) => current = Some((number, asked, task)),
                Err(error) => on.error(error),
            }
        }
    })
}

/// How one question goes out.
struct Way {
    host: Host,
    client: ActionClient<Think::Action>,
    frame_id: String,
    beats: mpsc::Receiver<()>,
}

async fn ask(mut way: Way, number: u64, question: Question, mail: SyncSender<Mail>, asked: Asked) {
    let say = |piece: &str| drop(mail.try_send((number, Reply::Piece(piece.into()))));
    let answer = converse(&mut way, &question, &say, &asked).await;
    asked.borrow_mut().take();
    // The loop takes its mail every period: a full box means that it is gone.
    drop(mail.try_send((number, Reply::Answer(answer.map_err(ReasonError::Failed)))));
}

async fn converse(way: &mut Way, question: &Question, say: &impl Fn(&str), asked: &Asked) -> Result<Answer, String> {
    let attempts = question.attempts.iter().map(serde_json::to_string).collect::<Result<_, _>>();
    let goal = Think::Goal {
        instruction: question.goal.instruction.clone(),
        time_limit: question.goal.time_limit_s,
        scene: convert::scene_msg(&question.scene, &way.frame_id, ""),
        attempts: attempts.map_err(|e| e.to_string())?,
    };
    let mut patience = PATIENCE;
    let taken = 'sending: loop {
        let sent = way.client.send_goal_request(goal.clone());
        let mut sent = Box::pin(sent.map_err(|e| format!("the question could not be sent: {e}"))?);
        for _ in 0..patience {
            match select(&mut sent, way.beats.next()).await {
                Either::Left((taken, _)) => break 'sending taken,
                Either::Right((Some(()), _)) => {}
                Either::Right((None, _)) => return Err("a newer question came in between".to_owned()),
            }
        }
        way.host.info(format_args!("the question was not taken within {:?}: it is asked again", BEAT * patience));
        patience = patience.saturating_mul(2);
    };
    let (goal, result, mut feedback) = taken.map_err(|e| format!("the reasoner does not take the question: {e}"))?;
    *asked.borrow_mut() = Some(goal);
    let mut said = String::new();
    let mut hear = |piece: &str| {
        said.push_str(piece);
        say(piece);
    };
    let mut result = Box::pin(result);
    let ended = loop {
        match select(feedback.next(), &mut result).await {
            Either::Left((Some(feedback), _)) => hear(&feedback.piece),
            Either::Left((None, _)) => break result.await,
            Either::Right((ended, _)) => break ended,
        }
    };
    let (_, result) = ended.map_err(|e| format!("the reasoner's answer was lost: {e}"))?;
    if !result.success {
        return Err(result.message);
    }
    // Feedback travels on a way of its own: what the result overtook is said now.
    if let Some(rest) = result.thought.strip_prefix(said.as_str()).filter(|rest| !rest.is_empty()) {
        say(rest);
    }
    let draft = convert::draft(&result.plan).map_err(|e| format!("the reasoner's plan can't be read: {e}"))?;
    // What the thought cites is for show: a name too long to be an object's is left out.
    let cites = result.cites.iter().filter_map(|id| arrayvec::ArrayString::from(id).ok()).collect();
    Ok(Answer { thought: Thought { text: result.thought, tokens: result.thought_tokens, cites }, draft })
}

/// Carries targets to the gripper's action until the task is dropped. Whether they are reached is seen in the joint
/// states; the action's own result is not waited for.
///
/// # Errors
/// [`RosError`].
pub fn carry_targets(
    host: &Host,
    action: &str,
    position: GripperPosition,
    mut targets: mpsc::Receiver<GripperTarget>,
) -> Result<Task, RosError> {
    let client = host.action_client::<GripperCommand::Action>(action)?;
    let on = host.clone();
    host.spawn(async move {
        while let Some(target) = targets.next().await {
            let share = if position == GripperPosition::Finger { 0.5 } else { 1.0 };
            let mut goal = GripperCommand::Goal::default();
            (goal.command.position, goal.command.max_effort) = (target.width_m * share, target.force_n);
            match client.send_goal_request(goal) {
                Ok(answer) => {
                    let told = on.clone();
                    let wait = async move {
                        match answer.await {
                            Ok((_, result, _)) => drop(result.await),
                            Err(error) => told.warn(format_args!("the gripper does not take its target: {error}")),
                        }
                    };
                    // Ends with its goal; a robot has few of them at a time.
                    drop(on.spawn(wait).map(std::mem::forget));
                }
                Err(error) => on.error(format_args!("a gripper target could not be sent: {error}")),
            }
        }
    })
}
