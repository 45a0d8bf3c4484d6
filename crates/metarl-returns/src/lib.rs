//! Returns and advantages over slices: n-step, TD(λ), GAE, V-trace, Retrace, UPGO, with truncation told apart from termination.
