//! Learning curves and profiles as SVG.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Error;
use crate::evaluate::Evaluation;
use crate::experiment::Experiment;
use crate::run::replace;
use crate::system::{Iteration, Profile, Reference};

const SIZE: (u32, u32) = (960, 560);
const MARGIN: i32 = 18;
const AXIS: i32 = 62;
const LABELS_WIDTH: u32 = 230;
/// More points than that are averaged in groups.
const MOST_POINTS: usize = 200;
const LABEL_HEIGHT: i32 = 17;
const LEARNED: RGBColor = RGBColor(31, 100, 180);
const EXACT: RGBColor = RGBColor(20, 125, 60);
const BAR: RGBColor = RGBColor(200, 40, 40);
const BASELINE: RGBColor = RGBColor(125, 125, 125);

/// A line with a label at its end.
struct Line {
    points: Vec<(f64, f64)>,
    label: String,
    color: RGBColor,
}

/// Draws the learning curve of one or several seeds of an experiment: the mean, a band from the
/// worst to the best seed, and a labelled line for each reference and each bar.
///
/// # Errors
///
/// [`Error::Write`], and [`Error::Plot`] when there is nothing to draw.
pub fn learning_curve(
    path: &Path,
    experiment: &Experiment,
    seeds: &[Vec<Iteration>],
    references: &[Reference],
) -> Result<(), Error> {
    let shown = experiment.system.curve();
    let seeds: Vec<Vec<(f64, f64)>> = seeds
        .iter()
        .map(|iterations| {
            let points = iterations.iter();
            points
                .filter_map(|done| Some((done.env_steps as f64, *done.measured.get(shown.key)?)))
                .collect()
        })
        .collect();
    let n_points = seeds.iter().map(Vec::len).min().unwrap_or(0);
    if n_points == 0 {
        return Err(Error::Plot("no iteration was recorded".to_owned()));
    }
    let window = n_points.div_ceil(MOST_POINTS);
    let seeds: Vec<Vec<(f64, f64)>> = seeds
        .iter()
        .map(|seed| seed[..n_points].chunks(window).map(average).collect())
        .collect();
    let n_points = seeds[0].len();
    let last = seeds[0][n_points - 1].0;
    let (unit, per_unit) = if last < 1e6 {
        ("thousands", 1e3)
    } else {
        ("millions", 1e6)
    };
    let band: Vec<Spread> = (0..n_points)
        .map(|idx| {
            Spread::of(
                seeds[0][idx].0 / per_unit,
                seeds.iter().map(|seed| seed[idx].1),
            )
        })
        .collect();
    let end = band[n_points - 1].x;
    let metrics = [(0.0, shown.metric.as_str()), (end, shown.metric.as_str())];
    let lines = lines(experiment, references, &metrics);
    let labels = Labels {
        title: experiment.title.clone(),
        subtitle: subtitle(experiment, seeds.len(), window),
        x: format!("{} ({unit})", experiment.system.counted()),
        y: shown.label,
        start: 0.0,
    };
    let mut svg = String::new();
    draw(&mut svg, &labels, &band, &lines).map_err(|error| Error::Plot(error.to_string()))?;
    replace(path, svg.as_bytes())
}

/// Draws a profile of an evaluation: the mean over seeds, a band from the worst to the best seed, and
/// a labelled line for each reference and for the bars.
///
/// # Errors
///
/// [`Error::Write`], and [`Error::Plot`] when there is nothing to draw.
pub fn profile(
    path: &Path,
    experiment: &Experiment,
    profile: &Profile,
    seeds: &[Evaluation],
    references: &[Reference],
) -> Result<(), Error> {
    let metrics: Vec<(f64, &str)> = profile
        .metrics
        .iter()
        .enumerate()
        .map(|(idx, metric)| (idx as f64 + 1.0, metric.as_str()))
        .collect();
    let means = |metric: &str| {
        let found = seeds.iter().filter_map(|seed| seed.measurement(metric));
        found.map(|found| found.returns.mean).collect::<Vec<_>>()
    };
    if seeds.is_empty() || metrics.iter().any(|(_, metric)| means(metric).is_empty()) {
        return Err(Error::Plot("nothing was evaluated".to_owned()));
    }
    let band: Vec<Spread> = metrics
        .iter()
        .map(|(x, metric)| Spread::of(*x, means(metric).into_iter()))
        .collect();
    let lines = lines(experiment, references, &metrics);
    let labels = Labels {
        title: experiment.title.clone(),
        subtitle: subtitle(experiment, seeds.len(), 1),
        x: profile.label.to_owned(),
        y: profile.measured.clone(),
        start: 1.0,
    };
    let mut svg = String::new();
    draw(&mut svg, &labels, &band, &lines).map_err(|error| Error::Plot(error.to_string()))?;
    replace(path, svg.as_bytes())
}

/// Steps and value in the middle of some iterations.
fn average(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
    (x / n, y / n)
}

fn subtitle(experiment: &Experiment, n_seeds: usize, window: usize) -> String {
    let seeds = match n_seeds {
        1 => format!("seed {}", experiment.seed),
        n => format!("mean and range of {n} seeds"),
    };
    match window {
        1 => format!("{}, {seeds}", experiment.name),
        n => format!(
            "{}, {seeds}, each point an average of {n} iterations",
            experiment.name
        ),
    }
}

/// The seeds at one point of training.
struct Spread {
    x: f64,
    mean: f64,
    low: f64,
    high: f64,
}

