//! The hash of a snapshot: everything that a decision could depend on.

use sha2::{Digest, Sha256};

use super::Snapshot;

impl Snapshot {
    /// SHA-256 of everything that a decision could depend on: nodes, what is free there, pools,
    /// rules with where their machines are, and what machines are typical.
    ///
    /// Two snapshots of one digest decide alike. The names of placed machines are no part of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.fixed.get_or_init(|| self.fixed_digest()));
        let mut row = Vec::with_capacity(64);
        for node in &self.nodes {
            row.clear();
            row.extend(node.free_cpu.to_le_bytes());
            row.extend(node.free_memory.to_le_bytes());
            row.push(node.state as u8);
            hash.update(&row);
        }
        for cell in &self.cells {
            hash.update(cell.cpu.to_le_bytes());
            hash.update(cell.memory.to_le_bytes());
        }
        self.gpus.iter().for_each(|free| hash.update(free.to_le_bytes()));
        self.extra.iter().for_each(|free| hash.update(free.to_le_bytes()));
        for pool in &self.pools {
            hash.update(pool.capacity.unwrap_or(u64::MAX).to_le_bytes());
            hash.update(pool.used.to_le_bytes());
        }
        for rule in &self.rules {
            for domain in rule.domains() {
                hash.update(domain.to_le_bytes());
                hash.update(rule.count(domain).to_le_bytes());
            }
            hash.update([0xff]);
        }
        self.typical().digest(&mut hash);
        hash.finalize().into()
    }

    /// The part that no change touches: what nodes, classes, pools and rules are.
    fn fixed_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        // The debug form of plain values names every field; only this crate reads its hash.
        self.classes.iter().for_each(|class| text(&format!("{class:?}")));
        for node in &self.nodes {
            text(node.id.as_str());
            text(&format!("{} {} {} {:?}", node.class, node.rack, node.zone, node.own));
        }
        self.pools.iter().for_each(|pool| text(pool.id.as_str()));
        for rule in &self.rules {
            let (kind, topology) = (rule.kind.as_str(), rule.topology.as_str());
            let (must, skew) = (rule.must, rule.max_skew);
            text(&format!("{:?} {kind} {topology} {must} {skew} {:?}", rule.name, rule.nodes));
        }
        hash.finalize().into()
    }
}
