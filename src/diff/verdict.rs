//! The verdict on one property, from five yes-or-no answers. The whole truth table is the test below.

/// What is known about one managed property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// The file says something.
    pub wanted: bool,
    /// The record says something.
    pub recorded: bool,
    /// File and record agree (only where both say something).
    pub wanted_is_recorded: bool,
    /// Azure already has what the file says.
    pub wanted_is_live: bool,
    /// Azure still has what was recorded.
    pub recorded_is_live: bool,
}

/// What follows for one managed property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing to do, nothing to say.
    Same,
    /// The file asks for something else than was applied, and Azure still has what was applied (or nothing was).
    FileChanged,
    /// The file is as it was; someone changed Azure.
    Drifted,
    /// File and Azure changed, to the same.
    BothAlike,
    /// File and Azure changed, each to something else. The file wins, and the drift is told.
    BothApart,
    /// The file no longer says it.
    Removed,
    /// The file no longer says it, and Azure moved it meanwhile.
    RemovedAndDrifted,
}

/// The verdict.
pub fn decide(sides: Sides) -> Verdict {
    match sides {
        Sides { wanted: false, recorded: false, .. } => Verdict::Same,
        Sides { wanted: false, recorded: true, recorded_is_live: true, .. } => Verdict::Removed,
        Sides { wanted: false, recorded: true, recorded_is_live: false, .. } => Verdict::RemovedAndDrifted,
        Sides { recorded: false, wanted_is_live: true, .. } => Verdict::Same,
        Sides { recorded: false, wanted_is_live: false, .. } => Verdict::FileChanged,
        Sides { wanted_is_live: true, recorded_is_live: true, .. } => Verdict::Same,
        Sides { wanted_is_live: true, recorded_is_live: false, .. } => Verdict::BothAlike,
        Sides { recorded_is_live: true, .. } => Verdict::FileChanged,
        Sides { wanted_is_recorded: true, .. } => Verdict::Drifted,
        Sides { .. } => Verdict::BothApart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        use Verdict::*;
        // wanted recorded wanted=recorded wanted=live recorded=live
        let table = [
            ("nnnnn", Same),
            ("nynnn", RemovedAndDrifted),
            ("nynny", Removed),
            ("ynnnn", FileChanged),
            ("ynnyn", Same),
            ("yynnn", BothApart),
            ("yynny", FileChanged),
            ("yynyn", BothAlike),
            // The service's equality is no equivalence ("1.33" is met by two live patches), so these can happen.
            ("yynyy", Same),
            ("yyynn", Drifted),
            // The same value asked for in other company: without its autoscaler a count is the file's.
            ("yyyny", FileChanged),
            ("yyyyn", BothAlike),
            ("yyyyy", Same),
        ];
        for (row, verdict) in table {
            let at = |i: usize| row.as_bytes()[i] == b'y';
            let sides = Sides {
                wanted: at(0),
                recorded: at(1),
                wanted_is_recorded: at(2),
                wanted_is_live: at(3),
                recorded_is_live: at(4),
            };
            assert_eq!(decide(sides), verdict, "{row}");
        }
    }
}
