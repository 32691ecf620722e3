//! Charts as PNG: the SVG that the library draws, painted without a browser or fonts.
//!
//! Understands what the library's charts consist of (`rect`, `path` of `M` and `H`, `polyline`,
//! `text`) and nothing else. Letters are strokes, so that the image is the same on every machine.

use quantix_xml::{Document, Element, Node};
use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::failure::Failure;

/// Pixels per unit of the chart.
const SCALE: f32 = 2.0;
/// Units per step of the grid on which letters lie, six of which are the height of a capital.
const STEP: f32 = 1.4;
/// Steps between letters.
const GAP: f32 = 1.6;
/// The widest and highest chart that is painted.
const SIDE_MAX: f32 = 8192.0;

/// A chart of the library as the bytes of a PNG file.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, Failure> {
    let broken = || Failure::environment("the chart cannot be painted");
    let document = Document::parse(svg).map_err(|error| broken().because(error))?;
    let root = document.root();
    let size = root.attribute("viewBox").map(|size| numbers(&size.value())).unwrap_or_default();
    let [_, _, width, height] = size[..] else { return Err(broken()) };
    if !(1.0..=SIDE_MAX).contains(&width) || !(1.0..=SIDE_MAX).contains(&height) {
        return Err(broken());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within SIDE_MAX")]
    let pixels = |side: f32| (side * SCALE).ceil() as u32;
    let mut pixmap = Pixmap::new(pixels(width), pixels(height)).ok_or_else(broken)?;
    for element in root.children().filter_map(Node::element) {
        paint(&mut pixmap, element);
    }
    pixmap.encode_png().map_err(|error| broken().because(error))
}

fn paint(pixmap: &mut Pixmap, element: Element<'_>) {
    let text = |name: &str| element.attribute(name).map(|value| value.value().into_owned());
    let number = |name: &str| text(name).and_then(|text| text.parse::<f32>().ok());
    let (x, y) = (number("x").unwrap_or(0.0), number("y").unwrap_or(0.0));
    let fill = color(text("fill").as_deref().unwrap_or("#000000"));
    match element.name() {
        "rect" => {
            let size = number("width").zip(number("height"));
            let rect = size.and_then(|(width, height)| Rect::from_xywh(x, y, width, height));
            if let (Some(rect), Some(fill)) = (rect, fill) {
                pixmap.fill_rect(rect, &ink(fill), scale(), None);
            }
        }
        "path" => {
            let numbers = text("d").map(|d| numbers(&d)).unwrap_or_default();
            if let ([x, y, to], Some(stroke)) = (&numbers[..], color_of(element, "stroke")) {
                line(pixmap, &[(*x, *y), (*to, *y)], stroke, 1.0);
            }
        }
        "polyline" => {
            let numbers = text("points").map(|points| numbers(&points)).unwrap_or_default();
            let points: Vec<_> = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            if let Some(stroke) = color_of(element, "stroke") {
                line(pixmap, &points, stroke, 1.0);
            }
        }
        "text" => {
            let words = element.text();
            let centred = text("text-anchor").as_deref() == Some("middle");
            let x = if centred { x - width_of(&words) / 2.0 } else { x };
            write(pixmap, &words, (x, y), fill.unwrap_or(Color::BLACK));
        }
        _ => {}
    }
}

fn scale() -> Transform {
    Transform::from_scale(SCALE, SCALE)
}

fn ink(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color);
    paint.anti_alias = true;
    paint
}

