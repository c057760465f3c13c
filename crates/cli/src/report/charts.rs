//! Why the curves need no colours of their own: plotters writes each colour as an attribute, and `style.css` repaints
//! that attribute for light, dark and paper.

use std::ops::Range;

use indicatif::HumanFloatCount;
use plotters::prelude::*;

use super::{Chart, Series};

/// Units of the drawing; the page scales it to its column.
const SIZE: (u32, u32) = (1000, 560);
const TEXT: u32 = 34;
/// More points than this cannot be told apart at [`SIZE`].
const MOST_POINTS: usize = 400;
/// Curves from here on are noise around a trend: the trend is drawn strong and the noise faint.
const NOISY: usize = 60;
/// Keys for `style.css`, black and grey without it. Curves are numbered from 1 in the blue channel.
const INK: RGBColor = RGBColor(0, 0, 0);
const GRID: RGBColor = RGBColor(128, 128, 128);
pub(super) const COLOURS: usize = 6;

type Points = Vec<(f64, f64)>;

/// The chart as SVG, or nothing when no point of it is finite.
pub(super) fn svg(chart: &Chart) -> Option<String> {
    let curves: Vec<Points> = chart.series.iter().map(thin).collect();
    let all = || curves.iter().flatten();
    let x = range(all().map(|point| point.0), 0.0)?;
    let y = range(all().map(|point| point.1), 0.04)?;
    let mut svg = String::new();
    draw(&mut svg, chart, &curves, x, y).expect("drawing into a string");
    Some(svg)
}

fn draw(
    svg: &mut String,
    chart: &Chart,
    curves: &[Points],
    x: Range<f64>,
    y: Range<f64>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (across, up) = (x.end - x.start, y.end - y.start);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut axes = ChartBuilder::on(&area)
        .margin_top(16)
        .margin_right(36)
        .x_label_area_size(92)
        .y_label_area_size(142)
        .build_cartesian_2d(x, y)?;
    axes.configure_mesh()
        .disable_x_mesh()
        .x_labels(6)
        .y_labels(5)
        .x_desc(chart.x)
        .y_desc(chart.y)
        .axis_style(GRID)
        .bold_line_style(GRID.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", TEXT, &INK))
        .x_label_formatter(&|v| label(*v, across))
        .y_label_formatter(&|v| label(*v, up))
        .draw()?;
    for (i, points) in curves.iter().enumerate() {
        let colour = RGBColor(0, 0, (i % COLOURS + 1) as u8);
        let trend = smooth(points);
        if trend.is_some() {
            axes.draw_series(LineSeries::new(points.iter().copied(), colour.mix(0.3).stroke_width(2)))?;
        }
        axes.draw_series(LineSeries::new(trend.unwrap_or_else(|| points.clone()), colour.stroke_width(5)))?;
        if let [point] = points[..] {
            axes.draw_series([Circle::new(point, 8, colour.filled())])?;
        }
    }
    area.present()?;
    Ok(())
}

/// The finite points, as bucket means when there are too many. Beyond f32 nothing comes from a kernel.
fn thin(series: &Series) -> Points {
    let is_sound = |v: f64| v.abs() <= f64::from(f32::MAX);
    let points: Points = series.points.iter().copied().filter(|(x, y)| is_sound(*x) && is_sound(*y)).collect();
    points.chunks(points.len().div_ceil(MOST_POINTS).max(1)).map(mean).collect()
}

/// The mean over a window of a twentieth of the curve around each point; both ends have half a window.
fn smooth(points: &[(f64, f64)]) -> Option<Points> {
    let reach = points.len() / 40;
    let window = |i: usize| mean(&points[i.saturating_sub(reach)..points.len().min(i + reach + 1)]);
    (points.len() >= NOISY).then(|| (0..points.len()).map(window).collect())
}

fn mean(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (x / n, y / n)
}

/// The range of an axis with some air. Never so narrow that adding a tick to its ends gets lost in rounding.
fn range(values: impl Iterator<Item = f64>, air: f64) -> Option<Range<f64>> {
    let (lo, hi) = values.map(|v| (v, v)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let least = 1e-6 * lo.abs().max(hi.abs());
    if hi - lo <= least {
        let half = if least == 0.0 { 0.5 } else { 0.1 * hi.abs() };
        return Some(lo - half..hi + half);
    }
    let floor = if lo >= 0.0 && lo < 0.3 * hi { 0.0 } else { lo - air * (hi - lo) };
    Some(floor..hi + air * (hi - lo))
}

/// A tick of an axis that spans `span`: plain where it is short, else with an exponent. Ticks are sums of round
/// numbers, so the tick at zero may have missed it.
fn label(tick: f64, span: f64) -> String {
    match tick.abs() {
        size if size < 1e-9 * span => "0".to_owned(),
        size if (1e-3..1e6).contains(&size) => HumanFloatCount(tick).to_string(),
        _ => format!("{tick:.2e}").replace(".00e", "e").replace("0e", "e"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        let ticks = [0.25, 12_000.0, -1e-17, 3e7, -2.5e-4].map(|tick| label(tick, 1.0));
        assert_eq!(ticks, ["0.25", "12,000", "0", "3e7", "-2.5e-4"]);
    }

    #[test]
    fn thinning_and_smoothing_keep_a_straight_line() {
        let points = (0..10_000).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        let thinned = thin(&Series { name: String::new(), points });
        assert_eq!((thinned.len(), thinned[0]), (MOST_POINTS, (12.0, 24.0)));
        let trend = smooth(&thinned).expect("400 points have a trend");
        assert!(trend.iter().all(|(x, y)| (y - 2.0 * x).abs() < 1e-9));
        assert_eq!(smooth(&thinned[..NOISY - 1]), None);
    }
}
