//! The data types of XML Schema that RELAX NG schemas use, and what they accept.

use std::sync::OnceLock;

use regex::Regex;

use super::expression::translate;

/// The URI of the data types.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema-datatypes";

/// A type of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text, white space as it stands.
    String,
    /// Any text, runs of white space as one.
    Token,
    /// A name without a colon.
    NcName,
    /// A name, perhaps with a prefix.
    Name,
    /// Letters, digits and what may be in names.
    NmToken,
    /// A URI reference.
    AnyUri,
    /// `true`, `false`, `1` or `0`.
    Boolean,
    /// A whole number between two, both included.
    Integer(i128, i128),
    /// A number with a fraction.
    Decimal,
    /// A floating-point number.
    Double,
    /// A date with a time.
    DateTime,
    /// A date.
    Date,
    /// A time.
    Time,
    /// Pairs of hexadecimal digits.
    HexBinary,
    /// Base64.
    Base64Binary,
}

/// The types by their names.
const KINDS: &[(&str, Kind)] = &[
    ("string", Kind::String),
    ("normalizedString", Kind::Token),
    ("token", Kind::Token),
    ("language", Kind::NmToken),
    ("NCName", Kind::NcName),
    ("ID", Kind::NcName),
    ("IDREF", Kind::NcName),
    ("ENTITY", Kind::NcName),
    ("Name", Kind::Name),
    ("QName", Kind::Name),
    ("NMTOKEN", Kind::NmToken),
    ("anyURI", Kind::AnyUri),
    ("boolean", Kind::Boolean),
    ("integer", Kind::Integer(i128::MIN, i128::MAX)),
    ("nonPositiveInteger", Kind::Integer(i128::MIN, 0)),
    ("negativeInteger", Kind::Integer(i128::MIN, -1)),
    ("nonNegativeInteger", Kind::Integer(0, i128::MAX)),
    ("positiveInteger", Kind::Integer(1, i128::MAX)),
    ("long", Kind::Integer(i64::MIN as i128, i64::MAX as i128)),
    ("int", Kind::Integer(i32::MIN as i128, i32::MAX as i128)),
    ("short", Kind::Integer(i16::MIN as i128, i16::MAX as i128)),
    ("byte", Kind::Integer(i8::MIN as i128, i8::MAX as i128)),
    ("unsignedLong", Kind::Integer(0, u64::MAX as i128)),
    ("unsignedInt", Kind::Integer(0, u32::MAX as i128)),
    ("unsignedShort", Kind::Integer(0, u16::MAX as i128)),
    ("unsignedByte", Kind::Integer(0, u8::MAX as i128)),
    ("decimal", Kind::Decimal),
    ("double", Kind::Double),
    ("float", Kind::Double),
    ("dateTime", Kind::DateTime),
    ("date", Kind::Date),
    ("time", Kind::Time),
    ("hexBinary", Kind::HexBinary),
    ("base64Binary", Kind::Base64Binary),
];

/// White space as XML knows it.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

pub(super) fn is_space(text: &str) -> bool {
    text.chars().all(|c| SPACE.contains(&c))
}

/// Runs of white space as one space, none at the ends.
fn collapse(text: &str) -> String {
    text.split(SPACE).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(SPACE).filter(|word| !word.is_empty())
}

impl Kind {
    /// The type of a name; `string` and `token` belong to RELAX NG itself too.
    pub(super) fn named(library: &str, name: &str) -> Option<Self> {
        if library.is_empty() && !matches!(name, "string" | "token") {
            return None;
        }
        if !library.is_empty() && library != XSD {
            return None;
        }
        KINDS.iter().find(|(known, _)| *known == name).map(|&(_, kind)| kind)
    }

    /// A text as the type sees it.
    fn normal(self, text: &str) -> String {
        if self == Self::String { text.to_owned() } else { collapse(text) }
    }

    fn accepts(self, text: &str) -> bool {
        match self {
            Self::String | Self::Token => true,
            Self::NcName => is_name(text, true, false),
            Self::Name => is_name(text, true, true),
            Self::NmToken => is_name(text, false, true),
            Self::AnyUri => is_uri(text),
            Self::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Self::Integer(least, most) => {
                integer(text).is_some_and(|number| least <= number && number <= most)
            }
            Self::Decimal => is_decimal(text),
            Self::Double => is_double(text),
            Self::DateTime => text
                .split_once('T')
                .is_some_and(|(date, rest)| matches(&DATE, date) && matches(&TIME, rest)),
            Self::Date => matches(&DATE_ZONE, text),
            Self::Time => matches(&TIME, text),
            Self::HexBinary => {
                text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit())
            }
            Self::Base64Binary => matches(&BASE64, text),
        }
    }

    fn describe(self) -> String {
        match self {
            Self::String | Self::Token => "a text".to_owned(),
            Self::NcName | Self::Name | Self::NmToken => "a name".to_owned(),
            Self::AnyUri => "a URI".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer(least, most) => match (least, most) {
                (i128::MIN, i128::MAX) => "a whole number".to_owned(),
                (least, i128::MAX) => format!("a whole number of at least {least}"),
                (i128::MIN, most) => format!("a whole number of at most {most}"),
                (least, most) => format!("a whole number from {least} to {most}"),
            },
            Self::Decimal | Self::Double => "a number".to_owned(),
            Self::DateTime => "a date with a time".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Time => "a time".to_owned(),
            Self::HexBinary => "hexadecimal digits".to_owned(),
            Self::Base64Binary => "base64".to_owned(),
        }
    }
}

