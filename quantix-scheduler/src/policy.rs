//! Policies: which filters hold and what the scores weigh, as a document.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    filter::{self, Filter},
    score::{
        BalancedScore, FitScore, PackScore, PoolFreeScore, PreferenceScore, Score, SpreadScore,
        StoragePoolScore, TypicalScore,
    },
    snapshot::{Candidate, Shape},
};

/// The largest weight of a score.
pub const WEIGHT_MAX: u32 = 10_000;

/// How machines are placed: a document with a name, so that decisions can say by which policy they
/// were made.
///
/// ```
/// use quantix_scheduler::Policy;
/// let policy: Policy = serde_json::from_str(r#"{"name": "calm", "weights": {"spread": 1, "typical": 0}}"#)?;
/// assert_eq!((policy.weights.spread, policy.weights.preference), (1, 10_000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Its name and version in decisions.
    pub name: String,
    /// What each score weighs.
    pub weights: Weights,
    /// Filters of this policy that are not asked, by name.
    pub without_filters: Vec<String>,
    /// In which order a list of machines is placed.
    pub order: Order,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            weights: Weights::default(),
            without_filters: Vec::new(),
            order: Order::Priority,
        }
    }
}

/// What each score weighs; 0 leaves it out. A score that a document does not name keeps the weight
/// of the default policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// [`TypicalScore`].
    pub typical: u32,
    /// [`FitScore`].
    pub fit: u32,
    /// [`PackScore`].
    pub pack: u32,
    /// [`SpreadScore`].
    pub spread: u32,
    /// [`BalancedScore`].
    pub balanced: u32,
    /// [`StoragePoolScore`].
    pub storage_pool: u32,
    /// [`PoolFreeScore`].
    pub pool_free: u32,
    /// [`PreferenceScore`].
    pub preference: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            typical: 1,
            fit: 0,
            pack: 0,
            spread: 0,
            balanced: 0,
            storage_pool: 1,
            pool_free: 0,
            preference: 10_000,
        }
    }
}

/// In which order a list of machines is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Higher priority first, else as listed.
    #[default]
    Priority,
    /// As listed.
    Listed,
    /// Higher priority first, then the largest dominant share first, else as listed.
    Largest,
}

/// A policy document that names what does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No filter has this name.
    #[error(
        "without_filters[{at}]: there is no filter {name:?}, expected one of {}",
        filter_names()
    )]
    UnknownFilter {
        /// Position in the list.
        at: usize,
        /// The name.
        name: String,
    },
    /// A weight is too large.
    #[error("weights.{name}: {weight} is too large, expected at most {WEIGHT_MAX}")]
    WeightTooLarge {
        /// The score.
        name: &'static str,
        /// The weight.
        weight: u32,
    },
}

fn filter_names() -> String {
    let names: Vec<_> = filter::built_in().iter().map(|filter| filter.name()).collect();
    names.join(", ")
}

/// Every built-in score with its weight.
fn built_in_scores(weights: &Weights) -> [(u32, Box<dyn Score>); 8] {
    [
        (weights.typical, Box::new(TypicalScore)),
        (weights.fit, Box::new(FitScore)),
        (weights.pack, Box::new(PackScore)),
        (weights.spread, Box::new(SpreadScore)),
        (weights.balanced, Box::new(BalancedScore)),
        (weights.storage_pool, Box::new(StoragePoolScore)),
        (weights.pool_free, Box::new(PoolFreeScore)),
        (weights.preference, Box::new(PreferenceScore)),
    ]
}

/// The filters and weighted scores that a policy amounts to, to which own ones can be added.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) policy: Policy,
    pub(crate) filters: Vec<Box<dyn Filter>>,
    pub(crate) scores: Vec<(u32, Box<dyn Score>)>,
}

impl Pipeline {
    /// The built-in filters and scores, as a policy wants them.
    ///
    /// # Errors
    /// When the policy names an unknown filter or a weight above [`WEIGHT_MAX`].
    pub fn new(policy: &Policy) -> Result<Self, PolicyError> {
        let mut filters = filter::built_in();
        for (at, name) in policy.without_filters.iter().enumerate() {
            if !filters.iter().any(|filter| filter.name() == name) {
                return Err(PolicyError::UnknownFilter { at, name: name.clone() });
            }
        }
        filters.retain(|filter| !policy.without_filters.iter().any(|name| name == filter.name()));
        let weights = &policy.weights;
        let all = built_in_scores(weights);
        for (weight, score) in &all {
            if *weight > WEIGHT_MAX {
                let (name, weight) = (score.name(), *weight);
                return Err(PolicyError::WeightTooLarge { name, weight });
            }
        }
        let scores = all.into_iter().filter(|&(weight, _)| weight > 0).collect();
        Ok(Self { policy: policy.clone(), filters, scores })
    }

    /// The most that each score can contribute, as points times weight, by name: what the `terms` of
    /// a decision are measured against.
    ///
    /// ```
    /// use quantix_scheduler::{Pipeline, Policy};
    /// let most = Pipeline::new(&Policy::default())?.most_terms();
    /// assert_eq!((most["storage_pool"], most["typical"]), (10, 1_000_000_000));
    /// # Ok::<(), quantix_scheduler::PolicyError>(())
    /// ```
    #[must_use]
    pub fn most_terms(&self) -> BTreeMap<&'static str, u64> {
        let most = |(weight, score): &(u32, Box<dyn Score>)| {
            (score.name(), score.best().saturating_mul(u64::from(*weight)))
        };
        self.scores.iter().map(most).collect()
    }

    /// The sum of points times weight of some scores, given by position.
    pub(crate) fn sum(&self, scores: &[usize], node: Candidate<'_>, shape: &Shape) -> u64 {
        scores.iter().fold(0u64, |sum, &at| {
            let (weight, score) = &self.scores[at];
            let points = score.points(node, shape).min(score.best());
            sum.saturating_add(points.saturating_mul(u64::from(*weight)))
        })
    }

    /// Adds a hard rule of one's own, asked last.
    #[must_use]
    pub fn with_filter(mut self, filter: Box<dyn Filter>) -> Self {
        self.filters.push(filter);
        self
    }

    /// Adds a wish of one's own. Weights above [`WEIGHT_MAX`] are cut to it.
    #[must_use]
    pub fn with_score(mut self, weight: u32, score: Box<dyn Score>) -> Self {
        self.add_score(weight, score);
        self
    }

    pub(crate) fn add_score(&mut self, weight: u32, score: Box<dyn Score>) {
        self.scores.push((weight.min(WEIGHT_MAX), score));
    }

    /// The names of its filters and scores, and of those that it leaves out.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&'static str> {
        let built_in = filter::built_in();
        let filters = built_in.iter().chain(&self.filters).map(|filter| filter.name());
        let scores = built_in_scores(&Weights::default()).map(|(_, score)| score.name());
        let own = self.scores.iter().map(|(_, score)| score.name());
        filters.chain(scores).chain(own).collect()
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
