//! One end of the transport measurement `tests/ros/bench_transport.py`: `send` is the one publisher, `hear` a
//! subscriber by the same [`Host`] that every node of ours lives on. Not for use by itself.
//!
//!     ros_bench send image|joints SECONDS
//!     ros_bench hear image|joints SECONDS          (says what it measured as JSON)

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use ponder_core::Stamp;
use ponder_nodes::ros::convert;
use ponder_nodes::ros::host::{self, Host, Task};
use ponder_nodes::ros::topics;
use r2r::sensor_msgs::msg::{Image, JointState};
use r2r::std_msgs::msg::Header;

/// What is heard before this does not count: buffers are made and pages are touched for the first time.
const WARM_UP: Duration = Duration::from_secs(1);
/// As a node waits for the middleware.
const WAIT: Duration = Duration::from_millis(5);
const JOINTS: usize = 9;

#[derive(Default)]
struct Record {
    first: Option<Instant>,
    cpu_before_ns: u64,
    latencies_us: Vec<f64>,
    bytes: usize,
}

fn main() -> anyhow::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).take_while(|word| word != "--ros-args").collect();
    let words: Vec<&str> = given.iter().map(String::as_str).collect();
    let [role, what, seconds] = words[..] else { bail!("ros_bench send|hear image|joints SECONDS") };
    let seconds: f64 = seconds.parse().context("SECONDS")?;
    let limit = Duration::try_from_secs_f64(seconds).context("SECONDS")?;
    let (node, mut pool) = host::plain(&format!("bench_{role}"), &[])?;
    match (role, what) {
        ("send", "image") => send(&node, limit, 30.0, "bench_image", |header| Image {
            header,
            height: 480,
            width: 640,
            encoding: "rgb8".to_owned(),
            is_bigendian: 0,
            step: 640 * 3,
            data: vec![127; 640 * 480 * 3],
        }),
        ("send", "joints") => send(&node, limit, 100.0, "bench_joints", |header| JointState {
            header,
            name: (0..JOINTS).map(|i| format!("joint_{i}")).collect(),
            position: vec![0.5; JOINTS],
            velocity: vec![0.1; JOINTS],
            effort: vec![0.0; JOINTS],
        }),
        ("hear", "image" | "joints") => {
            let record = Rc::<RefCell<Record>>::default();
            let on = record.clone();
            let _task: Task = match what {
                "image" => node.subscribe("bench_image", topics::sensor(), move |image: Image| {
                    hear(&on, &image.header, image.data.len());
                })?,
                _ => node.subscribe("bench_joints", topics::sensor(), move |joints: JointState| {
                    hear(&on, &joints.header, joints.position.len());
                })?,
            };
            let begun = Instant::now();
            let heard = |limit: Duration| record.borrow().first.is_some_and(|first| first.elapsed() > limit);
            while !heard(WARM_UP + limit) && begun.elapsed() < limit + Duration::from_secs(15) {
                host::turn_once(&node, &mut pool, WAIT);
            }
            let record = record.borrow();
            let cpu_ns = cpu_ns()?.saturating_sub(record.cpu_before_ns);
            println!("{}", serde_json::json!({ "latencies_us": record.latencies_us, "cpu_ns": cpu_ns }));
            Ok(())
        }
        _ => bail!("ros_bench send|hear image|joints SECONDS"),
    }
}

fn now() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn send<T: r2r::WrappedTypesupport + 'static>(
    node: &Host,
    limit: Duration,
    rate_hz: f64,
    topic: &str,
    make: impl Fn(Header) -> T,
) -> anyhow::Result<()> {
    let publisher = node.publisher::<T>(topic, topics::reliable().keep_last(2))?;
    let (begun, period) = (Instant::now(), Duration::from_secs_f64(1.0 / rate_hz));
    let mut next = begun;
    while begun.elapsed() < limit {
        publisher.publish(&make(Header { stamp: convert::time(now()), frame_id: "bench".to_owned() }))?;
        next += period;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn hear(record: &RefCell<Record>, header: &Header, bytes: usize) {
    let latency_us = now().since_s(convert::stamp(&header.stamp)) * 1e6;
    let mut record = record.borrow_mut();
    let first = *record.first.get_or_insert_with(Instant::now);
    record.bytes += bytes;
    if first.elapsed() < WARM_UP {
        record.cpu_before_ns = cpu_ns().unwrap_or_default();
    } else {
        record.latencies_us.push(latency_us);
    }
}

/// Time that this process's threads have run, nanoseconds.
fn cpu_ns() -> anyhow::Result<u64> {
    let mut sum = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(sum)
}
