//! Convolution layers of the networks below: forward, forward and backward, and each gradient for itself.

use impasto_tensor::conv::{Slot, Window};
use impasto_tensor::{Conv2d, OrPanic, Tensor};

use super::measure::Workload;
use super::noise;

/// A layer with a bias, on square pictures.
#[derive(Clone, Copy)]
struct Layer {
    batch: usize,
    inputs: usize,
    side: usize,
    outputs: usize,
    kernel: usize,
    window: [usize; 2],
    transposed: bool,
}

/// Batch, inputs, side, outputs, kernel, stride, padding: of VGG, then of a DCGAN's discriminator.
const PLAIN: [[usize; 7]; 9] = [
    [1, 3, 512, 64, 3, 1, 1],
    [1, 64, 512, 64, 3, 1, 1],
    [1, 128, 256, 128, 3, 1, 1],
    [1, 256, 128, 256, 3, 1, 1],
    [1, 512, 64, 512, 3, 1, 1],
    [64, 3, 64, 64, 4, 2, 1],
    [64, 64, 32, 128, 4, 2, 1],
    [64, 128, 16, 256, 4, 2, 1],
    [64, 256, 8, 512, 4, 2, 1],
];
/// The same, of a DCGAN's generator.
const TRANSPOSED: [[usize; 7]; 5] = [
    [64, 100, 1, 512, 4, 1, 0],
    [64, 512, 4, 256, 4, 2, 1],
    [64, 256, 8, 128, 4, 2, 1],
    [64, 128, 16, 64, 4, 2, 1],
    [64, 64, 32, 3, 4, 2, 1],
];

pub(super) fn all() -> Vec<Workload> {
    let layers = |table: &'static [[usize; 7]], transposed| {
        table.iter().map(move |&[batch, inputs, side, outputs, kernel, stride, padding]| {
            let window = [stride, padding];
            Layer { batch, inputs, side, outputs, kernel, window, transposed }
        })
    };
    layers(&PLAIN, false).chain(layers(&TRANSPOSED, true)).flat_map(Layer::workloads).collect()
}

/// A layer with numbers in it.
struct Made {
    conv: Conv2d,
    transposed: bool,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    /// The gradient that comes from above.
    g: Tensor,
}

impl Layer {
    fn workloads(self) -> [Workload; 4] {
        let Self { batch, inputs, side, outputs, kernel, window: [stride, _], transposed } = self;
        let kind = if transposed { "convT" } else { "conv" };
        let name = format!("{kind} n{batch} {inputs}->{outputs} k{kernel}s{stride} {side}px");
        let workload = |what: &str, run: fn(&Made)| {
            let begin = move || {
                let made = self.make();
                move || run(&made)
            };
            Workload::new(format!("{name} {what}"), begin)
        };
        [
            workload("fwd", |made| drop(made.forward())),
            workload("fwd+bwd", |made| drop((made.forward(), made.data(), made.weight(), made.bias()))),
            workload("data", |made| drop(made.data())),
            workload("weight", |made| drop(made.weight())),
        ]
    }

    fn geometry(&self) -> Conv2d {
        let [stride, padding] = self.window;
        let (window, k) = (Window::new(stride, padding), self.kernel);
        let x = [self.batch, self.inputs, self.side, self.side];
        if self.transposed {
            return Conv2d::transposed(&x, &[self.inputs, self.outputs, k, k], window, [0; 2]).or_panic();
        }
        Conv2d::new(&x, &[self.outputs, self.inputs, k, k], window).or_panic()
    }

    fn make(&self) -> Made {
        let conv = self.geometry();
        let (x, y) = if self.transposed { (Slot::Y, Slot::X) } else { (Slot::X, Slot::Y) };
        Made {
            transposed: self.transposed,
            x: noise(1, conv.shape(x)),
            weight: noise(2, conv.shape(Slot::W)),
            bias: noise(3, [self.outputs]),
            g: noise(4, conv.shape(y)),
            conv,
        }
    }
}

impl Made {
    fn forward(&self) -> Tensor {
        if self.transposed {
            return self.conv.forward_transposed(&self.x, &self.weight, Some(&self.bias), 1.0);
        }
        self.conv.forward(&self.x, &self.weight, Some(&self.bias), 1.0)
    }

    /// The gradient for the layer's input.
    fn data(&self) -> Tensor {
        if self.transposed {
            return self.conv.leave(Slot::Y, &self.g, &self.weight);
        }
        self.conv.leave(Slot::X, &self.weight, &self.g)
    }

    fn weight(&self) -> Tensor {
        let (x, y) = if self.transposed { (&self.g, &self.x) } else { (&self.x, &self.g) };
        self.conv.leave(Slot::W, y, x)
    }

    fn bias(&self) -> Tensor {
        self.g.sum_axes(&[0, 2, 3])
    }
}
