//! Pictures of every kind, small and enormous, cut at every byte.

use super::*;

fn png(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], content: &[u8]| {
        file.extend((u32::try_from(content.len()).expect("short")).to_be_bytes());
        file.extend(kind);
        file.extend(content);
        file.extend([0; 4]);
    };
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat());
    chunk(b"tEXt", b"");
    chunk(b"tEXt", b"abc");
    // Far behind whatever is looked at first.
    chunk(b"iCCP", &vec![7; 100_000]);
    if frames > 1 {
        chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat());
    }
    chunk(b"IDAT", &[1; 40]);
    chunk(b"IEND", b"");
    file
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    // A thumbnail and a profile larger than the first look, then fill bytes, then the frame.
    for _ in 0..3 {
        file.extend(b"\xff\xe2\xff\xff");
        file.extend(vec![0xff; 65_533]);
    }
    file.extend(b"\xff\xfe\0\x02\xff\xff\xff\xc2\0\x11\x08");
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c");
    file
}

fn gif(width: u16, height: u16, frames: usize, of: (u16, u16)) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend([0x81, 0, 0]);
    file.extend([0; 12]);
    file.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0");
    for _ in 0..frames {
        file.extend(b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0");
        file.extend(of.0.to_le_bytes());
        file.extend(of.1.to_le_bytes());
        file.extend([0x80, 1, 2, 3, 4, 5, 6, 8, 3, 1, 2, 3, 1, 9, 0]);
    }
    file.push(0x3b);
    file
}

fn webp(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    for (kind, content) in chunks {
        file.extend(*kind);
        file.extend((u32::try_from(content.len()).expect("short")).to_le_bytes());
        file.extend(content);
        file.extend(vec![0; content.len() % 2]);
    }
    file
}

fn three(number: u32) -> [u8; 3] {
    let bytes = (number - 1).to_le_bytes();
    [bytes[0], bytes[1], bytes[2]]
}

fn vp8x(width: u32, height: u32) -> Vec<u8> {
    [&[0, 0, 0, 0][..], &three(width), &three(height)].concat()
}

fn anmf(width: u32, height: u32) -> Vec<u8> {
    [&[0; 6][..], &three(width), &three(height), &[0; 9]].concat()
}

fn check(kind: Kind, file: &[u8], step: usize) -> Result<(), u64> {
    let mut check = PixelCheck::new(kind);
    file.chunks(step).try_for_each(|piece| check.take(piece))?;
    check.finish()
}

#[test]
fn pixels_are_counted_in_every_kind_of_picture() {
    let (one, all) = (Err(PICTURE_PIXELS_MAX), Err(PICTURE_FRAMES_PIXELS_MAX));
    let vp8l =
        |width: u32, height: u32| [&[0x2f][..], &((width - 1) | (height - 1) << 14).to_le_bytes(), &[0; 20]].concat();
    let vp8 = |width: u16, height: u16| {
        [&[0, 0, 0, 0x9d, 0x01, 0x2a][..], &width.to_le_bytes(), &height.to_le_bytes(), &[0; 20]].concat()
    };
    let many =
        |count: usize| [vec![(b"VP8X", vp8x(1_000, 1_000))], vec![(b"ANMF", anmf(1_000, 1_000)); count]].concat();
    let cases = [
        ("a photograph of 64 megapixels", Kind::Jpeg, jpeg(9_248, 6_936), Ok(())),
        ("a JPEG of 20,000 by 20,000", Kind::Jpeg, jpeg(20_000, 20_000), one),
        ("a JPEG of 65,535 by 65,535", Kind::Jpeg, jpeg(65_535, 65_535), one),
        ("a screenshot", Kind::Png, png(3_840, 2_160, 1), Ok(())),
        ("a PNG of 20,000 by 20,000", Kind::Png, png(20_000, 20_000, 1), one),
        ("a very tall PNG", Kind::Png, png(1, u32::MAX, 1), one),
        ("a moving PNG", Kind::Png, png(500, 500, 100), Ok(())),
        ("a PNG with a million frames", Kind::Png, png(500, 500, 1_000_000), all),
        ("a GIF", Kind::Gif, gif(500, 300, 50, (500, 300)), Ok(())),
        ("a GIF with a huge screen", Kind::Gif, gif(40_000, 40_000, 1, (1, 1)), one),
        ("a GIF with a huge frame", Kind::Gif, gif(1, 1, 1, (40_000, 40_000)), one),
        ("a GIF with too many frames", Kind::Gif, gif(2_000, 2_000, 100, (1, 1)), all),
        ("a WebP", Kind::Webp, webp(&[(b"VP8 ", vp8(1_920, 1_080))]), Ok(())),
        ("a huge lossy WebP", Kind::Webp, webp(&[(b"VP8 ", vp8(16_000, 16_000))]), one),
        ("a huge lossless WebP", Kind::Webp, webp(&[(b"EXIF", vec![1; 9]), (b"VP8L", vp8l(16_000, 16_000))]), one),
        ("a huge canvas", Kind::Webp, webp(&[(b"VP8X", vp8x(20_000, 20_000))]), one),
        ("a moving WebP", Kind::Webp, webp(&many(100)), Ok(())),
        ("a moving WebP with too many frames", Kind::Webp, webp(&many(300)), all),
        ("no picture", Kind::Pdf, b"%PDF-1.7 IHDR".to_vec(), Ok(())),
    ];
    for (what, kind, file, expected) in cases {
        for step in [1, 2, 3, 7, 64, 4_096, usize::MAX] {
            assert_eq!(check(kind, &file, step.min(file.len())), expected, "{what}, in pieces of {step}");
        }
    }
}

#[test]
fn nonsense_of_any_length_is_passed_over() {
    let starts: [(Kind, &[u8]); 4] = [
        (Kind::Png, b"\x89PNG\r\n\x1a\n"),
        (Kind::Jpeg, b"\xff\xd8"),
        (Kind::Gif, b"GIF89a"),
        (Kind::Webp, b"RIFF\0\0\0\0WEBP"),
    ];
    for (kind, start) in starts {
        for seed in 0..200_u64 {
            let mut state = seed;
            let noise = (0..500).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                u8::try_from(state >> 56).expect("a byte")
            });
            let file: Vec<u8> = start.iter().copied().chain(noise).collect();
            let whole = check(kind, &file, file.len());
            assert_eq!(check(kind, &file, 1), whole, "{kind:?} {seed}: pieces change nothing");
        }
    }
}
