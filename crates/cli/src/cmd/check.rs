//! `impasto check`: the gradient check of every operation.

use impasto_autograd::gradcheck;
use serde_json::json;

use crate::failure::Failure;
use crate::ui::Ui;

/// Checks the gradient of every operation, to third order.
///
/// Each operation's rule is compared with differences of its values, its gradient's gradient with differences of its
/// gradient, and so on; linear and trilinear operations also by exact dot tests.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto check --ops conv")]
pub(crate) struct Args {
    /// Only operations whose name contains this
    #[arg(long, value_name = "NAME", default_value = "")]
    ops: String,
}

fn failed_lines(failures: &[String]) -> String {
    failures.iter().fold(String::new(), |lines, failure| lines + "\n    FAILED: " + failure)
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    ui.say(format!(
        "{:<18} {:<10} {:>5} {:>6}  {:>9} {:>9} {:>9}",
        "op", "kind", "order", "cases", "1st", "2nd", "3rd"
    ));
    let (mut all, mut failed) = (0, 0);
    for report in gradcheck::all(&args.ops) {
        all += 1;
        failed += usize::from(!report.passed());
        let [first, second, third] = report.worst;
        let text = format!(
            "{:<18} {:<10} {:>5} {:>6}  {first:>9.1e} {second:>9.1e} {third:>9.1e}{}",
            report.op,
            report.kind,
            report.order(),
            report.cases,
            failed_lines(&report.failures)
        );
        let value = json!({
            "op": report.op, "kind": report.kind, "order": report.order(), "cases": report.cases,
            "worst_first": first, "worst_second": second, "worst_third": third, "passed": report.passed(),
        });
        ui.result(text, &value);
    }
    match (all, failed) {
        (0, _) => Err(Failure::usage(format!("--ops: no operation's name contains `{}`", args.ops))),
        (_, 0) => {
            ui.say(format!("all {all} pass"));
            Ok(())
        }
        _ => Err(Failure::Check(format!("{failed} of {all} operations fail"))),
    }
}
