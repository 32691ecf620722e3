//! Rendering: values made fit, cut to the length that the guest's system allows.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use super::{
    error::{HostnameError, Reason},
    template::{HostnameTemplate, Part, RANDOM_CHARS, RANDOM_CHARS_MIN, Variable},
};
use crate::spec::Entropy;

/// How many random names are tried when others are taken.
pub const HOSTNAME_TRIES_MAX: usize = 64;

/// Random characters: no vowels that make words, nothing that looks like something else.
const RANDOM_ALPHABET: &[u8; 26] = b"bcdfghjkmnpqrstvwxz2345678";

/// The UTC date of a time, `YYYY-MM-DD`, for [`HostnameContext::date`].
///
/// ```
/// # use quantix_cloudinit::hostname::date_of_unix_seconds;
/// assert_eq!(date_of_unix_seconds(951_782_400), "2000-02-29");
/// ```
#[must_use]
pub fn date_of_unix_seconds(seconds: u64) -> String {
    // Days since 0000-03-01, in eras of 400 years, so that a leap day is the last day of its year.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What a guest's system allows as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameRules {
    /// Linux: labels of 1 to 63 letters, digits and `-`, joined by dots.
    Rfc1123,
    /// Windows: one label of at most 15 characters, not digits only.
    NetBios,
}

impl NameRules {
    /// The most characters of a label.
    #[must_use]
    pub const fn chars_max(self) -> usize {
        match self {
            Self::Rfc1123 => 63,
            Self::NetBios => 15,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Rfc1123 => "host name",
            Self::NetBios => "Windows computer name",
        }
    }
}

/// The values of one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostnameContext<'a> {
    /// The machine's name.
    pub vm_name: &'a str,
    /// The project's id.
    pub project_id: Option<&'a str>,
    /// The path of its folder.
    pub folder: Option<&'a str>,
    /// Its number.
    pub index: Option<u64>,
    /// The date, `YYYY-MM-DD`.
    pub date: Option<&'a str>,
}

/// A valid host name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(String);

impl Hostname {
    /// Checks a name.
    ///
    /// # Errors
    /// What the rules do not allow.
    pub fn new(name: &str, rules: NameRules) -> Result<Self, HostnameError> {
        let invalid = |problem| {
            let shown = name.chars().take(80).collect();
            HostnameError(Reason::Invalid { name: shown, what: rules.what(), problem })
        };
        if name.len() > 253 {
            return Err(invalid("longer than 253 characters"));
        }
        if rules == NameRules::NetBios {
            if name.contains('.') {
                return Err(invalid("a dot is not allowed"));
            }
            if name.bytes().all(|b| b.is_ascii_digit()) {
                return Err(invalid("it is digits only"));
            }
        }
        for label in name.split('.') {
            if label.is_empty() {
                return Err(invalid("a label is empty"));
            }
            if label.len() > rules.chars_max() {
                return Err(invalid(match rules {
                    NameRules::Rfc1123 => "a label is longer than 63 characters",
                    NameRules::NetBios => "longer than 15 characters",
                }));
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(invalid("a label starts or ends with -"));
            }
            if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err(invalid("only letters, digits and - are allowed"));
            }
        }
        Ok(Self(name.to_owned()))
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first dot.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }

    /// The part after the first dot.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, domain)| domain)
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostnameTemplate {
    /// The name of one machine. `taken` tells which names other machines have.
    ///
    /// # Errors
    /// A value that the template uses and the machine has not, a name that no cutting makes fit,
    /// or one that is taken.
    pub fn render(
        &self,
        context: &HostnameContext<'_>,
        rules: NameRules,
        entropy: &mut Entropy,
        taken: &dyn Fn(&str) -> bool,
    ) -> Result<Hostname, HostnameError> {
        for _ in 0..HOSTNAME_TRIES_MAX {
            let name = Hostname::new(&self.render_once(context, rules, entropy)?, rules)?;
            if !taken(name.as_str()) {
                return Ok(name);
            }
            if !self.is_random() {
                return Err(HostnameError(Reason::Taken(name.0)));
            }
        }
        Err(HostnameError(Reason::AllTaken(HOSTNAME_TRIES_MAX)))
    }

    fn render_once(
        &self,
        context: &HostnameContext<'_>,
        rules: NameRules,
        entropy: &mut Entropy,
    ) -> Result<String, HostnameError> {
        let mut pieces = self
            .parts
            .iter()
            .map(|part| Piece::of(part, context, rules))
            .collect::<Result<Vec<_>, _>>()?;
        fit(&mut pieces, rules.chars_max())?;
        let mut name = String::new();
        for piece in &pieces {
            match piece {
                Piece::Fixed(text) => name.push_str(text),
                Piece::Value { text } => name.push_str(text.trim_end_matches('-')),
                Piece::Random { chars, .. } => {
                    for _ in 0..*chars {
                        let c = char::from(RANDOM_ALPHABET[usize::from(entropy.below(26))]);
                        name.push(match rules {
                            NameRules::Rfc1123 => c,
                            NameRules::NetBios => c.to_ascii_uppercase(),
                        });
                    }
                }
            }
        }
        Ok(name)
    }
}

