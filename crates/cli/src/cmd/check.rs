//! `impasto check`: the gradient check of every operation.

use impasto_autograd::gradcheck::{self, Mutant, Row};
use serde_json::json;
use wildmatch::WildMatch;

use crate::failure::Failure;
use crate::ui::Ui;

/// Checks the gradient of every operation, to third order.
///
/// Each operation's rule is compared with differences of its values, its gradient's gradient with differences of its
/// gradient, and so on; linear and trilinear operations also by exact dot tests. With --mutants, mistakes are planted in each
/// gradient, and the check must find every one.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto check --ops 'conv*' --order 2")]
pub(crate) struct Args {
    /// Only operations of this name; * stands for any letters, ? for one
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    ops: String,
    /// Up to this order of derivatives
    #[arg(long, value_name = "N", default_value_t = 3)]
    order: usize,
    /// Plant mistakes in each gradient instead, and check that each is found
    #[arg(long)]
    mutants: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    if !(1..=3).contains(&args.order) {
        return Err(Failure::usage(format!("--order: expected 1 to 3, got {}", args.order)));
    }
    let pattern = WildMatch::new(&args.ops);
    let rows: Vec<Row> = gradcheck::table().filter(|row| pattern.matches(row.name)).collect();
    if rows.is_empty() {
        return Err(Failure::usage(format!("--ops: no operation is called `{}`; `--ops '*'` lists all", args.ops)));
    }
    if args.mutants { mutants(&rows, ui) } else { derivatives(&rows, args.order, ui) }
}

fn derivatives(rows: &[Row], order: usize, ui: &Ui) -> Result<(), Failure> {
    ui.say(format!(
        "{:<26} {:<10} {:>5} {:>6}  {:>9} {:>9} {:>9}",
        "op", "kind", "order", "cases", "1st", "2nd", "3rd"
    ));
    let mut failed = 0;
    for row in rows {
        let report = row.check(order);
        failed += usize::from(!report.passed());
        let worst = report.worst.iter().take(order).fold(String::new(), |all, error| format!("{all} {error:>9.1e}"));
        let failures = report.failures.iter().fold(String::new(), |all, failure| all + "\n    FAILED: " + failure);
        let text =
            format!("{:<26} {:<10} {:>5} {:>6} {worst}{failures}", report.op, report.kind, report.order, report.cases);
        let nth = |n: usize| (order >= n).then(|| report.worst[n - 1]);
        let value = json!({
            "op": report.op, "kind": report.kind, "order": report.order, "cases": report.cases,
            "worst_first": nth(1), "worst_second": nth(2), "worst_third": nth(3), "passed": report.passed(),
        });
        ui.result(text, &value);
    }
    if failed > 0 {
        return Err(Failure::Check(format!("{failed} of {} operations fail", rows.len())));
    }
    ui.say(format!("all {} pass", rows.len()));
    Ok(())
}

fn mutants(rows: &[Row], ui: &Ui) -> Result<(), Failure> {
    ui.say(format!(
        "{:<26} {:<10} {:>7} {:>6}  mistakes, those that got through in capitals",
        "op", "kind", "planted", "killed"
    ));
    let (mut planted, mut killed) = (0, 0);
    for row in rows {
        let mutants = row.mutants();
        let dead = mutants.iter().filter(|m| m.killed).count();
        planted += mutants.len();
        killed += dead;
        let name = |m: &Mutant| {
            let name = format!("{:?}", m.mistake);
            if m.killed { name.to_lowercase() } else { name.to_uppercase() }
        };
        let names: Vec<String> = mutants.iter().map(name).collect();
        let text = format!("{:<26} {:<10} {:>7} {dead:>6}  {}", row.name, row.kind, mutants.len(), names.join(" "));
        ui.result(text, &json!({"op": row.name, "kind": row.kind, "planted": mutants.len(), "killed": dead}));
    }
    if killed < planted {
        return Err(Failure::Check(format!("{} of {planted} planted mistakes got through", planted - killed)));
    }
    ui.say(format!("all {planted} planted mistakes were found"));
    Ok(())
}
