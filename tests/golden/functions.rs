//! Functions against PyTorch: values and first gradients of the cases that a script in `fixtures` made, in f64 and in f32.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use impasto_autograd::{Var, grad_keep, ops, vjp};
use impasto_tensor::{Element, Tensor};
use safetensors::SafeTensors;

use super::error;

/// A case's name, and the function in both element types.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) f64: fn(&[Var<f64>]) -> Var<f64>,
    pub(super) f32: fn(&[Var<f32>]) -> Var<f32>,
}

/// `cases! { name |x| body; .. }`: the body is compiled for both element types.
macro_rules! cases {
    ($($name:ident |$x:ident| $body:expr;)+) => {
        &[$($crate::golden::functions::Case {
            name: stringify!($name),
            f64: |$x: &[Var<f64>]| $body,
            f32: |$x: &[Var<f32>]| $body,
        }),+]
    };
}
pub(super) use cases;

/// The largest difference that passes, relative to the largest element: in f64, and in f32.
const TOLERANCE: [f64; 2] = [1e-10, 1e-5];

type Named = BTreeMap<String, Tensor<f64>>;

pub(super) fn load(file: &str) -> BTreeMap<String, Named> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut cases: BTreeMap<String, Named> = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(&bytes).expect("a safetensors file").iter() {
        assert_eq!(view.dtype(), safetensors::Dtype::F64, "{name}");
        let (numbers, _) = view.data().as_chunks::<8>();
        let tensor = Tensor::new(view.shape(), numbers.iter().map(|&n| f64::from_le_bytes(n)).collect());
        let (case, own) = name.split_once('/').expect("case/tensor");
        cases.entry(case.to_owned()).or_default().insert(own.to_owned(), tensor);
    }
    cases
}

/// The worst errors of value and gradients in one element type.
fn errors<T: Element>(name: &str, tensors: &Named, f: fn(&[Var<T>]) -> Var<T>) -> [f64; 2] {
    let get = |key: String| tensors.get(&key).unwrap_or_else(|| panic!("{name}: no tensor `{key}`"));
    let count = (0..tensors.len()).take_while(|i| tensors.contains_key(&format!("x{i}"))).count();
    let params: Vec<Var<T>> = (0..count).map(|i| Var::param(get(format!("x{i}")).cast())).collect();
    let wrt: Vec<&Var<T>> = params.iter().collect();
    let y = f(&params);
    let value = error(name, &y.value().cast(), get("y".to_owned()));
    let seed = Var::constant(get("gy".to_owned()).cast().reshape(y.shape()));
    let fast = grad_keep(&ops::sum(&(&y * &seed)), &wrt);
    let plain = vjp(&y, &seed, &wrt);
    let gradient = fast.iter().zip(&plain).enumerate().fold(0.0, |worst: f64, (i, (fast, plain))| {
        let (what, want) = (format!("{name}, gx{i}"), get(format!("gx{i}")));
        worst.max(error(&what, &fast.cast(), want)).max(error(&what, &plain.value().cast(), want))
    });
    [value, gradient]
}

/// Every case of `file` against the function of its name; prints what was found.
#[allow(clippy::print_stdout, reason = "says what was measured")]
pub(super) fn agree(file: &str, table: &[Case]) {
    let mut cases = load(file);
    let mut wrong = Vec::new();
    println!("{:<34} {:>9} {:>9} {:>9} {:>9}", file, "f64", "gradient", "f32", "gradient");
    for case in table {
        let tensors = cases.remove(case.name).unwrap_or_else(|| panic!("{file} has no case `{}`", case.name));
        let found = [errors(case.name, &tensors, case.f64), errors(case.name, &tensors, case.f32)];
        let [[a, b], [c, d]] = found;
        println!("{:<34} {a:>9.1e} {b:>9.1e} {c:>9.1e} {d:>9.1e}", case.name);
        for (found, tolerance) in found.iter().zip(TOLERANCE) {
            if found.iter().any(|error| error.is_nan() || *error > tolerance) {
                wrong.push(format!("{}: {found:?}, more than {tolerance:e}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.is_empty(), "{file}: cases without a function: {:?}", cases.keys());
}
