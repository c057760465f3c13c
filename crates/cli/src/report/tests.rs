//! What must hold of every page, whatever the run put into it.

use impasto_models::sentinel;

use super::*;

fn series(name: &str, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), points }
}

fn chart(points: Vec<(f64, f64)>) -> Chart {
    Chart { title: "Loss".to_owned(), x: "step", y: "loss", series: vec![series("train", points)] }
}

fn staged(name: &'static str, charts: Vec<Chart>) -> Report {
    Report { stages: vec![Stage { name, charts, ..Stage::default() }], ..Report::default() }
}

fn figure(caption: &str) -> Figure {
    Figure { caption: caption.to_owned(), png: vec![1, 2, 3], pixelated: true }
}

fn alarm(what: &str) -> Alarm {
    Alarm { kind: sentinel::Kind::Divergence, step: 1200, what: what.to_owned(), action: sentinel::Action::Stop }
}

#[test]
fn text_is_escaped_everywhere() {
    let evil = || "<b>\"&".to_owned();
    let stage = Stage {
        lesson: evil(),
        facts: vec![(evil(), evil())],
        charts: vec![Chart {
            title: evil(),
            x: "<b>\"&",
            y: "<b>\"&",
            series: vec![series("<b>\"&", vec![(0.0, 1.0)]), series("<b>\"&", vec![])],
        }],
        confusion: Some(Confusion { classes: vec![evil()], counts: vec![vec![1]] }),
        figures: vec![figure(&evil())],
        metrics: vec![Metric { name: evil(), value: evil(), meaning: evil() }],
        mistakes: vec![Mistake { class: evil(), guess: evil(), ..Mistake::default() }],
        alarms: vec![alarm(&evil())],
        ..Stage::default()
    };
    let page = render(&Report {
        title: evil(),
        version: evil(),
        command: evil(),
        machine: evil(),
        stages: vec![stage],
        finished: vec![figure(&evil())],
        timeline: vec![figure(&evil())],
        limits: vec![evil()],
        origins: vec![(evil(), evil(), evil())],
        ..Report::default()
    });
    assert!(!page.contains("<b>"), "{page}");
    assert!(page.contains("<code>&lt;b&gt;&quot;&amp;</code>"));
}

#[test]
fn nothing_is_fetched() {
    let mut report = staged("gan", vec![chart(vec![(0.0, 1.0), (1.0, 0.5)])]);
    report.finished = vec![figure("a sheet")];
    report.origins = vec![("a.jpg".to_owned(), "https://example.org/a".to_owned(), "CC0".to_owned())];
    let page = render(&report);
    for attribute in ["src=\"", "href=\"", "url("] {
        let mut targets = page.split(attribute).skip(1);
        assert!(targets.all(|target| target.starts_with("data:") || target.starts_with('#')), "{attribute}");
    }
    assert!(!page.contains("<script") && !page.contains("@import"));
    assert!(page.contains("src=\"data:image/png;base64,AQID\""));
}

#[test]
fn every_stage_is_a_row_and_a_chapter() {
    let stage = |name, seconds| Stage { name, seconds, peak_bytes: 312_000_000, steps: 1200, ..Stage::default() };
    let report = Report { stages: vec![stage("classifier", 4.25), stage("gan", 130.2)], ..Report::default() };
    let page = render(&report);
    for part in [
        "#stage-2\">gan</a>",
        "2</span> <span class=\"name\">gan</span>",
        ">classifier</a>",
        "2 min 10 s",
        "2 min 14 s",
        "312 MB",
        "1,200",
    ] {
        assert!(page.contains(part), "no {part}");
    }
}

#[test]
fn empty_parts_are_left_out() {
    let page = render(&staged("data", vec![Chart::default(), chart(vec![(0.0, f64::NAN)])]));
    for part in [
        "<figure",
        "<dl",
        "Finished",
        "same noise",
        "Limits",
        "material",
        "confusion\"",
        "sentinel",
        "Measure",
        "Energy",
        "surest",
    ] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(!render(&Report::default()).contains("<table"));
}

#[test]
fn odd_curves_are_drawn() {
    let (nan, inf, max) = (f64::NAN, f64::INFINITY, f64::from(f32::MAX));
    for points in [
        vec![(0.0, 1.0), (1.0, nan), (2.0, inf), (nan, 3.0), (3.0, -inf), (4.0, 0.5)],
        vec![(0.0, 7.0)],
        vec![(0.0, 0.0), (1.0, 0.0)],
        vec![(0.0, -max), (1.0, max)],
        vec![(0.0, 1e16), (1.0, 1e16 + 2.0)],
        vec![(0.0, 1e-40), (1.0, 2e-40)],
        vec![(5.0, -1.0), (5.0, -1.0 - 1e-15)],
    ] {
        let page = render(&staged("gan", vec![chart(points.clone())]));
        assert!(page.contains("<polyline") && !page.contains("NaN") && !page.contains("inf,"), "{points:?}");
    }
}

#[test]
fn long_runs_make_no_long_page() {
    let points: Vec<_> = (0..200_000).map(|i| (f64::from(i), f64::from(i).sin())).collect();
    let size = render(&staged("gan", vec![chart(points)])).len();
    assert!(size < 40_000, "{size} bytes");
}

#[test]
fn a_ragged_matrix_is_no_panic() {
    let classes = ["bag", "boot"].map(str::to_owned).to_vec();
    let confusion = Some(Confusion { classes, counts: vec![vec![3, 1], vec![]] });
    let page = render(&Report { stages: vec![Stage { confusion, ..Stage::default() }], ..Report::default() });
    assert!(page.contains("--shade-by:0.87\">3</td>") && page.contains("75 %"));
}

#[test]
fn what_a_run_found_is_told() {
    let stage = Stage {
        seconds: 720.0,
        metrics: vec![Metric { name: "FID".into(), value: "21.5".into(), meaning: "lower is better".into() }],
        calibration: [(30, 0.55), (10, 0.9)]
            .map(|(pictures, confidence)| Calibration { pictures, confidence, accuracy: 0.5 })
            .to_vec(),
        mistakes: vec![Mistake { png: vec![1, 2, 3], class: "bag".into(), guess: "boot".into(), confidence: 0.987 }],
        alarms: vec![alarm("loss is 4.2e1")],
        ..Stage::default()
    };
    let energy = Some(Energy { cores: 2, watts_per_core: Energy::WATTS_PER_CORE });
    let page = render(&Report { energy, stages: vec![stage], ..Report::default() });
    for part in [
        "<td>21.5</td><td>lower is better</td>",
        "<polyline",
        "13.8 points apart",
        "taken for <strong>boot</strong>",
        "98.7 % sure",
        "alt=\"bag, taken for boot\"",
        "<strong>Step 1,200</strong>: loss is 4.2e1. The run stopped.",
        "about 6.0 Wh, an estimate",
        "2 busy cores draw 15 W each",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    assert!(!render(&Report { stages: vec![Stage::default()], ..Report::default() }).contains("points apart"));
}
