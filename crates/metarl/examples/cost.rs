//! How cost grows with batch, width, inner steps and tasks: measures, and draws docs/pictures/cost.svg.
//!
//! ```text
//! cargo run --release -p metarl --example cost -- docs/pictures/cost.svg
//! ```
//!
//! A minute on a quiet machine. Derivatives run on one thread, iterations on all cores.
#![expect(clippy::print_stdout, reason = "what it measures is printed")]

use std::error::Error;
use std::time::{Duration, Instant};

use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_agents::{MamlConfig, MamlRl, Trainer};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Error as DifferentiationError, Layout, Mlp, Network,
    Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};
use metarl_envs::{PointNavigation, SquareGoals};
use metarl_optim::{MamlTask, MetaGradient};
use plotters::coord::Shift;
use plotters::prelude::*;

const SEED: Seed = Seed::new(1);
/// Rows and units where they are not what grows.
const N_ROWS: usize = 2000;
const N_UNITS: usize = 100;
const COLORS: [RGBColor; 2] = [RGBColor(31, 100, 180), RGBColor(200, 90, 20)];
const PANEL: (u32, u32) = (480, 340);

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Loss = OnDevice<MeanSquare, Cpu>;

/// Mean square of a perceptron's two outputs.
struct MeanSquare {
    network: Mlp<2, 2>,
    input: Vec<f32>,
}

impl MeanSquare {
    fn new(n_rows: usize, n_units: usize) -> Loss {
        let network = Mlp {
            hidden: vec![n_units, n_units],
            activation: Activation::Tanh,
            output_gain: 1.0,
        };
        let input = (0..2 * n_rows).map(|i| (0.7 * i as f32).sin()).collect();
        OnDevice::new(Self { network, input }, Cpu::default())
    }
}

impl Objective<f32, Cpu> for MeanSquare {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> std::result::Result<A::Of<Rank0>, DifferentiationError> {
        let input = algebra.data(&self.input, (self.input.len() / 2, Const::<2>));
        Ok(A::mean(A::square(parameters.forward(input))))
    }
}

/// First parameters of a loss.
fn parameters(loss: &Loss) -> Vec<f32> {
    let mut rng = SEED.stream(Purpose::Initialization, 0, 0, 0);
    Layout::of(loss.objective().network()).initialize(&mut rng)
}

/// Least milliseconds of a piece of work that is done for a third of a second, three times at least.
fn milliseconds<R, E: Into<Box<dyn Error>>>(
    mut work: impl FnMut() -> std::result::Result<R, E>,
) -> Result<f64> {
    work().map_err(Into::into)?;
    let start = Instant::now();
    let (mut least, mut n_done) = (Duration::MAX, 0);
    while n_done < 3 || start.elapsed() < Duration::from_millis(333) {
        let begun = Instant::now();
        work().map_err(Into::into)?;
        least = least.min(begun.elapsed());
        n_done += 1;
    }
    Ok(1e3 * least.as_secs_f64())
}

