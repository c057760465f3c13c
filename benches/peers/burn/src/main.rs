//! impasto's benchmarks in burn, on its CPU backend flex: convolutions, a small CNN's step and a DCGAN's.
//!
//! `peer-burn NAME --reps N --from FOLDER`: networks begin from `FOLDER/NAME.safetensors`, first print the losses of three
//! steps and are then timed. One JSON object a line.

use std::collections::HashMap;
use std::time::Instant;

use burn::module::{Module, Param, ParamId};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| args.iter().position(|a| a == name).map(|i| args[i + 1].clone());
    let reps = option("--reps").map_or(5, |n| n.parse().expect("a number"));
    let folder = option("--from").unwrap_or_default();
    let begin = |name: &str| Start::load(&format!("{folder}/{name}.safetensors"));
    match args.first().map(String::as_str) {
        Some("convs") => convs(reps),
        Some("cnn") => network("cnn 28px b128 train step", cnn(&begin("cnn")), reps),
        Some("dcgan") => network("dcgan64 b64 train step", dcgan(&begin("dcgan")), reps),
        _ => panic!("expected convs, cnn or dcgan"),
    }
}

/// One run to warm up, then `reps` measured ones.
fn timed(name: &str, reps: usize, mut run: impl FnMut()) {
    run();
    let mut times: Vec<f64> = (0..reps)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(r#"{{"name":"{name}","median_ms":{},"best_ms":{}}}"#, times[reps / 2], times[0]);
}

fn network(name: &str, mut step: impl FnMut() -> Vec<f32>, reps: usize) {
    let losses: Vec<f32> = (0..3).flat_map(|_| step()).collect();
    println!(r#"{{"name":"{name}","losses":{losses:?}}}"#);
    timed(name, reps, || drop(step()));
}

/// The 3x3 layers of VGG.
fn convs(reps: usize) {
    for (ci, side, co) in [(3, 512, 64), (64, 512, 64), (128, 256, 128), (256, 128, 256), (512, 64, 512)] {
        let name = format!("conv n1 {ci}->{co} k3s1 {side}px");
        let random =
            |c: usize, device: &Device| Tensor::<4>::random([1, c, side, side], Distribution::Normal(0.0, 1.0), device);
        let plain = Device::flex();
        let (x, layer) = (random(ci, &plain), conv([ci, co], 3, 1, 1, true, &plain));
        timed(&format!("{name} fwd"), reps, || drop(layer.forward(x.clone())));
        let tracked = Device::flex().autodiff();
        let (x, g, layer) = (random(ci, &tracked), random(co, &tracked), conv([ci, co], 3, 1, 1, true, &tracked));
        // burn has no seed for the backward pass: a sum of products stands for it.
        timed(&format!("{name} fwd+bwd"), reps, || {
            let x = x.clone().require_grad();
            let gradients = (layer.forward(x.clone()) * g.clone()).sum().backward();
            drop((x.grad(&gradients), GradientsParams::from_grads(gradients, &layer)));
        });
    }
}

fn conv(channels: [usize; 2], k: usize, stride: usize, p: usize, bias: bool, device: &Device) -> Conv2d {
    let config = Conv2dConfig::new(channels, [k; 2]).with_stride([stride; 2]).with_bias(bias);
    config.with_padding(PaddingConfig2d::Explicit(p, p, p, p)).init(device)
}

fn up(channels: [usize; 2], stride: usize, p: usize, device: &Device) -> ConvTranspose2d {
    let config = ConvTranspose2dConfig::new(channels, [4; 2]).with_stride([stride; 2]).with_bias(false);
    config.with_padding([p; 2]).init(device)
}

/// What a network begins with. Norms begin as they do everywhere.
struct Start {
    tensors: HashMap<String, TensorData>,
    device: Device,
}

impl Start {
    fn load(path: &str) -> Self {
        let file = std::fs::read(path).expect("a readable file");
        let views = safetensors::SafeTensors::deserialize(&file).expect("a whole file");
        let numbers = |bytes: &[u8]| bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let data = |view: safetensors::tensor::TensorView| {
            TensorData::new::<f32, _>(numbers(view.data()), view.shape().to_vec())
        };
        let tensors = views.iter().map(|(name, view)| (name.to_owned(), data(view))).collect();
        Self { tensors, device: Device::flex().autodiff() }
    }

    fn batch<const R: usize>(&self, name: &str) -> Tensor<R> {
        Tensor::from_data(self.tensors[&format!("batch/{name}")].clone(), &self.device)
    }

    fn weight<const R: usize>(&self, name: &str) -> Tensor<R> {
        Tensor::from_data(self.tensors[&format!("weights/{name}")].clone(), &self.device)
    }

    fn param<const R: usize>(&self, name: &str) -> Param<Tensor<R>> {
        Param::initialized(ParamId::new(), self.weight(name).require_grad())
    }

    fn conv(&self, path: &str, channels: [usize; 2], k: usize, stride: usize, p: usize, bias: bool) -> Conv2d {
        let mut layer = conv(channels, k, stride, p, bias, &self.device);
        layer.weight = self.param(&format!("{path}.weight"));
        layer.bias = bias.then(|| self.param(&format!("{path}.bias")));
        layer
    }

    fn up(&self, path: &str, channels: [usize; 2], stride: usize, p: usize) -> ConvTranspose2d {
        let mut layer = up(channels, stride, p, &self.device);
        layer.weight = self.param(&format!("{path}.weight"));
        layer
    }

    fn linear(&self, path: &str, inputs: usize, outputs: usize) -> Linear {
        let mut layer = LinearConfig::new(inputs, outputs).init(&self.device);
        let weight = self.weight::<2>(&format!("{path}.weight")).transpose();
        layer.weight = Param::initialized(ParamId::new(), weight.detach().require_grad());
        layer.bias = Some(self.param(&format!("{path}.bias")));
        layer
    }

    fn norm(&self, channels: usize) -> BatchNorm {
        BatchNormConfig::new(channels).init(&self.device)
    }
}

fn adam(beta_1: f32) -> ModuleOptimizer {
    AdamConfig::new().with_beta_1(beta_1).with_beta_2(0.999).with_epsilon(1e-8).init()
}

fn descend<M: Module>(optimiser: &mut ModuleOptimizer, lr: f64, module: M, loss: &Tensor<1>) -> M {
    let gradients = GradientsParams::from_grads(loss.backward(), &module);
    optimiser.step(lr, module, gradients)
}

#[derive(Module, Debug)]
struct Cnn {
    convs: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    pool: MaxPool2d,
    hidden: Linear,
    head: Linear,
}

impl Cnn {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = x;
        for (i, (conv, norm)) in self.convs.iter().zip(&self.norms).enumerate() {
            x = relu(norm.forward(conv.forward(x)));
            if i > 0 {
                x = self.pool.forward(x);
            }
        }
        self.head.forward(relu(self.hidden.forward(x.flatten(1, 3))))
    }
}

fn cnn(start: &Start) -> impl FnMut() -> Vec<f32> + use<> {
    let channels = [1, 32, 64, 128];
    let net = Cnn {
        convs: (0..3)
            .map(|i| start.conv(&format!("conv.{i}"), [channels[i], channels[i + 1]], 3, 1, 1, true))
            .collect(),
        norms: (0..3).map(|i| start.norm(channels[i + 1])).collect(),
        pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        hidden: start.linear("hidden", 128 * 49, 128),
        head: start.linear("head", 128, 10),
    };
    let (images, labels) = (start.batch::<4>("images"), start.batch::<1>("labels").int());
    let criterion = CrossEntropyLossConfig::new().init(&start.device);
    let (mut net, mut optimiser) = (Some(net), adam(0.9));
    move || {
        let own = net.take().expect("it comes back");
        let labels: Tensor<1, Int> = labels.clone();
        let loss = criterion.forward(own.forward(images.clone()), labels);
        net = Some(descend(&mut optimiser, 1e-3, own, &loss));
        vec![loss.into_scalar()]
    }
}

#[derive(Module, Debug)]
struct Generator {
    ups: Vec<ConvTranspose2d>,
    norms: Vec<BatchNorm>,
    picture: ConvTranspose2d,
}

impl Generator {
    fn forward(&self, z: Tensor<2>) -> Tensor<4> {
        let [n, length] = z.dims();
        let x = z.reshape([n, length, 1, 1]);
        let x = self.ups.iter().zip(&self.norms).fold(x, |x, (up, norm)| relu(norm.forward(up.forward(x))));
        self.picture.forward(x).tanh()
    }
}

#[derive(Module, Debug)]
struct Discriminator {
    first: Conv2d,
    downs: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    logit: Conv2d,
}

impl Discriminator {
    fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        let x = leaky_relu(self.first.forward(x), 0.2);
        let layers = self.downs.iter().zip(&self.norms);
        let x = layers.fold(x, |x, (down, norm)| leaky_relu(norm.forward(down.forward(x)), 0.2));
        self.logit.forward(x).flatten(0, 3)
    }
}

