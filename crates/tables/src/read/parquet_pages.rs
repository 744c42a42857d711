//! Sizes that the pages of a Parquet file claim, added up before a page is read.
//!
//! A page tells the size that it has once unpacked, and the reader of the crate
//! `parquet` makes room for it. A gzip page may have more. Page headers are Thrift
//! structures in the compact protocol: 2 is the unpacked size, 3 the stored one.

use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;
use std::io::Read;

/// Longest header of a page that is read, in bytes.
const LONGEST_HEADER: u64 = 1 << 20;
/// Structures within structures, at most.
const DEPTH: u32 = 16;

/// Refuses a file whose pages unpack to more than `most` bytes, or whose page headers
/// cannot be read.
///
/// # Errors
/// The reason.
pub(super) fn check(
    source: &impl ChunkReader,
    metadata: &ParquetMetaData,
    most: u64,
) -> Result<(), String> {
    let mut left = most;
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let (start, length) = column.byte_range();
        let gzip = matches!(column.compression(), Compression::GZIP(_));
        let end = start.checked_add(length).filter(|end| *end <= source.len());
        let end = end.ok_or("a column lies outside of the file")?;
        let mut at = start;
        while at < end {
            let page = Page::at(source, at, end)?;
            left = left.checked_sub(page.unpacked).ok_or(TOO_LARGE)?;
            if gzip && unpacks_to_more(source, &page)? {
                return Err(TOO_LARGE.to_owned());
            }
            at = page.end;
        }
    }
    Ok(())
}

const TOO_LARGE: &str = "its pages unpack to more than a table of its size may hold";
const DAMAGED: &str = "the header of a page is damaged";

/// Where a page is, and its size once unpacked.
struct Page {
    start: u64,
    end: u64,
    unpacked: u64,
}

impl Page {
    /// The page whose header is at `at`; all of it lies before `end`.
    fn at(source: &impl ChunkReader, at: u64, end: u64) -> Result<Self, String> {
        let length = usize::try_from((end - at).min(LONGEST_HEADER)).map_err(|_| DAMAGED)?;
        let bytes = source.get_bytes(at, length).map_err(|e| e.to_string())?;
        let mut header = Header { rest: &bytes, sizes: [None; 2] };
        header.structure(0, true).ok_or(DAMAGED)?;
        let [Some(unpacked), Some(stored)] = header.sizes else { return Err(DAMAGED.to_owned()) };
        let used = (bytes.len() - header.rest.len()) as u64;
        let start = at.saturating_add(used);
        let page_end = start.checked_add(stored).filter(|e| *e <= end).ok_or(DAMAGED)?;
        Ok(Self { start, end: page_end, unpacked })
    }
}

/// Whether the gzip data of a page has more than its header says. Level bytes that
/// stand before it unpacked make no gzip data: such a page is left to the reader.
fn unpacks_to_more(source: &impl ChunkReader, page: &Page) -> Result<bool, String> {
    let stored = source.get_read(page.start).map_err(|e| e.to_string())?;
    let unpacked = flate2::read::MultiGzDecoder::new(stored.take(page.end - page.start));
    let mut limited = unpacked.take(page.unpacked.saturating_add(1));
    match std::io::copy(&mut limited, &mut std::io::sink()) {
        Ok(bytes) => Ok(bytes > page.unpacked),
        Err(_) => Ok(false),
    }
}

/// Reads a Thrift structure; `None` where it is damaged.
struct Header<'a> {
    rest: &'a [u8],
    /// Fields 2 and 3.
    sizes: [Option<u64>; 2],
}

impl Header<'_> {
    /// Goes over a structure. Of the outermost the sizes are kept.
    fn structure(&mut self, depth: u32, outermost: bool) -> Option<()> {
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            field = match byte >> 4 {
                0 => self.signed()?,
                delta => field.checked_add(i64::from(delta))?,
            };
            match (byte & 15, field, outermost) {
                (5, 2 | 3, true) => {
                    let size = u64::try_from(self.signed()?).ok()?;
                    *self.sizes.get_mut(usize::try_from(field - 2).ok()?)? = Some(size);
                }
                // A boolean is its type.
                (1 | 2, ..) => {}
                (kind, ..) => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match kind {
            1..=3 => self.byte().map(drop),
            4..=6 => self.unsigned().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.unsigned()?;
                self.skip(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = match byte >> 4 {
                    15 => self.unsigned()?,
                    count => u64::from(count),
                };
                self.members(count, byte & 15, depth)
            }
            12 => self.structure(depth + 1, false),
            _ => None,
        }
    }

    /// Each member takes a byte at least, so their number is bounded by what is left.
    fn members(&mut self, count: u64, kind: u8, depth: u32) -> Option<()> {
        if count > self.rest.len() as u64 {
            return None;
        }
        (0..count).try_for_each(|_| self.value(kind, depth + 1))
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn skip(&mut self, bytes: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number in zigzag form.
    fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::file::writer::SerializedFileWriter;
    use std::sync::Arc;

    fn file(compression: Compression, text: &str) -> Bytes {
        let schema =
            parquet::schema::parser::parse_message_type("message t { required binary a (UTF8); }");
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut out = Vec::new();
        let mut file =
            SerializedFileWriter::new(&mut out, Arc::new(schema.unwrap()), Arc::new(properties))
                .unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values = vec![ByteArray::from(text); 3];
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        file.close().unwrap();
        out.into()
    }

    fn checked(bytes: &Bytes, most: u64) -> Result<(), String> {
        let reader = SerializedFileReader::new(bytes.clone()).unwrap();
        check(bytes, reader.metadata(), most)
    }

    #[test]
    fn pages_are_added_up() {
        let text = "a".repeat(1 << 20);
        for compression in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())]
        {
            let bytes = file(compression, &text);
            assert_eq!(checked(&bytes, 8 << 20), Ok(()), "{compression:?}");
            assert_eq!(checked(&bytes, 1 << 19), Err(TOO_LARGE.to_owned()), "{compression:?}");
        }
    }

    #[test]
    fn headers_are_read_in_bounds() {
        let mut header =
            Header { rest: &[0x15, 0, 0x15, 8, 0x15, 6, 0x2c, 0x15, 2, 0, 0, 9], sizes: [None; 2] };
        assert_eq!(header.structure(0, true), Some(()));
        assert_eq!((header.sizes, header.rest), ([Some(4), Some(3)], &[9u8][..]));
        for bad in
            [&[0x1c; 99][..], &[0x18, 0xff, 0xff, 0x7f], &[0x19, 0xfc, 0xff, 0xff, 0x7f], &[]]
        {
            assert_eq!(Header { rest: bad, sizes: [None; 2] }.structure(0, true), None);
        }
    }
}
