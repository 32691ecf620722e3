//! A lossless XML tree: untouched bytes stay identical, edits are minimal
