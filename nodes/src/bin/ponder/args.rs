//! The command line, as clap reads it.

mod bench;
mod exam;
mod imagine;
mod mind;
mod models;
mod school;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ponder_nodes::stack::Breakage;

pub use bench::{BenchArgs, BenchOf, BenchReasonerArgs};
pub use exam::{ExamArgs, ExamImagineArgs, ExamIn, ExamSeeArgs, ExamThinkArgs};
pub use imagine::{DataImagineArgs, ImagineStage, TrainImagineArgs};
pub use mind::{EyesArgs, MindArgs};
pub use models::{DeviceArg, ImagineArgs, ModelsArgs, ModelsCommand, PrecisionArg, PullArgs, SeeArgs, ThinkArgs};
pub use school::{
    DataArgs, DataOf, DataSeeArgs, DataThinkArgs, DistillArgs, OptimizerArg, RlArgs, RlThinkArgs, RlWhat, TrainArgs,
    TrainSeeArgs, TrainThinkArgs, TrainWhat, WatchArgs,
};

/// A reasoning stack for robots: say what you want, watch it look, think, plan and do it.
#[derive(Parser)]
#[command(version, max_term_width = 110, after_help = "`ponder <COMMAND> --help` shows examples.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Tell the robot what to do, and watch it
    Run(RunArgs),
    /// Tell the robot of a running ROS graph what to do, and watch it
    #[cfg(feature = "ros")]
    Do(DoArgs),
    /// Run many seeded episodes and count what succeeds
    Eval(EvalArgs),
    /// Turn the loop again from a journal and compare it bit for bit
    Replay(ReplayArgs),
    /// List skills, robots, scenes, suites or models
    List(ListArgs),
    /// Think of a plan, without moving
    Think(ThinkArgs),
    /// Ask about a picture
    See(SeeArgs),
    /// Draw pictures from words
    Imagine(ImagineArgs),
    /// List the models that are known, or fetch one
    Models(ModelsArgs),
    /// Write lessons: pictures of scenes, or instructions with thoughts and plans
    Data(DataArgs),
    /// Train an eye, a reasoner or an imaginer on lessons
    Train(TrainArgs),
    /// Let a reasoner learn from reward
    Rl(RlArgs),
    /// Teach a small reasoner what a larger one answers
    Distill(DistillArgs),
    /// Give an eye, a reasoner or an imaginer marks on lessons it never saw
    Exam(ExamArgs),
    /// Measure how fast something is here, beside its peer
    Bench(BenchArgs),
    /// Say what is here, what is missing, and what to install
    Doctor(DoctorArgs),
    /// Bring up the nodes of a ROS 2 launch file, and keep them up
    Up(UpArgs),
    /// Run nodes of a ROS 2 graph, several in one process if you like
    #[cfg(feature = "ros")]
    Node(NodeArgs),
}

#[cfg(feature = "ros")]
const NODE_EXAMPLES: &str = "\
Examples:
  ponder node world                                  (each in a terminal of its own)
  ponder node perceive --ros-args -p use_sim_time:=true
  ponder node world perceive reason act --ros-args -p use_sim_time:=true -p world:scene:=drawer
  ponder node act --ros-args -p robot:=my_arm.yaml --params-file my.yaml -r __ns:=/left

Nodes: world, perceive, reason, act. Ctrl-C brings the robot to rest and ends them.";

/// `ponder node`.
#[cfg(feature = "ros")]
#[derive(Args)]
#[command(after_help = NODE_EXAMPLES, override_usage = "ponder node <NAME>... [--ros-args ...]")]
pub struct NodeArgs {
    /// Which nodes; then, after --ros-args, what ROS itself reads
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
}

const RUN_EXAMPLES: &str = "\
Examples:
  ponder run
  ponder run \"把红色方块放进绿色的碗里\"
  ponder run --scene drawer \"open the drawer and put the cup in it\" --save run.rrd
  ponder run --seed 3 --view \"put the cup on the plate\"
  ponder run --baselines                    (what the simulator knows, and a search, in place of the learned parts)
  ponder run --fault nan-joint@2            (it must come to a safe stop)
  ponder run --reasoner smollm2-135m \"put the cup on the plate\"
  ponder run --reasoner remote --url http://localhost:8000/v1 --model deepseek-r1

