//! What one who knows the goal and one who does nothing earn in 2-D navigation.

use metarl_core::{
    Environment, Error as EnvironmentError, Purpose, Returns, Seed, StepBatch, TaskDistribution,
};
use metarl_envs::{NavigationTask, PointNavigation, SquareGoals};

use super::Reference;
use crate::Error;
use crate::experiment::EvaluationConfig;

/// Both know nothing of updates, so they stand beside every metric.
pub(super) fn references(
    metrics: &[String],
    judged: EvaluationConfig,
) -> Result<Vec<Reference>, Error> {
    let scale = PointNavigation::new(1).process().scale;
    let optimum = play(judged, |task, position| task.best_action(position, scale))?;
    let still = play(judged, |_, _| [0.0; 2])?;
    let rows = |metric: &String| {
        [
            Reference::measured(metric, "knows the goal", &optimum),
            Reference::measured(metric, "stands still", &still),
        ]
    };
    Ok(metrics.iter().flat_map(rows).collect())
}

/// Returns of one episode on each task of the evaluation.
fn play(
    judged: EvaluationConfig,
    act: impl Fn(&NavigationTask, [f32; 2]) -> [f32; 2],
) -> Result<Returns, EnvironmentError> {
    let seed = Seed::new(judged.seed);
    let mut environment = PointNavigation::new(1);
    let mut step = StepBatch::new(1, [0.0; 2]);
    let mut returns = Vec::with_capacity(judged.n_tasks);
    for idx in 0..judged.n_tasks as u64 {
        let stream = |purpose| seed.stream(purpose, idx, 0, 0);
        let task = SquareGoals.sample(&mut stream(Purpose::EvaluationTask));
        environment.assign(0, &task, stream(Purpose::EvaluationEnvironment))?;
        environment.reset(&mut step.observation)?;
        let mut total = 0.0;
        loop {
            environment.step(&[act(&task, step.observation[0])], &mut step)?;
            total += f64::from(step.reward[0]);
            if step.ended(0) {
                break;
            }
        }
        returns.push(total);
    }
    Ok(Returns::of(&returns))
}