/// A part of a template with its value.
enum Piece {
    Fixed(String),
    Value { text: String },
    Random { chars: usize, chars_min: usize },
}

impl Piece {
    fn of(
        part: &Part,
        context: &HostnameContext<'_>,
        rules: NameRules,
    ) -> Result<Self, HostnameError> {
        Ok(match part {
            Part::Text(text) if rules == NameRules::Rfc1123 => {
                Self::Fixed(text.to_ascii_lowercase())
            }
            Part::Text(text) => Self::Fixed(text.clone()),
            Part::Random(Some(chars)) => Self::Random { chars: *chars, chars_min: *chars },
            Part::Random(None) => Self::Random { chars: RANDOM_CHARS, chars_min: RANDOM_CHARS_MIN },
            Part::Index(width) => {
                let index = context.index.ok_or(HostnameError(Reason::Missing("Index")))?;
                Self::Fixed(format!("{index:0width$}"))
            }
            Part::Date => Self::Fixed(date(context)?),
            Part::Value(variable, chars_max) => {
                let mut text = value(*variable, context, rules)?;
                text.truncate(chars_max.unwrap_or(usize::MAX));
                Self::Value { text }
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Fixed(text) | Self::Value { text } => text.len(),
            Self::Random { chars, .. } => *chars,
        }
    }
}

fn date(context: &HostnameContext<'_>) -> Result<String, HostnameError> {
    let date = context.date.ok_or(HostnameError(Reason::Missing("Date")))?;
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    let shaped = date.len() == 10 && digits.len() == 8 && date.split('-').count() == 3;
    if shaped {
        Ok(digits)
    } else {
        Err(HostnameError(Reason::Date(date.chars().take(32).collect())))
    }
}

fn value(
    variable: Variable,
    context: &HostnameContext<'_>,
    rules: NameRules,
) -> Result<String, HostnameError> {
    let raw = match variable {
        Variable::VmName => Some(context.vm_name).filter(|name| !name.is_empty()),
        Variable::ProjectId => context.project_id,
        Variable::Folder => {
            context.folder.map(|path| path.trim_end_matches('/').rsplit('/').next().unwrap_or(path))
        }
    };
    let raw = raw.ok_or(HostnameError(Reason::Missing(variable.name())))?;
    let text = sanitise(raw, rules);
    if text.is_empty() { Err(HostnameError(Reason::Unusable(variable.name()))) } else { Ok(text) }
}

/// Letters without accents, digits, and single `-` for everything else.
fn sanitise(text: &str, rules: NameRules) -> String {
    // No name is longer than 63, so a few hundred characters decide.
    let mut plain = String::new();
    for c in text.chars().take(512) {
        match c {
            'ß' | 'ẞ' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            _ => plain.push(c),
        }
    }
    let mut out = String::new();
    for c in plain.nfkd() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            c if unicode_normalization::char::is_combining_mark(c) => {}
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    if rules == NameRules::Rfc1123 {
        out.make_ascii_lowercase();
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Cuts values, the longest first, then random parts, until the label fits.
///
/// The limit is that of one label; a template whose own text has dots is measured up to the first
/// of them, and its other labels are checked with the whole name.
fn fit(pieces: &mut [Piece], limit: usize) -> Result<(), HostnameError> {
    let end =
        pieces.iter().position(|piece| matches!(piece, Piece::Fixed(text) if text.contains('.')));
    let head = match end.and_then(|end| pieces.get(end)) {
        Some(Piece::Fixed(text)) => text.find('.').unwrap_or(0),
        _ => 0,
    };
    let end = end.unwrap_or(pieces.len());
    let label = &mut pieces[..end];
    loop {
        let total: usize = head + label.iter().map(Piece::len).sum::<usize>();
        if total <= limit {
            return Ok(());
        }
        let longest = label.iter_mut().max_by_key(|piece| match piece {
            Piece::Value { text } if text.len() > 1 => text.len() + limit,
            Piece::Random { chars, chars_min } if chars > chars_min => 1,
            _ => 0,
        });
        match longest {
            Some(Piece::Value { text }) if text.len() > 1 => {
                text.pop();
            }
            Some(Piece::Random { chars, chars_min }) if *chars > *chars_min => *chars -= 1,
            _ => return Err(HostnameError(Reason::TooLong { chars: total, limit })),
        }
    }
}
