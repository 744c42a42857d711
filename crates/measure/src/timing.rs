//! Stopping rule and summary of repeated runs.
//!
//! Runs stop when the relative error of the median is small enough: half the
//! width of its 95 % confidence interval, divided by the median. The interval
//! comes from order statistics and assumes nothing about the distribution of the
//! times (W. J. Conover, *Practical Nonparametric Statistics*, 3rd ed. 1999,
//! section 3.2; recommended for run times by T. Hoefler and R. Belli,
//! "Scientific Benchmarking of Parallel Computing Systems", SC 2015, rule 5).
//! It assumes independent runs. Consecutive runs are not independent: the error
//! of one round is a lower bound, and the spread between rounds gives the rest.

use super::drift::median;
use super::protocol::{Bounds, Round};
use nneval_tables::statistics::quantile;
use std::time::{Duration, Instant};

/// 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.96;
/// A round keeps at most this many runs.
pub const MAX_RUNS: usize = 20_000;
/// Fewest runs that the relative error is asked of.
const MIN_RUNS: usize = 10;

/// Ranks, from 1, of the two order statistics among `n` that enclose the median
/// with 95 % confidence: `⌊(n − z√n)/2⌋` and `⌈1 + (n + z√n)/2⌉` with `z` = 1.96.
/// `None` where `n` is too small (below 8).
pub fn median_ranks(n: usize) -> Option<(usize, usize)> {
    let (count, half) = (n as f64, Z * (n as f64).sqrt());
    let (low, high) = (((count - half) / 2.0).floor(), (1.0 + (count + half) / 2.0).ceil());
    (low >= 1.0 && high <= count).then_some((low as usize, high as usize))
}

/// Half the width of the median's 95 % interval, divided by the median. `None`
/// for fewer than 8 values. `sorted` must be ascending.
pub fn relative_error(sorted: &[f64]) -> Option<f64> {
    let (low, high) = median_ranks(sorted.len())?;
    let (low, high) = (sorted.get(low - 1)?, sorted.get(high - 1)?);
    let median = quantile(sorted, 0.5).filter(|m| *m > 0.0)?;
    Some((high - low) / 2.0 / median)
}

/// Runs `once` until the relative error of the median is within the bound and
/// the least time has passed, or the time limit has; before that the warm-up,
/// whose runs do not count.
///
/// # Errors
/// The first error of `once`.
pub fn measure<E>(bounds: &Bounds, mut once: impl FnMut() -> Result<(), E>) -> Result<Round, E> {
    let start = Instant::now();
    warm_up(bounds, &mut once)?;
    let timed = Instant::now();
    let (mut times, mut cpu) = (Vec::new(), Vec::new());
    let mut next_check = MIN_RUNS;
    loop {
        let processor = processor_ms();
        let run = Instant::now();
        once()?;
        let end = Instant::now();
        cpu.extend(processor_ms().zip(processor).map(|(after, before)| after - before));
        times.push((end - run).as_secs_f64() * 1e3);
        let spent = (end - timed).as_secs_f64();
        if times.len() >= MAX_RUNS || spent >= bounds.most_seconds {
            break;
        }
        if times.len() >= next_check && spent >= bounds.least_seconds {
            let mut sorted = times.clone();
            sorted.sort_by(f64::total_cmp);
            if relative_error(&sorted).is_some_and(|e| e <= bounds.relative_error) {
                break;
            }
            next_check = times.len() + times.len() / 4;
        }
    }
    Ok(Round { cpu_ms: median(cpu.into_iter()), ..summary(times, start.elapsed()) })
}

/// Processor time of this process so far, all threads, milliseconds.
#[cfg(unix)]
fn processor_ms() -> Option<f64> {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Some(now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6)
}

#[cfg(not(unix))]
fn processor_ms() -> Option<f64> {
    None
}

fn warm_up<E>(bounds: &Bounds, once: &mut impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let start = Instant::now();
    loop {
        once()?;
        if start.elapsed().as_secs_f64() >= bounds.warm_up_seconds {
            return Ok(());
        }
    }
}

fn summary(mut times: Vec<f64>, spent: Duration) -> Round {
    times.sort_by(f64::total_cmp);
    let at = |q| quantile(&times, q).unwrap_or_default();
    let middle = at(0.5);
    Round {
        runs: times.len() as u64,
        median_ms: middle,
        p90_ms: at(0.9),
        p99_ms: at(0.99),
        cpu_ms: None,
        spread: if middle > 0.0 { (at(0.75) - at(0.25)) / middle } else { 0.0 },
        error: relative_error(&times),
        seconds: spent.as_secs_f64(),
        memory: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(least: f64, most: f64, error: f64) -> Bounds {
        Bounds {
            warm_up_seconds: 0.0,
            least_seconds: least,
            most_seconds: most,
            relative_error: error,
        }
    }

    #[test]
    fn ranks_enclose_the_median() {
        assert_eq!(median_ranks(7), None);
        assert_eq!(median_ranks(8), Some((1, 8)));
        assert_eq!(median_ranks(100), Some((40, 61)));
    }

    #[test]
    fn ranks_cover_the_median_as_often_as_they_say() {
        // Exact coverage of [x(l), x(u)]: P(l <= Binomial(n, 1/2) < u).
        for n in [8usize, 20, 51, 200] {
            let (low, high) = median_ranks(n).unwrap();
            let mut p = 0.5f64.powi(n as i32);
            let mut covered = 0.0;
            for k in 0..=n {
                covered += if (low..high).contains(&k) { p } else { 0.0 };
                p *= (n - k) as f64 / (k + 1) as f64;
            }
            assert!(covered >= 0.95, "{n}: {covered}");
        }
    }

    #[test]
    fn error_of_known_values() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(relative_error(&sorted), Some((61.0 - 40.0) / 2.0 / 50.5));
        assert_eq!(relative_error(&[1.0; 7]), None);
    }

    #[test]
    fn stops_at_the_bound_or_the_time_limit() {
        let idle = || -> Result<(), ()> { Ok(()) };
        let round = measure(&bounds(0.0, 60.0, 1e9), idle).unwrap();
        assert_eq!(round.runs, MIN_RUNS as u64);
        let slow = || -> Result<(), ()> {
            std::thread::sleep(Duration::from_millis(2));
            Ok(())
        };
        let round = measure(&bounds(0.0, 0.001, 0.0), slow).unwrap();
        assert_eq!((round.runs, round.error), (1, None));
        // Of all threads, those of other tests among them: it may be more than the run took.
        assert!(round.cpu_ms.is_none_or(|cpu| cpu >= 0.0), "{round:?}");
        assert!(round.median_ms >= 2.0 && round.p99_ms >= round.median_ms);
        assert_eq!(measure(&bounds(0.0, 1.0, 1.0), || Err("no")).unwrap_err(), "no");
    }
}
