//! What a meta-gradient costs: a policy of 2-100-100-2 tanh units on 2000 rows of support and 2000
//! of query, one inner step, `f32`. A row is one step of the 2-D navigation task's 20 episodes of
//! 100 steps.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_autodiff::{
    Activation, Algebra, DiagonalGaussian, Differentiable, Error, Layout, Mlp, Network, Objective,
    OnDevice,
};
use metarl_core::{Purpose, Seed};
use metarl_losses::policy_gradient;
use metarl_optim::{Adaptation, MamlTask, MetaGradient};

const N_ROWS: usize = 2000;

struct PolicyGradient {
    network: Mlp<2, 2>,
    observation: Vec<f32>,
    action: Vec<f32>,
    advantage: Vec<f32>,
}

impl PolicyGradient {
    fn new(phase: f32) -> Self {
        let wave = |n: usize, pace: f32| (0..n).map(|i| (phase + pace * i as f32).sin()).collect();
        Self {
            network: Mlp {
                hidden: vec![100, 100],
                activation: Activation::Tanh,
                output_gain: 1.0,
            },
            observation: wave(2 * N_ROWS, 0.7),
            action: wave(2 * N_ROWS, 1.3),
            advantage: wave(N_ROWS, 2.1),
        }
    }
}

impl Objective<f32, Cpu> for PolicyGradient {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Mlp<2, 2> {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Mlp<2, 2> as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let observation = algebra.data(&self.observation, (N_ROWS, Const::<2>));
        let mean = parameters.forward(observation);
        let log_std = algebra.data(&[0.0; 2], (Const::<2>,));
        let policy = DiagonalGaussian::<A, usize, 2>::new(mean, log_std);
        let log_prob = policy.log_prob(algebra, self.action.as_chunks().0);
        policy_gradient(algebra, log_prob, &self.advantage)
    }
}

fn meta_gradient(c: &mut Criterion) {
    let loss = |phase| OnDevice::new(PolicyGradient::new(phase), Cpu::default());
    let task = MamlTask {
        support: vec![loss(0.0)],
        query: loss(1.0),
        inner_lr: 0.1,
    };
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(task.query.objective().network()).initialize(&mut rng);

    let mut group = c.benchmark_group("maml 2-100-100-2, 2000 rows");
    group.sample_size(20);
    group.measurement_time(Duration::from_secs(5));
    group.bench_function("gradient of one loss", |b| {
        b.iter(|| task.query.gradient(black_box(&theta)));
    });
    group.bench_function("first-order meta-gradient", |b| {
        b.iter(|| task.gradient(black_box(&theta), MetaGradient::FirstOrder));
    });
    group.bench_function("second-order meta-gradient", |b| {
        b.iter(|| task.gradient(black_box(&theta), MetaGradient::SecondOrder));
    });
    // What TRPO asks for ten times an update: one product there, one at the query, one back.
    let order = MetaGradient::SecondOrder;
    group.bench_function("curvature product through adaptation", |b| {
        b.iter(|| {
            let path = Adaptation::along(black_box(&theta), &task.support, task.inner_lr)?;
            let moved = path.push_forward(&task.support, &theta, order)?;
            let product = task.query.hessian_vector_product(path.adapted(), &moved)?;
            path.pull_back(&task.support, &product, order)
        });
    });
    group.finish();
}

criterion_group!(benches, meta_gradient);
criterion_main!(benches);
