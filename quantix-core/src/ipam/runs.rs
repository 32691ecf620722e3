//! A set of numbers kept as runs, in which the lowest free number is found without a scan.

use std::collections::BTreeMap;

/// Numbers, as the first and last of each run; neighbouring runs are one.
///
/// A bitmap of an IPv6 network would not fit into any memory; runs cost what the gaps cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs(BTreeMap<u128, u128>);

impl Runs {
    pub(super) fn contains(&self, number: u128) -> bool {
        self.0.range(..=number).next_back().is_some_and(|(_, &last)| number <= last)
    }

    /// Adds all numbers from `first` to `last`.
    pub(super) fn insert(&mut self, first: u128, last: u128) {
        let (mut first, mut last) = (first, last);
        // The run before, when it reaches this one, and every run that this one reaches.
        if let Some((&begin, &end)) = self.0.range(..first).next_back()
            && end.checked_add(1).is_none_or(|next| next >= first)
        {
            (first, last) = (begin, last.max(end));
        }
        let upto = last.saturating_add(1);
        while let Some((&begin, &end)) = self.0.range(first..=upto).next_back() {
            self.0.remove(&begin);
            last = last.max(end);
        }
        self.0.insert(first, last);
    }

    /// Takes one number out.
    pub(super) fn remove(&mut self, number: u128) {
        let Some((&first, &last)) = self.0.range(..=number).next_back() else { return };
        if number > last {
            return;
        }
        self.0.remove(&first);
        if first < number {
            self.0.insert(first, number - 1);
        }
        if number < last {
            self.0.insert(number + 1, last);
        }
    }

    /// The lowest number from `from` to `upto` that is not in the set.
    pub(super) fn lowest_free(&self, from: u128, upto: u128) -> Option<u128> {
        let free = match self.0.range(..=from).next_back() {
            Some((_, &last)) if last >= from => last.checked_add(1)?,
            _ => from,
        };
        (free <= upto).then_some(free)
    }

    /// How many numbers from `from` to `upto` are in the set.
    pub(super) fn count(&self, from: u128, upto: u128) -> u128 {
        let before = self.0.range(..from).next_back().map(|(_, &last)| (from, last));
        let inside = self.0.range(from..=upto).map(|(&first, &last)| (first, last));
        let sizes = before.into_iter().chain(inside).filter(|(first, last)| first <= last);
        sizes.map(|(first, last)| (last.min(upto) - first).saturating_add(1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_set(
            ops in proptest::collection::vec((any::<bool>(), 0u128..80, 0u128..6), 0..120),
            high in any::<bool>(),
        ) {
            // Once at the end of all numbers, where adding one would overflow.
            let base = if high { u128::MAX - 90 } else { 0 };
            let (mut runs, mut oracle) = (Runs::default(), BTreeSet::new());
            for (add, first, more) in ops {
                if add {
                    runs.insert(base + first, base + first + more);
                    oracle.extend(base + first..=base + first + more);
                } else {
                    runs.remove(base + first);
                    oracle.remove(&(base + first));
                }
            }
            for number in base..=base + 90 {
                prop_assert_eq!(runs.contains(number), oracle.contains(&number));
                let free = (number..=base + 90).find(|number| !oracle.contains(number));
                prop_assert_eq!(runs.lowest_free(number, base + 90), free);
                let count = oracle.range(number..=base + 85.max(number - base)).count();
                prop_assert_eq!(runs.count(number, base + 85.max(number - base)), count as u128);
            }
            let ends: Vec<_> = runs.0.iter().collect();
            prop_assert!(ends.windows(2).all(|pair| *pair[0].1 + 1 < *pair[1].0), "{:?}", ends);
        }
    }
}
