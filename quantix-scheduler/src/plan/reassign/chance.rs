//! Chance in whole numbers: the same seed gives the same numbers everywhere.

/// A stream of pseudo-random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

/// What stands for one in numbers with a fraction.
pub(super) const PATIENCE_ONE: i64 = 1 << 16;

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number less than `count`, which is not nought.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the product's upper half is below `count`")]
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }

    /// A number drawn from the exponential distribution with the mean of one, in [`PATIENCE_ONE`]:
    /// the worsening that annealing accepts at temperature one.
    #[inline]
    pub(super) fn patience(&mut self) -> i64 {
        let draw = self.next() | 1;
        let zeros = draw.leading_zeros();
        // The bits after the leading one, sixteen of them.
        let mantissa = i64::try_from(((draw << zeros) >> 47) & 0xffff).unwrap_or(0);
        let log2 = ((i64::from(zeros) + 1) << 16) - mantissa - curve(mantissa);
        (log2.max(0) * 45_426) >> 16
    }
}

/// The logarithm of a number to the base of two, in [`PATIENCE_ONE`]; nought for what is below one.
pub(super) fn log2(value: i64) -> i64 {
    let Some(whole) = u64::try_from(value).ok().and_then(u64::checked_ilog2) else { return 0 };
    // The bits after the leading one, sixteen of them.
    let shifted = value.unsigned_abs() << (63 - whole);
    let mantissa = i64::try_from((shifted >> 47) & 0xffff).unwrap_or(0);
    (i64::from(whole) << 16) + mantissa + curve(mantissa)
}

/// Two to the power of an exponent in [`PATIENCE_ONE`], from one to 2⁶².
pub(super) fn exp2(exponent: i64) -> i64 {
    let exponent = exponent.clamp(0, 62 << 16);
    let part = exponent & 0xffff;
    ((PATIENCE_ONE + part - curve(part)) << (exponent >> 16).min(46)) >> 16
        << ((exponent >> 16) - 46).max(0)
}

/// How far log2(1 + x) is above x: 0.34 x (1 - x) to within 0.008.
fn curve(x: i64) -> i64 {
    (((x * (PATIENCE_ONE - x)) >> 16) * 22_283) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The patience is exponential: its mean is one, and one draw in e is above the mean.
    #[test]
    fn patience_is_exponential() {
        let mut chance = Chance::new(7);
        let draws: Vec<i64> = (0..100_000).map(|_| chance.patience()).collect();
        let mean = draws.iter().sum::<i64>() / 100_000;
        assert!((mean - PATIENCE_ONE).abs() < 1_000, "{mean}");
        let above = draws.iter().filter(|&&draw| draw > PATIENCE_ONE).count();
        assert!((36_300..37_300).contains(&above), "{above}");
        assert!(draws.iter().all(|&draw| draw >= 0));
    }

    #[test]
    fn powers_and_logarithms_are_inverse() {
        for value in [1, 2, 3, 10, 1000, 123_456, 1 << 40, 3 << 50] {
            let back = exp2(log2(value));
            assert!((back - value).abs() * 50 <= value + 50, "{value} {back}");
        }
        for exponent in 0..(62 << 8) {
            assert!(exp2(exponent << 8) <= exp2((exponent + 1) << 8), "{exponent}");
        }
        assert_eq!(log2(0), 0);
        assert_eq!(exp2(i64::MAX), 1 << 62);
    }
}
