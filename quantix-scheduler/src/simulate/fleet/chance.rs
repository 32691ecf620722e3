//! Chance without state: every number depends on the seed and on what it is for, and on nothing else,
//! so that two policies meet the same arrivals, demand and failures.

/// What a random number is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    ArrivalGap = 1,
    Size = 2,
    Lifetime = 3,
    Level = 4,
    Phase = 5,
    Noise = 6,
    HostGap = 7,
    Host = 8,
    RackGap = 9,
    Rack = 10,
}

/// A source of random numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// 64 random bits for the `a`-th thing at its `b`-th time (the mixer of SplitMix64).
    pub(super) fn bits(self, what: For, a: u64, b: u64) -> u64 {
        let mut word = mix(self.0 ^ (what as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        word = mix(word ^ a.wrapping_mul(0xbf58_476d_1ce4_e5b9));
        mix(word ^ b.wrapping_mul(0x94d0_49bb_1331_11eb))
    }

    /// A number below a limit; 0 for a limit of 0.
    pub(super) fn below(self, what: For, a: u64, b: u64, limit: u64) -> u64 {
        let wide = u128::from(self.bits(what, a, b)) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A waiting time with a mean, at least 1: exponential, as between independent events.
    pub(super) fn wait(self, what: For, a: u64, b: u64, mean: u64) -> u64 {
        let nats = minus_ln(self.bits(what, a, b) >> 32);
        let wide = (u128::from(mean) * u128::from(nats)) >> 32;
        u64::try_from(wide).unwrap_or(u64::MAX).max(1)
    }
}

fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// −ln((x + 1) / 2³²) for x below 2³², with 32 bits after the point: 32 − log₂(x + 1), times ln 2.
fn minus_ln(x: u64) -> u64 {
    /// ln 2 with 32 bits after the point.
    const LN_2: u128 = 2_977_044_472;
    let x = (x & 0xffff_ffff) + 1;
    let whole = u64::from(x.ilog2());
    // The fraction of the logarithm, bit by bit: squaring the mantissa doubles it.
    let mut mantissa = u128::from(x) << (63 - whole);
    let mut log = whole << 32;
    for bit in (0..32).rev() {
        mantissa = (mantissa * mantissa) >> 63;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            log |= 1 << bit;
        }
    }
    let nats = u128::from((32u64 << 32).saturating_sub(log)) * LN_2;
    u64::try_from(nats >> 32).unwrap_or(u64::MAX)
}

/// A smooth wave of two parabolas: 1,000,000 at the peak, −1,000,000 half a period later.
pub(super) fn wave(at: u64, peak: u64, period: u64) -> i64 {
    let period = period.max(4);
    // A quarter before the peak the wave rises through zero.
    let phase = (at % period + period - peak % period + period / 4) % period;
    let half = period / 2;
    let (within, sign) = if phase < half { (phase, 1) } else { (phase - half, -1) };
    let height = u128::from(within) * u128::from(half.saturating_sub(within)) * 4_000_000;
    let height = height / (u128::from(half) * u128::from(half)).max(1);
    sign * i64::try_from(height).unwrap_or(1_000_000).min(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_to_nine_digits() {
        for (x, expected) in [
            (u64::from(u32::MAX), 0.0),
            (0x7fff_ffff, std::f64::consts::LN_2),
            (0, 22.180_709_777_9),
        ] {
            let found = minus_ln(x) as f64 / 4_294_967_296.0;
            assert!((found - expected).abs() < 1e-8, "{x}: {found}");
        }
        let odd = minus_ln(1_234_567_889) as f64 / 4_294_967_296.0;
        let expected = -(1_234_567_890f64 / 4_294_967_296.0).ln();
        assert!((odd - expected).abs() < 1e-8, "{odd} {expected}");
    }

    #[test]
    fn waits_have_their_mean_and_spread() {
        let chance = Chance(7);
        let waits: Vec<u64> =
            (0..20_000).map(|at| chance.wait(For::Lifetime, at, 0, 100_000)).collect();
        let mean = waits.iter().sum::<u64>() / 20_000;
        assert!((98_000..102_000).contains(&mean), "{mean}");
        // Of an exponential distribution 1 in e is above the mean.
        let above = waits.iter().filter(|&&wait| wait > 100_000).count();
        assert!((7_150..7_570).contains(&above), "{above}");
    }

    #[test]
    fn numbers_are_even_and_depend_on_everything() {
        let chance = Chance(1);
        let mut counts = [0u32; 10];
        for at in 0..10_000 {
            counts[usize::try_from(chance.below(For::Size, at, 3, 10)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|&count| (900..1100).contains(&count)), "{counts:?}");
        let one = chance.bits(For::Size, 1, 2);
        for other in [
            Chance(2).bits(For::Size, 1, 2),
            chance.bits(For::Noise, 1, 2),
            chance.bits(For::Size, 2, 1),
            chance.bits(For::Size, 1, 3),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(chance.below(For::Size, 0, 0, 0), 0);
    }

    #[test]
    fn the_wave_peaks_where_it_should() {
        let day = 86_400;
        assert_eq!(wave(50_400, 50_400, day), 1_000_000);
        assert_eq!(wave(7_200, 50_400, day), -1_000_000);
        assert_eq!(wave(28_800, 50_400, day), 0);
        assert!((0..1000).map(|at| wave(at * 97, u64::MAX, day)).all(|w| w.abs() <= 1_000_000));
    }
}
