//! Plain aligned tables.

use super::{BOLD, styled};

/// Columns aligned by width, two spaces apart, the heading in bold; readable without colour and
/// by `awk`.
#[derive(Debug)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column names.
    pub(crate) fn new<S: Into<String>>(heading: impl IntoIterator<Item = S>) -> Self {
        Self { heading: heading.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The text, each line ended.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).chain([self.heading.len()]).max().unwrap_or(0);
        let width_of = |column: usize| {
            let cells = self.rows.iter().chain([&self.heading]);
            cells.filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width_of).collect();
        let line = |row: &[String]| {
            let mut text = String::new();
            for (column, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if column + 1 < row.len() {
                    let pad = widths[column].saturating_sub(width(cell)) + 2;
                    text.extend(std::iter::repeat_n(' ', pad));
                }
            }
            text
        };
        let mut text = styled(BOLD, line(&self.heading));
        for row in &self.rows {
            text.push('\n');
            text.push_str(&line(row));
        }
        text.push('\n');
        text
    }
}

/// Characters that a cell shows: colour codes do not count.
fn width(cell: &str) -> usize {
    let mut count = 0;
    let mut in_code = false;
    for c in cell.chars() {
        match c {
            '\u{1b}' => in_code = true,
            'm' if in_code => in_code = false,
            _ if in_code => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_the_colour() {
        let mut table = Table::new(["a", "bb"]);
        table.row([styled(BOLD, "xyz"), "1".to_owned()]);
        table.row(["é".to_owned(), "2".to_owned()]);
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "a    bb\nxyz  1\né    2\n");
    }
}
