//! [`Inspection`]: what a run shows a sentinel of its parameters, every so many steps.

use impasto_tensor::Tensor;

use crate::params::{Gradients, Kind, Params};

/// One parameter at a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// Where it stands.
    pub path: String,
    /// Whether all of its values are finite.
    pub is_finite: bool,
    /// The Euclidean norm of its values.
    pub norm: f64,
    /// The Euclidean norm of its gradient, finite only if all of the gradient is; none if it has no gradient.
    pub gradient_norm: Option<f64>,
    /// Indices of the first axis; 1 for a single number.
    pub rows: usize,
    /// Those whose gradient is missing or zero everywhere.
    pub idle: Vec<u32>,
    /// Whether it is trained, and not a running statistic.
    pub is_weight: bool,
}

/// All parameters at a look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// In the order of their paths.
    pub parameters: Vec<Inspected>,
}

impl Inspection {
    /// Reads every parameter and every gradient once.
    ///
    /// ```
    /// use impasto_models::{Gradients, Kind, Params, sentinel::Inspection};
    /// use impasto_tensor::Tensor;
    ///
    /// let mut params = Params::default();
    /// params.insert("head.weight", Tensor::ones([2, 3]), Kind::Weight);
    /// let gradient = Tensor::new([2, 3], vec![0.0, 0.0, 0.0, 3.0, 4.0, 0.0]);
    /// let seen = Inspection::of(&params, &Gradients::from([("head.weight".into(), gradient)]));
    /// assert_eq!(seen.gradient_norm(), Some(5.0));
    /// assert_eq!(seen.parameters[0].idle, [0]);
    /// ```
    pub fn of(params: &Params, gradients: &Gradients) -> Self {
        let parameters = params.iter().map(|(path, tensor, kind)| {
            let gradient = gradients.get(path);
            Inspected {
                path: path.to_owned(),
                is_finite: tensor.all_finite(),
                norm: norm(tensor),
                gradient_norm: gradient.map(norm),
                rows: rows(tensor),
                idle: idle(tensor, gradient),
                is_weight: kind == Kind::Weight,
            }
        });
        Self { parameters: parameters.collect() }
    }

    /// The parameters of both, as of a generator and its discriminator.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.parameters.extend(other.parameters);
        self
    }

    /// The Euclidean norm of all gradients together; none if there is no gradient.
    pub fn gradient_norm(&self) -> Option<f64> {
        let norms = self.parameters.iter().filter_map(|p| p.gradient_norm);
        norms.map(|norm| norm * norm).reduce(|a, b| a + b).map(f64::sqrt)
    }
}

/// Squares of f32 do not overflow f64, so this is finite if and only if all values are.
fn norm(tensor: &Tensor) -> f64 {
    tensor.data().iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt()
}

fn rows(tensor: &Tensor) -> usize {
    tensor.shape().first().copied().unwrap_or(1)
}

fn idle(tensor: &Tensor, gradient: Option<&Tensor>) -> Vec<u32> {
    let rows = rows(tensor);
    let is_idle = |row: usize| {
        gradient.is_none_or(|gradient| {
            let length = gradient.len() / rows;
            gradient.data()[row * length..][..length].iter().all(|&g| g == 0.0)
        })
    };
    (0..rows).filter(|&row| is_idle(row)).map(|row| row as u32).collect()
}