/// The numbers of a list in which anything else separates them.
fn numbers(text: &str) -> Vec<f32> {
    let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// `#rrggbb`.
fn color(text: &str) -> Option<Color> {
    let rgb = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = rgb.to_be_bytes();
    Some(Color::from_rgba8(red, green, blue, 255))
}

fn color_of(element: Element<'_>, name: &str) -> Option<Color> {
    color(&element.attribute(name)?.value())
}

fn line(pixmap: &mut Pixmap, points: &[(f32, f32)], color: Color, width: f32) {
    let Some((&(x, y), rest)) = points.split_first() else { return };
    let mut path = PathBuilder::new();
    path.move_to(x, y);
    rest.iter().for_each(|&(x, y)| path.line_to(x, y));
    let Some(path) = path.finish() else { return };
    let stroke =
        Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
    pixmap.stroke_path(&path, &ink(color), &stroke, scale(), None);
}

fn write(pixmap: &mut Pixmap, words: &str, (x, y): (f32, f32), color: Color) {
    let mut at = x;
    for letter in words.chars() {
        let strokes = strokes(letter).unwrap_or(UNKNOWN);
        for stroke in strokes.split('/') {
            // Pairs of digits: steps to the right, steps down from the top of a capital.
            let digits: Vec<f32> = stroke
                .bytes()
                .filter(u8::is_ascii_digit)
                .map(|digit| f32::from(digit - b'0') * STEP)
                .collect();
            let top = y - 6.0 * STEP;
            let points: Vec<_> =
                digits.chunks_exact(2).map(|pair| (at + pair[0], top + pair[1])).collect();
            line(pixmap, &points, color, 1.0);
        }
        at += advance(strokes);
    }
}

fn width_of(words: &str) -> f32 {
    words.chars().map(|letter| advance(strokes(letter).unwrap_or(UNKNOWN))).sum()
}

fn advance(strokes: &str) -> f32 {
    let rights = strokes.split('/').flat_map(|stroke| stroke.bytes().step_by(2));
    let widest = rights.max().map_or(2, |digit| digit.saturating_sub(b'0'));
    (f32::from(widest) + GAP) * STEP
}

/// A box, for letters that have no strokes.
const UNKNOWN: &str = "0040460600";

/// The strokes of a letter as pairs of digits, strokes apart by `/`.
fn strokes(letter: char) -> Option<&'static str> {
    Some(match letter {
        ' ' => "",
        '.' => "0506",
        ',' => "1507",
        '-' => "1434",
        '%' => "4006/0010110100/3545463635",
        '0' => "103041453616050110",
        '1' => "112026/1636",
        '2' => "01103041420646",
        '3' => "01103041423313/334445361605",
        '4' => "300444/3036",
        '5' => "400002324345361605",
        '6' => "413010010516364544331304",
        '7' => "004016",
        '8' => "103041423313020110/1304051636454433",
        '9' => "051636454130100102133342",
        'C' => "4130100105163645",
        'P' => "06003041423303",
        'U' => "000516364540",
        'a' => "4246/4332120305163645",
        'b' => "0006/0312324345361605",
        'c' => "4332120305163645",
        'd' => "4046/4332120305163645",
        'e' => "04444332120305163645",
        'f' => "30201116/0232",
        'g' => "4247381807/4332120305163645",
        'h' => "0006/0312324346",
        'i' => "0206/0001",
        'j' => "22271808/2021",
        'k' => "0006/3204/1436",
        'l' => "0006",
        'm' => "0602/03122326/23324346",
        'n' => "0602/0312324346",
        'o' => "123243453616050312",
        'p' => "0208/0312324345361605",
        'q' => "4248/4332120305163645",
        'r' => "0602/031232",
        's' => "4212031434453606",
        't' => "10152636/0232",
        'u' => "0205163645/4246",
        'v' => "022642",
        'w' => "0216233642",
        'x' => "0246/4206",
        'y' => "0226/4218",
        'z' => "02420646",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU32, NonZeroU64};

    use quantix_scheduler::{Fleet, Policy, Trace, chart, simulate};

    use super::*;

    fn svg() -> String {
        let trace = "id,cpu,mem_gib,arrival,departure\na,4,4,0,9000\nb,2,4,5,20\nc,2,2,12000,\n";
        let trace = Trace::read(trace.as_bytes()).expect("a trace");
        let fleet = Fleet {
            hosts: NonZeroU32::MIN,
            cpu_milli: NonZeroU64::new(8000).expect("positive"),
            memory_mib: NonZeroU64::new(16384).expect("positive"),
            numa: NonZeroU32::MIN,
        };
        let simulation = simulate(&trace, &fleet, &Policy::default()).expect("a simulation");
        chart(&simulation, 1)
    }

    #[test]
    fn a_chart_is_painted_with_its_lines_and_words() {
        let svg = svg();
        let pixmap = Pixmap::decode_png(&png(&svg).expect("a picture")).expect("a PNG");
        assert_eq!((pixmap.width(), pixmap.height()), (1920, 720));
        let count = |color: [u8; 3]| {
            let of = |pixel: &tiny_skia::PremultipliedColorU8| {
                [pixel.red(), pixel.green(), pixel.blue()] == color
            };
            pixmap.pixels().iter().filter(|pixel| of(pixel)).count()
        };
        for color in [[0x1f, 0x77, 0xb4], [0xd6, 0x27, 0x28], [0xdd, 0xdd, 0xdd]] {
            assert!(count(color) > 100, "a line of this colour: {color:?}");
        }
        assert!(count([0, 0, 0]) > 200, "words");
        let less = svg.replace("polyline", "none");
        assert_ne!(png(&less).expect("a picture"), png(&svg).expect("a picture"));
    }

    #[test]
    fn every_letter_of_a_chart_has_strokes() {
        let svg = svg();
        let document = Document::parse(&svg).expect("XML");
        for element in document.root().children().filter_map(Node::element) {
            let words = element.text();
            let unknown: String = words.chars().filter(|&c| strokes(c).is_none()).collect();
            assert_eq!(unknown.trim(), "", "{words}");
        }
    }

    #[test]
    fn what_is_no_chart_is_refused() {
        for svg in ["", "<svg/>", r#"<svg viewBox="0 0 1e9 5"/>"#, r#"<svg viewBox="0 0 8193 5"/>"#]
        {
            assert!(png(svg).is_err(), "{svg}");
        }
    }
}