static DATE: Lazy = Lazy::new("-?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
static DATE_ZONE: Lazy =
    Lazy::new("-?[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(Z|[+-][0-9]{2}:[0-9]{2})?");
static TIME: Lazy =
    Lazy::new("([01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?");
static BASE64: Lazy = Lazy::new("([A-Za-z0-9+/] ?)*(= ?)?=?");

/// A regular expression of ours, made when it is needed.
#[derive(Debug)]
struct Lazy(&'static str, OnceLock<Option<Regex>>);

impl Lazy {
    const fn new(source: &'static str) -> Self {
        Self(source, OnceLock::new())
    }
}

fn matches(expression: &Lazy, text: &str) -> bool {
    let made = expression.1.get_or_init(|| Regex::new(&["^(?:", expression.0, ")$"].concat()).ok());
    made.as_ref().is_some_and(|expression| expression.is_match(text))
}

fn is_name(text: &str, starts: bool, colons: bool) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || c == '_' || (colons && c == ':');
    let is_more = |c: char| is_letter(c) || c.is_numeric() || c == '-' || c == '.' || c == '\u{b7}';
    let first = text.chars().next();
    first.is_some_and(|c| if starts { is_letter(c) } else { is_more(c) })
        && text.chars().all(is_more)
}

/// Accepts what RFC 2396 does; other characters may stand there, as they will be escaped.
fn is_uri(text: &str) -> bool {
    let escapes_are_whole = text
        .split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.as_bytes().iter().take(2).all(u8::is_ascii_hexdigit));
    escapes_are_whole && text.matches('#').count() <= 1
}

fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// A whole number; one beyond what can be held is as far as can be.
fn integer(text: &str) -> Option<i128> {
    digits(text)?;
    let far = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(text.parse().unwrap_or(far))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

fn is_double(text: &str) -> bool {
    if matches!(text, "INF" | "-INF" | "NaN") {
        return true;
    }
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => is_decimal(mantissa) && digits(exponent).is_some(),
        None => is_decimal(text),
    }
}

/// A further condition on data.
#[derive(Clone, Debug)]
pub(super) enum Facet {
    /// An expression that the whole text matches.
    Pattern(String, OnceLock<Option<Regex>>),
    /// Compares with a number: its name, and the number.
    Bound(&'static str, f64, i128),
    /// Compares the length, in characters.
    Length(&'static str, usize),
}

/// Data of a type, with conditions.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) kind: Kind,
    pub(super) facets: Vec<Facet>,
    /// What is not accepted all the same.
    pub(super) except: Option<super::pattern::Pat>,
}

impl Facet {
    /// A condition by its name; `None` for one that is not known or makes no sense.
    pub(super) fn parse(name: &str, value: &str) -> Option<Self> {
        let bound = |name| {
            let number: f64 = value.trim().parse().ok()?;
            // A bound with a fraction is compared as a floating-point number only.
            Some(Self::Bound(name, number, integer(value.trim()).unwrap_or(i128::MAX)))
        };
        let length = |name| value.trim().parse().ok().map(|length| Self::Length(name, length));
        match name {
            "pattern" => {
                translate(value)?;
                Some(Self::Pattern(value.to_owned(), OnceLock::new()))
            }
            "minInclusive" => bound("at least"),
            "maxInclusive" => bound("at most"),
            "minExclusive" => bound("above"),
            "maxExclusive" => bound("below"),
            "length" => length("exactly"),
            "minLength" => length("at least"),
            "maxLength" => length("at most"),
            _ => None,
        }
    }

    fn accepts(&self, kind: Kind, text: &str) -> bool {
        match self {
            Self::Pattern(source, made) => {
                let made = made.get_or_init(|| translate(source).and_then(|e| Regex::new(&e).ok()));
                made.as_ref().is_some_and(|expression| expression.is_match(text))
            }
            Self::Bound(word, number, whole) => {
                let ordering = match kind {
                    Kind::Integer(..) => integer(text).map(|value| value.cmp(whole)),
                    _ => text.parse::<f64>().ok().and_then(|value| value.partial_cmp(number)),
                };
                ordering.is_some_and(|ordering| match *word {
                    "at least" => ordering.is_ge(),
                    "at most" => ordering.is_le(),
                    "above" => ordering.is_gt(),
                    _ => ordering.is_lt(),
                })
            }
            Self::Length(word, length) => {
                let count = match kind {
                    Kind::HexBinary => text.len() / 2,
                    _ => text.chars().count(),
                };
                match *word {
                    "exactly" => count == *length,
                    "at least" => count >= *length,
                    _ => count <= *length,
                }
            }
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Pattern(source, _) => ["that matches ", source].concat(),
            Self::Bound(word, number, _) => format!("{word} {number}"),
            Self::Length(word, length) => format!("of {word} {length} characters"),
        }
    }
}

impl Data {
    /// Whether a text is such data, its exceptions aside.
    pub(super) fn accepts(&self, text: &str) -> bool {
        let text = self.kind.normal(text);
        self.kind.accepts(&text) && self.facets.iter().all(|facet| facet.accepts(self.kind, &text))
    }

