//! A maintenance window has one schedule.

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "one-schedule";
const CONFIGURATION: &str = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations";
const SCHEDULE: &str = "maintenanceWindow.schedule";
const WINDOW: &str = "maintenanceWindow";

pub(super) fn check(case: &mut Case<'_>) {
    for configuration in case.of_type(CONFIGURATION) {
        let schedule = value(configuration, WINDOW).and_then(|window| window.property("schedule"));
        let Some(schedule) = schedule.and_then(Value::as_map) else { continue };
        let named: Vec<&str> = schedule
            .iter()
            .filter(|(_, said)| said.as_map().is_some_and(|map| !map.is_empty()))
            .map(|(kind, _)| kind.as_str())
            .collect();
        if named.len() == 1 || named.is_empty() && !schedule.is_empty() {
            continue;
        }
        let summary = match named.as_slice() {
            [] => "a maintenance window has a schedule".to_owned(),
            several => format!("a maintenance window has one schedule, not {}", several.join(" and ")),
        };
        let problem =
            Diagnostic::error(CODE, summary).help("allowed: daily, weekly, absoluteMonthly or relativeMonthly");
        case.report(configuration, SCHEDULE, problem);
    }
}
