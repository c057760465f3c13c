//! Why the page is one function of the report: what it says can be read here from top to bottom, pictures first.

use base64::{Engine, engine::general_purpose::STANDARD};
use impasto_models::sentinel::Action;
use indicatif::HumanCount;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::reliability::reliability;
use super::{Chart, Confusion, Figure, Report, Stage, charts};

/// The browser itself refuses whatever would leave the file.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// The report as one HTML file that fetches nothing.
pub(crate) fn render(report: &Report) -> String {
    let head = html! {
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(POLICY);
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        link rel="icon" href="data:,";
        title { (report.title) ", seed " (report.seed) }
        style { (PreEscaped(include_str!("style.css"))) }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { (head) }
            body {
                header {
                    h1 { (report.title) }
                    p { "impasto " (report.version) ", seed " (report.seed) ", " (duration(total(report))) }
                }
                main {
                    (section("Finished pictures", !report.finished.is_empty(), &figures("gallery", &report.finished)))
                    (section("The same noise over time", !report.timeline.is_empty(), &html! {
                        p { "All of them start from the same random numbers; the generator learns in between." }
                        (figures("timeline", &report.timeline))
                    }))
                    (section("How they were made", !report.stages.is_empty(), &html! {
                        (summary(report))
                        (energy(report))
                        @for (i, stage) in report.stages.iter().enumerate() { (chapter(i, stage)) }
                    }))
                    (section("Limits", !report.limits.is_empty(), &html! {
                        @for paragraph in &report.limits { p { (paragraph) } }
                    }))
                    (section("Where the material comes from", !report.origins.is_empty(), &origins(report)))
                    (section("Repeat it", true, &html! {
                        p { "With the same version of impasto and the same SIMD level, this gives the same bytes:" }
                        pre { code { (report.command) } }
                        @if !report.machine.is_empty() { p.quiet { "Made on: " (report.machine) } }
                    }))
                }
            }
        }
    };
    page.into_string()
}

fn section(title: &str, is_shown: bool, content: &Markup) -> Markup {
    html! { @if is_shown { section { h2 { (title) } (content) } } }
}

fn figures(class: &str, figures: &[Figure]) -> Markup {
    html! {
        @if !figures.is_empty() {
            div class=(class) {
                @for figure in figures {
                    figure {
                        img.pixelated[figure.pixelated] alt=(figure.caption)
                            src={ "data:image/png;base64," (STANDARD.encode(&figure.png)) };
                        figcaption { (figure.caption) }
                    }
                }
            }
        }
    }
}

/// Time and memory of all stages at a glance; the names lead to their chapters.
fn summary(report: &Report) -> Markup {
    let table = html! {
        table.summary {
            (columns(&["Stage", "Time", "Peak tensor memory", "Steps"]))
            tbody {
                @for (i, stage) in report.stages.iter().enumerate() {
                    tr {
                        th scope="row" { a.name href={ "#stage-" (i + 1) } { (stage.name) } }
                        td { (duration(stage.seconds)) }
                        td { @if stage.peak_bytes > 0 { (bytes(stage.peak_bytes)) } }
                        td { @if stage.steps > 0 { (HumanCount(stage.steps)) } }
                    }
                }
            }
            tfoot { tr { th scope="row" { "Together" } td { (duration(total(report))) } td {} td {} } }
        }
    };
    scroll("Time and memory of each stage", &table)
}

fn chapter(i: usize, stage: &Stage) -> Markup {
    let number = i + 1;
    html! {
        article id={ "stage-" (number) } {
            h3 { span.number { (number) } " " span.name { (stage.name) } }
            p.lesson { (stage.lesson) }
            @if !stage.facts.is_empty() {
                dl { @for (name, value) in &stage.facts { div { dt { (name) } dd { (value) } } } }
            }
            @if !stage.charts.is_empty() {
                div.charts { @for chart in &stage.charts { (curves(chart)) } }
            }
            (alarms(stage))
            (metrics(stage))
            @if let Some(confusion) = &stage.confusion { (matrix(confusion)) }
            (reliability(&stage.calibration))
            (mistakes(stage))
            (figures("gallery", &stage.figures))
        }
    }
}

/// Said to be an estimate, with what it rests on.
fn energy(report: &Report) -> Markup {
    let Some(energy) = &report.energy else { return Markup::default() };
    let cores =
        if energy.cores == 1 { "one busy core draws".into() } else { format!("{} busy cores draw", energy.cores) };
    let each = if energy.cores == 1 { "" } else { " each" };
    html! {
        p.quiet {
            "Energy: about " (watt_hours(energy.watt_hours(total(report)))) ", an estimate, not a measurement. It assumes that "
            (cores) " " (energy.watts_per_core) " W" (each) " all the time, and leaves out the rest of the machine."
        }
    }
}

