//! Every operation against PyTorch: values and first gradients of the cases in `fixtures/ops.safetensors`, in f64.

mod elementwise;
mod functions;
mod losses;
mod matrices;
mod movement;
mod norms;
mod optimisers;
mod penalties;
mod pooling;
mod sampling;
mod scores;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use impasto_autograd::fns::AvgPool;
use impasto_autograd::{Var, fns, grad_keep, ops, vjp};
use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Interpolation, Tensor, Upsample};
use safetensors::SafeTensors;
use serde_json::{Map, Value};

/// The largest difference that passes, relative to the largest element: of values, and of gradients.
const TOLERANCE: [f64; 2] = [1e-12, 1e-11];

/// An operation with its geometry fixed.
type Operation = Box<dyn Fn(&[Var<f64>]) -> Var<f64>>;

type Named = BTreeMap<String, Tensor<f64>>;

/// The tensors of one case, each handed out once.
struct Tensors<'a> {
    case: &'a str,
    left: Named,
}

impl Tensors<'_> {
    fn take(&mut self, name: &str) -> Tensor<f64> {
        self.left.remove(name).unwrap_or_else(|| panic!("{}: no tensor `{name}`", self.case))
    }
}

fn number(geometry: &mut Map<String, Value>, key: &str) -> Option<f64> {
    Some(geometry.remove(key)?.as_f64().expect("a number"))
}

fn count(geometry: &mut Map<String, Value>, key: &str) -> usize {
    number(geometry, key).unwrap_or_else(|| panic!("no `{key}`")) as usize
}

fn flag(geometry: &mut Map<String, Value>, key: &str) -> Option<bool> {
    Some(geometry.remove(key)?.as_bool().expect("true or false"))
}

/// One number for both directions, or two.
fn pair(geometry: &mut Map<String, Value>, key: &str, default: usize) -> [usize; 2] {
    let size = |v: &Value| v.as_u64().expect("a whole number") as usize;
    match geometry.remove(key) {
        None => [default; 2],
        Some(Value::Array(both)) => [size(&both[0]), size(&both[1])],
        Some(one) => [size(&one); 2],
    }
}

fn window(geometry: &mut Map<String, Value>) -> Window {
    Window {
        stride: pair(geometry, "stride", 1),
        padding: pair(geometry, "padding", 0).map(|p| [p; 2]),
        dilation: pair(geometry, "dilation", 1),
        groups: pair(geometry, "groups", 1)[0],
    }
}

/// `v` `[C]` as `[1, C, 1, 1]`.
fn channels(v: &Var<f64>) -> Var<f64> {
    ops::reshape(v, [1, v.value().len(), 1, 1])
}

