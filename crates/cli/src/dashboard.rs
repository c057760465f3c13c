//! A training on the whole terminal: how far it is, its curves, the newest samples, and what went wrong.

use std::collections::BTreeMap;
use std::io::{Stdout, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use impasto_data::Picture;
use impasto_models::Event;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::crossterm::{cursor, execute};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, Gauge, GraphType, Paragraph};
use ratatui::{Frame, Terminal};

use crate::process;

/// Whether a dashboard has the terminal.
static OPEN: AtomicBool = AtomicBool::new(false);
/// Draws no more often than so.
const PAUSE: Duration = Duration::from_millis(200);
/// A curve of more points is thinned out to half of them.
const MOST_POINTS: usize = 4000;
/// Lines for what the run says.
const NOTES: u16 = 3;
const COLOURS: [Color; 4] = [Color::Cyan, Color::Yellow, Color::Magenta, Color::Green];

/// The terminal while a training has it. Ctrl-C stays what it is.
pub(crate) struct Dashboard {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    drawn: Option<Instant>,
    begun: Instant,
    view: View,
}

/// What is shown.
#[derive(Default)]
struct View {
    stage: &'static str,
    total: u64,
    pictures: usize,
    /// The step that this sitting began behind.
    first: u64,
    step: u64,
    seconds: f64,
    peak_bytes: u64,
    curves: BTreeMap<&'static str, Vec<(f64, f64)>>,
    sample: Option<Picture>,
    notes: Vec<String>,
}

impl Dashboard {
    pub(crate) fn open(stage: &'static str, total: u64, pictures: usize) -> std::io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        let view = View { stage, total, pictures, ..View::default() };
        OPEN.store(true, Ordering::SeqCst);
        execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All), cursor::Hide)?;
        Ok(Self { terminal, drawn: None, begun: Instant::now(), view })
    }

    pub(crate) fn begin_at(&mut self, step: u64) {
        self.view.curves.values_mut().for_each(|curve| curve.retain(|point| point.0 <= step as f64));
        (self.view.first, self.view.step, self.begun) = (step, step, Instant::now());
    }

    pub(crate) fn event(&mut self, event: &Event) {
        self.view.take(event);
        if self.drawn.is_none_or(|drawn| drawn.elapsed() > PAUSE) {
            self.draw();
        }
    }

    pub(crate) fn sample(&mut self, picture: Picture) {
        self.view.sample = Some(picture);
    }

    pub(crate) fn note(&mut self, text: String) {
        self.view.notes.push(text);
        self.draw();
    }

    /// What was said meanwhile, to be said again when the terminal is back.
    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.view.notes)
    }

    fn draw(&mut self) {
        self.drawn = Some(Instant::now());
        self.view.seconds = self.begun.elapsed().as_secs_f64();
        self.view.peak_bytes = process::peak_bytes().unwrap_or(0);
        // A terminal that is gone is no reason to lose the run.
        let _ = self.terminal.draw(|frame| self.view.render(frame));
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back as it was, if a dashboard has it.
pub(crate) fn leave() {
    if OPEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
    }
}

