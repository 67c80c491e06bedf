//! The counts, and what went wrong.

use std::collections::BTreeMap;

use crate::blow::Blow;
use crate::strike::Asked;
use crate::trial::Ended;

/// Of one scenario.
pub struct Tally {
    name: String,
    requests: BTreeMap<usize, ()>,
    faults: BTreeMap<String, [usize; 2]>,
    wrong: Vec<String>,
    began: std::time::Instant,
}

impl Tally {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requests: BTreeMap::new(),
            faults: BTreeMap::new(),
            wrong: Vec::new(),
            began: std::time::Instant::now(),
        }
    }

    pub fn add(&mut self, at: usize, asked: &Asked, blow: &Blow, ended: Result<Ended, String>) {
        self.requests.insert(at, ());
        let counts = self.faults.entry(blow.name.clone()).or_default();
        match ended {
            Ok(Ended::Well) => counts[0] += 1,
            Ok(Ended::Told) => counts[1] += 1,
            Err(what) => {
                let text = format!("{} at {at} {} {}: {what}", blow.name, asked.method, asked.path);
                self.wrong.push(text);
            }
        }
    }

    #[expect(clippy::disallowed_macros, reason = "shown by `cargo test -- --nocapture`")]
    pub fn close(self) {
        let sum = |which: usize| self.faults.values().map(|c| c[which]).sum::<usize>();
        println!(
            "{}: {} requests x {} faults in {:.1} s: {} ended as if nothing had happened, {} told a clear error and the next run ended there, {} wrong",
            self.name,
            self.requests.len(),
            self.faults.len(),
            self.began.elapsed().as_secs_f64(),
            sum(0),
            sum(1),
            self.wrong.len()
        );
        for (fault, [well, told]) in &self.faults {
            println!("  {fault}: {well} + {told}");
        }
        let shown: Vec<&str> = self.wrong.iter().take(60).map(String::as_str).collect();
        assert!(self.wrong.is_empty(), "{} wrong:\n  {}", self.wrong.len(), shown.join("\n  "));
    }
}
