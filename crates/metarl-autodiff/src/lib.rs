//! dfdx made twice differentiable: one loss, read as value, gradient, Jacobian-vector or Hessian-vector product.
