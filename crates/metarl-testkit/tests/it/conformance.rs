//! The suite passes what keeps the contract and names the clause that is broken.

use metarl_core::{Discrete, Environment, Seed, Trial};
use metarl_testkit::conformance::{Clause, Outside, Violation, check};

use crate::walk::{Fault, Walk};

const TASKS: [f64; 3] = [0.0, 0.1, 0.3];

fn verdict(random_start: bool, fault: Option<Fault>) -> Result<(), Violation> {
    let make = |n_lanes| Walk::new(n_lanes, random_start, fault);
    check(make, &TASKS, Seed::new(3), 60)
}

#[test]
fn passes_an_environment_that_keeps_the_contract() {
    assert_eq!(verdict(false, None), Ok(()));
    assert_eq!(verdict(true, None), Ok(()));
}

#[test]
fn passes_a_trial_of_one() {
    let make = |n_lanes| Trial::new(Walk::new(n_lanes, true, None), 3).unwrap();
    assert_eq!(check(make, &TASKS, Seed::new(3), 80), Ok(()));
}

#[test]
fn names_the_clause_that_is_broken() {
    let faults = [
        (Fault::OneLaneTooMany, Clause::LaneCount),
        (Fault::RefusesATask, Clause::AcceptsValid),
        (Fault::NeverEnds, Clause::Exercised),
        (Fault::GlobalRandomness, Clause::Reproducible),
        (Fault::LeavesResetUnwritten, Clause::WritesAll),
        (Fault::LeavesRewardUnwritten, Clause::WritesAll),
        (Fault::LeavesTerminatedUnwritten, Clause::WritesAll),
        (Fault::ReadsTheBuffer, Clause::WritesAll),
        (Fault::ObservationOffTheLine, Clause::ObservationInSpace),
        (Fault::SuccessorOffTheLine, Clause::SuccessorInSpace),
        (Fault::NanReward, Clause::FiniteReward),
        (Fault::BothEndings, Clause::OneEnding),
        (Fault::SuccessorBehind, Clause::Continuity),
        (Fault::StaysWhereItEnded, Clause::AutoReset),
        (Fault::KeepsTheClock, Clause::AutoReset),
        (Fault::OneStreamForAll, Clause::LanesIndependent),
        (Fault::RestartsTogether, Clause::LanesIndependent),
        (Fault::AssignsAtOnce, Clause::AssignWaits),
        (Fault::KeepsTheFirstTask, Clause::Forgets),
        (Fault::RemembersLuck, Clause::Forgets),
        (Fault::BrokenByErrors, Clause::Forgets),
        (Fault::WrapsLanes, Clause::RejectsUnknownLane),
        (Fault::AnyResetLength, Clause::RejectsWrongLength),
        (Fault::AnyActionLength, Clause::RejectsWrongLength),
        (Fault::AnyStepLength, Clause::RejectsWrongLength),
        (Fault::AnyAction, Clause::RejectsInvalidAction),
        (Fault::NamesLaneZero, Clause::RejectsInvalidAction),
    ];
    for random_start in [false, true] {
        for (fault, clause) in faults {
            let found = verdict(random_start, Some(fault)).map_err(|violation| violation.clause);
            assert_eq!(found, Err(clause), "{fault:?}, random start {random_start}");
        }
    }
}

#[test]
fn asks_for_a_task() {
    let empty = check(|n| Walk::new(n, false, None), &[], Seed::new(3), 60);
    assert_eq!(empty.unwrap_err().clause, Clause::Exercised);
}

#[test]
fn the_message_is_the_clause_and_the_place() {
    let violation = verdict(false, Some(Fault::NanReward)).unwrap_err();
    let message = format!("{violation:?}");
    assert!(
        message.starts_with("every reward must be finite; step "),
        "{message}"
    );
    assert!(message.ends_with("reward NaN"), "{message}");
}

#[test]
fn outside_elements_are_outside() {
    use metarl_core::{Continuous, Space};
    assert!(
        Discrete::<3>
            .outside()
            .iter()
            .all(|a| !Discrete::<3>.contains(a))
    );
    for space in [
        Continuous::<2>::UNBOUNDED,
        Continuous {
            low: -1.0,
            high: 1.0,
        },
    ] {
        assert_eq!(space.outside().len(), 10);
        assert!(space.outside().iter().all(|a| !space.contains(a)));
    }
    assert_eq!(Walk::new(2, false, None).n_lanes(), 2);
}
