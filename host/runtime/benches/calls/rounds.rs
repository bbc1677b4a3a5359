//! Rounds of several sides in turn, and what is printed about them.

use std::time::Instant;

/// Rounds of each side. The median of so many holds still where a machine does other work too.
const ROUNDS: usize = 30;

/// One way to call.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    /// Calls of each thread in a round: some 20 ms, longer than a time slice of the system.
    pub(crate) calls: usize,
    pub(crate) run: &'a (dyn Fn(usize) + Sync),
}

impl Side<'_> {
    /// Nanoseconds for each call, wall time.
    fn round(&self, threads: usize) -> f64 {
        let started = Instant::now();
        if threads == 1 {
            (self.run)(self.calls);
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| (self.run)(self.calls));
                }
            });
        }
        started.elapsed().as_secs_f64() * 1e9 / (self.calls * threads) as f64
    }
}

/// What a ratio should be.
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
    println!("\n{threads} thread{}, {ROUNDS} rounds of each side", if threads == 1 { "" } else { "s" });
    println!("{:<12} {:>10} {:>10} {:>10} {:>10}", "ns/call", "median", "quarter", "3 quarters", "calls");
    for (side, times) in sides.iter().zip(&times) {
        let [quarter, median, three_quarters] = quartiles(times);
        let calls = side.calls * threads * ROUNDS;
        println!("{:<12} {median:>10.0} {quarter:>10.0} {three_quarters:>10.0} {calls:>10}", side.name);
    }
    let of =
        |name: &str| &times[sides.iter().position(|side| side.name == name).expect("a side of this name")];
    println!("{:<22} {:>6} {:>10} {:>10}", "ratio", "median", "quarter", "3 quarters");
    for ratio in ratios {
        let each: Vec<f64> =
            of(ratio.above).iter().zip(of(ratio.below)).map(|(above, below)| above / below).collect();
        let [quarter, median, three_quarters] = quartiles(&each);
        let name = format!("{} / {}", ratio.above, ratio.below);
        let verdict = |met: bool| if met { "met" } else { "NOT MET" };
        let aim = match ratio.aim {
            Aim::AtMost(aim) => format!("aim: at most {aim:.2}: {}", verdict(median <= aim)),
            Aim::AtLeast(aim) => format!("aim: at least {aim:.2}: {}", verdict(median >= aim)),
            Aim::None => String::new(),
        };
        println!(
            "{}",
            format!("{name:<22} {median:>6.2} {quarter:>10.2} {three_quarters:>10.2}   {aim}").trim_end()
        );
    }
}

fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
}
