//! Folders: their names, paths, and the tree that a project keeps its machines in.

mod name;
mod path;

#[cfg(test)]
mod tests;

pub use name::{FolderName, FolderNameError, NAME_CHARS_MAX, NAME_INPUT_BYTES_MAX};
pub use path::{FOLDER_DEPTH_MAX, FOLDER_PATH_BYTES_MAX, FolderPath, FolderPathError};
