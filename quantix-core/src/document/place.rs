//! Places of errors in a text.

/// Line and column of an error, the column in characters.
pub(super) fn of_error(text: &str, error: &serde_json::Error) -> (u32, u32) {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    // The parser counts bytes and stands on the last one that it read.
    let mut bytes = error.column().saturating_sub(1).min(line.len());
    while !line.is_char_boundary(bytes) {
        bytes -= 1;
    }
    let column = line[..bytes].chars().count() + 1;
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (narrow(error.line().max(1)), narrow(column))
}

/// The parser's message without the place, which a finding tells on its own.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
