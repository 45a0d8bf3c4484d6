//! What is measured, and how it is drawn.

use std::error::Error;
use std::time::{Duration, Instant};

use plotters::coord::Shift;
use plotters::prelude::*;

const COLORS: [RGBColor; 3] = [
    RGBColor(31, 100, 180),
    RGBColor(200, 90, 20),
    RGBColor(125, 125, 125),
];
const SIZE: (u32, u32) = (480, 340);

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Least milliseconds of a piece of work that is done for a third of a second, three times at least.
pub(crate) fn milliseconds<R, E: Into<Box<dyn Error>>>(
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

/// What grows along an axis, and the milliseconds of several works at each of its values.
pub(crate) struct Panel {
    title: &'static str,
    axis: &'static str,
    lines: Vec<(&'static str, Vec<(usize, f64)>)>,
}

impl Panel {
    /// Measures every piece of work at every value.
    pub(crate) fn measure<const N: usize>(
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
            let cells = cells.map(|(name, measured)| format!("{name} {measured:.4} ms"));
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
            (low / 1.3)..(high * 1.3)
        };
        let (x, times) = (range(&mut values()), range(&mut times()));
        // Above the lines there is room for their names.
        let y = times.start..times.end * 10.0;
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
            .x_labels(5)
            .y_labels(5)
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

/// Draws four panels, two in a row.
pub(crate) fn draw(path: &str, panels: &[Panel; 4]) -> Result<()> {
    let root = SVGBackend::new(path, (2 * SIZE.0, 2 * SIZE.1)).into_drawing_area();
    root.fill(&WHITE)?;
    for (panel, area) in panels.iter().zip(root.split_evenly((2, 2))) {
        panel.draw(&area)?;
    }
    root.present()?;
    Ok(())
}
