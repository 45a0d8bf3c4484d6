//! Meta-optimizers: exact and first-order MAML, TRPO, Adam, RMSProp, SGD over flat parameter vectors.
