//! What a network computed of the beginning of a prompt, put aside for the next process: it is read once, the answers stay
//! the same to the letter, and what is damaged or of another model counts as none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what fails is a test

mod words;

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Device;
use ponder_core::thinker::Cancel;
use ponder_models::engine::network::{Liquid, Llama, Network};
use ponder_models::engine::text::Style;
use ponder_models::engine::write::{Ask, TextModel, Written};
use ponder_models::net::{decoder, lfm2};
use ponder_models::reason::grammar::{Guide, Limits};
use ponder_models::reason::prompt;
use ponder_models::train::Params;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A network with random weights, the same for the same seed.
fn network(is_liquid: bool, seed: u64) -> Box<dyn Network> {
    let (params, vocab_size) = (Params::new(seed, &Device::Cpu), words::tokenizer().get_vocab_size(true));
    let max_positions = 1 << 14;
    if is_liquid {
        let config = lfm2::Config { vocab_size, max_positions, ..lfm2::Config::tiny() };
        Box::new(Liquid::new(lfm2::Lfm2::new(&config, params.weights()).unwrap()))
    } else {
        let config = decoder::Config { vocab_size, max_positions, ..decoder::Config::tiny() };
        Box::new(Llama::new(decoder::Decoder::new(&config, params.weights()).unwrap()))
    }
}

/// A new process asks the model about a scene.
fn ask(net: Box<dyn Network>, kept: Option<(&Path, &Path)>, scene: u64) -> Written {
    let mut model = words::written_by(net, Style { stride: 512, ..Style::default() });
    if let Some((folder, file)) = kept {
        model = model.keeping(folder, file);
    }
    let mut question = words::question(&mut ChaCha8Rng::seed_from_u64(scene), 4);
    question.robot = words::robot(true, false);
    let mut guide = Guide::new(&question.scene, &question.robot, Limits::default());
    let turns = [prompt::turn(&question)];
    let mut ask =
        Ask { turns: &turns, thought_tokens: 6, script: &mut guide, seed: 3, weigh: false, temperature: None };
    model.write(&mut ask, &mut |_| (), &Cancel::default()).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

#[test]
fn the_next_process_reads_only_what_is_new() {
    for is_liquid in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (kept, file) = (folder.path().join("kept"), folder.path().join("model.gguf"));
        fs::write(&file, "weights").unwrap();
        let net = || network(is_liquid, 5);
        let there = Some((kept.as_path(), file.as_path()));
        let first = ask(net(), there, 1);
        assert_eq!(first, ask(net(), None, 1), "to keep changes nothing");
        assert_eq!(files(&kept).len(), 1);
        let (plain, second) = (ask(net(), None, 2), ask(net(), there, 2));
        assert!(second.prompt_tokens * 2 < plain.prompt_tokens, "{} of {}", second.prompt_tokens, plain.prompt_tokens);
        assert_eq!(Written { prompt_tokens: 0, ..second }, Written { prompt_tokens: 0, ..plain.clone() });
        assert_eq!(files(&kept).len(), 1, "the robot is the same");
        // Cut short: read anew, and kept anew.
        let name = &files(&kept)[0];
        let whole = fs::read(name).unwrap();
        fs::write(name, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(ask(net(), there, 2), plain);
        assert_eq!(fs::read(name).unwrap().len(), whole.len());
        // Of a network of another shape under the same name.
        fs::write(name, {
            let other = network(!is_liquid, 5);
            drop(ask(other, Some((&folder.path().join("other"), &file)), 1));
            fs::read(&files(&folder.path().join("other"))[0]).unwrap()
        })
        .unwrap();
        assert_eq!(ask(net(), there, 2), plain);
        // Another file of weights at the same place.
        fs::write(&file, "other weights").unwrap();
        assert_eq!(ask(net(), there, 2), plain);
        assert_eq!(files(&kept).len(), 2);
    }
}

#[test]
fn a_folder_that_cant_be_written_is_no_reason_to_fail() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let nowhere = file.path().join("no folder");
    assert_eq!(ask(network(false, 5), Some((&nowhere, file.path())), 1), ask(network(false, 5), None, 1));
}
