//! The files of an image as a tree, checked and in one order.

use std::collections::BTreeMap;

use super::image::{
    Problem, SEED_BYTES_MAX, SEED_DEPTH_MAX, SEED_FILES_MAX, SEED_NAME_BYTES_MAX, SeedFile,
};

/// A directory: names to what they name, in byte order.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) entries: BTreeMap<&'a str, Node<'a>>,
}

/// What a name names.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// Index into the files that the tree was made of.
    File(usize),
    Dir(Tree<'a>),
}

impl<'a> Tree<'a> {
    /// Checks limits and names, and sorts.
    pub(super) fn new(files: &'a [SeedFile]) -> Result<Self, Problem> {
        if files.len() > SEED_FILES_MAX {
            return Err(Problem::TooManyFiles(files.len()));
        }
        let total = files.iter().fold(0usize, |sum, file| sum.saturating_add(file.bytes.len()));
        if total > SEED_BYTES_MAX {
            return Err(Problem::TooLarge(total));
        }
        let mut root = Self::default();
        for (index, file) in files.iter().enumerate() {
            let name: String = file.name.chars().take(128).collect();
            root.insert(&file.name, index).map_err(|problem| Problem::Name { name, problem })?;
        }
        Ok(root)
    }

    fn insert(&mut self, name: &'a str, index: usize) -> Result<(), &'static str> {
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() > SEED_DEPTH_MAX {
            return Err("too many parts");
        }
        for part in &parts {
            check_part(part)?;
        }
        let Some((last, folders)) = parts.split_last() else { return Err("empty") };
        let mut here = self;
        for folder in folders {
            here.check_case(folder)?;
            let node = here.entries.entry(folder).or_insert_with(|| Node::Dir(Tree::default()));
            match node {
                Node::Dir(dir) => here = dir,
                Node::File(_) => return Err("is below a file"),
            }
        }
        here.check_case(last)?;
        match here.entries.insert(last, Node::File(index)) {
            None => Ok(()),
            Some(_) => Err("given twice"),
        }
    }

    /// FAT and Windows see no case, so two names that differ by it only are one.
    fn check_case(&self, name: &str) -> Result<(), &'static str> {
        match self.entries.keys().find(|other| other.eq_ignore_ascii_case(name)) {
            Some(other) if *other != name => Err("differs from another name by case only"),
            _ => Ok(()),
        }
    }
}

fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("has an empty part");
    }
    if part.len() > SEED_NAME_BYTES_MAX {
        return Err("has a part that is too long");
    }
    if part.bytes().all(|b| b == b'.') || part.ends_with('.') {
        return Err("has a part that is only dots or ends with one");
    }
    if !part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err("has a character that not every file system can store");
    }
    Ok(())
}