/// What grows along an axis, and milliseconds at each of its values.
struct Panel {
    title: &'static str,
    axis: &'static str,
    lines: Vec<(&'static str, Vec<(usize, f64)>)>,
}

impl Panel {
    /// Measures every piece of work at every value.
    fn measure<const N: usize>(
        (title, axis): (&'static str, &'static str),
        values: &[usize],
        names: [&'static str; N],
        work: impl Fn(usize) -> Result<[f64; N]>,
    ) -> Result<Self> {
        let mut lines = names.map(|name| (name, Vec::new())).to_vec();
        println!("{title}");
        for value in values {
            let measured = work(*value)?;
            for ((_, line), milliseconds) in lines.iter_mut().zip(measured) {
                line.push((*value, milliseconds));
            }
            let cells = names.iter().zip(measured);
            let cells = cells.map(|(name, measured)| format!("{name} {measured:.3} ms"));
            println!("  {axis} {value}: {}", cells.collect::<Vec<_>>().join(", "));
        }
        Ok(Self { title, axis, lines })
    }

    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<()> {
        let points = || self.lines.iter().flat_map(|(_, line)| line);
        let values = || points().map(|at| at.0 as f64);
        let times = || points().map(|at| at.1);
        let range = |all: &mut dyn Iterator<Item = f64>| {
            let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), x| {
                (low.min(x), high.max(x))
            });
            (low / 1.3)..(high * 1.6)
        };
        let (x, y) = (range(&mut values()), range(&mut times()));
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 16))
            .margin(10)
            .margin_right(24)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x.log_scale(), y.log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.axis)
            .y_desc("milliseconds")
            .axis_desc_style(("sans-serif", 14))
            .label_style(("sans-serif", 12))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y}"))
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.08))
            .draw()?;
        for ((name, line), color) in self.lines.iter().zip(COLORS) {
            let points = line.iter().map(|(x, y)| (*x as f64, *y));
            chart
                .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
            chart.draw_series(points.map(|at| Circle::new(at, 3, color.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font(("sans-serif", 13))
            .background_style(WHITE.mix(0.8))
            .draw()?;
        Ok(())
    }
}

fn derivatives(n_rows: usize, n_units: usize) -> Result<[f64; 2]> {
    let loss = MeanSquare::new(n_rows, n_units);
    let theta = parameters(&loss);
    Ok([
        milliseconds(|| loss.gradient(&theta))?,
        milliseconds(|| loss.hessian_vector_product(&theta, &theta))?,
    ])
}

/// The gradient through so many inner steps, exact and of first order.
fn meta_gradient(n_inner_steps: usize) -> Result<[f64; 2]> {
    let loss = || MeanSquare::new(N_ROWS, N_UNITS);
    let task = MamlTask {
        support: (0..n_inner_steps).map(|_| loss()).collect(),
        query: loss(),
        inner_lr: 0.01,
    };
    let theta = parameters(&task.query);
    let measure = |order| milliseconds(|| task.gradient(&theta, order));
    Ok([
        measure(MetaGradient::SecondOrder)?,
        measure(MetaGradient::FirstOrder)?,
    ])
}

/// An iteration of MAML-TRPO on so many tasks, exact and of first order.
fn iteration(meta_batch_size: usize) -> Result<[f64; 2]> {
    let measure = |meta_gradient| {
        let config = MamlConfig {
            meta_batch_size,
            meta_gradient,
            n_episodes: 5,
            ..MamlConfig::default()
        };
        let environment = PointNavigation::new;
        let agent = MamlRl::new(config, SquareGoals, environment, 100, SEED, Cpu::default());
        let mut agent = agent?;
        milliseconds(|| agent.iterate())
    };
    Ok([
        measure(MetaGradient::SecondOrder)?,
        measure(MetaGradient::FirstOrder)?,
    ])
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or("cost.svg".to_owned());
    let derivative = ["gradient", "Hessian-vector product"];
    let orders = ["second order", "first order"];
    let panels = [
        Panel::measure(
            ("2-100-100-2 tanh perceptron", "rows"),
            &[1, 4, 16, 64, 256, 1024, 4096],
            derivative,
            |n_rows| derivatives(n_rows, N_UNITS),
        )?,
        Panel::measure(
            ("two tanh layers, 256 rows", "units a layer"),
            &[8, 16, 32, 64, 128, 256, 512],
            derivative,
            |n_units| derivatives(256, n_units),
        )?,
        Panel::measure(
            ("MAML's gradient, 2000 rows a step", "inner steps"),
            &[1, 2, 3, 4, 6, 8],
            orders,
            meta_gradient,
        )?,
        Panel::measure(
            ("an iteration of MAML-TRPO, 5 episodes", "tasks"),
            &[1, 2, 4, 8, 16, 32],
            orders,
            iteration,
        )?,
    ];
    let root = SVGBackend::new(&path, (2 * PANEL.0, 2 * PANEL.1)).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, area) in panels.iter().zip(root.split_evenly((2, 2))) {
        panel.draw(&area)?;
    }
    root.present()?;
    println!("{path}");
    Ok(())
}
