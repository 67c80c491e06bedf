//! What people and machines read: the plan, its progress, its end. Writes to the writer it is given and asks nobody anything.

mod cancel;
mod drift;
mod explain;
mod graph;
mod history;
mod journal;
mod json;
mod layout;
mod palette;
mod plan;
mod progress;
mod rebuilt;
mod show;
mod state;
mod summary;
mod trouble;

pub use cancel::{Cancelled, cancel_json, cancel_text};
pub use drift::{DriftReport, drift_json, drift_text};
pub use explain::{explain_json, explain_text};
pub use graph::{Graph, dot, mermaid};
pub use history::{RecordChanges, history_json, history_text};
pub use journal::{journal_json, journal_text};
pub use json::plan_json;
pub use plan::{Heading, plan_text};
pub use progress::Progress;
pub use rebuilt::{rebuilt_json, rebuilt_text};
pub use show::{diagnostics_json, report_json, show_json, show_text, validated};
pub use state::{state_list_json, state_list_text, state_show_json, state_show_text};
pub use summary::{closing, next_after_plan, summary_line};