/// The operation of a case. Takes what it understands out of `geometry`, and inputs that have no gradient out of `tensors`.
fn operation(op: &str, geometry: &mut Map<String, Value>, tensors: &mut Tensors) -> Operation {
    match op {
        "conv2d" => {
            let window = window(geometry);
            Box::new(move |v| ops::conv2d(&v[0], &v[1], window) + channels(&v[2]))
        }
        "conv_transpose2d" => {
            let (window, more) = (window(geometry), pair(geometry, "output_padding", 0));
            Box::new(move |v| ops::conv_transpose2d(&v[0], &v[1], window, more) + channels(&v[2]))
        }
        "batch_norm" => batch_norm(geometry, tensors),
        "instance_norm" => {
            let eps = number(geometry, "eps").expect("eps");
            Box::new(move |v| ops::instance_norm(&v[0], &v[1], &v[2], eps, 1.0))
        }
        "max_pool2d" => {
            let (kernel, stride) = (count(geometry, "kernel_size"), count(geometry, "stride"));
            let (padding, ceil) = (count(geometry, "padding"), flag(geometry, "ceil_mode").expect("ceil_mode"));
            Box::new(move |v| fns::max_pool2d(&v[0], MaxPool { kernel, stride, padding, ceil }))
        }
        "avg_pool2d" => {
            let (kernel, stride) = (count(geometry, "kernel_size"), count(geometry, "stride"));
            let padding = count(geometry, "padding");
            let count_padding = flag(geometry, "count_include_pad").expect("count_include_pad");
            Box::new(move |v| fns::avg_pool2d_padded(&v[0], AvgPool { kernel, stride, padding, count_padding }))
        }
        "interpolate" => {
            let (upsample, how) = match geometry.remove("mode") {
                Some(mode) if mode == "nearest" => (Upsample::Nearest, Interpolation::Nearest),
                Some(mode) if mode == "bilinear" && flag(geometry, "align_corners") == Some(false) => {
                    (Upsample::Linear, Interpolation::Linear { align_corners: false })
                }
                other => panic!("unknown mode {other:?}"),
            };
            if let Some(factor) = number(geometry, "scale_factor") {
                return Box::new(move |v| fns::upsample2d(&v[0], factor as usize, upsample));
            }
            let size = pair(geometry, "size", 0);
            Box::new(move |v| fns::resize2d(&v[0], size, how))
        }
        "cross_entropy" => {
            assert_eq!(geometry.remove("reduction"), Some("mean".into()));
            let labels: Vec<u32> = tensors.take("labels").data().iter().map(|&label| label as u32).collect();
            match number(geometry, "label_smoothing") {
                None => Box::new(move |v| ops::cross_entropy(&v[0], &labels)),
                Some(part) => Box::new(move |v| fns::cross_entropy_smoothed(&v[0], &labels, part)),
            }
        }
        "pad" => {
            let how = match geometry.remove("mode") {
                Some(mode) if mode == "constant" => fns::Padding::Zero,
                Some(mode) if mode == "reflect" => fns::Padding::Reflect,
                Some(mode) if mode == "replicate" => fns::Padding::Replicate,
                Some(mode) if mode == "circular" => fns::Padding::Circular,
                other => panic!("unknown mode {other:?}"),
            };
            let sides: [usize; 4] = serde_json::from_value(geometry.remove("pad").expect("pad")).expect("four sides");
            let [left, right, top, bottom] = sides;
            Box::new(move |v| fns::pad2d(&v[0], how, [[top, bottom], [left, right]]))
        }
        "mean(softplus(-x))" => Box::new(|v| fns::logistic(&v[0], true)),
        "mean(softplus(x))" => Box::new(|v| fns::logistic(&v[0], false)),
        "tanh" => Box::new(|v| ops::tanh(&v[0])),
        "sigmoid" => Box::new(|v| ops::sigmoid(&v[0])),
        "softplus" => Box::new(|v| ops::softplus(&v[0])),
        "relu" => Box::new(|v| fns::relu(&v[0])),
        "leaky_relu" => {
            let slope = number(geometry, "negative_slope").expect("negative_slope");
            Box::new(move |v| fns::leaky_relu(&v[0], slope))
        }
        _ => panic!("unknown operation `{op}`: teach this test to run it"),
    }
}

fn batch_norm(geometry: &mut Map<String, Value>, tensors: &mut Tensors) -> Operation {
    let eps = number(geometry, "eps").expect("eps");
    if flag(geometry, "training") == Some(false) {
        let mean = Var::constant(tensors.take("running_mean"));
        let deviation = Var::constant(tensors.take("running_var").map(|v| (v + eps).sqrt()));
        return Box::new(move |v| {
            let centered = &v[0] - channels(&mean);
            centered / channels(&deviation) * channels(&v[1]) + channels(&v[2])
        });
    }
    let momentum = number(geometry, "momentum").expect("momentum");
    let running =
        ["mean_before", "mean_after", "var_before", "var_after"].map(|name| tensors.take(&format!("running_{name}")));
    Box::new(move |v| {
        let (y, moments) = ops::batch_norm(&v[0], &v[1], &v[2], eps, 1.0);
        let [mean_before, mean_after, var_before, var_after] = &running;
        // The running variance takes the unbiased one.
        let n = v[0].value().len() as f64 / mean_before.len() as f64;
        let var = moments.scale.map(|s| (1.0 / (s * s) - eps) * n / (n - 1.0));
        for (before, new, after) in [(mean_before, &moments.mean, mean_after), (var_before, &var, var_after)] {
            let got = before.zip(&new.reshape(before.shape()), |b, v| (1.0 - momentum) * b + momentum * v);
            assert!(error("the running statistics", &got, after) < TOLERANCE[0]);
        }
        y
    })
}

