//! Images in documents are written anew before a document is stored: nothing is kept of what was sent but the pixels.

use std::io::Cursor;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use png::{Decoder, Encoder, Limits, Transformations};
use relay_settings::image::{IMAGE_PREFIX, IMAGE_PX_MAX, IMAGE_URL_BYTES_MAX, Image};
use relay_settings::{Kind, Problem, ProblemCode};
use serde_json::Value;

/// Memory for one image while it is read: the largest in force has a hundredth of it.
const MEMORY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The field of a kind that holds an image; none of the others has one.
const fn field(kind: Kind) -> Option<&'static str> {
    if matches!(kind, Kind::Site) { Some("logo") } else { None }
}

/// The body with its image written anew; as it is where it has none, or none that could be one, which the check of the document says.
///
/// # Errors
/// When it is no PNG inside, or too large.
pub(super) fn written_anew(kind: Kind, body: &Value) -> Result<Value, Problem> {
    let mut body = body.clone();
    let Some(name) = field(kind) else { return Ok(body) };
    let Some(Ok(image)) = body.get(name).and_then(Value::as_str).map(str::parse::<Image>) else { return Ok(body) };
    let wrong = |(code, remedy): (ProblemCode, String)| Problem { field: name.to_owned(), code, remedy };
    let anew = png_of(&image).and_then(|png| pixels_only(&png)).map_err(wrong)?;
    let url = format!("{IMAGE_PREFIX}{}", BASE64_STANDARD.encode(anew));
    if url.len() > IMAGE_URL_BYTES_MAX {
        let remedy = format!("It has {} bytes; {IMAGE_URL_BYTES_MAX} at most. Make it simpler or smaller.", url.len());
        return Err(wrong((ProblemCode::TooLong, remedy)));
    }
    body[name] = url.into();
    Ok(body)
}

/// The bytes of an image.
pub(crate) fn png_of(image: &Image) -> Result<Vec<u8>, (ProblemCode, String)> {
    let broken = |_| (ProblemCode::Shape, "It is not base64. Write the PNG in base64 with padding.".to_owned());
    BASE64_STANDARD.decode(image.base64()).map_err(broken)
}

/// A PNG with the pixels of this one and nothing else: no texts, no profiles, no animation. The same pixels give the same bytes.
fn pixels_only(png: &[u8]) -> Result<Vec<u8>, (ProblemCode, String)> {
    let broken = |error: png::DecodingError| {
        (ProblemCode::Shape, format!("It is not a PNG that can be read ({error}). Save it as PNG anew."))
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: MEMORY_BYTES_MAX });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = reader.info().size();
    if width > IMAGE_PX_MAX || height > IMAGE_PX_MAX {
        let remedy =
            format!("It has {width} × {height} pixels; {IMAGE_PX_MAX} × {IMAGE_PX_MAX} at most. Make it smaller.");
        return Err((ProblemCode::OutOfRange, remedy));
    }
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    let mut anew = Vec::new();
    let mut encoder = Encoder::new(&mut anew, width, height);
    encoder.set_color(frame.color_type);
    encoder.set_depth(frame.bit_depth);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels[..frame.buffer_size()])?;
        writer.finish()
    });
    written
        .map_err(|error| (ProblemCode::Shape, format!("It cannot be written anew ({error}). Save it as PNG anew.")))?;
    Ok(anew)
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};
    use serde_json::json;

    use super::*;

    /// A PNG of one colour, with a text in it.
    fn drawn(width: u32, height: u32) -> Vec<u8> {
        let mut png = Vec::new();
        let mut encoder = Encoder::new(&mut png, width, height);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.add_text_chunk("Author".to_owned(), "Somebody's name".to_owned()).expect("a text");
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&[9, 99, 199].repeat((width * height) as usize)).expect("pixels");
        writer.finish().expect("an end");
        png
    }

    fn site(png: &[u8]) -> Value {
        json!({ "name": "Demo", "logo": format!("{IMAGE_PREFIX}{}", BASE64_STANDARD.encode(png)) })
    }

    fn logo(body: &Value) -> Vec<u8> {
        png_of(&body["logo"].as_str().expect("a text").parse().expect("an image")).expect("base64")
    }

    #[test]
    fn only_pixels_are_kept_and_the_same_ones_again() {
        let png = drawn(96, 64);
        let once = written_anew(Kind::Site, &site(&png)).expect("it is right");
        let kept = logo(&once);
        assert!(png.windows(8).any(|part| part == b"Somebody"));
        assert!(!kept.windows(8).any(|part| part == b"Somebody"));
        let mut reader = Decoder::new(Cursor::new(&kept)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!((reader.info().size(), &pixels[..3], pixels.len()), ((96, 64), &[9, 99, 199][..], 96 * 64 * 3));
        assert_eq!(written_anew(Kind::Site, &once).expect("it is right"), once);
    }

    #[test]
    fn what_is_no_small_png_is_refused_with_its_field() {
        let whole = drawn(96, 96);
        let mut torn = whole.clone();
        torn.truncate(whole.len() / 2);
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x55;
        for (png, code) in [
            (drawn(97, 1), ProblemCode::OutOfRange),
            (drawn(1, 5_000), ProblemCode::OutOfRange),
            (torn, ProblemCode::Shape),
            (flipped, ProblemCode::Shape),
            (b"GIF89a".to_vec(), ProblemCode::Shape),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), ProblemCode::Shape),
        ] {
            let problem = written_anew(Kind::Site, &site(&png)).expect_err("it is wrong");
            assert_eq!((problem.field.as_str(), problem.code), ("logo", code), "{problem:?}");
        }
    }

    #[test]
    fn what_has_no_image_stays_as_it_is() {
        for body in [json!({ "name": "Demo" }), json!({ "logo": null }), json!({ "logo": "x" }), json!(3)] {
            assert_eq!(written_anew(Kind::Site, &body).expect("nothing to do"), body);
        }
        let other = site(b"no PNG");
        assert_eq!(written_anew(Kind::Role, &other).expect("nothing to do"), other);
    }
}
