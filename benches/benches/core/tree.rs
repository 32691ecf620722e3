//! `quantix_core::FolderTree`.

use std::{error::Error, hint::black_box};

use quantix_core::{
    FolderPath, FolderTree, ProjectId, Timestamp,
    folder::{Folder, NewFolder},
};

use crate::{
    shape::{LOOKUPS, Shape},
    table::{Row, per_step, resident_bytes, time},
};

pub(crate) fn measure(shape: &Shape) -> Result<Row, Box<dyn Error>> {
    let now = Timestamp::from_unix_ms(0);
    let before = resident_bytes();
    let mut tree = FolderTree::new(ProjectId::DEFAULT, Shape::id(0), now);
    let build = time(|| {
        for index in 1..shape.folders {
            let parent_id = Shape::id(Shape::parent(index));
            let name = Shape::folder_name(index);
            let new = NewFolder { id: Shape::id(index), parent_id, name, kind: None };
            tree.create(&new, now).expect("the tree accepts the shape");
        }
    });
    let beyond_names = resident_bytes() - before - shape.name_bytes() as f64;
    let paths: Vec<FolderPath> =
        shape.probes(LOOKUPS).into_iter().map(|index| shape.path(index)).collect();
    let lookup = per_step(LOOKUPS, || {
        for path in &paths {
            black_box(tree.find(path));
        }
    });
    let lookup_many = per_step(LOOKUPS, || {
        black_box(tree.find_many(&paths));
    });
    let local: Vec<FolderPath> =
        shape.local_probes(LOOKUPS).into_iter().map(|index| shape.path(index)).collect();
    let lookup_local = per_step(LOOKUPS, || {
        for path in &local {
            black_box(tree.find(path));
        }
    });
    drop((paths, local));
    let [large, small] = shape.large_and_small().map(Shape::id);
    let (home, away) = (Shape::id(0), Shape::id(1));
    let mut moves = |folder, home| {
        per_step(200_000, || {
            for _ in 0..100_000 {
                tree.move_to(folder, away, now).expect("it may move");
                tree.move_to(folder, home, now).expect("it may move back");
            }
        })
    };
    let small_home = Shape::id(Shape::parent(shape.folders / 100));
    let (move_small, move_large) = (moves(small, small_home), moves(large, home));
    let probes: Vec<_> = shape.probes(10_000).iter().map(|index| index / 10 + 1).collect();
    let list_children = per_step(probes.len(), || {
        for &index in &probes {
            black_box(tree.children(Shape::id(index / 10)).map(Folder::path).count());
        }
    });
    let list_all = per_step(1, || {
        black_box(tree.subtree(home).map(|folder| folder.path().as_str().len()).sum::<usize>());
    });
    let bytes_per_folder = beyond_names / shape.folders as f64;
    Ok(Row {
        build,
        bytes_per_folder,
        lookup,
        lookup_local,
        lookup_many,
        move_small,
        move_large,
        list_children,
        list_all,
    })
}
