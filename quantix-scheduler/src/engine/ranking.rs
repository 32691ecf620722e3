//! The rooms of a class in order of their points for one demand.

use super::rooms::{NONE, Rooms};

/// [`Ranking::place`]: not scored yet.
const UNKNOWN: u32 = u32::MAX;
/// [`Ranking::place`]: a machine does not fit.
const NO_FIT: u32 = u32::MAX - 1;
/// [`Ranking::place`]: among those not sorted in yet.
const FRESH: u32 = u32::MAX - 2;
/// So many new rooms are kept aside before they are sorted in.
const FRESH_MAX: usize = 64;
/// Rooms without nodes are dropped when they are this many more than twice the others.
const EMPTY_SLACK: usize = 256;

/// Points and the lowest node that has them.
pub(super) type Top = (u64, u32);

/// What is best, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
enum Best {
    /// To be looked for.
    #[default]
    Stale,
    Known(Option<Top>),
}

/// The order of the rooms of one class for one demand.
///
/// Rooms are sorted once; a bit per position says whether a node may have that room, so that the
/// best is found by looking for the first bit. Bits of rooms that became empty are cleared when
/// they are met. What changed since the last question is replayed from the log of the class, and
/// mostly only compared with the best.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    generation: u64,
    typical: u64,
    cursor: u64,
    best: Best,
    /// Points and room, the most points first.
    order: Vec<(u64, u32)>,
    /// The same for rooms not sorted in yet.
    fresh: Vec<(u64, u32)>,
    /// Points and position in `order`, by room.
    place: Vec<(u64, u32)>,
    bits: Vec<u64>,
}

impl Ranking {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in what changed; `score` gives the points of a node's room, `None` where it is too
    /// small.
    pub(super) fn sync(
        &mut self,
        rooms: &Rooms,
        room_of: &[u32],
        typical: u64,
        score: &mut impl FnMut(u32) -> Option<u64>,
    ) {
        if self.generation != rooms.generation() || self.typical != typical {
            (self.generation, self.typical) = (rooms.generation(), typical);
            self.order.clear();
            self.fresh.clear();
            self.place.clear();
            self.place.resize(rooms.len(), (0, UNKNOWN));
            self.settle(rooms, score);
        } else if let Some(changes) = rooms.since(self.cursor) {
            if self.place.len() < rooms.len() {
                self.place.resize(rooms.len().next_power_of_two(), (0, UNKNOWN));
            }
            for &(node, room) in changes {
                self.replay(node, room, room_of[node as usize], score);
                if self.fresh.len() > FRESH_MAX {
                    self.sort_in(rooms);
                }
            }
        } else {
            self.place.resize(self.place.len().max(rooms.len()), (0, UNKNOWN));
            self.settle(rooms, score);
        }
        self.cursor = rooms.end();
    }

    /// Scores every occupied room that is not known, and sorts all in.
    fn settle(&mut self, rooms: &Rooms, score: &mut impl FnMut(u32) -> Option<u64>) {
        for room in 0..crate::snapshot::small(rooms.len()) {
            if rooms.is_occupied(room) && self.place[room as usize].1 == UNKNOWN {
                self.learn(room, score(rooms.least(room)));
            }
        }
        self.sort_in(rooms);
        self.best = Best::Stale;
    }

    fn learn(&mut self, room: u32, points: Option<u64>) {
        let Some(points) = points else {
            self.place[room as usize] = (0, NO_FIT);
            return;
        };
        self.place[room as usize] = (points, FRESH);
        let at = self.fresh.partition_point(|&(other, _)| other >= points);
        if self.fresh.len() > FRESH_MAX {
            self.fresh.push((points, room));
        } else {
            self.fresh.insert(at, (points, room));
        }
    }

    /// Sorts the new rooms in, and drops empty ones where there are many.
    fn sort_in(&mut self, rooms: &Rooms) {
        self.order.append(&mut self.fresh);
        let occupied = self.order.iter().filter(|&&(_, room)| rooms.is_occupied(room)).count();
        if self.order.len() > 2 * occupied + EMPTY_SLACK {
            let place = &mut self.place;
            self.order.retain(|&(_, room)| {
                let stays = rooms.is_occupied(room);
                if !stays {
                    place[room as usize].1 = UNKNOWN;
                }
                stays
            });
        }
        // Mostly in order already, which a merging sort makes use of.
        self.order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.bits.clear();
        self.bits.resize(self.order.len().div_ceil(64), 0);
        for (at, &(_, room)) in (0u32..).zip(&self.order) {
            self.place[room as usize].1 = at;
            if rooms.is_occupied(room) {
                self.bits[(at / 64) as usize] |= 1 << (at % 64);
            }
        }
    }