fn alarms(stage: &Stage) -> Markup {
    let done = |action| match action {
        Action::Off | Action::Warn => "went on",
        Action::RollBack => "went back to a checkpoint",
        Action::Stop => "stopped",
    };
    html! {
        @if !stage.alarms.is_empty() {
            section.alarms aria-label="Alarms" {
                h4 { "Seen by the sentinel" }
                ul {
                    @for alarm in &stage.alarms {
                        li { strong { "Step " (HumanCount(alarm.step)) } ": " (alarm.what) ". The run " (done(alarm.action)) "." }
                    }
                }
            }
        }
    }
}

fn metrics(stage: &Stage) -> Markup {
    if stage.metrics.is_empty() {
        return Markup::default();
    }
    let table = html! {
        table.metrics {
            (columns(&["Measure", "Value", "What it says"]))
            tbody {
                @for metric in &stage.metrics {
                    tr { th scope="row" { (metric.name) } td { (metric.value) } td { (metric.meaning) } }
                }
            }
        }
    };
    scroll("Measures of the result", &table)
}

fn mistakes(stage: &Stage) -> Markup {
    html! {
        @if !stage.mistakes.is_empty() {
            h4 { "The surest mistakes" }
            div.mistakes {
                @for mistake in &stage.mistakes {
                    @let caption = format!("{}, taken for {}", mistake.class, mistake.guess);
                    figure {
                        img.pixelated alt=(caption) src={ "data:image/png;base64," (STANDARD.encode(&mistake.png)) };
                        figcaption {
                            (mistake.class) br; "taken for " strong { (mistake.guess) }
                            br; (format!("{:.1} % sure", 100.0 * mistake.confidence))
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn curves(chart: &Chart) -> Markup {
    let Some(svg) = charts::svg(chart) else { return Markup::default() };
    let alt = format!("{}: {} over {}", chart.title, chart.y, chart.x);
    html! {
        figure.chart {
            figcaption {
                (chart.title)
                @if chart.series.len() > 1 {
                    span.legend {
                        @for (i, series) in chart.series.iter().enumerate() {
                            span { (swatch(i)) (series.name) }
                        }
                    }
                }
            }
            div role="img" aria-label=(alt) { (PreEscaped(svg)) }
        }
    }
}

/// A piece of the curve, in its colour and its dashes.
fn swatch(i: usize) -> Markup {
    let key = format!("#{:06X}", i % charts::COLOURS + 1);
    html! { svg.swatch viewBox="0 0 28 8" aria-hidden="true" { path d="M0 4H28" stroke=(key) stroke-width="3" {} } }
}

/// Each row is shaded by its own shares, so that classes of any size compare; by their roots, so that mistakes show.
fn matrix(confusion: &Confusion) -> Markup {
    let table = html! {
        table.confusion {
            caption {
                span {
                    "What held-out pictures were taken for. A row is what a picture shows, a column what the "
                    "classifier said."
                }
            }
            thead {
                tr {
                    td {}
                    @for class in &confusion.classes { th scope="col" { span { (class) } } }
                    th scope="col" { span { "Right" } }
                }
            }
            tbody {
                @for (i, (class, counts)) in confusion.classes.iter().zip(&confusion.counts).enumerate() {
                    @let sum = counts.iter().sum::<usize>().max(1) as f64;
                    tr {
                        th scope="row" { (class) }
                        @for (j, &count) in counts.iter().enumerate() {
                            @let shade = format!("--shade-by:{:.2}", (count as f64 / sum).sqrt());
                            td.hit[i == j].none[count == 0] style=(shade) { (count) }
                        }
                        td.right { (format!("{:.0} %", 100.0 * counts.get(i).map_or(0.0, |&c| c as f64) / sum)) }
                    }
                }
            }
        }
    };
    scroll("Confusion matrix", &table)
}

fn origins(report: &Report) -> Markup {
    let table = html! {
        table.origins {
            (columns(&["File", "Source", "Licence"]))
            tbody {
                @for (file, source, licence) in &report.origins {
                    tr { th scope="row" { (file) } td { (source) } td { (licence) } }
                }
            }
        }
    };
    scroll("Origins", &table)
}

fn columns(names: &[&str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } }
}

/// A wide table scrolls by itself on a narrow screen, by keyboard too.
fn scroll(name: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { (table) } }
}

fn total(report: &Report) -> f64 {
    report.stages.iter().map(|stage| stage.seconds).sum()
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 59.5 => format!("{s:.0} s"),
        s => format!("{} min {:02} s", s.round() as u64 / 60, s.round() as u64 % 60),
    }
}

fn watt_hours(wh: f64) -> String {
    match wh {
        wh if wh < 0.095 => format!("{wh:.3} Wh"),
        wh if wh < 9.95 => format!("{wh:.1} Wh"),
        wh if wh < 999.5 => format!("{wh:.0} Wh"),
        wh => format!("{:.1} kWh", wh / 1e3),
    }
}

fn bytes(bytes: usize) -> String {
    match bytes as f64 / 1e6 {
        mb if mb < 9.95 => format!("{mb:.1} MB"),
        mb if mb < 999.5 => format!("{mb:.0} MB"),
        mb => format!("{:.1} GB", mb / 1e3),
    }
}