Exit codes:
  0  done, and the judge agrees      3  failed, out of time, or the judge disagrees
  2  refused, or asked back          4  halted: a fault, the guard, Ctrl-C
  1  wrong usage, or no run at all

The first Ctrl-C brings the robot to rest and closes the records, the second ends the program at once.";

/// `ponder run`.
#[derive(Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// What the robot shall do, in English or Chinese
    #[arg(default_value = "put the red block in the green bowl")]
    pub instruction: String,
    /// Scene: a name from `ponder list scenes`, or a scenario file; without it, the one that knows the instruction
    #[arg(long, value_name = "NAME|FILE")]
    pub scene: Option<String>,
    /// Seed of everything random: where things stand, their colours and sizes, light, noise
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How long the robot may try, simulated seconds [default: the task's]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub time_limit: Option<f64>,
    /// Where the recording goes [default: runs/NUMBER-SCENE/run.rrd]
    #[arg(long, value_name = "FILE.rrd")]
    pub save: Option<PathBuf>,
    /// Where the journal goes [default: beside the recording, or runs/NUMBER-SCENE/run.journal]
    #[arg(long, value_name = "FILE.journal")]
    pub journal: Option<PathBuf>,
    /// Open the rerun viewer and watch live
    #[arg(long)]
    pub view: bool,
    /// Stream to a viewer that already listens
    #[arg(long, value_name = "URL", conflicts_with = "view")]
    pub connect: Option<String>,
    /// Who reasons
    #[command(flatten)]
    pub mind: MindArgs,
    /// Who perceives
    #[command(flatten)]
    pub eyes: EyesArgs,
    /// Break something, after SECONDS if given: frozen-camera, silent-camera, nan-joint, sensor-silence, late-command,
    /// hung-planner, emergency-stop
    #[arg(long, value_name = "NAME[@SECONDS]")]
    pub fault: Vec<Breakage>,
    /// No pictures: nothing is rendered, no GL is needed, and ground-truth perceives
    #[arg(long)]
    pub no_camera: bool,
    /// One JSON object on standard output at the end; the story goes to standard error
    #[arg(long)]
    pub json: bool,
}

#[cfg(feature = "ros")]
const DO_EXAMPLES: &str = "\
Examples:
  ponder do \"put the red block in the green bowl\"
  ponder do --time-limit 60 \"把红色方块放进绿色的碗里\"
  ponder do --json \"open the drawer\" > outcome.json
  ponder do --namespace left/ponder \"go to the red zone\"      (after: ponder up mobile namespace:=left/ponder)

Exit codes:
  0  done                            3  failed, or out of time
  2  refused, or asked back          4  halted: a fault, the guard, Ctrl-C; or `act` fell silent
  1  wrong usage, nobody there, busy

The first Ctrl-C cancels the task and waits until the robot is at rest, the second ends the program at once.";

/// `ponder do`.
#[cfg(feature = "ros")]
#[derive(Args)]
#[command(after_help = DO_EXAMPLES)]
pub struct DoArgs {
    /// What the robot shall do, in English or Chinese
    pub instruction: String,
    /// How long the robot may try, seconds [default: what `act` has, 120]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub time_limit: Option<f64>,
    /// Namespace of the graph's nodes, as `ponder up FILE namespace:=NAME` has given it
    #[arg(long, value_name = "NAME", default_value = "ponder", value_parser = ponder_nodes::launch::plan::namespace)]
    pub namespace: String,
    /// How long to wait for `act` to be there, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub wait: f64,
    /// One JSON object on standard output at the end; the story goes to standard error
    #[arg(long)]
    pub json: bool,
}

const UP_EXAMPLES: &str = "\
Examples:
  ponder up tabletop
  ponder up mobile seed:=4 camera_hz:=0
  ponder up my_robot.launch.yaml --show-args
  ponder up headless --dry-run                (the command lines, nothing is started)

The file is a ROS 2 launch file in YAML: a path, or one of launch/. Understood are arg, let, node, include, group and
push_ros_namespace, of which only nodes of the package `ponder`; `ros2 launch` understands the same files.
Ctrl-C stops all nodes, each with time to bring the robot to rest; no process is left.";

