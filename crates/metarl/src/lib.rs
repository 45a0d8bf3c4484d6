//! Meta-reinforcement learning in Rust: the library's front door and the metarl program.
