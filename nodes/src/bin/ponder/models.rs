//! `ponder models`: which models are known, which are here, what they need; and how they get here.

use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};
use ponder_core::thinker::Cancel;
use ponder_models::engine::catalog::{MODELS, Model, Precision};
use ponder_nodes::hub::{Here, Patience, Pull, Source, Store, Told, repo_of, size};
use ponder_nodes::terminal::{DIM, GOOD, HEAD, WARN};
use serde_json::{Value, json};

use crate::args::{ModelsArgs, ModelsCommand, PullArgs};

/// Lists or fetches.
pub fn models(args: &ModelsArgs, stop: &Cancel) -> anyhow::Result<u8> {
    match &args.command {
        None => list(args.json),
        Some(ModelsCommand::Pull(args)) => pull(args, stop),
    }
}

/// How a model stands here.
fn state(here: Option<&Here>) -> &'static str {
    match here {
        Some(here) if here.is_whole() => "here",
        Some(_) => "in part",
        None => "-",
    }
}

fn list(as_json: bool) -> anyhow::Result<u8> {
    let store = Store::of_environment()?;
    let all = store.all();
    let here = |repo: &str| all.iter().find(|(other, _)| other == repo).map(|(_, here)| here);
    let strange: Vec<_> = all.iter().filter(|(repo, _)| Model::find(repo).is_none()).collect();
    let mut out = anstream::stdout().lock();
    if as_json {
        let known = MODELS.iter().map(|model| entry(model, here(model.repo), &store));
        let strange = strange.iter().map(|(repo, here)| {
            json!({"name": repo, "repo": repo, "state": state(Some(here)), "disk_bytes": here.listing.bytes(),
                   "folder": store.folder_of(repo)})
        });
        let list: Vec<Value> = known.chain(strange).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&json!({"folder": store.folder, "models": list}))?)?;
        return Ok(0);
    }
    let row = ["name", "here", "disk", "f32", "bf16", "q8", "weights", "licence"];
    let line = |[name, here, disk, f32, bf16, q8, weights, licence]: [&str; 8]| {
        format!("{name:<21} {here:<8} {disk:>7}  {f32:>7} {bf16:>7} {q8:>7}  {weights:>7}  {licence}")
    };
    writeln!(out, "{DIM}{:<21} {:<8} {:>7}  {:^23}{DIM:#}", "", "", "", "memory of the weights")?;
    writeln!(out, "{HEAD}{}{HEAD:#}", line(row))?;
    let mut kind = "";
    for model in MODELS {
        if model.kind.about() != kind {
            kind = model.kind.about();
            writeln!(out, "{DIM}{kind}{DIM:#}")?;
        }
        let (state, style) = match state(here(model.repo)) {
            "here" => ("here", GOOD),
            "in part" => ("in part", WARN),
            other => (other, DIM),
        };
        let memory = |precision| size(model.weights_bytes(precision));
        let (f32, bf16, q8) = (memory(Precision::F32), memory(Precision::Bf16), memory(Precision::Q8));
        let disk = size((model.disk_gb * 1e9) as u64);
        let weights = format!("{:.0} M", model.parameters_m);
        let text = line([model.name, state, &disk, &f32, &bf16, &q8, &weights, model.licence]);
        writeln!(out, "{}", text.replacen(state, &format!("{style}{state}{style:#}"), 1))?;
    }
    for (repo, here) in strange {
        writeln!(out, "{repo:<21} {:<8} {:>7}", state(Some(here)), size(here.listing.bytes()))?;
    }
    writeln!(out, "\n{DIM}in {}; `ponder models pull NAME` fetches one{DIM:#}", store.folder.display())?;
    Ok(0)
}

fn entry(model: &Model, here: Option<&Here>, store: &Store) -> Value {
    let memory = |precision| model.weights_bytes(precision);
    json!({
        "name": model.name, "repo": model.repo, "kind": model.kind, "sees": model.kind.sees(), "state": state(here),
        "parameters": (model.parameters_m * 1e6) as u64, "disk_bytes": (model.disk_gb * 1e9) as u64,
        "memory_bytes": {
            "f32": memory(Precision::F32), "bf16": memory(Precision::Bf16), "q8": memory(Precision::Q8),
            "q4": memory(Precision::Q4),
        },
        "licence": model.licence, "folder": here.map(|_| store.folder_of(model.repo)),
    })
}

fn pull(args: &PullArgs, stop: &Cancel) -> anyhow::Result<u8> {
    let store = Store::of_environment()?;
    let pull = Pull {
        repo: repo_of(&args.model)?,
        revision: args.revision.clone(),
        source: Source::of(args.url.as_deref()),
        only: args.file.clone(),
        check: args.check,
        patience: Patience::default(),
    };
    if let Some(model) = Model::find(&pull.repo) {
        anstream::eprintln!(
            "{HEAD}{}{HEAD:#}  {}, licence of the weights: {}",
            model.repo,
            model.kind.about(),
            model.licence
        );
    }
    let bar = ProgressBar::new(0);
    let template = "{msg:24!} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";
    bar.set_style(ProgressStyle::with_template(template)?);
    let mut tell = |told: Told| match told {
        Told::Begins(_, bytes, done) => {
            bar.set_length(bytes);
            bar.set_position(done);
            bar.reset_eta();
        }
        Told::File(path) => bar.set_message(path.to_owned()),
        Told::Came(bytes) if bytes < 0 => bar.dec(bytes.unsigned_abs()),
        Told::Came(bytes) => bar.inc(bytes.unsigned_abs()),
        Told::Again(why) => bar.suspend(|| anstream::eprintln!("{WARN}{why}: trying again{WARN:#}")),
    };
    let pulled = pull.run(&store, stop, &mut tell);
    bar.finish_and_clear();
    let folder = pulled?;
    let bytes = store.here(&pull.repo).map_or(0, |here| here.listing.bytes());
    if args.json {
        println!("{}", json!({"repo": pull.repo, "folder": folder, "bytes": bytes}));
    } else {
        anstream::println!("{GOOD}{}{GOOD:#} is here: {} in {}", pull.repo, size(bytes), folder.display());
    }
    Ok(0)
}
