//! A mistake in shapes is the caller's, so the panic names the caller's line.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use impasto_autograd::{Var, apply, fns, grad, ops, vjp};
use impasto_tensor::conv::Window;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{MatMul, Random, Taps, Tensor, Upsample};

/// File and line, and the text.
type Panic = ((String, u32), String);

thread_local! {
    /// The panics of this thread, if it wants them caught quietly.
    static CAUGHT: RefCell<Option<Vec<Panic>>> = const { RefCell::new(None) };
}

/// Runs `f` and returns the panic it ends in, if it does. Other threads panic as always.
pub(super) fn panic_of(f: &dyn Fn()) -> Option<Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let ours = CAUGHT.with_borrow_mut(|caught| {
                let caught = caught.as_mut()?;
                let at = info.location().map(|l| (l.file().to_owned(), l.line())).unwrap_or_default();
                let text = info.payload().downcast_ref::<String>().cloned();
                let text = text.or_else(|| info.payload().downcast_ref::<&str>().map(|&text| text.to_owned()));
                caught.push((at, text.unwrap_or_default()));
                Some(())
            });
            if ours.is_none() {
                usual(info);
            }
        }));
    });
    CAUGHT.set(Some(Vec::new()));
    let end = panic::catch_unwind(AssertUnwindSafe(f));
    let caught = CAUGHT.take().and_then(|mut caught| caught.pop());
    assert_eq!(end.is_err(), caught.is_some(), "the hook sees every panic of this thread");
    caught
}

