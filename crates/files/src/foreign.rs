//! Files that are something else: what they are, told by their first bytes, and
//! what their owner can do.

/// What a file is that is neither a model in ONNX nor a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignFormat {
    /// With its article: "a zip archive".
    pub name: &'static str,
    /// How to get what was wanted; empty where nothing is known to help.
    pub next_step: &'static str,
}

/// Bytes of the beginning that [`foreign_format`] wants to see.
pub const HEAD_BYTES: usize = 512;

/// Name of the format of what begins with an object or an array.
pub const JSON: &str = "JSON";

const TO_ONNX: &str = "convert it with tf2onnx";
const EXPORT: &str = "load it with the framework that wrote it and export to ONNX, as with \
                      torch.onnx.export";
const UNPACK: &str = "unpack it first";
const NO_WEIGHTS: &str = "it holds weights without a graph; export the network itself to ONNX";

/// Beginnings of files, and what follows from them.
const MAGIC: &[(usize, &[u8], &str, &str)] = &[
    (
        0,
        b"version https://git-lfs",
        "a Git LFS pointer",
        "fetch the file itself with `git lfs pull`",
    ),
    (
        0,
        b"version https://hawser",
        "a Git LFS pointer",
        "fetch the file itself with `git lfs pull`",
    ),
    (4, b"TFL3", "a TensorFlow Lite model", "convert it with tf2onnx --tflite"),
    (
        4,
        b"ORTM",
        "a model in ONNX Runtime's own format (.ort)",
        "give the .onnx file that it was made from",
    ),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras .h5)", TO_ONNX),
    (0, b"GGUF", "a GGUF file", NO_WEIGHTS),
    (0, b"\x93NUMPY", "a NumPy array", ""),
    (
        0,
        b"PK\x03\x04",
        "a zip archive (PyTorch .pt, .keras, .xlsx, .npz or other)",
        "unpack it, or export what it holds: a network with torch.onnx.export, a sheet as CSV",
    ),
    (0, b"PK\x05\x06", "an empty zip archive", ""),
    (0, b"\x1f\x8b", "gzip data", UNPACK),
    (0, b"BZh", "bzip2 data", UNPACK),
    (0, b"\xfd7zXZ\0", "xz data", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "zstd data", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"PAR1", "a Parquet table", ""),
    (0, b"ARROW1", "an Arrow or Feather file", "write it as Parquet or CSV"),
    (0, b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Microsoft Office file (.xls)",
        "save the sheet as CSV",
    ),
    (0, b"%PDF-", "a PDF document", ""),
    (0, b"\x89PNG", "a PNG picture", ""),
    (0, b"\xff\xd8\xff", "a JPEG picture", ""),
    (0, b"\x7fELF", "a program or shared library", ""),
    (0, b"\x80\x02", "a Python pickle (an old PyTorch .pt or .pth)", EXPORT),
    (0, b"\x80\x03", "a Python pickle", EXPORT),
    (0, b"\x80\x04", "a Python pickle", EXPORT),
    (0, b"\x80\x05", "a Python pickle", EXPORT),
    (0, b"7767517", "an ncnn parameter file", "give the model that it was converted from"),
    (0, b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (0, b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
];

/// Beginnings of texts, in lower case, white space before them passed over.
const TEXT: &[(&str, &str, &str)] = &[
    (
        "<!doctype html",
        "an HTML page",
        "fetch the file itself; the page may be an error or a log-in",
    ),
    ("<html", "an HTML page", "fetch the file itself; the page may be an error or a log-in"),
    ("<head", "an HTML page", "fetch the file itself; the page may be an error or a log-in"),
    (
        "<?xml",
        "an XML document (OpenVINO's .xml or other)",
        "give the model that it was converted from",
    ),
    ("<net", "an OpenVINO network", "give the model that it was converted from"),
    (
        "<ir_version",
        "ONNX in its text form",
        "write it as bytes: onnx.save(onnx.parser.parse_model(text), path)",
    ),
    ("ir_version:", "ONNX in the text form of protobuf", "write it as bytes with onnx.save"),
    ("{", JSON, ""),
    ("[", JSON, ""),
    ("404: not found", "an error message of a server", "check the address it was fetched from"),
    ("not found", "an error message of a server", "check the address it was fetched from"),
];

/// What a file is that begins with `head` ([`HEAD_BYTES`] or all of it), where
/// it is neither ONNX nor text of a table.
///
/// ```
/// let format = nneval_files::foreign_format(b"version https://git-lfs.github.com/spec/v1\n").unwrap();
/// assert_eq!(format.to_string(), "a Git LFS pointer; fetch the file itself with `git lfs pull`");
/// ```
pub fn foreign_format(head: &[u8]) -> Option<ForeignFormat> {
    let begins = |(at, magic, ..): &&(usize, &[u8], &str, &str)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(magic))
    };
    if let Some((_, _, name, next_step)) = MAGIC.iter().find(begins) {
        return Some(ForeignFormat { name, next_step });
    }
    if is_safetensors(head) {
        return Some(ForeignFormat { name: "a safetensors file", next_step: NO_WEIGHTS });
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |(start, ..): &&(&str, &str, &str)| {
        text.get(..start.len()).is_some_and(|t| t.eq_ignore_ascii_case(start.as_bytes()))
    };
    TEXT.iter().find(begins).map(|(_, name, next_step)| ForeignFormat { name, next_step })
}

/// The length of a JSON header in 8 bytes, then that header.
fn is_safetensors(head: &[u8]) -> bool {
    let Some((length, json)) = head.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    (2..1 << 30).contains(&length) && (json.starts_with(b"{\"") || json.starts_with(b"{ "))
}

impl std::fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.next_step {
            "" => f.write_str(self.name),
            next => write!(f, "{}; {next}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_beginning() {
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\x0000");
        let safetensors = [&64u64.to_le_bytes()[..], b"{\"w\":{}}"].concat();
        for (head, name) in [
            (&b"version https://git-lfs.github.com/spec/v1\noid"[..], "a Git LFS pointer"),
            (b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
            (b"\x20\0\0\0ORTM", "a model in ONNX Runtime's own format (.ort)"),
            (&safetensors, "a safetensors file"),
            (&tar, "a tar archive"),
            (b"\n <!DOCTYPE html><html>", "an HTML page"),
            (b"\xef\xbb\xbf{\"a\": 1}", "JSON"),
            (b"<ir_version: 8>", "ONNX in its text form"),
            (b"\x1f\x8b\x08", "gzip data"),
        ] {
            assert_eq!(foreign_format(head).unwrap().name, name);
        }
    }

    #[test]
    fn models_and_tables_are_none_of_them() {
        for head in
            [&b""[..], b"\x08\x08\x12\x07pytorch", b"path,lat_ms\n", b"# cpu: x\n", b"\x3a\x10"]
        {
            assert_eq!(foreign_format(head), None);
        }
    }
}
