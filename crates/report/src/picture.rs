//! Picture files: SVG, and PNG beside it where the feature `png` is on.

use crate::error::Result;
use nneval_files::write_atomic;
use std::path::Path;

/// Writes `svg` as `STEM.svg` and, with the feature `png`, as `STEM.png`, two
/// pixels for each of the SVG's. Each file is replaced whole or not at all.
///
/// # Errors
/// [`Error::File`](crate::Error::File), or [`Error::Picture`](crate::Error::Picture)
/// where it cannot be drawn.
pub fn write_picture(svg: &str, dir: &Path, stem: &str) -> Result<()> {
    write_atomic(&dir.join(format!("{stem}.svg")), svg.as_bytes())?;
    #[cfg(feature = "png")]
    write_png(svg, &dir.join(format!("{stem}.png")))?;
    Ok(())
}

#[cfg(feature = "png")]
fn write_png(svg: &str, path: &Path) -> Result<()> {
    let bytes = super::png::png(svg, 2.0);
    Ok(write_atomic(path, &bytes.map_err(|reason| crate::Error::picture(path, reason))?)?)
}