#[test]
#[allow(clippy::too_many_lines, reason = "a line for each misfit")]
fn every_misfit_names_the_callers_line() {
    let v = |shape: &[usize]| Var::<f64>::param(Tensor::ones(shape));
    let picture = v(&[1, 2, 4, 4]);
    let (flat, row, scalar) = (v(&[6]), v(&[1, 5]), v(&[]));
    let bits = flat.value().bits(|x| x > 0.0);
    let seeds = Random::new(0, 0);
    let pool = MaxPool { kernel: 3, stride: 1, padding: 0, ceil: false };
    let how = MatMul { transpose_a: true, transpose_b: false };
    let mut wrong = Vec::new();
    let mut check = |line: u32, call: &str, mistake: &dyn Fn()| match panic_of(mistake) {
        Some(((file, at), _)) if file == file!() && at == line => {}
        Some(((file, at), text)) => wrong.push(format!("{call}: {file}:{at}: {text}")),
        None => wrong.push(format!("{call}: no panic")),
    };
    macro_rules! blames {
        ($mistake:expr) => {
            check(line!(), stringify!($mistake), &|| _ = $mistake)
        };
    }
    blames!(&flat + &row);
    blames!(&flat - &row);
    blames!(&flat * &row);
    blames!(&flat / &row);
    blames!(&flat + row.clone());
    blames!(flat.clone() * &row);
    blames!(ops::add(&flat, &row));
    blames!(ops::sub(&flat, &row));
    blames!(ops::mul(&flat, &row));
    blames!(ops::matmul(&row, &row));
    blames!(ops::matmul_as(how, &row, &flat));
    blames!(ops::conv2d(&picture, &flat, Window::default()));
    blames!(ops::conv2d(&flat, &picture, Window::default()));
    blames!(ops::conv_transpose2d(&picture, &flat, Window::default(), [0, 0]));
    blames!(ops::concat(&[&flat, &row], 0));
    blames!(ops::narrow(&flat, 0, 4, 3));
    blames!(ops::narrow(&flat, 1, 0, 1));
    blames!(ops::reshape(&flat, [5]));
    blames!(ops::permute(&row, &[0, 0]));
    blames!(ops::transpose(&flat));
    blames!(ops::broadcast_to(&flat, [5]));
    blames!(ops::sum_to(&flat, [5]));
    blames!(ops::sum_axes(&flat, &[1]));
    blames!(ops::mean_axes(&flat, &[1]));
    blames!(ops::gather(&flat, 1, [6].into(), [1]));
    blames!(ops::gather(&flat, 4, [0].into(), [1]));
    blames!(ops::scatter_add(&flat, 1, [0].into(), [1]));
    blames!(ops::gate(&row, bits.clone(), 1.0, 0.0));
    blames!(ops::batch_norm(&picture, &flat, &flat, 1e-5, 1.0));
    blames!(ops::instance_norm(&flat, &flat, &flat, 1e-5, 1.0));
    blames!(ops::cross_entropy(&row, &[5]));
    blames!(ops::cross_entropy(&flat, &[0]));
    blames!(ops::resample(&flat, 0, &Taps::flip(5)));
    blames!(fns::max_pool2d(&flat, pool));
    blames!(fns::avg_pool2d(&flat, 2, 2));
    blames!(fns::avg_pool2d(&picture, 5, 2));
    blames!(fns::pad2d(&flat, fns::Padding::Zero, [[1; 2]; 2]));
    blames!(fns::pad2d(&picture, fns::Padding::Reflect, [[4; 2]; 2]));
    blames!(fns::pad(&flat, fns::Padding::Zero, &[]));
    blames!(fns::pad(&flat, fns::Padding::Reflect, &[[6, 0]]));
    blames!(fns::slice(&flat, 0, 4..7, 1));
    blames!(fns::split(&flat, 0, &[4, 1]));
    blames!(fns::chunk(&flat, 0, 4));
    blames!(fns::stack(&[&flat, &row], 0));
    blames!(fns::stack::<f64>(&[], 0));
    blames!(fns::flip(&flat, &[1]));
    blames!(fns::roll(&flat, 1, 1));
    blames!(fns::tile(&flat, &[]));
    blames!(fns::repeat_interleave(&flat, 1, 2));
    blames!(fns::pixel_shuffle(&picture, 2));
    blames!(fns::pixel_unshuffle(&picture, 3));
    blames!(fns::index_select(&flat, 0, &[6]));
    blames!(fns::take_along(&flat, 1, &[0]));
    blames!(fns::scatter_add_along(&flat, 0, &[0], 1));
    blames!(fns::unfold(&picture, [5, 1], Window::default()));
    blames!(fns::fold(&picture, [4, 4], [1, 1], Window::default()));
    blames!(fns::einsum("ij->j", &[&flat]));
    blames!(fns::sqrtm(&row));
    blames!(fns::inv_sqrtm(&row));
    blames!(fns::upsample2d(&flat, 2, Upsample::Nearest));
    blames!(ops::gram(&flat));
    blames!(fns::total_variation(&flat));
    blames!(fns::mse(&flat, &row));
    blames!(fns::div(&flat, &row));
    blames!(fns::dropout(&flat, 1.0, &mut seeds.clone()));
    blames!(fns::softmax(&scalar));
    blames!(fns::log_softmax(&scalar));
    blames!(fns::logsumexp(&scalar));
    blames!(ops::select(bits.clone(), &row, &flat));
    blames!(fns::clamp(&flat, 1.0, 0.0));
    blames!(fns::maximum(&flat, &row));
    blames!(fns::minimum(&flat, &row));
    blames!(fns::powf(&flat, &row));
    blames!(fns::max_axes(&flat, &[1]));
    blames!(fns::min_axes(&v(&[2, 0]), &[1]));
    blames!(fns::logsumexp_axes(&flat, &[1]));
    blames!(fns::prod_axes(&flat, &[1]));
    blames!(fns::cumsum(&flat, 1));
    blames!(fns::norm_axes(&flat, 0.5, &[0]));
    blames!(fns::norm_axes(&flat, 2.0, &[1]));
    blames!(fns::var_axes(&flat, &[1], 0));
    blames!(fns::var_axes(&flat, &[0], 6));
    blames!(fns::std_axes(&flat, &[0], 6));
    blames!(fns::l1(&flat, &row));
    blames!(fns::huber(&flat, &row, 1.0));
    blames!(fns::huber(&flat, &flat, 0.0));
    blames!(fns::smooth_l1(&flat, &flat, 0.0));
    blames!(fns::soft_cross_entropy(&flat, &row));
    blames!(fns::cross_entropy_smoothed(&row, &[5], 0.1));
    blames!(fns::cross_entropy_smoothed(&row, &[4], 1.1));
    blames!(fns::cosine_similarity(&row, &row, 2));
    blames!(fns::scaled_dot_product_attention(&flat, &row, &row, None));
    blames!(fns::scaled_dot_product_attention(&row, &v(&[3, 5]), &v(&[4, 5]), None));
    blames!(fns::scaled_dot_product_attention(&row, &row, &row, Some(&v(&[2]))));
    blames!(fns::scaled_dot_product_attention(&picture, &v(&[1, 3, 4, 4]), &picture, None));
    blames!(fns::embedding(&flat, &[0]));
    blames!(fns::embedding(&row, &[1]));
    blames!(flat.item());
    blames!(grad(&flat, &[&flat]));
    blames!(grad(&scalar, &[&flat.detach()]));
    blames!(vjp(&flat, &row, &[&flat]));
    blames!(apply(impasto_autograd::kinds::Leave(super::Counted::new(2), 2), &[&flat, &flat]));
    blames!(Tensor::<f32>::new([2], vec![0.0]));
    blames!(Tensor::<f32>::ones([2]).reshape([3]));
    blames!(Tensor::<f32>::ones([2]).slice(1..3));
    blames!(flat.value().zip(row.value(), |a, b| a + b));
    blames!(flat.value().matmul(row.value()));
    blames!(flat.value().permute(&[1]));
    blames!(flat.value().broadcast_to([5]));
    blames!(flat.value().sum_to([5]));
    blames!(flat.value().dot(row.value()));
    blames!(Tensor::concat(&[flat.value(), row.value()], 0));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