impl View {
    fn take(&mut self, event: &Event) {
        self.step = event.step;
        for &(name, value) in &event.scalars {
            let curve = self.curves.entry(name).or_default();
            if value.is_finite() {
                curve.push((event.step as f64, value));
            }
            if curve.len() > MOST_POINTS {
                let mut keep = false;
                curve.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }

    fn render(&self, frame: &mut Frame) {
        let rows = [Constraint::Length(3), Constraint::Fill(1), Constraint::Length(NOTES)];
        let [top, middle, bottom] = Layout::vertical(rows).areas(frame.area());
        let title = format!(" impasto train {}: step {} of {} ", self.stage, self.step, self.total);
        let done = self.step as f64 / self.total.max(1) as f64;
        let gauge = Gauge::default().ratio(done.clamp(0.0, 1.0)).label(self.state()).gauge_style(COLOURS[0]);
        frame.render_widget(gauge.block(Block::bordered().title(title)), top);

        let (curves, sample) = match &self.sample {
            Some(picture) => {
                let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
                (left, Some((picture, right)))
            }
            None => (middle, None),
        };
        let [errors, shares] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(curves);
        self.chart(frame, errors, "loss", |name| name.contains("loss"));
        self.chart(frame, shares, "accuracy", |name| name.contains("accuracy"));
        if let Some((picture, area)) = sample {
            let block = Block::bordered().title(" newest samples ");
            frame.render_widget(Paragraph::new(half_blocks(picture, block.inner(area))).block(block), area);
        }

        let last = self.notes.len().saturating_sub(usize::from(NOTES) - 1);
        let notes = self.notes[last..].iter().map(|note| Line::from(note.as_str()).yellow());
        let help = Line::from("Ctrl-C saves and ends").dim();
        frame.render_widget(Paragraph::new(notes.chain([help]).collect::<Vec<_>>()), bottom);
    }

    /// How far, how fast, how long, how large.
    fn state(&self) -> String {
        let rate = (self.step - self.first) as f64 / self.seconds.max(1e-9);
        let left = (self.total.saturating_sub(self.step)) as f64 / rate.max(1e-9);
        let left = if rate > 0.0 { clock(left) } else { "-".into() };
        let (pictures, mb) = (rate * self.pictures as f64, self.peak_bytes / 1_000_000);
        format!("{} done, {left} left, {pictures:.0} pictures/s, {mb} MB", clock(self.seconds))
    }

    fn chart(&self, frame: &mut Frame, area: Rect, title: &str, wanted: impl Fn(&str) -> bool) {
        let wanted = self.curves.iter().filter(|(name, points)| wanted(name) && !points.is_empty());
        let curves: Vec<_> = wanted.map(|(name, points)| (name, means(points, area.width.into()))).collect();
        let values = || curves.iter().flat_map(|(_, points)| points.iter().map(|point| point.1));
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let bounds = if low < high { [low, high] } else { [low.min(0.0), high.max(1.0)] };
        let sets = curves.iter().enumerate().map(|(i, (name, points))| {
            let last = points.last().map_or(0.0, |point| point.1);
            Dataset::default()
                .name(format!("{} {last:.3}", name.replace('_', " ")))
                .marker(Marker::Braille)
                .graph_type(GraphType::Line)
                .style(Style::new().fg(COLOURS[i % COLOURS.len()]))
                .data(points)
        });
        let x = Axis::default().bounds([0.0, self.step.max(1) as f64]).labels(["0".into(), self.step.to_string()]);
        let y = Axis::default().bounds(bounds).labels(bounds.map(|bound| format!("{bound:.2}")));
        let block = Block::bordered().title(format!(" {title} "));
        let all = Constraint::Percentage(100);
        let chart = Chart::new(sets.collect()).x_axis(x).y_axis(y).block(block).hidden_legend_constraints((all, all));
        frame.render_widget(chart, area);
    }
}

/// As many points as can be told apart, each the mean of its neighbours.
fn means(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let mean = |some: &[(f64, f64)]| {
        let [x, y] = [0, 1].map(|axis| some.iter().map(|p| if axis == 0 { p.0 } else { p.1 }).sum::<f64>());
        (x / some.len() as f64, y / some.len() as f64)
    };
    points.chunks(points.len().div_ceil(most.max(1)).max(1)).map(mean).collect()
}

/// `1:05:09` or `5:09`.
fn clock(seconds: f64) -> String {
    let s = seconds as u64;
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A picture in character cells of two pixels, the upper one in the colour of the letter and the lower one in that of its ground. Each
/// is the mean of the pixels that it stands for.
fn half_blocks(picture: &Picture, area: Rect) -> Vec<Line<'static>> {
    let (w, h) = (picture.width() as f64, picture.height() as f64);
    let scale = (f64::from(area.width) / w).min(2.0 * f64::from(area.height) / h);
    let [columns, rows] = [w, h].map(|side| (side * scale) as usize);
    let picture = &picture.rgb();
    let mean = |column: usize, row: usize| {
        let span = |i: usize, n: usize, side: usize| i * side / n..((i + 1) * side / n).max(i * side / n + 1);
        let (xs, ys) = (span(column, columns, picture.width()), span(row, rows, picture.height()));
        let mut sums = [0; 3];
        for at in ys.clone().flat_map(|y| xs.clone().map(move |x| 3 * (y * picture.width() + x))) {
            sums.iter_mut().zip(&picture.pixels()[at..]).for_each(|(sum, v)| *sum += usize::from(*v));
        }
        let [r, g, b] = sums.map(|sum| (sum / (xs.len() * ys.len())) as u8);
        Color::Rgb(r, g, b)
    };
    let cell = |column: usize, row: usize| {
        let lower = if row + 1 < rows { mean(column, row + 1) } else { Color::Reset };
        ratatui::text::Span::styled("▀", Style::new().fg(mean(column, row)).bg(lower))
    };
    (0..rows).step_by(2).map(|row| (0..columns).map(|column| cell(column, row)).collect::<Line>()).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;

    #[test]
    fn all_that_is_known_is_on_the_screen() {
        let mut view = View { stage: "gan", total: 200, pictures: 64, seconds: 10.0, ..View::default() };
        for step in 1..=100 {
            view.take(&Event { step, scalars: vec![("loss", 1.0 / step as f64), ("accuracy", 0.25)] });
        }
        view.peak_bytes = 284_000_000;
        view.notes = vec!["plateau".into()];
        view.sample = Some(Picture::new(4, 4, 1, [[255; 8], [0; 8]].concat()));
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        terminal.draw(|frame| view.render(frame)).unwrap();
        let screen = terminal.backend().to_string();
        for text in ["step 100 of 200", "0:10 done, 0:10 left, 640 pictures/s, 284 MB", "loss 0.010", "accuracy 0.250"]
        {
            assert!(screen.contains(text), "{text}: {screen}");
        }
        assert!(screen.contains("plateau") && screen.contains("▀"), "{screen}");
    }

    #[test]
    fn a_cell_is_the_mean_of_its_pixels() {
        // White above black.
        let picture = Picture::new(4, 4, 1, [[255; 8], [0; 8]].concat());
        let lines = half_blocks(&picture, Rect::new(0, 0, 2, 9));
        assert_eq!(lines.len(), 1);
        let style = lines[0].spans[0].style;
        assert_eq!((style.fg, style.bg), (Some(Color::Rgb(255, 255, 255)), Some(Color::Rgb(0, 0, 0))));
    }

    #[test]
    fn long_curves_keep_their_ends_near() {
        let mut view = View::default();
        (1..=20_000).for_each(|step| view.take(&Event { step, scalars: vec![("loss", step as f64)] }));
        let curve = &view.curves["loss"];
        assert!(curve.len() <= MOST_POINTS && curve[0].0 == 1.0 && curve[curve.len() - 1].0 == 20_000.0);
    }
}
