//! Quantised matrices on disk, one GGUF file for a model's files as they are: blocks are made once and read from then on.
//! A file that is cut short or of other weights counts as none, and one that can't be written is made again next time.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::quantized::gguf_file::{Content, Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result};

use crate::net::layers::{Quant, Shelf};

/// The field that says what the blocks were made from.
const SOURCE: &str = "ponder.source";

/// A shelf that is a file.
pub(super) struct FileShelf {
    path: PathBuf,
    mark: String,
    there: Option<(Content, Mutex<BufReader<File>>)>,
    made: Mutex<Vec<(String, Arc<QTensor>)>>,
}

impl FileShelf {
    /// The file of these weights in a folder, if it is there and whole.
    pub(super) fn open(folder: &Path, quant: Quant, mark: &str) -> Self {
        let format = if quant == Quant::Q8_0 { "q8_0" } else { "q4_k" };
        let path = folder.join(format!("{}-{format}.gguf", mark.get(..16).unwrap_or(mark)));
        Self { there: read(&path, mark), path, mark: mark.to_owned(), made: Mutex::default() }
    }

    /// Writes what was made, under its name only once it is whole.
    pub(super) fn write(&self) {
        let Ok(made) = self.made.lock() else { return };
        if made.is_empty() {
            return;
        }
        let half = self.path.with_extension(format!("half-{}", std::process::id()));
        let written = || -> Result<()> {
            fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
            let mut file = BufWriter::new(File::create(&half)?);
            let source = Value::String(self.mark.clone());
            let tensors: Vec<_> = made.iter().map(|(name, matrix)| (name.as_str(), matrix.as_ref())).collect();
            write(&mut file, &[(SOURCE, &source)], &tensors)?;
            file.flush()?;
            Ok(fs::rename(&half, &self.path)?)
        };
        if written().is_err() {
            // Half a file helps nobody; if it can't go either, its name is none that is read.
            let _ = fs::remove_file(&half);
        }
    }
}

/// Opens a file whose tensors all lie within it.
fn read(path: &Path, mark: &str) -> Option<(Content, Mutex<BufReader<File>>)> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut file = BufReader::new(file);
    let content = Content::read(&mut file).ok()?;
    let ours = matches!(content.metadata.get(SOURCE), Some(Value::String(source)) if source == mark);
    let whole = content.tensor_infos.values().all(|info| {
        let blocks = info.shape.elem_count() / info.ggml_dtype.block_size();
        let bytes = (blocks * info.ggml_dtype.type_size()) as u64;
        let end = content.tensor_data_offset.checked_add(info.offset).and_then(|start| start.checked_add(bytes));
        end.is_some_and(|end| end <= length)
    });
    (ours && whole).then_some((content, Mutex::new(file)))
}

impl Shelf for FileShelf {
    fn take(&self, name: &str, format: GgmlDType) -> Result<Option<QTensor>> {
        let Some((content, file)) = &self.there else { return Ok(None) };
        if content.tensor_infos.get(name).is_none_or(|info| info.ggml_dtype != format) {
            return Ok(None);
        }
        let mut file = file.lock().map_err(|_| candle_core::Error::msg("a file of blocks was given up half read"))?;
        content.tensor(&mut *file, name, &Device::Cpu).map(Some)
    }

    fn keep(&self, name: &str, matrix: &Arc<QTensor>) {
        // Added to a file that lacks some, they would leave out the rest.
        if let (None, Ok(mut made)) = (&self.there, self.made.lock()) {
            made.push((name.to_owned(), Arc::clone(matrix)));
        }
    }
}
