//! A dictionary does not know which structure searches it.

use metarl_memory::{
    BruteForce, Dictionary, Error, FlatScan, KdTree, Kernel, LookUp, LookUpGradient,
    NearestNeighbors,
};
use proptest::prelude::*;

use super::{INVERSE_DISTANCE, with_kernel};

const DIMENSION: usize = 3;
const CAPACITY: usize = 100;

#[derive(Debug, Clone)]
enum Operation {
    Write([f32; DIMENSION], f32),
    LookUp([f32; DIMENSION]),
    Descend(f32),
    Restore,
    Clear,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let key = || prop::array::uniform3(-1.0_f32..1.0);
    let operation = prop_oneof![
        60 => (key(), -1.0_f32..1.0).prop_map(|(key, value)| Operation::Write(key, value)),
        20 => key().prop_map(Operation::LookUp),
        10 => (0.0_f32..0.1).prop_map(Operation::Descend),
        1 => Just(Operation::Restore),
        1 => Just(Operation::Clear),
    ];
    prop::collection::vec(operation, 0..400)
}

/// All that can be seen of a dictionary that goes through some operations.
fn run<N: NearestNeighbors>(
    neighbors: N,
    kernel: Kernel,
    operations: &[Operation],
) -> Result<(Vec<u32>, Vec<u8>), Error> {
    let mut dictionary = Dictionary::new(neighbors, 1, with_kernel(5, kernel))?;
    let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
    let mut seen = Vec::new();
    for operation in operations {
        match operation {
            Operation::Write(key, value) => {
                seen.push(dictionary.write(key, &[*value])? as u32);
            }
            Operation::LookUp(query) if !dictionary.keys().is_empty() => {
                let output = dictionary.look_up(query, &mut look_up)?;
                seen.push(output[0].to_bits());
            }
            Operation::Descend(step) => {
                look_up.gradient(look_up.output(), &mut gradient)?;
                seen.push(u32::from(dictionary.descend(&gradient, *step).is_ok()));
            }
            Operation::Restore => dictionary.restore(&dictionary.snapshot()?)?,
            Operation::Clear => dictionary.clear()?,
            Operation::LookUp(_) => {}
        }
    }
    Ok((seen, dictionary.snapshot()?))
}

proptest! {
    #[test]
    fn all_give_the_same_bits(
        operations in operations(),
        kernel in prop_oneof![Just(INVERSE_DISTANCE), Just(Kernel::Cosine)],
    ) {
        let reference = BruteForce::new(DIMENSION, CAPACITY).expect("small sizes");
        let expected = run(reference, kernel, &operations).expect("nothing is refused");
        let tree = KdTree::new(DIMENSION, CAPACITY).expect("small sizes");
        prop_assert_eq!(&run(tree, kernel, &operations).expect("nothing is refused"), &expected);
        let scan = FlatScan::new(DIMENSION, CAPACITY).expect("small sizes");
        prop_assert_eq!(&run(scan, kernel, &operations).expect("nothing is refused"), &expected);
    }
}