    /// For people.
    pub(super) fn describe(&self) -> String {
        let facets = self.facets.iter().map(Facet::describe);
        let parts: Vec<String> = std::iter::once(self.kind.describe()).chain(facets).collect();
        parts.join(", ")
    }
}

/// One value of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    kind: Kind,
    text: String,
}

impl Value {
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, text: kind.normal(text) }
    }

    pub(super) fn accepts(&self, text: &str) -> bool {
        self.kind.normal(text) == self.text
    }

    /// For people.
    pub(super) fn describe(&self) -> String {
        ["`", &self.text, "`"].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_accepts_its_own() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("string", &["", " a\n"], &[]),
            ("token", &["a b"], &[]),
            ("NCName", &["a-1.b_", "_x"], &["", "1a", "a:b", "a b", "-a"]),
            ("NMTOKEN", &["1a:b"], &["", "a b"]),
            ("QName", &["a:b"], &["1"]),
            ("anyURI", &["http://a/%20", "", "a b"], &["%2", "a#b#c"]),
            ("boolean", &["true", " 0 "], &["TRUE", "2"]),
            ("int", &["-2147483648", " 7\n", "+1"], &["2147483648", "1.0", "", "-", "x"]),
            ("unsignedLong", &["18446744073709551615"], &["18446744073709551616", "-1"]),
            ("unsignedByte", &["255"], &["256"]),
            ("positiveInteger", &["1", "9999999999999999999999999999999999999999999"], &["0"]),
            ("negativeInteger", &["-9999999999999999999999999999999999999999999"], &["0"]),
            ("decimal", &["1.5", ".5", "5."], &[".", "1e3"]),
            ("double", &["1e3", "-1.5E-2", "NaN", "INF"], &["1e", "inf", "x"]),
            ("dateTime", &["2024-01-31T23:59:59Z", "2024-01-31T23:59:59.5+01:00"], &["2024-01-31"]),
            ("date", &["2024-01-31"], &["2024-13-01", "x"]),
            ("time", &["23:59:59"], &["25:00:00"]),
            ("hexBinary", &["0aFF"], &["0", "0g"]),
            ("base64Binary", &["aGk=", ""], &["a*"]),
        ];
        for (name, good, bad) in table {
            let kind = Kind::named(XSD, name).unwrap();
            let data = Data { kind, facets: Vec::new(), except: None };
            for text in *good {
                assert!(data.accepts(text), "{name} {text:?}");
            }
            for text in *bad {
                assert!(!data.accepts(text), "{name} {text:?}");
            }
            assert!(!data.describe().is_empty());
        }
        assert!(Kind::named(XSD, "duration").is_none() && Kind::named("", "int").is_none());
        assert!(Kind::named("urn:x", "int").is_none());
    }

    #[test]
    fn conditions_narrow() {
        let data = |name: &str, facets: &[(&str, &str)]| Data {
            kind: Kind::named(XSD, name).unwrap(),
            facets: facets.iter().map(|(n, v)| Facet::parse(n, v).unwrap()).collect(),
            except: None,
        };
        let number = data("int", &[("minInclusive", "1"), ("maxExclusive", "10")]);
        assert!(number.accepts("1") && number.accepts("9"));
        assert!(!number.accepts("0") && !number.accepts("10"));
        let big = data("unsignedLong", &[("maxInclusive", "18446744073709551614")]);
        assert!(big.accepts("18446744073709551614") && !big.accepts("18446744073709551615"));
        let double = data("double", &[("minExclusive", "0.5")]);
        assert!(double.accepts("0.6") && !double.accepts("0.5"));
        let text = data("string", &[("pattern", "[a-z]+"), ("maxLength", "3"), ("minLength", "2")]);
        assert!(text.accepts("ab") && !text.accepts("a") && !text.accepts("abcd"));
        assert!(!text.accepts("a1") && text.describe().contains("[a-z]+"));
        assert!(data("hexBinary", &[("length", "2")]).accepts("ffff"));
        for (name, value) in [("pattern", "("), ("minInclusive", "x"), ("totalDigits", "2")] {
            assert!(Facet::parse(name, value).is_none(), "{name}");
        }
        assert!(Value::new(Kind::Token, " a  b ").accepts("a b\n"));
        assert!(!Value::new(Kind::String, "a").accepts(" a"));
    }
}
