//! What an active `reason` has: the worker that thinks, what it thinks about, and the dry runs that wait for it. Lives
//! on the node's thread; the reasoner lives behind core's [`Threaded`], which cancels what is replaced.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ponder_core::reasoner::{Answer, Question, ReasonError, Reasoner};
use ponder_core::thinker::{Cancel, Reply, Thinker, Threaded};
use r2r::Publisher;
use r2r::ponder_msgs::action::Think;
use r2r::ponder_msgs::msg;
use r2r::std_msgs::msg::Header;

use super::question::Asker;
use super::work::{Asked, Dry, Ending};
use crate::ros::action::{End, Goal};
use crate::ros::convert;
use crate::ros::health::{Health, Level};
use crate::ros::host::Host;

/// Most dry runs that wait.
const MOST_DRY: usize = 8;
/// A pretended hang looks this often whether it shall end.
const SLICE: Duration = Duration::from_millis(20);

/// A question with how long to hang before it.
struct Job {
    question: Question,
    hang: Duration,
}

struct Current {
    asked: Asked,
    question: Question,
    since: Instant,
}

/// See the module.
pub struct Mind {
    /// Makes questions of messages.
    pub asker: Asker,
    /// The scene that was heard last.
    pub scene: Option<msg::Scene>,
    /// Who thinks.
    pub by: String,
    worker: Threaded<Job, Result<Answer, ReasonError>>,
    thoughts: Publisher<msg::Thought>,
    current: Option<Current>,
    dry: VecDeque<(Dry, Question)>,
    lost: bool,
    answered: u64,
    failed: u64,
}

impl Mind {
    /// With a thread to think on.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(asker: Asker, mut mind: Box<dyn Reasoner>, thoughts: Publisher<msg::Thought>) -> std::io::Result<Self> {
        let by = mind.name().to_owned();
        let think = move |job: &Job, say: &mut dyn FnMut(&str), cancel: &Cancel| {
            let until = Instant::now() + job.hang;
            while Instant::now() < until && !cancel.is_cancelled() {
                std::thread::sleep(SLICE.min(until.saturating_duration_since(Instant::now())));
            }
            if cancel.is_cancelled() {
                return Err(ReasonError::Cancelled);
            }
            mind.think(&job.question, say, cancel)
        };
        let worker = Threaded::spawn("reason-mind", Box::new(think))?;
        let (current, dry) = (None, VecDeque::new());
        Ok(Self { asker, scene: None, by, worker, thoughts, current, dry, lost: false, answered: 0, failed: 0 })
    }

    /// A goal to think; a running one gives way to it, a running dry run waits.
    pub fn think(&mut self, host: &Host, goal: Goal<Think::Action>) {
        let g = &goal.goal;
        let made = self.asker.question(host.now(), &g.instruction, g.time_limit, &g.scene, &g.attempts);
        let asked = Asked::Think(goal);
        let question = match made {
            Ok(question) => question,
            Err(why) => return asked.end(Ending::failed(why)),
        };
        match self.current.take() {
            Some(Current { asked: Asked::Dry(dry), question, .. }) => self.dry.push_front((dry, question)),
            Some(current) => current.asked.end(Ending::failed("a newer goal came in between")),
            None => {}
        }
        self.begin(host, asked, question);
    }

    /// A dry run, which waits its turn.
    pub fn plan(&mut self, host: &Host, dry: Dry) {
        let made = self.asker.question(host.now(), &dry.request.message.instruction, 0.0, &dry.scene, &[]);
        match made {
            Ok(_) if self.dry.len() >= MOST_DRY => Asked::Dry(dry).end(Ending::failed("too many dry runs wait")),
            Ok(question) => self.dry.push_back((dry, question)),
            Err(why) => Asked::Dry(dry).end(Ending::failed(why)),
        }
    }

    fn begin(&mut self, host: &Host, asked: Asked, question: Question) {
        let hang = Duration::from_secs_f64(host.params().number("hang_s").clamp(0.0, 600.0));
        self.worker.post(host.now(), Job { question: question.clone(), hang });
        self.current = Some(Current { asked, question, since: Instant::now() });
    }

    /// Passes on what was thought, ends what is to end, and begins what waits.
    pub fn turn(&mut self, host: &Host) {
        while let Some(reply) = self.worker.poll(host.now()) {
            match reply {
                Reply::Piece(piece) => self.say(host, &piece),
                Reply::Answer(answer) => self.answer(answer),
                Reply::Lost => {
                    self.lost = true;
                    self.stop(Ending::failed("the thread that thinks has died: activate the node again"));
                }
            }
        }
        let most_s = host.params().number("max_think_s");
        let (is_cancelled, took) =
            self.current.as_ref().map_or((false, Duration::ZERO), |c| (c.asked.is_cancelled(), c.since.elapsed()));
        if is_cancelled {
            self.stop(Ending { how: End::Canceled, ..Ending::failed("cancelled") });
        } else if took.as_secs_f64() > most_s {
            self.stop(Ending::failed(format!("no answer within max_think_s = {most_s} s")));
        }
        if self.current.is_none()
            && let Some((dry, question)) = self.dry.pop_front()
        {
            self.begin(host, Asked::Dry(dry), question);
        }
    }

    fn say(&self, host: &Host, piece: &str) {
        let Some(current) = &self.current else {
            return;
        };
        let header = Header { stamp: convert::time(host.now()), frame_id: String::new() };
        let attempt = u32::try_from(current.question.attempts.len()).unwrap_or(u32::MAX);
        // For show: a piece that is lost is in the whole thought at the end.
        drop(self.thoughts.publish(&msg::Thought { header, attempt, piece: piece.to_owned() }));
        current.asked.say(piece);
    }

    fn answer(&mut self, answer: Result<Answer, ReasonError>) {
        let Some(Current { asked, question, .. }) = self.current.take() else {
            return;
        };
        let ending = match answer {
            Ok(answer) => {
                self.answered += 1;
                let plan = self.asker.plan(&question, &answer, &self.by);
                Ending { how: End::Succeeded, message: String::new(), plan, thought: answer.thought }
            }
            Err(error) => {
                self.failed += 1;
                Ending::failed(error.to_string())
            }
        };
        asked.end(ending);
    }

    fn stop(&mut self, ending: Ending) {
        self.worker.cancel();
        if let Some(current) = self.current.take() {
            self.failed += 1;
            current.asked.end(ending);
        }
    }

    /// Ends it: who waits is told, the publisher goes.
    pub fn close(mut self, host: &Host) {
        self.stop(Ending::failed("reason was deactivated"));
        for (dry, _) in std::mem::take(&mut self.dry) {
            Asked::Dry(dry).end(Ending::failed("reason was deactivated"));
        }
        host.retire(self.thoughts);
    }

    /// How it is.
    pub fn health(&self) -> Health {
        let values = vec![
            ("by", self.by.clone()),
            ("thinking", self.current.is_some().to_string()),
            ("answered", self.answered.to_string()),
            ("failed", self.failed.to_string()),
            ("dry runs waiting", self.dry.len().to_string()),
        ];
        Health::ok(values).unless(self.lost, Level::Error, "the thread that thinks has died")
    }
}
