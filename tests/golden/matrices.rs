//! Matrices and contractions against PyTorch.

use impasto_autograd::{Var, fns, ops};
use impasto_tensor::{Element, MatMul, Tensor};

use super::functions::{agree, cases};

/// `x xᵀ` and a multiple of the identity.
fn positive<T: Element>(x: &Var<T>, ridge: f64) -> Var<T> {
    let side = x.shape()[x.shape().len() - 1];
    let square = ops::matmul_as(MatMul { transpose_a: false, transpose_b: true }, x, x);
    square + Var::constant(Tensor::eye(side)) * ridge
}

#[test]
fn matrices_agree_with_pytorch() {
    agree(
        "matrices.safetensors",
        cases! {
            matmul |x| ops::matmul(&x[0], &x[1]);
            matmul_batch |x| ops::matmul(&x[0], &x[1]);
            matmul_broadcast |x| ops::matmul(&x[0], &x[1]);
            matmul_stretched |x| ops::matmul(&x[0], &x[1]);
            einsum_transpose |x| fns::einsum("ijk->kij", &[&x[0]]);
            einsum_trace |x| fns::einsum("ii->", &[&x[0]]);
            einsum_diagonals |x| fns::einsum("bijj->jb", &[&x[0]]);
            einsum_sums |x| fns::einsum("ijk->j", &[&x[0]]);
            einsum_dot |x| fns::einsum("i,i->", &[&x[0], &x[1]]);
            einsum_outer |x| fns::einsum("i,jk->kij", &[&x[0], &x[1]]);
            einsum_hadamard |x| fns::einsum("ij,ji->ij", &[&x[0], &x[1]]);
            einsum_product |x| fns::einsum("ik,kj->ij", &[&x[0], &x[1]]);
            einsum_batch |x| fns::einsum("bij,bjk->bik", &[&x[0], &x[1]]);
            einsum_heads |x| fns::einsum("bqhd,bkhd->bhqk", &[&x[0], &x[1]]);
            einsum_alone |x| fns::einsum("ijk,jl->i", &[&x[0], &x[1]]);
            einsum_form |x| fns::einsum("bi,ij,bj->b", &[&x[0], &x[1], &x[2]]);
            einsum_low_rank |x| fns::einsum("ir,jr,kr->ijk", &[&x[0], &x[1], &x[2]]);
            einsum_traces |x| fns::einsum("bii,jbj->b", &[&x[0], &x[1]]);
            sqrtm |x| fns::sqrtm(&positive(&x[0], 1.0));
            sqrtm_batch |x| fns::sqrtm(&positive(&x[0], 2.0));
            inv_sqrtm |x| fns::inv_sqrtm(&positive(&x[0], 1.0));
            inv_sqrtm_batch |x| fns::inv_sqrtm(&positive(&x[0], 2.0));
        },
    );
}
