//! Lists of numbers, and what is wrong with them.

use super::{cost::ReassignViolation, problem::REASSIGN_COST_MAX};

/// A text that is no reassignment problem, or no assignment of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}{}: {problem}", self.place())]
pub struct ReassignError {
    text: &'static str,
    number: Option<usize>,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("ends before the {0}")]
    Ends(&'static str),
    #[error("{found:?} is no {what}: expected a whole number from 0 to {max}")]
    Value { what: &'static str, found: String, max: u64 },
    #[error("the {0} is 0: expected at least 1")]
    None(&'static str),
    #[error("more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error(
        "amounts and weights are so large that an assignment may cost more than {}: use larger units",
        REASSIGN_COST_MAX
    )]
    TooCostly,
    #[error("{0:?} is left over: expected the end")]
    Rest(String),
    #[error("{0}: a plan begins only where every constraint holds")]
    Initial(String),
}

impl ReassignError {
    /// Which number of the text is at fault, counted from 1, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<usize> {
        self.number
    }

    pub(super) fn initial(violation: &ReassignViolation) -> Self {
        let problem = Problem::Initial(violation.to_string());
        Self { text: "assignment", number: None, problem }
    }

    fn place(&self) -> String {
        self.number.map_or_else(String::new, |number| format!(", number {number}"))
    }
}

/// The longest piece of a text that an error repeats, in characters.
const SHOWN_MAX: usize = 32;

pub(super) struct Numbers<'t> {
    text: &'static str,
    words: std::str::SplitAsciiWhitespace<'t>,
    number: usize,
}

impl<'t> Numbers<'t> {
    pub(super) fn new(text: &'static str, words: &'t str) -> Self {
        Self { text, words: words.split_ascii_whitespace(), number: 0 }
    }

    /// The next number, which is at most `max`.
    pub(super) fn next(&mut self, what: &'static str, max: u32) -> Result<u32, ReassignError> {
        self.number += 1;
        let Some(word) = self.words.next() else {
            return Err(self.error(Problem::Ends(what)));
        };
        match whole(word) {
            Some(value) if value <= max => Ok(value),
            _ => Err(self.error(Problem::Value { what, found: shown(word), max: max.into() })),
        }
    }

    /// The next number, which is less than `count`.
    pub(super) fn index(&mut self, what: &'static str, count: usize) -> Result<u32, ReassignError> {
        self.next(what, u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// How many of something follow.
    pub(super) fn count_or_none(
        &mut self,
        what: &'static str,
        max: usize,
    ) -> Result<usize, ReassignError> {
        Ok(self.next(what, u32::try_from(max).unwrap_or(u32::MAX))? as usize)
    }

    /// How many of something follow, one at the least.
    pub(super) fn count(&mut self, what: &'static str, max: usize) -> Result<usize, ReassignError> {
        match self.count_or_none(what, max)? {
            0 => Err(self.error(Problem::None(what))),
            count => Ok(count),
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), ReassignError> {
        self.number += 1;
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(self.error(Problem::Rest(shown(word)))),
        }
    }

    pub(super) fn too_many(&self, what: &'static str, max: usize) -> ReassignError {
        self.error(Problem::TooMany { what, max })
    }

    pub(super) fn too_costly(&self) -> ReassignError {
        ReassignError { text: self.text, number: None, problem: Problem::TooCostly }
    }

    fn error(&self, problem: Problem) -> ReassignError {
        ReassignError { text: self.text, number: Some(self.number), problem }
    }
}

fn shown(word: &str) -> String {
    word.chars().take(SHOWN_MAX).collect()
}

/// Digits only; a large model has millions of them.
fn whole(word: &str) -> Option<u32> {
    word.bytes().try_fold(0u32, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}