    /// One change: a node has a room, which may be its room no longer.
    fn replay(
        &mut self,
        node: u32,
        room: u32,
        now: u32,
        score: &mut impl FnMut(u32) -> Option<u64>,
    ) {
        let is_best = matches!(self.best, Best::Known(Some((_, best))) if best == node);
        if room != now || room == NONE {
            if is_best {
                self.best = Best::Stale;
            }
            return;
        }
        if self.place[room as usize].1 == UNKNOWN {
            self.learn(room, score(node));
        }
        let points = match self.place[room as usize] {
            (_, NO_FIT) => None,
            (points, FRESH) => Some(points),
            (points, at) => {
                self.bits[(at / 64) as usize] |= 1 << (at % 64);
                Some(points)
            }
        };
        let Best::Known(best) = self.best else { return };
        let before = best.map(|(points, node)| (points, !node));
        match points.map(|points| (points, !node)) {
            Some(after) if Some(after) >= before => {
                self.best = Best::Known(Some((after.0, node)));
            }
            Some(_) | None if is_best => self.best = Best::Stale,
            Some(_) | None => {}
        }
    }

    /// The most points that a room with a node has, and the lowest node that has them.
    pub(super) fn best(&mut self, rooms: &Rooms) -> Option<Top> {
        if let Best::Known(best) = self.best {
            return best;
        }
        let sorted = self.occupied_from(0, rooms).map(|first| {
            let (points, room) = self.order[first];
            let same = self.order[first + 1..].iter().take_while(|entry| entry.0 == points);
            // An empty room has no lower node than any.
            let least = same.map(|&(_, room)| rooms.least(room)).fold(rooms.least(room), u32::min);
            (points, least)
        });
        let fresh = self.fresh.iter().filter(|&&(_, room)| rooms.is_occupied(room));
        let fresh = fresh.map(|&(points, room)| (points, rooms.least(room)));
        let best = fresh.chain(sorted).max_by_key(|&(points, node)| (points, !node));
        self.best = Best::Known(best);
        best
    }

    /// Tells the rooms that have nodes, those of equal points at once, the most points first, until
    /// `each` has heard enough.
    pub(super) fn walk(
        &mut self,
        rooms: &Rooms,
        group: &mut Vec<u32>,
        mut each: impl FnMut(u64, &[u32]) -> bool,
    ) {
        let mut at = self.occupied_from(0, rooms);
        let mut fresh = 0;
        loop {
            while self.fresh.get(fresh).is_some_and(|&(_, room)| !rooms.is_occupied(room)) {
                fresh += 1;
            }
            let sorted = at.map(|at| self.order[at].0);
            let Some(points) = sorted.max(self.fresh.get(fresh).map(|&(points, _)| points)) else {
                return;
            };
            group.clear();
            while let Some(found) = at.filter(|&at| self.order[at].0 == points) {
                group.push(self.order[found].1);
                at = self.occupied_from(found + 1, rooms);
            }
            while let Some(&(_, room)) = self.fresh.get(fresh).filter(|entry| entry.0 == points) {
                if rooms.is_occupied(room) {
                    group.push(room);
                }
                fresh += 1;
            }
            if !each(points, group) {
                return;
            }
        }
    }

    /// The first position from one on whose room has a node; clears the bits of those that have
    /// none.
    fn occupied_from(&mut self, from: usize, rooms: &Rooms) -> Option<usize> {
        let mut word = from / 64;
        let mut mask = u64::MAX << (from % 64);
        while let Some(bits) = self.bits.get_mut(word) {
            let mut left = *bits & mask;
            while left != 0 {
                let bit = left.trailing_zeros();
                let at = word * 64 + bit as usize;
                if rooms.is_occupied(self.order[at].1) {
                    return Some(at);
                }
                *bits &= !(1 << bit);
                left &= left - 1;
            }
            word += 1;
            mask = u64::MAX;
        }
        None
    }
}
