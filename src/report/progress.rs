//! A run as it goes: a line per running step on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::layout::two;
use super::palette::{BAD, CHANGE, DIM, GOOD, TELL, paint};
use super::summary::seconds;
use crate::event::{Event, Outcome};
use crate::names::{Address, StepId};

/// Shows events. On a terminal indicatif redraws the running steps' lines; elsewhere each event that a log needs is a line
/// handed to `line`.
pub struct Progress {
    bars: Option<MultiProgress>,
    running: Mutex<BTreeMap<StepId, Running>>,
    line: Box<dyn Fn(&str) + Send + Sync>,
}

struct Running {
    address: Address,
    action: &'static str,
    bar: Option<ProgressBar>,
    last: String,
}

impl Progress {
    /// `terminal`: redraw on stderr; otherwise plain lines go to `line`, which also gets what stays above the redrawn ones.
    pub fn new(terminal: bool, line: Box<dyn Fn(&str) + Send + Sync>) -> Self {
        let bars = terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { bars, running: Mutex::default(), line }
    }

    /// Takes an event in.
    pub fn tell(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { .. } => {}
            Event::StepStarted { step, address, action } => {
                let bar = self.bars.as_ref().map(|bars| show(bars, address, action));
                if bar.is_none() {
                    (self.line)(&format!("{} {address}", paint(TELL, action)));
                }
                let one = Running { address: address.clone(), action, bar, last: String::new() };
                running.insert(step.clone(), one);
            }
            Event::StepWaits { step, why } => self.say(running.get_mut(step), why, CHANGE),
            Event::OperationPolled { step, status } => self.say(running.get_mut(step), status, DIM),
            Event::StepFinished { step, address, action, outcome, elapsed } => {
                if let Some(bar) = running.remove(step).and_then(|one| one.bar) {
                    bar.finish_and_clear();
                }
                self.above(&ended(address, action, outcome, *elapsed));
            }
        }
    }

    fn say(&self, running: Option<&mut Running>, text: &str, style: anstyle::Style) {
        let Some(one) = running.filter(|one| one.last != text) else { return };
        one.last = text.to_owned();
        match &one.bar {
            Some(bar) => bar.set_message(paint(style, text)),
            None => (self.line)(&format!("{} {}: {}", one.action, one.address, paint(style, text))),
        }
    }

    fn above(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| (self.line)(text)),
            None => (self.line)(text),
        }
    }
}

/// A line for a running step. It joins the others before anything of it is drawn, or its first frame would stay behind.
fn show(bars: &MultiProgress, address: &Address, action: &'static str) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed:>4}  {wide_msg}")
        .expect("BUG: the template is valid");
    bar.set_style(style);
    bar.set_prefix(format!("{action:7} {address}"));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn ended(address: &Address, action: &str, outcome: &Outcome, elapsed: Duration) -> String {
    match outcome {
        Outcome::Done => {
            // What was done within another step's write took no time of its own.
            let took = if elapsed < Duration::from_millis(50) { String::new() } else { seconds(elapsed) };
            two(&format!("{} {action:7} {address}", paint(GOOD, "✓")), &paint(DIM, took), 80)
        }
        Outcome::Skipped { why } => {
            format!("{} {action:7} {address} {}", paint(DIM, "·"), paint(DIM, format!("not started: {why}")))
        }
        Outcome::Left => {
            format!("{} {action:7} {address} {}", paint(CHANGE, "…"), paint(CHANGE, "left running in Azure"))
        }
        Outcome::Failed { message, .. } => format!("{} {action:7} {address} {}", paint(BAD, "✗"), paint(BAD, message)),
    }
}
