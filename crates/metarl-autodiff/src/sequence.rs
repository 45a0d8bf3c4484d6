//! Sequences side by side in time-major rows: row `t · n_lanes + lane` is step `t` of that lane.

/// For every row, the row in which its lane last started anew.
pub(crate) fn first_rows(n_lanes: usize, reset: &[bool]) -> Vec<usize> {
    assert!(n_lanes > 0, "a sequence has at least one lane");
    assert_eq!(reset.len() % n_lanes, 0, "rows are steps × lanes");
    let mut first: Vec<usize> = Vec::with_capacity(reset.len());
    for (row, reset) in reset.iter().enumerate() {
        let anew = *reset || row < n_lanes;
        first.push(if anew { row } else { first[row - n_lanes] });
    }
    first
}

/// The rows of every stretch from one start of a lane to the next, oldest first.
pub(crate) fn stretches(n_lanes: usize, reset: &[bool]) -> Vec<Vec<usize>> {
    let first = first_rows(n_lanes, reset);
    let mut stretches: Vec<Vec<usize>> = Vec::new();
    for lane in 0..n_lanes {
        for row in (lane..reset.len()).step_by(n_lanes) {
            match stretches.last_mut() {
                Some(stretch) if first[row] != row => stretch.push(row),
                _ => stretches.push(vec![row]),
            }
        }
    }
    stretches
}
