//! The command line.

use crate::gpu::Action;

xflags::xflags! {
    /// Work on the repository.
    cmd xtask {
        /// Run every test of the workspace: unit, integration and documentation.
        cmd test {}

        /// Check formatting and lints; warnings are errors.
        cmd check {}

        /// Check the workspace's own rules: layers, manifests, packages, modules, links, text.
        cmd tidy {}

        /// Run only the tests that hold derivatives against finite differences, and activations at
        /// every `f32`.
        cmd gradcheck {}

        /// Compile each crate alone with default features, then those over simulators.
        cmd features {}

        /// Run the criterion benchmarks, or compare with peers.
        cmd bench {
            /// Only benchmarks whose name contains this.
            optional filter: String
            /// Instead: ours against packages fetched into target/peers, side by side; writes
            /// docs/benchmarks.md.
            optional --peers
            /// With --peers: only works whose name begins so; `neighbors-grid` runs only when it is
            /// asked for.
            optional --only work: String
            /// With --peers: fewer rounds, and docs/benchmarks.md is left alone.
            optional --quick
            /// With --peers: end with one line of JSON, a list of comparisons.
            optional --json
        }

        /// Compare environments with the packages they reproduce, fetched from PyPI into
        /// target/parity, and write docs/parity.md; with Box2D or MuJoCo set up, their pages too.
        cmd parity {
            /// End with one line of JSON, a list of comparisons.
            optional --json
        }

        /// Fetch what a feature or an experiment needs and cargo cannot.
        cmd setup {
            /// The sources of the feature `box2d`, into third_party/box2d.
            cmd box2d {}
            /// Images of handwritten digits for the experiments matching-digits-*, into
            /// third_party/digits.
            cmd digits {}
            /// The simulator of the feature `mujoco`, into third_party/mujoco.
            cmd mujoco {}
        }

        /// Test the bridge to Gymnasium, with packages fetched from PyPI into target/bridge.
        cmd bridge {
            /// Instead: measure what it costs.
            optional --measure
        }

        /// CUDA, see docs/gpu.md: `gpu check` type-checks it and runs the operations' tests with what a GPU
        /// runs, without a GPU or toolkit; `gpu bundle` builds tests and programs here, for another
        /// machine, with a compiler fetched from PyPI; `gpu test` runs them on this machine's GPU.
        cmd gpu {
            /// check, bundle or test.
            required action: Action
            /// With bundle: the oldest GPU it runs on, 9.0 if not given.
            optional --compute-capability capability: String
        }

        /// Build the documentation; a broken link is an error.
        cmd doc {}

        /// Run what continuous integration runs, cheapest first: tidy, check, doc, features, gpu
        /// check, test.
        cmd ci {}
    }
}
