//! SVG pictures as PNG, with fonts of their own: what the machine has installed
//! does not matter.

use crate::error::{Error, Result};
use nneval_files::write_atomic;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The fonts of pictures: Latin, Greek, punctuation (`font/OFL.txt`).
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("font/Inter-Regular.otf").to_vec());
    fonts.load_font_data(include_bytes!("font/Inter-SemiBold.otf").to_vec());
    fonts.set_sans_serif_family("Inter");
    Arc::new(fonts)
});

/// Widest and highest picture, in pixels.
const MOST: u32 = 16_384;

/// `svg` as PNG bytes, `scale` pixels for each pixel that it states. Characters
/// that the fonts lack are drawn as a box; nothing outside of `svg` is read.
///
/// # Errors
/// Why it cannot be drawn.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, String> {
    let options =
        Options { font_family: "Inter".into(), fontdb: Arc::clone(&FONTS), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| e.to_string())?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or("a picture without size")?;
    let (width, height) = (size.width(), size.height());
    if width.max(height) > MOST {
        return Err(format!("{width} by {height} pixels, the most is {MOST}"));
    }
    let mut pixels = Pixmap::new(width, height).ok_or("a picture without size")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| e.to_string())
}

/// Writes `svg` as `STEM.svg` and `STEM.png`, two pixels for each of the SVG's;
/// each is replaced whole or not at all.
///
/// # Errors
/// [`Error::Io`], or [`Error::Picture`] where it cannot be drawn.
pub fn write_picture(svg: &str, dir: &Path, stem: &str) -> Result<()> {
    let path = |ending: &str| dir.join(format!("{stem}.{ending}"));
    write_atomic(&path("svg"), svg.as_bytes())?;
    let bytes = png(svg, 2.0).map_err(|reason| Error::picture(path("png"), reason))?;
    write_atomic(&path("png"), &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_with_the_fonts_that_come_with_the_program() {
        let svg = |text: &str| {
            format!(
                "<svg width=\"200\" height=\"40\" xmlns=\"http://www.w3.org/2000/svg\"><text x=\"4\" \
                 y=\"30\" font-family=\"sans-serif\" font-size=\"24\">{text}</text></svg>"
            )
        };
        let ink = |text: &str| {
            let pixels = Pixmap::decode_png(&png(&svg(text), 1.0).unwrap()).unwrap();
            pixels.pixels().iter().filter(|p| p.alpha() > 0).count()
        };
        assert_eq!(ink(""), 0);
        assert!(ink("τ = 0.9 ± ρ") > ink("τ") && ink("τ") > 20);
        assert!(png("<svg", 1.0).is_err() && png(&svg("a"), 1e4).is_err());
    }
}
