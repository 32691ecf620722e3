mod access;
mod document;
mod names;
mod oracle;
mod paths;
mod tree;

use super::*;
use crate::{FolderId, ImageId, Timestamp, VmId};

/// The folder with a small number.
fn id(number: u128) -> FolderId {
    FolderId::from_u128(number)
}

fn vm(number: u128) -> Member {
    Member::Vm(VmId::from_u128(number))
}

fn template(number: u128) -> Member {
    Member::Template(ImageId::from_u128(number))
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

fn path(text: &str) -> FolderPath {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn name(text: &str) -> FolderName {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The tree of the default project with folders at these paths, whose ids count from 100.
fn tree_of(paths: &[&str]) -> FolderTree {
    let mut tree = FolderTree::default_project(at(0));
    let mut ids = (100..).map(id);
    for text in paths {
        tree.ensure(&path(text), &mut ids, at(1)).unwrap();
    }
    tree
}

fn find(tree: &FolderTree, text: &str) -> FolderId {
    tree.find(&path(text)).unwrap_or_else(|| panic!("{text} is missing"))
}

/// The paths of all folders, in the order of a walk.
fn paths(tree: &FolderTree) -> Vec<String> {
    tree.subtree(tree.root()).map(|folder| folder.path().to_string()).collect()
}