/// The mean of softplus: of -x for "real", of x for "made".
fn softplus(x: Tensor<1>) -> Tensor<1> {
    (relu(x.clone()) + x.abs().neg().exp().log1p()).mean()
}

fn dcgan(start: &Start) -> impl FnMut() -> Vec<f32> + use<> {
    let (ups, downs) = ([100, 512, 256, 128, 64], [3, 64, 128, 256, 512]);
    let window = |i: usize| if i == 0 { (1, 0) } else { (2, 1) };
    let generator = Generator {
        ups: (0..4)
            .map(|i| start.up(&format!("generator.up.{i}"), [ups[i], ups[i + 1]], window(i).0, window(i).1))
            .collect(),
        norms: (0..4).map(|i| start.norm(ups[i + 1])).collect(),
        picture: start.up("generator.picture", [64, 3], 2, 1),
    };
    let down = |i: usize| start.conv(&format!("discriminator.down.{i}"), [downs[i], downs[i + 1]], 4, 2, 1, false);
    let discriminator = Discriminator {
        first: down(0),
        downs: (1..4).map(down).collect(),
        norms: (1..4).map(|i| start.norm(downs[i + 1])).collect(),
        logit: start.conv("discriminator.logit", [512, 1], 4, 1, 0, false),
    };
    let real = start.batch::<4>("real");
    let mut noise = ["z.0", "z.1", "z.2"].map(|name| start.batch::<2>(name)).into_iter().cycle();
    let mut adams = [adam(0.5), adam(0.5)];
    let mut nets = Some((generator, discriminator));
    move || {
        let (generator, discriminator) = nets.take().expect("they come back");
        let fake = generator.forward(noise.next().expect("a cycle"));
        let on_fake = discriminator.forward(fake.clone().detach());
        let loss_d = softplus(discriminator.forward(real.clone()).neg()) + softplus(on_fake);
        let discriminator = descend(&mut adams[1], 2e-4, discriminator, &loss_d);
        let loss_g = softplus(discriminator.forward(fake).neg());
        nets = Some((descend(&mut adams[0], 2e-4, generator, &loss_g), discriminator));
        vec![loss_d.into_scalar(), loss_g.into_scalar()]
    }
}