/// `ponder up`.
#[derive(Args)]
#[command(after_help = UP_EXAMPLES)]
pub struct UpArgs {
    /// Launch file: a path, or the name of one that comes with Ponder
    pub file: String,
    /// Its arguments
    #[arg(value_name = "NAME:=VALUE")]
    pub given: Vec<String>,
    /// Tell which arguments it has
    #[arg(long, conflicts_with = "dry_run")]
    pub show_args: bool,
    /// Print the command lines
    #[arg(long)]
    pub dry_run: bool,
    /// All nodes in one process
    #[arg(long)]
    pub one_process: bool,
}

const EVAL_EXAMPLES: &str = "\
Examples:
  ponder eval --suite tabletop --episodes 200 --seed 7
  ponder eval --suite stack,sort --episodes 40 --threads 2 --baselines
  ponder eval --suite all --episodes 200 --json > result.json
  ponder eval --episodes 40 --fault nan-joint@2     (most fail, and nothing is harmed)
  ponder eval --episodes 40 --reasoner FILE.gguf --no-grammar

The same suite, seed and number of episodes give the same result on any number of threads, but for a remote reasoner.
Thinking takes 0.2 s of simulated time, whatever it takes on the wall.";

/// `ponder eval`.
#[derive(Args)]
#[command(after_help = EVAL_EXAMPLES)]
pub struct EvalArgs {
    /// Suites from `ponder list suites`, with commas between; `all`; or `refuse`: what must be refused
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAME")]
    pub suite: Vec<String>,
    /// Number of episodes; the tasks take turns
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub episodes: u32,
    /// Seed of everything random
    #[arg(long, default_value_t = 7, value_name = "N")]
    pub seed: u64,
    /// Number of threads; 0: one a core
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Scenario files of your own in place of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub scenario: Vec<PathBuf>,
    /// Who reasons
    #[command(flatten)]
    pub mind: MindArgs,
    /// Who perceives
    #[command(flatten)]
    pub eyes: EyesArgs,
    /// Break something, after SECONDS if given: frozen-camera, silent-camera, nan-joint, sensor-silence, late-command,
    /// hung-planner
    #[arg(long, value_name = "NAME[@SECONDS]")]
    pub fault: Vec<Breakage>,
    /// One JSON object on standard output: success_rate, episodes, by_task, failures, and every episode
    #[arg(long)]
    pub json: bool,
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  ponder replay run.journal                  turns the loop again and compares every event, bit for bit
  ponder replay run.journal --print          what happened, for people
  ponder replay run.journal --json | jq .    every record, for tools
  ponder replay run.journal --rrd run.rrd    a recording of it

Exit codes: 0 equal (or shown), 1 different, damaged, or not a journal. A journal that was cut off by a kill is
compared as far as it goes.";

/// `ponder replay`.
#[derive(Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub struct ReplayArgs {
    /// The journal
    pub journal: PathBuf,
    /// Tell what happened, as `ponder run` did
    #[arg(long, group = "show")]
    pub print: bool,
    /// Write every record as a line of JSON (numbers that are not finite become null)
    #[arg(long, group = "show")]
    pub json: bool,
    /// Make a recording (without pictures: they are not journalled)
    #[arg(long, value_name = "FILE.rrd", group = "show")]
    pub rrd: Option<PathBuf>,
}

const LIST_EXAMPLES: &str = "\
Examples:
  ponder list skills
  ponder list scenes --json";

/// `ponder list`.
#[derive(Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct ListArgs {
    /// What to list
    #[arg(value_enum)]
    pub what: Listing,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be listed.
#[derive(Clone, Copy, ValueEnum)]
pub enum Listing {
    /// What a plan can ask for
    Skills,
    /// Robots that come built in
    Robots,
    /// Scenes that come built in, with what can be asked in them
    Scenes,
    /// Suites for `ponder eval`
    Suites,
    /// Perceivers and reasoners
    Models,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  ponder doctor
  ponder doctor --json

Exit code: 0 if `ponder run` can work here.";

/// `ponder doctor`.
#[derive(Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
