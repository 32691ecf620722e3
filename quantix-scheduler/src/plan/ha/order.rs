//! In which order machines restart: what they depend on first, then by priority.

use std::{cmp::Reverse, collections::BTreeMap, collections::BTreeSet};

use super::super::field::{Field, Row};

/// Machines in order, each with its wave: a machine is one wave after the last of those it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    pub(super) rows: Vec<Row>,
    pub(super) waves: BTreeMap<Row, u32>,
}

/// Orders machines by what needs what; `None` where they need each other in a circle.
///
/// What a machine of high priority needs comes as early as the machine itself deserves.
pub(super) fn order(
    field: &Field,
    rows: &[Row],
    needs: &BTreeMap<Row, BTreeSet<Row>>,
) -> Option<Order> {
    let lost: BTreeSet<Row> = rows.iter().copied().collect();
    let open = |row: &Row| -> BTreeSet<Row> {
        needs.get(row).map(|needs| needs.intersection(&lost).copied().collect()).unwrap_or_default()
    };
    let mut missing: BTreeMap<Row, BTreeSet<Row>> = BTreeMap::new();
    let mut needed_by: BTreeMap<Row, Vec<Row>> = BTreeMap::new();
    for row in &lost {
        let open = open(row);
        for &need in &open {
            needed_by.entry(need).or_default().push(*row);
        }
        if !open.is_empty() {
            missing.insert(*row, open);
        }
    }
    let priorities = inherited(field, &lost, &needed_by)?;
    let (cpu, memory) = field.snapshot.largest_node();
    let key = |row: Row| (Reverse(priorities[&row]), Reverse(field.size(row, cpu, memory)), row);
    let mut ready: BTreeSet<_> =
        lost.iter().filter(|row| !missing.contains_key(row)).map(|&row| key(row)).collect();
    let mut result = Order::default();
    while let Some((_, _, row)) = ready.pop_first() {
        result.rows.push(row);
        let wave = *result.waves.entry(row).or_insert(0);
        for &next in needed_by.get(&row).into_iter().flatten() {
            let after = result.waves.entry(next).or_insert(0);
            *after = (*after).max(wave + 1);
            if let Some(open) = missing.get_mut(&next) {
                open.remove(&row);
                if open.is_empty() {
                    ready.insert(key(next));
                }
            }
        }
    }
    (result.rows.len() == lost.len()).then_some(result)
}

/// The priority of each machine: its own or that of what needs it, whichever is higher; `None` for
/// a circle.
fn inherited(
    field: &Field,
    lost: &BTreeSet<Row>,
    needed_by: &BTreeMap<Row, Vec<Row>>,
) -> Option<BTreeMap<Row, i32>> {
    let mut priorities: BTreeMap<Row, i32> =
        lost.iter().map(|&row| (row, field.resident(row).priority)).collect();
    // A chain is at most as long as there are machines; one more round changes nothing.
    for _ in 0..=lost.len() {
        let mut changed = false;
        for (need, users) in needed_by {
            let most = users.iter().map(|user| priorities[user]).max().unwrap_or(i32::MIN);
            if let Some(own) = priorities.get_mut(need)
                && *own < most
            {
                *own = most;
                changed = true;
            }
        }
        if !changed {
            return Some(priorities);
        }
    }
    None
}
