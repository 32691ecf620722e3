//! Folder trees and inventory documents against the obvious ways to do the same, in one run.
//!
//! `./dev bench core [FOLDERS]`: builds a tree of 1,000,000 folders (ten in each), looks paths up,
//! moves subtrees and lists, with `FolderTree`, with a `HashMap` from path to folder whose paths are
//! rewritten, and with SQLite and a materialised path. Prints one table; times are medians.
//! `benches/results/core.md` keeps what one run printed.

mod documents;
mod map;
mod shape;
mod sqlite;
mod table;
mod tree;

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo passes `--bench`.
    let folders = env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let shape = shape::Shape::new(folders);
    let mut table = table::Table::new(&format!("{folders} folders, ten in each"));
    table.add("FolderTree", tree::measure(&shape)?);
    table.add("HashMap of paths", map::measure(&shape)?);
    table.add("SQLite, path column", sqlite::measure(&shape)?);
    table.print();
    documents::measure()?.print();

    Ok(())
}