/// The largest difference, relative to the largest element.
pub(crate) fn error(what: &str, got: &Tensor<f64>, want: &Tensor<f64>) -> f64 {
    // A single number is stored as [1].
    assert!(got.shape() == want.shape() || (got.rank() == 0 && want.len() == 1), "{what}: {got:?}, want {want:?}");
    assert!(got.all_finite(), "{what}: {got:?}");
    let size = want.data().iter().fold(f64::MIN_POSITIVE, |m, v| m.max(v.abs()));
    got.data().iter().zip(want.data()).fold(0.0, |m: f64, (g, w)| m.max((g - w).abs())) / size
}

/// The cases' geometries and their tensors, everything as f64.
fn load(bytes: &[u8]) -> (Map<String, Value>, BTreeMap<String, Named>) {
    let (_, metadata) = SafeTensors::read_metadata(bytes).expect("a safetensors header");
    let cases = metadata.metadata().as_ref().and_then(|entries| entries.get("cases")).expect("the entry `cases`");
    let mut tensors: BTreeMap<String, Named> = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(bytes).expect("a safetensors file").iter() {
        let number = |eight: &[u8]| {
            let eight = eight.try_into().expect("eight bytes");
            match view.dtype() {
                safetensors::Dtype::F64 => f64::from_le_bytes(eight),
                safetensors::Dtype::I64 => i64::from_le_bytes(eight) as f64,
                other => panic!("{name}: unexpected type {other:?}"),
            }
        };
        let tensor = Tensor::new(view.shape(), view.data().chunks(8).map(number).collect());
        let (case, own) = name.split_once('/').expect("case/tensor");
        tensors.entry(case.to_owned()).or_default().insert(own.to_owned(), tensor);
    }
    (serde_json::from_str(cases).expect("JSON"), tensors)
}

/// The errors of a case's value and of its gradients.
fn check(case: &str, mut geometry: Map<String, Value>, left: Named) -> (String, [f64; 2]) {
    let mut tensors = Tensors { case, left };
    let op = geometry.remove("op").and_then(|op| op.as_str().map(str::to_owned)).expect("an operation");
    let f = operation(&op, &mut geometry, &mut tensors);
    assert!(geometry.is_empty(), "{case}: not understood: {geometry:?}");
    let inputs: Vec<&str> = ["x", "w", "b"].into_iter().filter(|name| tensors.left.contains_key(*name)).collect();
    let params: Vec<Var<f64>> = inputs.iter().map(|name| Var::param(tensors.take(name))).collect();
    let wrt: Vec<&Var<f64>> = params.iter().collect();
    let y = f(&params);
    let mut worst = [error(case, y.value(), &tensors.take("y")), 0.0];
    let seed = Var::constant(tensors.take("gy").reshape(y.shape()));
    let fast = grad_keep(&ops::sum(&(&y * &seed)), &wrt);
    let plain = vjp(&y, &seed, &wrt);
    for (name, (fast, plain)) in inputs.iter().zip(fast.iter().zip(&plain)) {
        let want = tensors.take(&format!("g{name}"));
        for got in [fast, plain.value()] {
            worst[1] = worst[1].max(error(&format!("{case}, g{name}"), got, &want));
        }
    }
    assert!(tensors.left.is_empty(), "{case}: not compared: {:?}", tensors.left.keys());
    (op, worst)
}

#[test]
#[allow(clippy::print_stdout, reason = "says what was measured")]
fn every_case_agrees_with_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ops.safetensors");
    let (cases, mut tensors) = load(&fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
    let mut by_op: BTreeMap<String, (usize, [f64; 2])> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, geometry) in cases {
        let own = tensors.remove(&case).unwrap_or_else(|| panic!("{case}: no tensors"));
        let Value::Object(geometry) = geometry else { panic!("{case}: no geometry") };
        let (op, errors) = check(&case, geometry, own);
        let (count, worst) = by_op.entry(op).or_default();
        *count += 1;
        for ((error, worst), tolerance) in errors.into_iter().zip(worst).zip(TOLERANCE) {
            *worst = worst.max(error);
            if error > tolerance {
                wrong.push(format!("{case}: {errors:?}"));
            }
        }
    }
    println!("{:<20} cases    value  gradient", "operation");
    for (op, (count, [value, gradient])) in by_op {
        println!("{op:<20} {count:>5}  {value:.1e}   {gradient:.1e}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tensors.is_empty(), "tensors without a case: {:?}", tensors.keys());
}