impl Spread {
    fn of(x: f64, values: impl Iterator<Item = f64> + Clone) -> Self {
        Self {
            x,
            mean: values.clone().sum::<f64>() / values.clone().count() as f64,
            low: values.clone().fold(f64::INFINITY, f64::min),
            high: values.fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// References and bars over some metrics, each at its place.
fn lines(experiment: &Experiment, references: &[Reference], metrics: &[(f64, &str)]) -> Vec<Line> {
    let line = |name: &str, color: RGBColor, value: &dyn Fn(&str) -> Option<f64>| {
        let points: Vec<(f64, f64)> = metrics
            .iter()
            .filter_map(|(x, metric)| Some((*x, value(metric)?)))
            .collect();
        let (_, last) = points.last()?;
        let label = format!("{name} {last:.2}");
        Some(Line {
            points,
            label,
            color,
        })
    };
    let mut lines = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for Reference {
        name,
        standard_error,
        metric,
        ..
    } in references
    {
        let shown = metrics.iter().any(|(_, known)| known == metric);
        if !shown || names.contains(&name.as_str()) {
            continue;
        }
        names.push(name);
        let color = match standard_error {
            None => EXACT,
            Some(_) => BASELINE,
        };
        lines.extend(line(name, color, &|metric| {
            let mut all = references.iter();
            let found = all.find(|other| other.name == *name && other.metric == metric)?;
            Some(found.mean)
        }));
    }
    let mut bars: Vec<f64> = experiment.targets.iter().map(|target| target.bar).collect();
    bars.dedup();
    for bar in bars {
        lines.extend(line("bar", BAR, &|metric| {
            let mut targets = experiment.targets.iter();
            let here = targets.any(|target| target.metric == metric && target.bar == bar);
            here.then_some(bar)
        }));
    }
    lines
}

struct Labels {
    title: String,
    subtitle: String,
    x: String,
    y: String,
    /// Where the horizontal axis begins.
    start: f64,
}

fn draw(
    svg: &mut String,
    labels: &Labels,
    band: &[Spread],
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let values = || lines.iter().flat_map(|line| &line.points).map(|at| at.1);
    let lows = band.iter().map(|at| at.low).chain(values());
    let highs = band.iter().map(|at| at.high).chain(values());
    let (low, high) = (
        lows.fold(f64::INFINITY, f64::min),
        highs.fold(f64::MIN, f64::max),
    );
    let margin = 0.05 * (high - low).max(1e-6);
    let end = band[band.len() - 1].x;

    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(MARGIN)
        .margin_top(76)
        .margin_right(LABELS_WIDTH)
        .x_label_area_size(48)
        .y_label_area_size(AXIS)
        .build_cartesian_2d(labels.start..end, low - margin..high + margin)?;
    chart
        .configure_mesh()
        .x_desc(&labels.x)
        .y_desc(&labels.y)
        .axis_desc_style(("sans-serif", 15))
        .label_style(("sans-serif", 13))
        .x_label_formatter(&|x| format!("{}", (x * 1e6).round() / 1e6))
        .x_labels(8)
        .y_label_formatter(&|y| format!("{}", (y * 1e6).round() / 1e6))
        .y_labels(8)
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.06))
        .draw()?;
    let left = MARGIN + AXIS;
    let title = ("sans-serif", 18).into_font().color(&BLACK);
    root.draw(&Text::new(labels.title.as_str(), (left, 24), title))?;
    let subtitle = ("sans-serif", 14).into_font().color(&BASELINE);
    root.draw(&Text::new(labels.subtitle.as_str(), (left, 48), subtitle))?;
    for line in lines {
        chart.draw_series(DashedLineSeries::new(
            line.points.iter().copied(),
            6,
            4,
            line.color.mix(0.7).stroke_width(1),
        ))?;
    }
    let outline = band.iter().map(|at| (at.x, at.high));
    let outline = outline.chain(band.iter().rev().map(|at| (at.x, at.low)));
    chart.draw_series([Polygon::new(outline.collect::<Vec<_>>(), LEARNED.mix(0.2))])?;
    let mean = band.iter().map(|at| (at.x, at.mean));
    chart.draw_series(LineSeries::new(mean, LEARNED.stroke_width(2)))?;

    let rows: Vec<i32> = lines
        .iter()
        .map(|line| chart.backend_coord(&line.points[line.points.len() - 1]).1)
        .collect();
    let (right, bottom) = chart.backend_coord(&(end, low - margin));
    for ((line, row), at) in lines.iter().zip(&rows).zip(spread(&rows, bottom)) {
        let leader = vec![(right + 2, *row), (right + 18, at), (right + 24, at)];
        root.draw(&PathElement::new(leader, line.color.mix(0.7)))?;
        let style = ("sans-serif", 14)
            .into_font()
            .color(&line.color)
            .pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(line.label.as_str(), (right + 28, at), style))?;
    }
    root.present()?;
    Ok(())
}

/// Moves labels apart that would overlap, keeping their order and none below `bottom`.
fn spread(rows: &[i32], bottom: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|idx| rows[*idx]);
    let mut placed = rows.to_vec();
    for pair in order.windows(2) {
        placed[pair[1]] = placed[pair[1]].max(placed[pair[0]] + LABEL_HEIGHT);
    }
    let mut limit = bottom;
    for idx in order.into_iter().rev() {
        placed[idx] = placed[idx].min(limit);
        limit = placed[idx] - LABEL_HEIGHT;
    }
    placed
}
