//! The obvious approach: a map from path to folder. Moving rewrites the paths below.

use std::{collections::HashMap, error::Error, hint::black_box};

use quantix_core::{FolderId, Timestamp};

use crate::{
    shape::{LOOKUPS, Shape},
    table::{Row, per_step, resident_bytes, time},
};

struct Folder {
    id: FolderId,
    #[expect(dead_code, reason = "it is kept to be compared fairly")]
    changed: [Timestamp; 2],
    #[expect(dead_code, reason = "it is kept to be compared fairly")]
    revision: u64,
    /// Sorted names of the children.
    children: Vec<String>,
}

type Map = HashMap<String, Folder>;

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').expect("an absolute path")
}

fn insert(map: &mut Map, path: String, folder: Folder) {
    let (parent, name) = split(&path);
    let siblings = &mut map.get_mut(parent).expect("the parent exists").children;
    let at = siblings.partition_point(|other| other.as_str() < name);
    siblings.insert(at, name.to_owned());
    map.insert(path, folder);
}

fn relocate(map: &mut Map, from: &str, to: &str) {
    let (parent, name) = split(from);
    map.get_mut(parent).expect("the parent exists").children.retain(|other| other != name);
    let target = format!("{to}/{name}");
    let mut stack = vec![String::new()];
    let mut first = true;
    while let Some(below) = stack.pop() {
        let folder = map.remove(&format!("{from}{below}")).expect("it exists");
        stack.extend(folder.children.iter().map(|child| format!("{below}/{child}")));
        let path = format!("{target}{below}");
        if std::mem::take(&mut first) {
            insert(map, path, folder);
        } else {
            map.insert(path, folder);
        }
    }
}

pub(crate) fn measure(shape: &Shape) -> Result<Row, Box<dyn Error>> {
    let now = Timestamp::from_unix_ms(0);
    let folder = |index| Folder {
        id: Shape::id(index),
        changed: [now; 2],
        revision: 0,
        children: Vec::new(),
    };
    let before = resident_bytes();
    let mut map = Map::new();
    map.insert(String::new(), folder(0));
    let build = time(|| {
        for index in 1..shape.folders {
            insert(&mut map, shape.path_text(index), folder(index));
        }
    });
    let beyond_names = resident_bytes() - before - shape.name_bytes() as f64;
    let paths: Vec<String> =
        shape.probes(LOOKUPS).into_iter().map(|index| shape.path_text(index)).collect();
    let lookup = per_step(LOOKUPS, || {
        for path in &paths {
            black_box(map.get(path.as_str()).map(|folder| folder.id));
        }
    });
    let local: Vec<String> =
        shape.local_probes(LOOKUPS).into_iter().map(|index| shape.path_text(index)).collect();
    let lookup_local = per_step(LOOKUPS, || {
        for path in &local {
            black_box(map.get(path.as_str()).map(|folder| folder.id));
        }
    });
    let lookup_many = lookup;
    drop((paths, local));
    let away = shape.path_text(1);
    let mut moves = |folder: usize, rounds: usize| {
        let home = shape.path_text(folder);
        let there = format!("{away}/{}", split(&home).1);
        per_step(2 * rounds, || {
            for _ in 0..rounds {
                relocate(&mut map, &home, &away);
                relocate(&mut map, &there, split(&home).0);
            }
        })
    };
    let [large, small] = shape.large_and_small();
    let (move_small, move_large) = (moves(small, 20_000), moves(large, 1));
    let probes: Vec<_> = shape.probes(10_000).iter().map(|index| (index / 10 + 1) / 10).collect();
    let probes: Vec<_> = probes.into_iter().map(|index| shape.path_text(index)).collect();
    let list_children = per_step(probes.len(), || {
        for path in &probes {
            let children = &map[path.as_str()].children;
            black_box(children.iter().map(|name| format!("{path}/{name}")).collect::<Vec<_>>());
        }
    });
    let list_all = per_step(1, || {
        let mut paths: Vec<&String> = map.keys().collect();
        paths.sort_unstable();
        black_box(paths.iter().map(|path| path.len()).sum::<usize>());
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
