//! Rounds of several sides in turn, and what is printed about them.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// Rounds of each side. The median of so many holds still where a machine does other work too.
const ROUNDS: usize = 30;

/// One way to call.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    /// Calls of each thread in a round: some 10 ms, longer than a time slice of the system.
    pub(crate) calls: usize,
    pub(crate) run: &'a (dyn Fn(usize) + Sync),
}

/// Nanoseconds for each call.
#[derive(Clone, Copy)]
struct Time {
    wall: f64,
    /// Of all threads of this process. Other processes do not lengthen it as they do wall time.
    processor: f64,
}

impl Side<'_> {
    fn round(&self, threads: usize) -> Time {
        let (started, spent) = (Instant::now(), processor_time());
        if threads == 1 {
            (self.run)(self.calls);
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| (self.run)(self.calls));
                }
            });
        }
        let calls = (self.calls * threads) as f64;
        Time {
            wall: started.elapsed().as_secs_f64() * 1e9 / calls,
            processor: (processor_time() - spent) / calls,
        }
    }
}

fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// What a ratio of wall times should be.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// Two sides' times, divided.
pub(crate) struct Ratio {
    pub(crate) above: &'static str,
    pub(crate) below: &'static str,
    pub(crate) aim: Aim,
}

/// Run all rounds and print two tables.
pub(crate) fn measure(sides: &[Side<'_>], ratios: &[Ratio], threads: usize) {
    for side in sides {
        side.round(threads);
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); sides.len()];
    for round in 0..ROUNDS {
        // Each round begins with another side, so that none always follows the same one.
        for turn in 0..sides.len() {
            let index = (round + turn) % sides.len();
            times[index].push(sides[index].round(threads));
        }
    }
    let plural = if threads == 1 { "" } else { "s" };
    println!("\n{threads} thread{plural}, {ROUNDS} rounds of each side");
    println!("ns/call                  median    quarter 3 quarters  processor      calls");
    for (side, times) in sides.iter().zip(&times) {
        let [quarter, median, three_quarters] = quartiles(times.iter().map(|time| time.wall));
        let [_, processor, _] = quartiles(times.iter().map(|time| time.processor));
        let calls = side.calls * threads * ROUNDS;
        println!(
            "{:<20} {median:>10.0} {quarter:>10.0} {three_quarters:>10.0} {processor:>10.0} {calls:>10}",
            side.name
        );
    }
    let of = |name: &str| Some(&times[sides.iter().position(|side| side.name == name)?]);
    println!("ratio of rounds          median    quarter 3 quarters  processor");
    for ratio in ratios {
        let (Some(above), Some(below)) = (of(ratio.above), of(ratio.below)) else { continue };
        let pairs = || above.iter().zip(below);
        let [quarter, median, three_quarters] =
            quartiles(pairs().map(|(above, below)| above.wall / below.wall));
        let [_, processor, _] = quartiles(pairs().map(|(above, below)| above.processor / below.processor));
        let name = format!("{} / {}", ratio.above, ratio.below);
        let verdict = |met: bool| if met { "met" } else { "NOT MET" };
        let aim = match ratio.aim {
            Aim::AtMost(aim) => format!("   aim: at most {aim:.2}: {}", verdict(median <= aim)),
            Aim::AtLeast(aim) => format!("   aim: at least {aim:.2}: {}", verdict(median >= aim)),
            Aim::None => String::new(),
        };
        println!("{name:<20} {median:>10.2} {quarter:>10.2} {three_quarters:>10.2} {processor:>10.2}{aim}");
    }
}

fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
}
